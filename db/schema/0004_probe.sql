-- What was found where an attack stands: one row a probe, never changed. Text that repeats is a term, a page that repeats a row of page.

-- A place that is looked from; probes of one network are one opinion.
CREATE TABLE vantage (
    vantage_id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    network TEXT NOT NULL,
    UNIQUE (name, network)
) STRICT;

-- A page as it came (cut at the limit); its bytes lie in the landing folder under `digest`.
CREATE TABLE page (
    page_id INTEGER PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE,
    bytes INTEGER NOT NULL,
    is_cut INTEGER NOT NULL CHECK (is_cut IN (0, 1)),
    title TEXT NOT NULL,
    simhash INTEGER NOT NULL,
    fields TEXT NOT NULL
) STRICT;

CREATE TABLE probe (
    url_id INTEGER NOT NULL REFERENCES url,
    probed_at INTEGER NOT NULL,
    vantage_id INTEGER NOT NULL REFERENCES vantage,
    outcome_id INTEGER NOT NULL REFERENCES term,
    reason_id INTEGER NOT NULL REFERENCES term,
    status INTEGER,
    final TEXT,
    page_id INTEGER REFERENCES page,
    favicon_id INTEGER REFERENCES term,
    certificate_id INTEGER REFERENCES term,
    bytes INTEGER NOT NULL,
    ms INTEGER NOT NULL,
    PRIMARY KEY (url_id, probed_at, vantage_id)
) STRICT, WITHOUT ROWID;

-- Derived from probe and made again from it: one row an episode, from its first probe until the site is back too late.
CREATE TABLE probe_state (
    url_id INTEGER NOT NULL REFERENCES url,
    episode INTEGER NOT NULL,
    state TEXT NOT NULL,
    since INTEGER NOT NULL,
    first_probe_at INTEGER NOT NULL,
    last_probe_at INTEGER NOT NULL,
    last_up_at INTEGER,
    first_down_at INTEGER,
    down_at INTEGER,
    closure TEXT,
    networks INTEGER NOT NULL,
    reopened INTEGER NOT NULL,
    probes INTEGER NOT NULL,
    PRIMARY KEY (url_id, episode)
) STRICT, WITHOUT ROWID;
