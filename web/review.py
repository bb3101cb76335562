"""What waits for an analyst: likenesses and reports that nobody who may confirm them has judged yet."""

from typing import Final

from sqlite_utils import Database

QUEUE_ROWS: Final = 50
"""About what one analyst gets through in a morning."""

# It starts from the matches, which are few; the sightings, which are many, are reached from them by key. An app has its
# id below zero and a host's subject a # before its id, so that hosts and packages stand in one column each.
# A verdict on a host decides it, and so does a URL on it that is confirmed; one that is dismissed says nothing of the
# rest of the host. What an analyst was unsure of stays, behind all that nobody has looked at. A suspected attack on a
# followed brand goes before all others: notices wait for the answer. One that probes found down goes behind: nothing is
# to be taken down, and the answer only settles what it was.
QUEUE_SQL: Final = """
WITH likeness AS (
    SELECT match.host_id AS id, CAST('#' || match.host_id AS TEXT) AS subject, match.brand_id, match.technique,
        match.confidence, match.explanation_zh, match.explanation_en
    FROM match
    UNION ALL
    SELECT -app_match.app_id, app.package, app_match.brand_id, app_match.technique, app_match.confidence,
        app_match.explanation_zh, app_match.explanation_en
    FROM app_match JOIN app USING (app_id) WHERE app.package IS NOT NULL),
ranked AS (
    SELECT likeness.*, brand.id AS brand, brand.is_own, confidence >= brand.threshold AS is_above,
        row_number() OVER (PARTITION BY subject
            ORDER BY confidence >= brand.threshold DESC, confidence DESC, brand.is_own DESC, brand.id) AS place
    FROM likeness JOIN brand USING (brand_id)
    WHERE brand.is_listed AND (confidence >= brand.threshold OR brand.is_followed)),
candidate AS MATERIALIZED (SELECT * FROM ranked WHERE place = 1),
word AS (
    SELECT candidate.id, sighting.source_id, sighting.seen_at, sighting.claim, url.tail = '' AS is_whole
    FROM candidate CROSS JOIN url ON url.host_id = candidate.id CROSS JOIN sighting ON sighting.url_id = url.url_id
    WHERE candidate.id > 0 AND NOT sighting.is_test
    UNION ALL
    SELECT candidate.id, app_sighting.source_id, app_sighting.seen_at, app_sighting.claim, TRUE
    FROM candidate CROSS JOIN app ON app.package = candidate.subject
    CROSS JOIN app_sighting ON app_sighting.app_id = app.app_id
    WHERE candidate.id < 0 AND NOT app_sighting.is_test),
seen AS MATERIALIZED (
    SELECT word.id, count(*) AS sightings, min(word.seen_at) AS first_at, max(word.claim = 1) AS is_named,
        max(word.claim = 1 AND source.is_verified) AS is_confirmed, max(word.claim = -1 AND word.is_whole) AS is_allowed
    FROM word JOIN source USING (source_id) GROUP BY word.id),
answered AS (
    SELECT CAST(coalesce('#' || url.host_id, verdict.package) AS TEXT) AS subject,
        coalesce(url.tail, '') = '' AS is_whole, term.name AS answer,
        row_number() OVER (PARTITION BY verdict.url_id, verdict.package
            ORDER BY verdict.occurred_at DESC, verdict.event_id DESC) AS place
    FROM verdict JOIN term ON term.term_id = verdict.answer_id LEFT JOIN url ON url.url_id = verdict.url_id
    WHERE NOT verdict.is_test),
judged AS MATERIALIZED (
    SELECT subject, max(answer = 'confirmed' OR (answer = 'dismissed' AND is_whole)) AS is_decided
    FROM answered WHERE place = 1 GROUP BY subject),
followed AS MATERIALIZED (
    SELECT candidate.id, max(attack.state = 'suspected') AS is_suspected, min(attack.state = 'closed') AS is_down
    FROM candidate JOIN host ON host.host_id = candidate.id JOIN attack ON attack.target = host.name
    JOIN brand ON brand.id = attack.brand WHERE brand.is_followed AND brand.is_listed GROUP BY candidate.id),
waiting AS MATERIALIZED (
    SELECT candidate.*, seen.first_at, row_number() OVER (ORDER BY judged.subject IS NOT NULL,
        coalesce(followed.is_down, 0), coalesce(followed.is_suspected, 0) DESC,
        candidate.confidence DESC, candidate.is_own DESC, coalesce(seen.sightings, 0) DESC, seen.first_at,
        candidate.id) AS turn
    FROM candidate LEFT JOIN seen USING (id) LEFT JOIN followed USING (id)
    LEFT JOIN judged ON judged.subject = candidate.subject
    WHERE NOT coalesce(judged.is_decided, 0) AND NOT coalesce(seen.is_confirmed, 0)
        AND (candidate.is_above OR seen.is_named) AND (coalesce(seen.is_named, 0) OR NOT coalesce(seen.is_allowed, 0))
    ORDER BY turn LIMIT :rows)
SELECT coalesce(host.name, waiting.subject) AS value, iif(waiting.id > 0, 'host', 'package') AS kind, waiting.brand,
    waiting.confidence, waiting.technique,
    (SELECT group_concat(name, ', ') FROM (
        SELECT source.name FROM url JOIN sighting USING (url_id) JOIN source USING (source_id)
        WHERE url.host_id = waiting.id AND NOT sighting.is_test
        UNION SELECT source.name FROM app JOIN app_sighting USING (app_id) JOIN source USING (source_id)
        WHERE app.package = waiting.subject AND NOT app_sighting.is_test ORDER BY 1)) AS sources,
    strftime('%Y-%m-%dT%H:%M:%SZ', waiting.first_at / 1000, 'unixepoch') AS first_seen, waiting.explanation_zh,
    waiting.explanation_en
FROM waiting LEFT JOIN host ON host.host_id = waiting.id ORDER BY waiting.turn"""


def review_queue(database: Database, rows: int = QUEUE_ROWS) -> list[dict[str, str | int | None]]:
    """What waits for an analyst, what matters most first.

    That is: a host or package that resembles a listed brand with at least its threshold of confidence, or a followed
    one less and a source calls it fraudulent; unless a verdict or a verified source decided it, or all that is said of
    it is that it stands on an allowlist. Suspected attacks on followed brands come first, what is down already last;
    among these by confidence, own brands first, then by reach, then by age.

    Args:
        database: only read.
        rows: at most so many.

    Returns:
        `value`, `kind` (`host` or `package`), `brand`, `confidence`, `technique`, `sources` (names, comma between),
        `first_seen` (RFC 3339, null where only people asked about it), `explanation_zh`, `explanation_en`.
    """
    return list(database.query(QUEUE_SQL, {"rows": rows}))
