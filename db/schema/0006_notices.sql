-- Where sites stand, as registries told it, and who was told of them: notices, each with a log that only grows.

-- What RDAP and WHOIS said of a target; asked again, another row.
CREATE TABLE whereabouts (
    target TEXT NOT NULL,
    asked_at INTEGER NOT NULL,
    domain TEXT NOT NULL,
    addresses TEXT NOT NULL,
    asn INTEGER,
    registrar TEXT,
    provider TEXT,
    country TEXT,
    statuses TEXT NOT NULL,
    parties TEXT NOT NULL,
    faults TEXT NOT NULL,
    PRIMARY KEY (target, asked_at)
) STRICT, WITHOUT ROWID;

-- A notice stands once for each recipient in an attack (that began at opened_at and came back `round` times) and step.
CREATE TABLE notice (
    notice_id INTEGER PRIMARY KEY,
    notice_key TEXT NOT NULL UNIQUE,
    target TEXT NOT NULL,
    url_id INTEGER NOT NULL REFERENCES url,
    brand TEXT NOT NULL,
    opened_at INTEGER NOT NULL,
    round INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('first', 'reminder', 'escalation')),
    step INTEGER NOT NULL,
    channel TEXT NOT NULL,
    means TEXT NOT NULL CHECK (means IN ('mail', 'webhook', 'form')),
    recipient TEXT NOT NULL,
    party TEXT NOT NULL,
    deadline_hours INTEGER NOT NULL,
    document_id INTEGER NOT NULL REFERENCES document,
    UNIQUE (target, brand, recipient, opened_at, round, step)
) STRICT;

-- Append-only. document_id: of `sending`, the very message that was handed over.
CREATE TABLE notice_event (
    notice_event_id INTEGER PRIMARY KEY,
    notice_id INTEGER NOT NULL REFERENCES notice,
    at INTEGER NOT NULL,
    type TEXT NOT NULL,
    "by" TEXT NOT NULL,
    why TEXT NOT NULL,
    document_id INTEGER REFERENCES document
) STRICT;

CREATE INDEX notice_event_by_notice ON notice_event (notice_id, notice_event_id);

CREATE UNIQUE INDEX notice_is_sent_once ON notice_event (notice_id) WHERE type = 'sent';
