-- What analysts ask of a whole year is answered by index, or from counts that are kept with the rows.

-- When any source first saw a host: kept as sightings come, late ones too.
ALTER TABLE match ADD COLUMN first_seen_at INTEGER;

UPDATE match SET first_seen_at = (SELECT min(seen_at) FROM url CROSS JOIN sighting ON sighting.url_id = url.url_id
    WHERE url.host_id = match.host_id AND NOT sighting.is_test);

-- By brand and week, by brand and technique: answered from the index alone.
DROP INDEX match_by_brand;

CREATE INDEX match_by_brand ON match (brand_id, first_seen_at, technique, confidence);

-- What a source brought on a day, what was seen on a day: from the index alone.
CREATE INDEX sighting_by_source ON sighting (source_id, seen_at, claim, is_test);

-- Warnings that are no tests, by day in Shanghai (days since 1970); 0 where a warning names no channel, sink, programme.
CREATE TABLE warning_day (
    day INTEGER NOT NULL,
    source_id INTEGER NOT NULL REFERENCES source,
    stage_id INTEGER NOT NULL REFERENCES term,
    channel_id INTEGER NOT NULL,
    sink_id INTEGER NOT NULL,
    programme_id INTEGER NOT NULL,
    events INTEGER NOT NULL,
    PRIMARY KEY (day, source_id, stage_id, channel_id, sink_id, programme_id)
) STRICT, WITHOUT ROWID;

INSERT INTO warning_day
SELECT (occurred_at + 28800000) / 86400000, source_id, stage_id, coalesce(channel_id, 0), coalesce(sink_id, 0),
    coalesce(programme_id, 0), count(*)
FROM warning WHERE NOT is_test GROUP BY 1, 2, 3, 4, 5, 6;
