-- What a company takes back or puts right. A correction is an event itself; the event that it names is moved to voided,
-- counts nowhere from then on, and comes in no more. Nothing is changed in place: what it was stays on record.

CREATE TABLE correction (
    source_id INTEGER NOT NULL REFERENCES source,
    event_id TEXT NOT NULL,
    occurred_at INTEGER NOT NULL,
    source TEXT NOT NULL,
    corrected TEXT NOT NULL,
    replacement TEXT,
    "by" TEXT,
    why TEXT NOT NULL,
    is_test INTEGER NOT NULL CHECK (is_test IN (0, 1)),
    document_id INTEGER NOT NULL REFERENCES document,
    position INTEGER NOT NULL,
    PRIMARY KEY (source_id, event_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX correction_by_event ON correction (source, corrected);

-- event: the row as it was, as JSON. archive_id: it stays in this archived file, and is passed over there.
CREATE TABLE voided (
    source_id INTEGER NOT NULL REFERENCES source,
    event_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    event TEXT NOT NULL,
    document_id INTEGER REFERENCES document,
    position INTEGER,
    archive_id INTEGER REFERENCES archive,
    PRIMARY KEY (source_id, event_id, kind)
) STRICT, WITHOUT ROWID;
