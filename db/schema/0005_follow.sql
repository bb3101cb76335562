-- Attacks from reports, judgements and probes. Of what is derived, the next follow-up makes all anew.

ALTER TABLE verdict ADD COLUMN fraud_type_id INTEGER REFERENCES term;

ALTER TABLE attack ADD COLUMN state TEXT NOT NULL DEFAULT 'suspected'
    CHECK (state IN ('suspected', 'confirmed', 'dismissed', 'closed'));
ALTER TABLE attack ADD COLUMN address TEXT;
ALTER TABLE attack ADD COLUMN confidence INTEGER;
ALTER TABLE attack ADD COLUMN dismissed_at INTEGER;
ALTER TABLE attack ADD COLUMN unconfirmed_at INTEGER;
ALTER TABLE attack ADD COLUMN down_at INTEGER;
ALTER TABLE attack ADD COLUMN reopened_at INTEGER;
UPDATE attack SET address = target,
    state = CASE WHEN closed_at IS NOT NULL THEN 'closed' WHEN confirmed_at IS NOT NULL THEN 'confirmed' ELSE 'suspected' END;
CREATE INDEX attack_by_target ON attack (target);

-- Derived from probe: when a site was up, down, or down as seen by one network; noted_at is the probe that shows it.
CREATE TABLE site_event (
    url_id INTEGER NOT NULL REFERENCES url,
    occurred_at INTEGER NOT NULL,
    type TEXT NOT NULL CHECK (type IN ('up', 'closure', 'unreachable')),
    outcome TEXT NOT NULL,
    noted_at INTEGER NOT NULL,
    PRIMARY KEY (url_id, occurred_at, type)
) STRICT, WITHOUT ROWID;

-- How many probes of a site its events are derived from.
CREATE TABLE site_told (
    url_id INTEGER PRIMARY KEY REFERENCES url,
    probes INTEGER NOT NULL
) STRICT;
