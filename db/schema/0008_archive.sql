-- What must be there: how many rows of a table each document has brought, counted in the transaction that stores them.
-- document_id 0: of none, as fanzha's own events. A document that comes again adds only what lies past last_position.

CREATE TABLE kept (
    source_id INTEGER NOT NULL REFERENCES source,
    document_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    rows INTEGER NOT NULL,
    last_position INTEGER NOT NULL,
    PRIMARY KEY (source_id, document_id, kind)
) STRICT, WITHOUT ROWID;

INSERT INTO kept
SELECT source_id, coalesce(document_id, 0), 'sighting', count(*), coalesce(max(position), -1) FROM sighting GROUP BY 1, 2
UNION ALL SELECT source_id, coalesce(document_id, 0), 'app_sighting', count(*), coalesce(max(position), -1) FROM app_sighting GROUP BY 1, 2
UNION ALL SELECT source_id, coalesce(document_id, 0), 'url_check', count(*), coalesce(max(position), -1) FROM url_check GROUP BY 1, 2
UNION ALL SELECT source_id, coalesce(document_id, 0), 'warning', count(*), coalesce(max(position), -1) FROM warning GROUP BY 1, 2
UNION ALL SELECT source_id, coalesce(document_id, 0), 'intervention', count(*), coalesce(max(position), -1) FROM intervention GROUP BY 1, 2
UNION ALL SELECT source_id, coalesce(document_id, 0), 'loss', count(*), coalesce(max(position), -1) FROM loss GROUP BY 1, 2
UNION ALL SELECT source_id, coalesce(document_id, 0), 'attack_event', count(*), coalesce(max(position), -1) FROM attack_event GROUP BY 1, 2
UNION ALL SELECT source_id, coalesce(document_id, 0), 'verdict', count(*), coalesce(max(position), -1) FROM verdict GROUP BY 1, 2
UNION ALL SELECT source_id, coalesce(document_id, 0), 'reported_figure', count(*), coalesce(max(position), -1) FROM reported_figure GROUP BY 1, 2;

-- What attacks and figures were last derived from, as a digest: where it is the same still, so must they be.
CREATE TABLE derived (
    what TEXT PRIMARY KEY,
    basis TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Files of events that were moved out, beside the database; and the keys of those events, so that each stays a duplicate.
CREATE TABLE archive (
    archive_id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    file TEXT NOT NULL UNIQUE,
    digest TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    rows INTEGER NOT NULL,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL
) STRICT;

CREATE TABLE archived (
    source_id INTEGER NOT NULL REFERENCES source,
    event_id TEXT NOT NULL,
    archive_id INTEGER NOT NULL REFERENCES archive,
    PRIMARY KEY (source_id, event_id, archive_id)
) STRICT, WITHOUT ROWID;
