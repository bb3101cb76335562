"""What is answered of a value, by what is known of it. Everything here is synthetic."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from analytics.match.matcher import Matcher
from db.brands import Brand
from db.connection import open_database
from db.vocabulary import CHOICES, Assessment, Claim, Yields
from tests.web.filled import BRANDS, DAY, NOON, Records, filled
from web.check import Assessed, assess, checks

PLAIN = "harmless-name.example"
PAGE = f"https://{PLAIN}/login?x=1"
OTHER = f"https://{PLAIN}/other"
LOOKALIKE = "demopay-login.com"
OWN = "www.demopay.com"
PACKAGE = "com.qihoo.loan"
APP = "com.demo.kehuduan"

MATCHER = Matcher(BRANDS)


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    with filled(tmp_path) as made:
        made.source("feed")
        made.source("police", verified=True)
        made.source("friends", Yields.ALLOWLIST)
        yield made


def check(records: Records, *values: str) -> list[Assessed]:
    with open_database(records.store.path, read_only=True) as database:
        return assess(database, values, BRANDS, MATCHER)


def answer(records: Records, value: str) -> str:
    return check(records, value)[0].assessment.value


# what is said, of what, by whom; then what is answered of the host, of a page and of another page on it
SAID: list[tuple[list[tuple[str, str, str]], str, str, str]] = [
    ([], "unknown", "unknown", "unknown"),
    ([("feed", PLAIN, "none")], "unknown", "unknown", "unknown"),
    ([("police", PLAIN, "malicious")], "malicious", "malicious", "malicious"),
    ([("feed", PLAIN, "malicious")], "suspicious", "suspicious", "suspicious"),
    ([("friends", PLAIN, "benign")], "benign", "benign", "benign"),
    ([("police", PAGE, "malicious")], "suspicious", "malicious", "unknown"),
    ([("feed", PAGE, "malicious")], "suspicious", "suspicious", "unknown"),
    ([("friends", PAGE, "benign")], "unknown", "benign", "unknown"),
    ([("friends", PLAIN, "benign"), ("feed", PLAIN, "malicious")], "suspicious", "suspicious", "suspicious"),
    ([("friends", PLAIN, "benign"), ("police", PAGE, "malicious")], "benign", "malicious", "benign"),
    ([("analyst", PLAIN, "confirmed")], "malicious", "malicious", "malicious"),
    ([("analyst", PLAIN, "dismissed"), ("police", PLAIN, "malicious")], "benign", "benign", "benign"),
    ([("analyst", PLAIN, "unsure"), ("police", PLAIN, "malicious")], "malicious", "malicious", "malicious"),
    ([("analyst", PLAIN, "unsure")], "unknown", "unknown", "unknown"),
    ([("analyst", PAGE, "confirmed")], "suspicious", "malicious", "unknown"),
    ([("analyst", PAGE, "dismissed"), ("police", PLAIN, "malicious")], "malicious", "benign", "malicious"),
    ([("analyst", PAGE, "dismissed"), ("police", PAGE, "malicious")], "unknown", "benign", "unknown"),
]


@pytest.mark.parametrize(("said", "host", "page", "other"), SAID, ids=lambda value: None if value else "nothing")
def test_what_is_said_decides(
    records: Records, said: list[tuple[str, str, str]], host: str, page: str, other: str
) -> None:
    for source, value, word in said:
        records.judge(value, word) if source == "analyst" else records.sight(source, value, word)
    assert [one.assessment for one in check(records, PLAIN, PAGE, OTHER)] == [host, page, other]


@pytest.mark.parametrize(
    ("said", "host", "page"),
    [
        ([], "benign", "benign"),
        ([("feed", OWN, "malicious")], "benign", "suspicious"),
        ([("feed", f"https://{OWN}/login", "malicious")], "benign", "suspicious"),
        ([("police", f"https://{OWN}/login", "malicious")], "benign", "malicious"),
        ([("police", OWN, "malicious")], "malicious", "malicious"),
        ([("analyst", OWN, "confirmed")], "malicious", "malicious"),
    ],
)
def test_a_brands_own_host(records: Records, said: list[tuple[str, str, str]], host: str, page: str) -> None:
    for source, value, word in said:
        records.judge(value, word) if source == "analyst" else records.sight(source, value, word)
    answers = check(records, OWN, f"https://{OWN}/login")
    assert [one.assessment for one in answers] == [host, page]
    assert {one.brand for one in answers} == {"demopay"}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([], "suspicious"),
        ([("friends", LOOKALIKE, "benign")], "benign"),
        ([("police", LOOKALIKE, "malicious")], "malicious"),
        ([("analyst", LOOKALIKE, "dismissed")], "benign"),
    ],
)
def test_a_lookalike(records: Records, said: list[tuple[str, str, str]], expected: str) -> None:
    for source, value, word in said:
        records.judge(value, word) if source == "analyst" else records.sight(source, value, word)
    (found,) = check(records, f"hxxps://{LOOKALIKE.replace('.', '[.]')}/a")
    assert (found.assessment, found.kind, found.brand) == (expected, "url", "demopay")
    assert found.confidence is not None
    assert found.confidence >= 70


@pytest.mark.parametrize(
    ("value", "expected", "brand"),
    [
        (f"https://{PLAIN}/qifu.com/login.php", "suspicious", "qifu"),
        (f"https://{PLAIN}/qifu/", "unknown", "qifu"),
        (f"https://{PLAIN}/other", "unknown", None),
        (PLAIN, "unknown", None),  # a page says nothing of its host
        (f"https://{OWN}/qifu.com/login.php", "benign", "demopay"),
    ],
)
def test_a_likeness_behind_the_host(records: Records, value: str, expected: str, brand: str | None) -> None:
    found = check(records, f"https://{PLAIN}/qifu.com/login.php", value)[-1]
    assert (found.assessment, found.brand) == (expected, brand)


def test_strangers_paths_on_an_official_host(records: Records) -> None:
    landlord = Brand(id="google", names=("Google",), domains=("google.com",))
    both = [*BRANDS, landlord]
    values = ["https://sites.google.com/view/qifu-login", "https://sites.google.com/view/garden", "sites.google.com"]
    with open_database(records.store.path, read_only=True) as database:
        answers = assess(database, values, both, Matcher(both))
    assert [(one.assessment, one.brand) for one in answers] == [
        ("suspicious", "qifu"),
        ("benign", "google"),
        ("benign", "google"),
    ]
    assert "qifu" in answers[0].reasons[0]


def test_a_faint_likeness_is_told_and_decides_nothing(records: Records) -> None:
    strict = [brand.model_copy(update={"threshold": 100}) for brand in BRANDS]
    with open_database(records.store.path, read_only=True) as database:
        (found,) = assess(database, [LOOKALIKE], strict, Matcher(strict))
    assert (found.assessment, found.brand) == ("unknown", "demopay")
    assert "< 100" in found.reasons[0]


def test_a_landlord_inherits_nothing_from_its_tenants(records: Records) -> None:
    records.sight("police", "https://github.io/tenant/login")
    records.sight("police", "tenant.github.io")
    assert answer(records, "github.io") == "unknown"
    assert answer(records, "other-tenant.github.io") == "unknown"
    assert answer(records, "https://tenant.github.io/x") == "malicious"


@pytest.mark.parametrize(
    ("value", "kinds"),
    [
        (PLAIN, ["host"]),
        ("plain.com", ["host"]),
        ("https://plain.com/", ["url"]),
        ("plain.com:8080", ["url"]),
        (" hxxp://plain[.]com ", ["url"]),
        ("10.2.3.4", ["host"]),
        ("com.qihoo.loan", ["host", "package"]),
        ("com.demo.Kehuduan", ["package"]),
        ("com.eg.demo.AlipayGphone", ["package"]),
        ("demo.kehuduan", ["host", "package"]),
        ("demo.example", ["host"]),
        ("demo-bank.kehuduan", ["host"]),
        ("just words", ["unreadable"]),
        ("奇富借条", ["unreadable"]),
        ("", ["unreadable"]),
    ],
)
def test_what_a_value_may_mean(value: str, kinds: list[str]) -> None:
    found = assess(None, [value], BRANDS, MATCHER)
    assert [one.kind for one in found] == kinds
    assert {one.input for one in found} == {value}


def test_a_known_package_is_one_however_it_looks(records: Records) -> None:
    assert [one.kind for one in check(records, "demo.com")] == ["host"]
    records.save("app", "feed", [{"package": "demo.com", "store": "demo-store"}], Claim.NONE)
    assert [one.kind for one in check(records, "demo.com")] == ["host", "package"]


@pytest.mark.parametrize(
    ("claim", "source", "confidence", "answers", "expected"),
    [
        (Claim.NONE, "feed", None, [], "unknown"),
        (Claim.MALICIOUS, "feed", None, [], "suspicious"),
        (Claim.MALICIOUS, "police", None, [], "malicious"),
        (Claim.BENIGN, "friends", None, [], "benign"),
        (Claim.NONE, "feed", 60, [], "suspicious"),
        (Claim.NONE, "feed", 59, [], "unknown"),
        (Claim.NONE, "feed", 90, ["dismissed"], "benign"),
        (Claim.NONE, "feed", None, ["confirmed"], "malicious"),
        (Claim.MALICIOUS, "police", None, ["dismissed", "unsure"], "malicious"),
    ],
)
def test_a_package(
    records: Records, claim: Claim, source: str, confidence: int | None, answers: list[str], expected: str
) -> None:
    records.save("app", source, [{"package": APP, "store": "demo-store"}], claim)
    if confidence is not None:
        records.match_app(APP, "qifu", confidence)
    for day, word in enumerate(answers):
        records.judge(APP, word, NOON + day * DAY, package=True)
    (found,) = check(records, APP)
    assert (found.kind, found.assessment, found.confidence) == ("package", expected, confidence)
    assert (found.first_seen, found.last_seen) == ("2024-06-01T12:00:00Z", "2024-06-01T12:00:00Z")


@pytest.mark.parametrize("certificates", [(), ("ab" * 32,)])
def test_an_official_package_is_benign_and_its_name_as_a_host_unknown(certificates: tuple[str, ...]) -> None:
    brands = [BRANDS[0].model_copy(update={"certificates": certificates})]
    host, package = assess(None, [PACKAGE], brands, Matcher(brands))
    assert (host.kind, host.assessment) == ("host", "unknown")
    assert (package.kind, package.assessment, package.brand, package.confidence) == ("package", "benign", "qifu", None)


def test_a_package_spelt_like_an_official_one_is_suspicious() -> None:
    host, package = assess(None, [f"{PACKAGE}.pro"], BRANDS, MATCHER)
    assert (host.kind, host.assessment) == ("host", "unknown")
    assert (package.kind, package.assessment, package.brand) == ("package", "suspicious", "qifu")


def test_reasons_are_given_in_both_languages_the_decisive_first(records: Records) -> None:
    for number in range(7):
        records.sight(records.source(f"list-{number}"), LOOKALIKE)
    records.sight("friends", LOOKALIKE, "benign")
    records.judge(LOOKALIKE, "unsure", why="cannot open it")
    (found,) = check(records, LOOKALIKE)
    assert found.assessment is Assessment.SUSPICIOUS
    assert found.reasons[0].endswith("a source calls it fraudulent: list-0, list-1, list-2, list-3, list-4 +2")
    assert len(found.reasons) == len(["claims", "verdict", "allowlist", "likeness"])
    assert all(" · " in reason and any("\u4e00" <= letter <= "\u9fff" for letter in reason) for reason in found.reasons)


@pytest.mark.parametrize(
    ("value", "first", "last"),
    [
        (PLAIN, "2024-06-01T12:00:00Z", "2024-06-03T12:00:00Z"),
        (PAGE, "2024-06-01T12:00:00Z", "2024-06-02T12:00:00Z"),
        (OTHER, "2024-06-03T12:00:00Z", "2024-06-03T12:00:00Z"),
        (f"https://{PLAIN}/third", None, None),
    ],
)
def test_when_it_was_seen(records: Records, value: str, first: str | None, last: str | None) -> None:
    records.sight("feed", PAGE, at=NOON)
    records.sight("police", PAGE, at=NOON + DAY)
    records.sight("feed", OTHER, at=NOON + 2 * DAY)
    (found,) = check(records, value)
    assert (found.first_seen, found.last_seen) == (first, last)


def test_many_values_are_answered_in_their_order(records: Records) -> None:
    records.sight("police", PLAIN)
    values = [PLAIN, "nonsense", OWN, PLAIN, LOOKALIKE]
    found = check(records, *values)
    assert [one.input for one in found] == values
    assert [one.assessment for one in found] == ["malicious", "unknown", "benign", "malicious", "suspicious"]


def test_a_row_has_the_contracts_fields() -> None:
    (found,) = assess(None, [PLAIN], BRANDS, MATCHER)
    assert found.row() == {
        "input": PLAIN,
        "kind": "host",
        "assessment": "unknown",
        "brand": None,
        "confidence": None,
        "reasons": ["没有任何记录 · nothing is known of it"],
        "first_seen": None,
        "last_seen": None,
    }


def test_each_call_is_an_event_of_staff(records: Records) -> None:
    records.sight("police", PAGE)
    found = check(records, PAGE, PAGE, LOOKALIKE, PACKAGE, "nonsense")
    assert {one.result for one in checks(found)} <= set(CHOICES["result"])
    records.note_checks(checks(found))
    stored = records.store.database.execute(
        """SELECT host.name, url.tail, result.name, actor.name, occurred_at, is_test, subject_id FROM url_check
           JOIN url USING (url_id) JOIN host USING (host_id) JOIN term AS result ON result.term_id = result_id
           JOIN term AS actor ON actor.term_id = actor_id ORDER BY url_check.position"""
    ).fetchall()
    told = ("staff", NOON, 0, None)
    page = (PLAIN, "https:/login?x=1", "malicious", *told)
    host = ("com.qihoo.loan", "", "unknown", *told)
    assert stored == [page, page, (LOOKALIKE, "", "suspicious", *told), host]


def test_no_address_gives_no_event() -> None:
    assert checks(assess(None, ["nonsense", APP], BRANDS, MATCHER)) == []


def test_asking_leaves_no_trace_of_being_seen(records: Records) -> None:
    records.note_checks(checks(check(records, PAGE)))
    assert [(one.assessment, one.first_seen) for one in check(records, PAGE, PLAIN)] == [("unknown", None)] * 2
