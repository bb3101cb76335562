-- What is matched anew where the matcher or the brands changed: what of, how far it has come, what it changed.
-- brands: declarations, old and new, of the brands that differ; NULL: any match may change. keywords: those that came
-- into use or out of it. One row at most is not finished; its ids say up to where all is done, and where it ends.

CREATE TABLE rematch (
    rematch_id INTEGER PRIMARY KEY,
    cause TEXT NOT NULL,
    brands TEXT,
    keywords TEXT NOT NULL,
    host_id INTEGER NOT NULL,
    last_host_id INTEGER NOT NULL,
    app_id INTEGER NOT NULL,
    last_app_id INTEGER NOT NULL,
    examined INTEGER NOT NULL,
    appeared INTEGER NOT NULL,
    gone INTEGER NOT NULL,
    moved INTEGER NOT NULL,
    examples TEXT NOT NULL,
    finished_at INTEGER
) STRICT;

-- The brands in force are those of `brand`: what differs from them is found brand by brand.
ALTER TABLE match_state DROP COLUMN brands_digest;

-- Of brands that share a name the first of the file counts: their order matters.
ALTER TABLE brand ADD COLUMN position INTEGER NOT NULL DEFAULT 0;
