-- What a figure is made up of, kept with the rows: sums, and the keys of which it counts the distinct ones. Each is kept
-- from the first roll-up of its year on; the transaction that stores a row adds what the row changes.

-- Whose facts are kept. is_whole 0: what came before is still being counted.
CREATE TABLE kpi_fact (
    kpi TEXT NOT NULL,
    year INTEGER NOT NULL,
    version TEXT NOT NULL,
    is_whole INTEGER NOT NULL CHECK (is_whole IN (0, 1)),
    PRIMARY KEY (kpi, year)
) STRICT, WITHOUT ROWID;

CREATE TABLE kpi_sum (
    kpi TEXT NOT NULL,
    year INTEGER NOT NULL,
    what TEXT NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (kpi, year, what)
) STRICT, WITHOUT ROWID;

-- Fingerprints of keys as sorted 64-bit integers, with how many records have each. first: the least key of a part of the
-- whole, the next part begins where it ends; NULL: what came since, to be added to the whole.
CREATE TABLE kpi_keys (
    kpi_keys_id INTEGER PRIMARY KEY,
    kpi TEXT NOT NULL,
    year INTEGER NOT NULL,
    what TEXT NOT NULL,
    first INTEGER,
    keys BLOB NOT NULL,
    counts BLOB NOT NULL
) STRICT;

CREATE INDEX kpi_keys_by_kpi ON kpi_keys (kpi, year, what, first);
