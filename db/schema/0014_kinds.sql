-- What a company sends of public opinion, source-code kits, grey-market channels and actors, security alerts, cases,
-- services and classes: one row an event, as in 0001.

CREATE TABLE opinion_item (
    source_id INTEGER NOT NULL REFERENCES source,
    event_id TEXT NOT NULL,
    occurred_at INTEGER NOT NULL,
    published_at INTEGER,
    detected_at INTEGER,
    source_class_id INTEGER NOT NULL REFERENCES term,
    platform_id INTEGER REFERENCES term,
    item TEXT,
    url_id INTEGER REFERENCES url,
    cluster TEXT,
    relevance_id INTEGER REFERENCES term,
    programme_id INTEGER REFERENCES term,
    is_test INTEGER NOT NULL CHECK (is_test IN (0, 1)),
    document_id INTEGER NOT NULL REFERENCES document,
    position INTEGER NOT NULL,
    PRIMARY KEY (source_id, event_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE kit (
    source_id INTEGER NOT NULL REFERENCES source,
    event_id TEXT NOT NULL,
    occurred_at INTEGER NOT NULL,
    kit TEXT,
    family TEXT,
    kit_sha256 TEXT,
    analyst_confirmed INTEGER CHECK (analyst_confirmed IN (0, 1)),
    url_id INTEGER REFERENCES url,
    named_id INTEGER REFERENCES term,
    fraud_type_id INTEGER REFERENCES term,
    programme_id INTEGER REFERENCES term,
    is_test INTEGER NOT NULL CHECK (is_test IN (0, 1)),
    document_id INTEGER NOT NULL REFERENCES document,
    position INTEGER NOT NULL,
    PRIMARY KEY (source_id, event_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE channel_or_actor (
    source_id INTEGER NOT NULL REFERENCES source,
    event_id TEXT NOT NULL,
    occurred_at INTEGER NOT NULL,
    type_id INTEGER NOT NULL REFERENCES term,
    channel TEXT,
    platform_id INTEGER REFERENCES term,
    relevant INTEGER CHECK (relevant IN (0, 1)),
    subject_id INTEGER REFERENCES subject,
    role_id INTEGER REFERENCES term,
    risk_id INTEGER REFERENCES term,
    outcome_id INTEGER REFERENCES term,
    fraud_class_id INTEGER REFERENCES term,
    programme_id INTEGER REFERENCES term,
    is_test INTEGER NOT NULL CHECK (is_test IN (0, 1)),
    document_id INTEGER NOT NULL REFERENCES document,
    position INTEGER NOT NULL,
    PRIMARY KEY (source_id, event_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE soc_alert (
    source_id INTEGER NOT NULL REFERENCES source,
    event_id TEXT NOT NULL,
    occurred_at INTEGER NOT NULL,
    state_id INTEGER NOT NULL REFERENCES term,
    alert TEXT,
    incident TEXT,
    rule_id INTEGER REFERENCES term,
    entity TEXT,
    domain_id INTEGER REFERENCES term,
    severity_id INTEGER REFERENCES term,
    disposition_id INTEGER REFERENCES term,
    subject_id INTEGER REFERENCES subject,
    programme_id INTEGER REFERENCES term,
    is_test INTEGER NOT NULL CHECK (is_test IN (0, 1)),
    document_id INTEGER NOT NULL REFERENCES document,
    position INTEGER NOT NULL,
    PRIMARY KEY (source_id, event_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE case_event (
    source_id INTEGER NOT NULL REFERENCES source,
    event_id TEXT NOT NULL,
    occurred_at INTEGER NOT NULL,
    type_id INTEGER NOT NULL REFERENCES term,
    case_number TEXT,
    referral TEXT,
    closure_id INTEGER REFERENCES term,
    proof TEXT,
    role_id INTEGER REFERENCES term,
    account TEXT,
    amount_fen INTEGER CHECK (amount_fen >= 0),
    attribution_id INTEGER REFERENCES term,
    fraud_class_id INTEGER REFERENCES term,
    subject_id INTEGER REFERENCES subject,
    programme_id INTEGER REFERENCES term,
    is_test INTEGER NOT NULL CHECK (is_test IN (0, 1)),
    document_id INTEGER NOT NULL REFERENCES document,
    position INTEGER NOT NULL,
    PRIMARY KEY (source_id, event_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE service_event (
    source_id INTEGER NOT NULL REFERENCES source,
    event_id TEXT NOT NULL,
    occurred_at INTEGER NOT NULL,
    type_id INTEGER NOT NULL REFERENCES term,
    service_id INTEGER REFERENCES term,
    session TEXT,
    content_id INTEGER REFERENCES term,
    seconds INTEGER,
    visitor_id INTEGER REFERENCES term,
    attendee_id INTEGER REFERENCES term,
    confirmed_by_id INTEGER REFERENCES term,
    subject_id INTEGER REFERENCES subject,
    programme_id INTEGER REFERENCES term,
    is_test INTEGER NOT NULL CHECK (is_test IN (0, 1)),
    document_id INTEGER NOT NULL REFERENCES document,
    position INTEGER NOT NULL,
    PRIMARY KEY (source_id, event_id)
) STRICT, WITHOUT ROWID;
