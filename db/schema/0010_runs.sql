-- A figure as it was computed, whole: while what it rests on is the same, it is shown as it is and not counted again.

ALTER TABLE kpi_run ADD COLUMN note_zh TEXT NOT NULL DEFAULT '';

ALTER TABLE kpi_run ADD COLUMN note_en TEXT NOT NULL DEFAULT '';

ALTER TABLE kpi_run ADD COLUMN numerator INTEGER;

ALTER TABLE kpi_run ADD COLUMN denominator INTEGER;

ALTER TABLE kpi_run ADD COLUMN is_synthetic INTEGER NOT NULL DEFAULT 0 CHECK (is_synthetic IN (0, 1));
