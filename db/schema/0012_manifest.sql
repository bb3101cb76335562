-- The manifest of a computation: by which definition and which code, and how many rows went into each step.

ALTER TABLE kpi_run ADD COLUMN definition_hash TEXT NOT NULL DEFAULT '';

ALTER TABLE kpi_run ADD COLUMN code_version TEXT NOT NULL DEFAULT '';

ALTER TABLE kpi_run ADD COLUMN basis TEXT NOT NULL DEFAULT '';

ALTER TABLE kpi_run ADD COLUMN rows_of_kind INTEGER;

ALTER TABLE kpi_run ADD COLUMN rows_of_test INTEGER;

ALTER TABLE kpi_run ADD COLUMN records INTEGER;

ALTER TABLE kpi_run ADD COLUMN units INTEGER;

-- What the checks of a year's figures found, as of its last computation.
CREATE TABLE kpi_check (
    year INTEGER NOT NULL,
    check_id TEXT NOT NULL,
    place INTEGER NOT NULL,
    holds INTEGER CHECK (holds IN (0, 1)),
    finding_zh TEXT NOT NULL,
    finding_en TEXT NOT NULL,
    PRIMARY KEY (year, check_id)
) STRICT, WITHOUT ROWID;
