"""Every fault of a brands file: one line that says what, where and how to mend it, exit code 2, nothing done."""

import json
import re
from pathlib import Path

import pytest

from db.brands import LEAST_CONFIDENCE
from tests.flows.calls import Call

GOOD = '[[brand]]\nid = "zyrqon"\nnames = ["Zyrqon"]\ndomains = ["zyrqon.com"]\n'
UNREADABLE = "cannot be read as a brands file: "


def named(*names: object) -> str:
    return GOOD.replace('["Zyrqon"]', json.dumps(names))


def at(*domains: object) -> str:
    return GOOD.replace('["zyrqon.com"]', json.dumps(domains))


def headed(brand_id: object) -> str:
    return GOOD.replace('"zyrqon"\n', json.dumps(brand_id) + "\n")


DOMAINS = {
    "https://monzo.com/": '"https://monzo.com/" is an address, not a name: write monzo.com',
    "http://www.monzo.com": "is an address, not a name: write monzo.com",
    "//monzo.com": "is an address, not a name: write monzo.com",
    "https://192.0.2.1/": "is an address, not a name",
    "*.klarna.org": "is a pattern; a domain covers every name under it: write klarna.org",
    "klarna..com": "has an empty label: a dot too many: write klarna.com",
    ".klarna.com": "has an empty label: a dot too many: write klarna.com",
    "klarna.com..": "has an empty label: a dot too many: write klarna.com",
    "www klarna.de": '"www klarna.de" holds a blank',
    "m com": '"m com" holds a blank',
    "user@x.com": "holds a user or mailbox; a domain stands without: write x.com",
    "x.com:8443": "holds a port; a domain stands without: write x.com",
    "x.com/login": "holds a path; a domain stands without: write x.com",
    "x.com?a=b": "holds a path; a domain stands without: write x.com",
    "": '"" is empty; name a domain, or leave it out',
    ".": '"." is empty; name a domain',
    "com": '"com" is a bare top-level domain; every name under it would be official: name a registrable domain',
    "cn.": '"cn." is a bare top-level domain',
    "192.0.2.1": "ends in a number as IP addresses do; name a domain",
    "0x7f.1": "ends in a number as IP addresses do; name a domain",
    "2001:db8::1": "is an IP address, not a name",
    "[2001:db8::1]": "is an IP address, not a name",
    "a" * 64 + ".com": "has a label of 64 characters; a label has at most 63",
    "a." * 125 + "long": "has 254 characters; a domain has at most 253",
    "a" * 100_000: "is a bare top-level domain",
    "mon!zo.com": 'has the label "mon!zo"; labels are letters, digits and, within, hyphens',
    "-monzo.com": 'has the label "-monzo"',
    "xn--99999999.com": 'has the label "xn--99999999", which is broken Punycode; write it in its own script',
    "❤.ws": "holds what no registry sells; if it is there all the same, write its xn-- form",
    "mon\u200bzo.com": 'domains: "mon\\u200bzo.com" holds the invisible character U+200B; delete it',
    "monzo.com\n": "holds the invisible character U+000A; delete it",
}
NAMES = {
    "": '"" is empty or holds no letter; write a name as people do, or leave it out',
    "  ": '"  " is empty or holds no letter',
    "\u3000": "is empty or holds no letter",
    "&!": '"&!" is empty or holds no letter',
    "\u200b": 'names: "\\u200b" holds the invisible character U+200B; delete it',
    "\u3164": "holds the invisible character U+3164",
    "Zyr\x07qon": "holds the invisible character U+0007",
    "Zyr\u202enoq": "holds the invisible character U+202E",
    "Zyrqon\nPay": "holds the invisible character U+000A",
    "x" * 101: "has 101 characters; a name has at most 100",
    "x" * 100_000: "has 100,000 characters; a name has at most 100",
}
KEYS = {
    'packages = ["not a package"]': 'packages: "not a package" is no package of an app; write one as com.example.app',
    'packages = ["zyrqon"]': '"zyrqon" is no package of an app',
    'packages = "com.zyrqon"': 'packages: "com.zyrqon" is no list; put it in square brackets',
    'certificates = ["12ab"]': '"12ab" is no SHA-256 of a certificate; write 64 hexadecimal digits, colons allowed',
    f'certificates = ["{"zz" * 32}"]': "is no SHA-256 of a certificate",
    'keywords = [""]': 'keywords: "" is no word of 1 to 63 letters and digits; write each word alone',
    'keywords = ["log in"]': '"log in" is no word of',
    'keywords = ["log-in"]': '"log-in" is no word of',
    f'keywords = ["{"x" * 64}"]': "is no word of",
    'keywords = ["a\\u202eb"]': "holds the invisible character U+202E",
    "keywords = [1]": "keywords: 1 is no text; put it in quotation marks",
    'sector = "a\\u200eb"': 'sector: "a\\u200eb" holds the invisible character U+200E; delete it',
    f'sector = "{"x" * 65}"': "is too long; write 64 or fewer characters",
    'own = "yes"': 'own: "yes" is neither true nor false; write one of them, without quotation marks',
    "follow = 1": "follow: 1 is neither true nor false",
    "threshold = 101": "threshold: 101 is too large; write 100 or less",
    "threshold = -1": "threshold: -1 is too small; write 0 or more",
    'threshold = "60"': 'threshold: "60" is no whole number; write digits alone, without quotation marks',
    "threshold = 60.5": "threshold: 60.5 is no whole number",
    "threshold = inf": "threshold: Infinity is no whole number",
    "threshold = true": "threshold: true is no whole number",
    "threshold = 2024-01-01": 'threshold: "2024-01-01" is no whole number',
    "confirm_at = 101": "confirm_at: 101 is too large",
    "[brand.threshold]": "threshold: {} is no whole number",
    'keyword = ["x"]': "keyword: is no key here; did you mean keywords?",
    'Sector = "x"': "Sector: is no key here; did you mean sector?",
    'colour = "red"': "colour: is no key here; leave it out, or write one of id, names, domains, packages",
    '"\\u001b[31m" = "red"': "\\u001b[31m: is no key here",
    "[brand.extra]": "extra: is no key here",
}
FILES: dict[str, tuple[str | bytes, str]] = {
    "no names": (GOOD.replace('names = ["Zyrqon"]\n', ""), "names: is missing; write it"),
    "no id": (GOOD.replace('id = "zyrqon"\n', ""), "brand 1 (without an id): id: is missing; write it"),
    "a list without names": (named(), "names: has no name in it; write at least one"),
    "names that are a text": (GOOD.replace('["Zyrqon"]', '"Zyrqon"'), 'names: "Zyrqon" is no list'),
    "a name that is a number": (named("Zyrqon", 5), "names: 5 is no text; put it in quotation marks"),
    "domains that are a table": (GOOD.replace('["zyrqon.com"]', "{ a = 1 }"), 'domains: {"a": 1} is no list'),
    "a number for an id": (headed(5), "id: 5 is no text"),
    **{
        f"id {one[:9]!r}": (headed(one), "is none: an id is a-z, 0-9 and hyphens, at most 64, no hyphen first")
        for one in ("", "Zyrqon", "zyr qon", "-zyrqon", "zyr_qon", "../zyrqon", "zyrqön", "x" * 65)
    },
    "an id twice": (GOOD * 3, 'brand id "zyrqon" stands twice; give each brand its own'),
    "an id twice but for case": (GOOD + headed("Zyrqon"), 'brand 2 ("Zyrqon"): id: "Zyrqon" is none'),
    "single brackets": (GOOD.replace("[[brand]]", "[brand]"), "[brand] is one table; head each brand with [[brand]]"),
    "another table": (
        GOOD.replace("[[brand]]", "[[brands]]"),
        '"brands" is no key here; a brands file holds [[brand]]',
    ),
    "a key before": ("x = 1\n" + GOOD, '"x" is no key here'),
    "empty": ("", "no [[brand]] in it; write one for each brand"),
    "only a remark": ("# nothing\n", "no [[brand]] in it"),
    "a number": ("brand = 3\n", "no [[brand]] in it"),
    "an empty list": ("brand = []\n", "no [[brand]] in it"),
    "a list of numbers": ("brand = [1]\n", "brand 1 (without an id): 1 is no table"),
    "no TOML": (
        "[[brand]\n",
        UNREADABLE + "Expected ']]' at the end of an array declaration (at line 1, column 8); mend",
    ),
    "a key twice": (
        GOOD + "names = []\n",
        UNREADABLE + "Cannot overwrite a value (at line 5, column 11); mend the TOML",
    ),
    "a raw control": (
        GOOD + 'sector = "\x07"\n',
        UNREADABLE + "Illegal character '\\x07' (at line 5, column 11); mend",
    ),
    "NUL": (GOOD + "\0", UNREADABLE),
    "nested too deep": ("x = " + "[" * 100_000, UNREADABLE + "it is nested too deep; take brackets out"),
    "an endless key": (
        GOOD + "x" + ".x" * 100_000 + " = 1\n",
        UNREADABLE + "line 5 has a key of more than 128 parts; write a shorter one",
    ),
    "an endless key of quotes": (
        GOOD + "y = {" + '"x" . ' * 100_000 + "x = 1}\n",
        UNREADABLE + "line 5 has a key of more than 128 parts; write a shorter one",
    ),
    "an endless number": (
        GOOD + f"threshold = {'9' * 5_000}\n",
        UNREADABLE + "a number in it has thousands of digits; write a shorter one",
    ),
    "GB18030": (
        GOOD.replace("Zyrqon", "奇富").encode("gb18030"),
        UNREADABLE + "line 3 is no UTF-8 text; save the file",
    ),
    "UTF-16": (GOOD.encode("utf-16"), UNREADABLE + "line 1 is no UTF-8 text; save the file as UTF-8"),
    "too large": (b"#" * (17 << 20), UNREADABLE + "[Errno 27] File too large"),
    "several": (
        at("https://monzo.com/", "*.monzo.org") + 'own = 1\n[[brand]]\nid = "b"\ndomain = []\n',
        (
            'brand 1 ("zyrqon"): domains: "https://monzo.com/" is an address, not a name: write monzo.com; '
            'brand 1 ("zyrqon"): domains: "*.monzo.org" is a pattern; a domain covers every name under it: '
            "write monzo.org; "
            'brand 1 ("zyrqon"): own: 1 is neither true nor false; write one of them, without quotation marks; '
            'brand 2 ("b"): names: is missing; write it; brand 2 ("b"): domains: is missing; write it; and 1 more'
        ),
    ),
}
FAULTY: dict[str, tuple[str | bytes, str]] = {
    **{f"domain {domain[:30]!r}": (at(domain), told) for domain, told in DOMAINS.items()},
    **{f"name {name[:30]!r}": (named(name), told) for name, told in NAMES.items()},
    **{key[:40]: (f"{GOOD}{key}\n", told) for key, told in KEYS.items()},
    **FILES,
}
PYDANTICS = ("Input should", "Extra inputs", "Field required", "a valid", "Value error", "at least 1 item")


def write(folder: Path, content: str | bytes) -> None:
    (folder / "b.toml").write_bytes(content.encode() if isinstance(content, str) else content)


def assert_refused(result: tuple[int, str, str], told: str) -> None:
    code, out, err = result
    assert (code, out) == (2, "")
    assert err.startswith("fanzha: b.toml: ")
    assert told in err
    assert err.count("\n") == 1
    assert len(err) < 2_100
    assert err.rstrip("\n").replace("\u3000", " ").isprintable()
    assert not any(words in err for words in PYDANTICS)


@pytest.mark.parametrize(("content", "told"), FAULTY.values(), ids=FAULTY)
def test_a_faulty_file_stops_match_before_anything_is_done(
    call: Call, tmp_path: Path, content: str | bytes, told: str
) -> None:
    write(tmp_path, content)
    assert_refused(call("match", "--brands", "b.toml", stdin=b"paypa1.com\n"), told)


@pytest.mark.parametrize(
    "arguments",
    [
        ["brands", "check", "b.toml"],
        ["brands", "list", "--brands", "b.toml"],
        ["brands", "show", "x", "--brands", "b.toml"],
        ["run", "--brands", "b.toml"],
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
@pytest.mark.parametrize("fault", ["several", "GB18030"])
def test_a_faulty_file_stops_every_command(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], fault: str
) -> None:
    content, told = FAULTY[fault]
    write(tmp_path, content)
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "prefect"))
    before = sorted(tmp_path.rglob("*"))
    assert_refused(call(*arguments), told)
    assert sorted(tmp_path.rglob("*")) == before


WARNED = {
    "a name too short": (named("A"), "no name gives a form to look for: imitations are found by its domains alone"),
    "no Latin and no Chinese": (named("العربية & بنك"), "no name gives a form to look for"),
    "nothing to look for": (
        named("A").replace("zyrqon.com", "a.com"),
        "neither names nor domains give a form to look for: no host is found to imitate it; add a longer name",
    ),
    "a threshold below all": (GOOD + "threshold = 29\n", "threshold 29 is below 30, the least confidence that is told"),
    "confirmed too early": (GOOD + "confirm_at = 50\n", "confirm_at 50 is below the threshold 60"),
    "a host": (at("www.zyrqon.com"), '"www.zyrqon.com" is a name under zyrqon.com, which is not official by it; write'),
    "a suffix": (at("gov.uk", "zyrqon.com"), '"gov.uk" is a public suffix: every name under it counts as official'),
}


@pytest.mark.parametrize(("content", "told"), WARNED.values(), ids=WARNED)
def test_what_is_allowed_and_yet_worth_a_look_is_a_line_and_the_work_is_done(
    call: Call, tmp_path: Path, content: str, told: str
) -> None:
    write(tmp_path, content)
    code, out, err = call("match", "--brands", "b.toml", stdin=b"zyrqon-login.xyz\nand.com\n")
    assert (code, out.partition(",")[0]) == (0, "input")
    assert "and.com" not in out
    assert err.startswith('fanzha: b.toml: brand "zyrqon": ')
    assert told in err
    assert err.count("\n") == 1


def test_a_good_file_is_told_nothing_of(call: Call, tmp_path: Path) -> None:
    write(tmp_path, GOOD + 'threshold = 30\nkeywords = ["Loan", "贷款"]\npackages = ["com.zyrqon.pay-1"]\n')
    code, out, err = call("match", "--brands", "b.toml", stdin=b"zyrq0n-loan.xyz\nwww.zyrqon.com\n")
    assert (code, err) == (0, "")
    assert [line.split(",")[0] for line in out.splitlines()[1:]] == ["zyrq0n-loan.xyz"]


@pytest.mark.parametrize("told", [told for _, told in (*FAULTY.values(), *WARNED.values())])
def test_the_page_tells_of_every_fault(told: str) -> None:
    page = (Path(__file__).parents[2] / "docs" / "brands.md").read_text("utf-8")
    listed = re.findall(r"^\| `([^`]+)` \|", page, re.MULTILINE)
    patterns = [".*".join(map(re.escape, said.split("..."))) for said in listed]
    assert any(re.search(pattern, told) for pattern in patterns)


def test_the_help_tells_the_least_confidence(call: Call) -> None:
    assert f"Below {LEAST_CONFIDENCE} nothing is ever told" in " ".join(call("match", "--help")[1].split())
