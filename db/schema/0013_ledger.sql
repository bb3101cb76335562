-- What was signed off: by whom, when, why, and every figure as it stood. Rows are added and never changed: each entry's
-- digest covers the entry, its figures and the entry before, so that a change shows; a lost last entry shows in its number.
-- last_document: the last that had come; what has a greater id is late.

CREATE TABLE ledger_entry (
    entry_id INTEGER PRIMARY KEY AUTOINCREMENT,
    year INTEGER NOT NULL,
    action TEXT NOT NULL CHECK (action IN ('close', 'restate')),
    "by" TEXT NOT NULL,
    why TEXT NOT NULL,
    at INTEGER NOT NULL,
    code_version TEXT NOT NULL,
    basis TEXT NOT NULL,
    last_document INTEGER NOT NULL,
    sources TEXT NOT NULL,
    own_brands TEXT NOT NULL,
    previous TEXT NOT NULL,
    digest TEXT NOT NULL UNIQUE
) STRICT;

CREATE UNIQUE INDEX ledger_closes_once ON ledger_entry (year) WHERE action = 'close';

-- threshold: what a figure may move by before it must be restated; low: of money, its lower bound (tier A). Both in the
-- unit of value. old_*, cause_* and is_beyond: of a figure that this entry restates.
CREATE TABLE ledger_figure (
    entry_id INTEGER NOT NULL REFERENCES ledger_entry,
    kpi TEXT NOT NULL,
    kpi_run_id INTEGER NOT NULL REFERENCES kpi_run,
    definition_version TEXT NOT NULL,
    name_zh TEXT NOT NULL,
    name_en TEXT NOT NULL,
    unit_zh TEXT NOT NULL,
    unit_en TEXT NOT NULL,
    definition_zh TEXT NOT NULL,
    definition_en TEXT NOT NULL,
    value TEXT,
    prior TEXT,
    display_zh TEXT NOT NULL,
    display_en TEXT NOT NULL,
    note_zh TEXT NOT NULL,
    note_en TEXT NOT NULL,
    numerator INTEGER,
    denominator INTEGER,
    is_synthetic INTEGER NOT NULL CHECK (is_synthetic IN (0, 1)),
    threshold TEXT,
    low TEXT,
    old_definition_version TEXT,
    old_value TEXT,
    old_prior TEXT,
    cause_zh TEXT,
    cause_en TEXT,
    is_beyond INTEGER CHECK (is_beyond IN (0, 1)),
    PRIMARY KEY (entry_id, kpi)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER ledger_entry_is_not_changed BEFORE UPDATE ON ledger_entry BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END;

CREATE TRIGGER ledger_entry_is_not_removed BEFORE DELETE ON ledger_entry BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END;

CREATE TRIGGER ledger_figure_is_not_changed BEFORE UPDATE ON ledger_figure BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END;

CREATE TRIGGER ledger_figure_is_not_removed BEFORE DELETE ON ledger_figure BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END;
