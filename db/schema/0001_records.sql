-- What was seen and what happened. Instants are Unix milliseconds UTC; money is fen; text that would repeat
-- millions of times is a term. Statements end with a semicolon at a line's end.

CREATE TABLE term (
    term_id INTEGER PRIMARY KEY,
    vocabulary TEXT NOT NULL,
    name TEXT NOT NULL,
    UNIQUE (vocabulary, name)
) STRICT;

CREATE TABLE source (
    source_id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    publisher TEXT NOT NULL,
    licence TEXT NOT NULL,
    format TEXT NOT NULL,
    yields TEXT NOT NULL,
    is_verified INTEGER NOT NULL CHECK (is_verified IN (0, 1)),
    is_synthetic INTEGER NOT NULL CHECK (is_synthetic IN (0, 1)),
    schedule TEXT NOT NULL,
    declaration TEXT NOT NULL,
    etag TEXT,
    last_modified TEXT,
    digest TEXT,
    cursor TEXT NOT NULL DEFAULT '{}',
    changed_at INTEGER
) STRICT;

-- The log of attempts: the one table that grows when nothing new came.
CREATE TABLE fetch (
    fetch_id INTEGER PRIMARY KEY,
    source_id INTEGER NOT NULL REFERENCES source,
    started_at INTEGER NOT NULL,
    finished_at INTEGER NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('stored', 'unchanged', 'failed')),
    reason TEXT NOT NULL DEFAULT '',
    rows INTEGER NOT NULL DEFAULT 0,
    stored INTEGER NOT NULL DEFAULT 0,
    duplicates INTEGER NOT NULL DEFAULT 0,
    ignored INTEGER NOT NULL DEFAULT 0,
    quarantined INTEGER NOT NULL DEFAULT 0,
    CHECK (rows = stored + duplicates + ignored + quarantined)
) STRICT;

CREATE INDEX fetch_by_source ON fetch (source_id, finished_at);

-- A file as it came; its bytes lie in the landing folder under `digest`.
CREATE TABLE document (
    document_id INTEGER PRIMARY KEY,
    source_id INTEGER NOT NULL REFERENCES source,
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    is_encrypted INTEGER NOT NULL CHECK (is_encrypted IN (0, 1)),
    fetched_at INTEGER NOT NULL,
    UNIQUE (source_id, digest, name)
) STRICT;

CREATE TABLE quarantine (
    document_id INTEGER NOT NULL REFERENCES document,
    position INTEGER NOT NULL,
    raw TEXT NOT NULL,
    reason TEXT NOT NULL,
    recorded_at INTEGER NOT NULL,
    resolved_at INTEGER,
    PRIMARY KEY (document_id, position, reason, raw)
) STRICT, WITHOUT ROWID;

CREATE TABLE host (
    host_id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    registrable_length INTEGER NOT NULL,
    suffix_length INTEGER NOT NULL,
    is_shared INTEGER NOT NULL CHECK (is_shared IN (0, 1)),
    registrable_domain TEXT GENERATED ALWAYS AS (
        CASE registrable_length WHEN 0 THEN name ELSE substr(name, -registrable_length) END
    ) VIRTUAL,
    public_suffix TEXT GENERATED ALWAYS AS (
        CASE suffix_length WHEN 0 THEN '' ELSE substr(name, -suffix_length) END
    ) VIRTUAL
) STRICT;

CREATE INDEX host_by_registrable_domain ON host (registrable_domain);

-- A canonical address; tail '' is the bare host, else scheme:[port]/path?query.
CREATE TABLE url (
    url_id INTEGER PRIMARY KEY,
    host_id INTEGER NOT NULL REFERENCES host,
    tail TEXT NOT NULL,
    UNIQUE (host_id, tail)
) STRICT;

CREATE TABLE app (
    app_id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    store TEXT NOT NULL,
    package TEXT,
    name TEXT,
    developer TEXT,
    version TEXT,
    certificate TEXT,
    apk_sha256 TEXT,
    icon TEXT,
    download TEXT
) STRICT;

CREATE INDEX app_by_package ON app (package);

CREATE TABLE subject (
    subject_id INTEGER PRIMARY KEY,
    pseudonym BLOB NOT NULL UNIQUE
) STRICT;

-- published_at 0: the source gives no instant; then fetched_at stands for it.
CREATE TABLE sighting (
    url_id INTEGER NOT NULL REFERENCES url,
    source_id INTEGER NOT NULL REFERENCES source,
    published_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    claim INTEGER NOT NULL CHECK (claim IN (-1, 0, 1)),
    is_test INTEGER NOT NULL CHECK (is_test IN (0, 1)),
    named_id INTEGER REFERENCES term,
    programme_id INTEGER REFERENCES term,
    document_id INTEGER NOT NULL REFERENCES document,
    position INTEGER NOT NULL,
    PRIMARY KEY (url_id, source_id, published_at)
) STRICT, WITHOUT ROWID;

CREATE TABLE app_sighting (
    app_id INTEGER NOT NULL REFERENCES app,
    source_id INTEGER NOT NULL REFERENCES source,
    published_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    claim INTEGER NOT NULL CHECK (claim IN (-1, 0, 1)),
    is_test INTEGER NOT NULL CHECK (is_test IN (0, 1)),
    named_id INTEGER REFERENCES term,
    programme_id INTEGER REFERENCES term,
    document_id INTEGER NOT NULL REFERENCES document,
    position INTEGER NOT NULL,
    PRIMARY KEY (app_id, source_id, published_at)
) STRICT, WITHOUT ROWID;

CREATE TABLE url_check (
    source_id INTEGER NOT NULL REFERENCES source,
    event_id TEXT NOT NULL,
    occurred_at INTEGER NOT NULL,
    url_id INTEGER NOT NULL REFERENCES url,
    actor_id INTEGER NOT NULL REFERENCES term,
    result_id INTEGER NOT NULL REFERENCES term,
    subject_id INTEGER REFERENCES subject,
    programme_id INTEGER REFERENCES term,
    is_test INTEGER NOT NULL CHECK (is_test IN (0, 1)),
    document_id INTEGER REFERENCES document,
    position INTEGER,
    PRIMARY KEY (source_id, event_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE warning (
    source_id INTEGER NOT NULL REFERENCES source,
    event_id TEXT NOT NULL,
    occurred_at INTEGER NOT NULL,
    stage_id INTEGER NOT NULL REFERENCES term,
    warning TEXT,
    channel_id INTEGER REFERENCES term,
    sink_id INTEGER REFERENCES term,
    campaign_id INTEGER REFERENCES term,
    url_id INTEGER REFERENCES url,
    subject_id INTEGER REFERENCES subject,
    programme_id INTEGER REFERENCES term,
    is_test INTEGER NOT NULL CHECK (is_test IN (0, 1)),
    document_id INTEGER NOT NULL REFERENCES document,
    position INTEGER NOT NULL,
    PRIMARY KEY (source_id, event_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE intervention (
    source_id INTEGER NOT NULL REFERENCES source,
    event_id TEXT NOT NULL,
    occurred_at INTEGER NOT NULL,
    type_id INTEGER NOT NULL REFERENCES term,
    "order" TEXT,
    reason_id INTEGER REFERENCES term,
    scam_confirmed INTEGER CHECK (scam_confirmed IN (0, 1)),
    later_loss INTEGER CHECK (later_loss IN (0, 1)),
    subject_id INTEGER REFERENCES subject,
    programme_id INTEGER REFERENCES term,
    is_test INTEGER NOT NULL CHECK (is_test IN (0, 1)),
    document_id INTEGER NOT NULL REFERENCES document,
    position INTEGER NOT NULL,
    PRIMARY KEY (source_id, event_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE loss (
    source_id INTEGER NOT NULL REFERENCES source,
    event_id TEXT NOT NULL,
    occurred_at INTEGER NOT NULL,
    type_id INTEGER NOT NULL REFERENCES term,
    episode TEXT NOT NULL,
    amount_fen INTEGER NOT NULL CHECK (amount_fen >= 0),
    tier_id INTEGER REFERENCES term,
    bearer_id INTEGER REFERENCES term,
    confirmed_by_id INTEGER REFERENCES term,
    subject_id INTEGER REFERENCES subject,
    programme_id INTEGER REFERENCES term,
    is_test INTEGER NOT NULL CHECK (is_test IN (0, 1)),
    document_id INTEGER NOT NULL REFERENCES document,
    position INTEGER NOT NULL,
    PRIMARY KEY (source_id, event_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE attack_event (
    source_id INTEGER NOT NULL REFERENCES source,
    event_id TEXT NOT NULL,
    occurred_at INTEGER NOT NULL,
    type_id INTEGER NOT NULL REFERENCES term,
    attack TEXT,
    url_id INTEGER REFERENCES url,
    package TEXT,
    named_id INTEGER REFERENCES term,
    fraud_type_id INTEGER REFERENCES term,
    action_id INTEGER REFERENCES term,
    channel_id INTEGER REFERENCES term,
    cause_id INTEGER REFERENCES term,
    programme_id INTEGER REFERENCES term,
    is_test INTEGER NOT NULL CHECK (is_test IN (0, 1)),
    document_id INTEGER NOT NULL REFERENCES document,
    position INTEGER NOT NULL,
    PRIMARY KEY (source_id, event_id)
) STRICT, WITHOUT ROWID;

-- Append-only: a later answer stands beside an older one, never over it.
CREATE TABLE verdict (
    source_id INTEGER NOT NULL REFERENCES source,
    event_id TEXT NOT NULL,
    occurred_at INTEGER NOT NULL,
    url_id INTEGER REFERENCES url,
    package TEXT,
    answer_id INTEGER NOT NULL REFERENCES term,
    named_id INTEGER REFERENCES term,
    "by" TEXT NOT NULL,
    why TEXT,
    is_test INTEGER NOT NULL CHECK (is_test IN (0, 1)),
    document_id INTEGER REFERENCES document,
    position INTEGER,
    PRIMARY KEY (source_id, event_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX verdict_by_url ON verdict (url_id);

CREATE TABLE reported_figure (
    source_id INTEGER NOT NULL REFERENCES source,
    event_id TEXT NOT NULL,
    kpi TEXT NOT NULL,
    year INTEGER NOT NULL,
    value TEXT NOT NULL,
    document TEXT,
    page TEXT,
    document_id INTEGER NOT NULL REFERENCES document,
    position INTEGER NOT NULL,
    PRIMARY KEY (source_id, event_id)
) STRICT, WITHOUT ROWID;

-- What follows is derived from the above and can be made again from it.

CREATE TABLE brand (
    brand_id INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    name_zh TEXT NOT NULL,
    name_en TEXT NOT NULL,
    sector TEXT NOT NULL,
    is_own INTEGER NOT NULL CHECK (is_own IN (0, 1)),
    is_followed INTEGER NOT NULL CHECK (is_followed IN (0, 1)),
    threshold INTEGER NOT NULL,
    declaration TEXT NOT NULL,
    is_listed INTEGER NOT NULL CHECK (is_listed IN (0, 1))
) STRICT;

-- How far matching has come: hosts and apps up to these ids, by this matcher and these brands.
CREATE TABLE match_state (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    matcher_version TEXT NOT NULL,
    brands_digest TEXT NOT NULL,
    host_id INTEGER NOT NULL,
    app_id INTEGER NOT NULL
) STRICT;

CREATE TABLE match (
    host_id INTEGER NOT NULL REFERENCES host,
    brand_id INTEGER NOT NULL REFERENCES brand,
    technique TEXT NOT NULL,
    similarity INTEGER NOT NULL CHECK (similarity BETWEEN 0 AND 100),
    confidence INTEGER NOT NULL CHECK (confidence BETWEEN 0 AND 100),
    matched TEXT NOT NULL,
    explanation_zh TEXT NOT NULL,
    explanation_en TEXT NOT NULL,
    PRIMARY KEY (host_id, brand_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX match_by_brand ON match (brand_id, confidence);

CREATE TABLE app_match (
    app_id INTEGER NOT NULL REFERENCES app,
    brand_id INTEGER NOT NULL REFERENCES brand,
    technique TEXT NOT NULL,
    similarity INTEGER NOT NULL CHECK (similarity BETWEEN 0 AND 100),
    confidence INTEGER NOT NULL CHECK (confidence BETWEEN 0 AND 100),
    matched TEXT NOT NULL,
    explanation_zh TEXT NOT NULL,
    explanation_en TEXT NOT NULL,
    PRIMARY KEY (app_id, brand_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE attack (
    attack_key TEXT PRIMARY KEY,
    target TEXT,
    brand TEXT,
    is_own INTEGER NOT NULL CHECK (is_own IN (0, 1)),
    fraud_type TEXT,
    first_seen_at INTEGER NOT NULL,
    confirmed_at INTEGER,
    first_action_at INTEGER,
    closed_at INTEGER,
    cause TEXT,
    reopened INTEGER NOT NULL,
    previous TEXT,
    events INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Each computation of a figure, kept: what it was, from what, when.
CREATE TABLE kpi_run (
    kpi_run_id INTEGER PRIMARY KEY,
    kpi TEXT NOT NULL,
    year INTEGER NOT NULL,
    definition_version TEXT NOT NULL,
    value TEXT,
    prior TEXT,
    display_zh TEXT NOT NULL,
    display_en TEXT NOT NULL,
    note TEXT NOT NULL,
    computed_at INTEGER NOT NULL
) STRICT;

CREATE INDEX kpi_run_by_kpi ON kpi_run (year, kpi, kpi_run_id);
