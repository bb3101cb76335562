-- What a site's states also tell: of pages compared with those before, and of filters. Made anew from the log.
ALTER TABLE probe_state ADD COLUMN back_at INTEGER;

ALTER TABLE probe_state ADD COLUMN changed_at INTEGER;

ALTER TABLE probe_state ADD COLUMN other_at INTEGER;

ALTER TABLE probe_state ADD COLUMN blocked_at INTEGER;

-- Of a vantage point whose network keeps its users from known fraud sites.
ALTER TABLE vantage ADD COLUMN is_filtered INTEGER NOT NULL DEFAULT 0 CHECK (is_filtered IN (0, 1));

-- What an operator was told of, once: the key of a row of v_attention.
CREATE TABLE alert (
    kind TEXT NOT NULL,
    target TEXT NOT NULL,
    brand TEXT NOT NULL,
    since INTEGER NOT NULL,
    told_at INTEGER NOT NULL,
    PRIMARY KEY (kind, target, brand, since)
) STRICT, WITHOUT ROWID;
