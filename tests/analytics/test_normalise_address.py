"""Canonical addresses. All names here are invented or reserved; none was ever taken from a feed."""

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from analytics.normalise.address import NotAnAddress, canonical_address, to_unicode
from analytics.normalise.canonical import LONGEST

LABELS = st.from_regex(r"[a-z0-9]([a-z0-9_-]{0,8}[a-z0-9])?", fullmatch=True)
TOPS = st.sampled_from(["com", "cn", "com.cn", "co.uk", "github.io", "example", "xn--fiqs8s"])
HOSTS = st.builds(lambda labels, top: ".".join([*labels, top]), st.lists(LABELS, min_size=1, max_size=3), TOPS)
PATHS = st.from_regex(r"(/[A-Za-z0-9._~%!$&'()*+,;=:@\\ 中-]{0,8}){0,4}", fullmatch=True)
QUERIES = st.from_regex(r"(\?[A-Za-z0-9._~%!$&'()*+,;=:@/?\\ 中-]{0,12})?", fullmatch=True)
SCHEMES = st.sampled_from(["http", "https", "ftp"])
URLS = st.builds(lambda scheme, host, path, query: f"{scheme}://{host}{path}{query}", SCHEMES, HOSTS, PATHS, QUERIES)

SPELLINGS = {
    "bare host": ("login.qifu-demo.example", "login.qifu-demo.example"),
    "upper case": ("LOGIN.Qifu-Demo.Example", "login.qifu-demo.example"),
    "slash and nothing": ("qifu-demo.example/", "qifu-demo.example"),
    "question mark and nothing": ("qifu-demo.example/?", "qifu-demo.example"),
    "host with path": ("qifu-demo.example/a", "http://qifu-demo.example/a"),
    "host with two slashes": ("qifu-demo.example//", "http://qifu-demo.example//"),
    "host with query": ("qifu-demo.example?a=1", "http://qifu-demo.example/?a=1"),
    "host with port": ("qifu-demo.example:8080", "http://qifu-demo.example:8080/"),
    "host with default port": ("qifu-demo.example:80", "http://qifu-demo.example/"),
    "host with empty port": ("qifu-demo.example:", "qifu-demo.example"),
    "URL without path": ("https://qifu-demo.example", "https://qifu-demo.example/"),
    "scheme in capitals": ("HTTPS://qifu-demo.example/A", "https://qifu-demo.example/A"),
    "no scheme but slashes": ("//qifu-demo.example/a", "http://qifu-demo.example/a"),
    "one slash": ("http:/qifu-demo.example/a", "http://qifu-demo.example/a"),
    "three slashes": ("http:///qifu-demo.example/a", "http://qifu-demo.example/a"),
    "backslashes": (r"http:\\qifu-demo.example\a\b", "http://qifu-demo.example/a/b"),
    "backslash ends the host": (r"https://evil.example\@bank.example/", "https://evil.example/@bank.example/"),
    "default port http": ("http://qifu-demo.example:80/", "http://qifu-demo.example/"),
    "default port https": ("https://qifu-demo.example:00443/", "https://qifu-demo.example/"),
    "default port ftp": ("ftp://qifu-demo.example:21/a", "ftp://qifu-demo.example/a"),
    "other scheme's port": ("http://qifu-demo.example:443/", "http://qifu-demo.example:443/"),
    "userinfo": ("http://bank.example@evil.example/", "http://evil.example/"),
    "userinfo with password": ("http://bank.example:443@evil.example:81/a", "http://evil.example:81/a"),
    "userinfo twice": ("http://a@b@evil.example/", "http://evil.example/"),
    "fragment": ("https://qifu-demo.example/a#b?c", "https://qifu-demo.example/a"),
    "fragment of a host": ("qifu-demo.example#top", "qifu-demo.example"),
    "trailing dot": ("qifu-demo.example.", "qifu-demo.example"),
    "trailing dots of a URL": ("http://qifu-demo.example../a", "http://qifu-demo.example/a"),
    "wildcard": ("*.qifu-demo.example", "qifu-demo.example"),
    "underscore": ("_dmarc.qifu_demo.example", "_dmarc.qifu_demo.example"),
    "white space": ("\ufeff \t qifu-demo.example\u3000\r\n", "qifu-demo.example"),
    "angle brackets": ("<https://qifu-demo.example/>", "https://qifu-demo.example/"),
    "double quotes": ('"https://qifu-demo.example/"', "https://qifu-demo.example/"),
    "single quotes": ("'https://qifu-demo.example/'", "https://qifu-demo.example/"),
    "quote of its own": ("https://qifu-demo.example/a'", "https://qifu-demo.example/a'"),
    "hxxp": ("hxxp://qifu-demo.example/", "http://qifu-demo.example/"),
    "hXXps": ("hXXps://qifu-demo.example/", "https://qifu-demo.example/"),
    "h**p": ("h**ps://qifu-demo.example/", "https://qifu-demo.example/"),
    "[.]": ("qifu-demo[.]example", "qifu-demo.example"),
    "[.] with blanks": ("qifu-demo [.] example", "qifu-demo.example"),
    "[.] in a path": ("hxxp://qifu-demo[.]example/a[.]html", "http://qifu-demo.example/a.html"),
    "(.)": ("qifu-demo(.)example", "qifu-demo.example"),
    "(.) in a path": ("qifu-demo.example/a(.)b", "http://qifu-demo.example/a(.)b"),
    "{.}": ("qifu-demo{.}example", "qifu-demo.example"),
    "[dot]": ("qifu-demo[DOT]example", "qifu-demo.example"),
    "(dot)": ("qifu-demo(dot)example", "qifu-demo.example"),
    r"\.": (r"qifu-demo\.example/a", "http://qifu-demo.example/a"),
    "[:]": ("hxxps[:]//qifu-demo.example/", "https://qifu-demo.example/"),
    "[://]": ("hxxps[://]qifu-demo.example/", "https://qifu-demo.example/"),
    "dot segments": ("https://qifu-demo.example/a/./b/../../../c/.", "https://qifu-demo.example/c/"),
    "encoded dot segments": ("https://qifu-demo.example/a/%2e%2E/b", "https://qifu-demo.example/b"),
    "empty segments": ("https://qifu-demo.example//a//", "https://qifu-demo.example//a//"),
    "unreserved, encoded": ("https://qifu-demo.example/%7e%41%2d", "https://qifu-demo.example/~A-"),
    "reserved, encoded": ("https://qifu-demo.example/%2f%3f", "https://qifu-demo.example/%2F%3F"),
    "stray percent": ("https://qifu-demo.example/%%341", "https://qifu-demo.example/%2541"),
    "unsafe": ('https://qifu-demo.example/a b"|^', "https://qifu-demo.example/a%20b%22%7C%5E"),
    "Chinese path": ("https://qifu-demo.example/登录", "https://qifu-demo.example/%E7%99%BB%E5%BD%95"),
    "query as published": ("https://qifu-demo.example/?b=2&a=%7e&a", "https://qifu-demo.example/?b=2&a=~&a"),
    "question marks": ("https://qifu-demo.example/??", "https://qifu-demo.example/??"),
    "U-label": ("奇富演示.example", "xn--mtso2dd52a6rj.example"),
    "ideographic dots": ("login。qifu．demo｡example", "login.qifu.demo.example"),
    "fullwidth letters": ("ｑｉｆｕ.example", "qifu.example"),
    "sharp s stays": ("faß.example", "xn--fa-hia.example"),
    "emoji": ("i❤️.example", "xn--i-7iq.example"),
    "broken Punycode": ("xn--zzzzzz--.example", "xn--zzzzzz--.example"),
    "percent-encoded host": ("http://%71ifu-demo%2Eexample/", "http://qifu-demo.example/"),
    "IPv4": ("192.0.2.1", "192.0.2.1"),
    "IPv4, one number": ("3221225985", "192.0.2.1"),
    "IPv4, hexadecimal": ("http://0xC0.0x0.0x2.0x1/", "http://192.0.2.1/"),
    "IPv4, one hexadecimal": ("http://0xC0000201/", "http://192.0.2.1/"),
    "IPv4, octal": ("http://0300.0.02.01/", "http://192.0.2.1/"),
    "IPv4, two parts": ("http://192.513/", "http://192.0.2.1/"),
    "IPv4, three parts, mixed": ("http://0xc0.0.01001/", "http://192.0.2.1/"),
    "IPv4, fullwidth": ("１９２.０.２.１", "192.0.2.1"),
    "IPv4, trailing dot": ("192.0.2.1.", "192.0.2.1"),
    "IPv6": ("http://[2001:DB8:0:0::1]:8080/a", "http://[2001:db8::1]:8080/a"),
    "IPv6 without brackets": ("2001:DB8::1", "[2001:db8::1]"),
    "IPv6 that wraps IPv4": ("http://[::ffff:192.0.2.1]/", "http://192.0.2.1/"),
}
REFUSED = {
    "": "it is empty",
    " <> ": "it is empty",
    "http://": "it has no host",
    "/login.php": "it has no host",
    "http://:80/": "it has no host",
    "localhost": "its host is a single label without a dot",
    "http://intranet:8080/a": "its host is a single label without a dot",
    "*.com": "its host is a single label without a dot",
    "javascript:alert(1)": "its scheme is none of http, https and ftp",
    "data:text/html,x": "its scheme is none of http, https and ftp",
    "mailto:a@qifu-demo.example": "its scheme is none of http, https and ftp",
    "irc://qifu-demo.example/a": "its scheme is none of http, https and ftp",
    "someone@qifu-demo.example": "it is an e-mail address",
    "http://qifu-demo.example:0/": "its port is no number from 1 to 65,535",
    "http://qifu-demo.example:65536/": "its port is no number from 1 to 65,535",
    "http://qifu-demo.example:８０/": "its port is no number from 1 to 65,535",
    f"http://qifu-demo.example:{'9' * 5_000}/": "its port is no number from 1 to 65,535",
    "http://[::1]a/": "after its host's closing bracket comes no port",
    "http://[::1/": "its host has an opening bracket and no closing one",
    "http://[::g]/": "its host is no IPv6 address",
    "00:11:22:33:44:55": "its host is no IPv6 address",
    "http://[fe80::1%25eth0]/": "its host has a zone, which is local to one machine",
    "qifu..example": "its host has an empty label",
    ".qifu.example": "its host has an empty label",
    f"{'a' * 64}.example": "its host has a label longer than 63 characters",
    f"{'奇' * 60}.example": "its host has a label longer than 63 characters",
    f"{'奇' * 8_000}.example": "its host has a label longer than 63 characters",
    f"{'a.' * 124}example": "its host is longer than 253 characters",
    "qifu.123": "its host ends in a number and is no IPv4 address",
    "192.0.2.256": "its host ends in a number and is no IPv4 address",
    "192.0.2.08": "its host ends in a number and is no IPv4 address",
    "1.2.3.4.5": "its host ends in a number and is no IPv4 address",
    "4294967296": "its host ends in a number and is no IPv4 address",
    "1_0.1": "its host ends in a number and is no IPv4 address",
    "1234": "it is a bare number",
    "qi fu.example": "its host holds the blank or invisible character U+0020",
    "qi\u200bfu.example": "its host holds the blank or invisible character U+200B",
    "qi\u200dfu.example": "its host holds the blank or invisible character U+200D",
    "qifu\u202eelpmaxe.moc": "its host holds the blank or invisible character U+202E",
    "qi%00fu.example": "its host holds the blank or invisible character U+0000",
    "qi%e4fu.example": "the percent-encoding of its host is no UTF-8",
    "a%2Fb.example": "its host holds a character that no name has",
    "qi{fu}.example": "its host holds a character that no name has",
    "℀.example": "its host holds a character that no name has",
    "qi\ufffdfu.example": "its host holds the character U+FFFD, which no name has",
    "奇\u2e3a。example": "its host holds the character U+2E3A, which no name has",
    "\u036ca.example": "its host has a label that begins with a combining mark",
    "a" * (LONGEST + 1): "it is longer than 8,192 characters",
    "qifu.example/" + "中" * 4_000: "it is longer than 8,192 characters when percent-encoded",
}


@pytest.mark.parametrize(("text", "canonical"), SPELLINGS.values(), ids=SPELLINGS)
def test_one_spelling(text: str, canonical: str) -> None:
    address = canonical_address(text)
    assert address.text == canonical
    assert canonical_address(canonical) == address


@pytest.mark.parametrize(("text", "reason"), REFUSED.items(), ids=lambda text: text[:30])
def test_refused_with_a_reason(text: str, reason: str) -> None:
    with pytest.raises(NotAnAddress) as refusal:
        canonical_address(text)
    assert refusal.value.reason == reason


@pytest.mark.parametrize(
    ("text", "host", "tail", "registrable_length", "suffix_length", "is_shared"),
    [
        ("www.qifu.com.cn", "www.qifu.com.cn", "", len("qifu.com.cn"), len("com.cn"), False),
        ("http://com.cn/", "com.cn", "http:/", 0, len("com.cn"), False),
        ("https://a.b.github.io/x?y", "a.b.github.io", "https:/x?y", len("b.github.io"), len("github.io"), True),
        ("github.io", "github.io", "", 0, len("github.io"), False),
        ("a.b.qifu.example", "a.b.qifu.example", "", len("qifu.example"), len("example"), False),
        ("奇富.公司.cn", "xn--mtso2d.xn--55qx5d.cn", "", len("xn--mtso2d.xn--55qx5d.cn"), len("xn--55qx5d.cn"), False),
        ("192.0.2.1:8080/a", "192.0.2.1", "http:8080/a", len("192.0.2.1"), 0, False),
        ("[2001:db8::1]", "[2001:db8::1]", "", len("[2001:db8::1]"), 0, False),
    ],
)
def test_parts(
    text: str,
    host: str,
    tail: str,
    registrable_length: int,
    suffix_length: int,
    is_shared: bool,
) -> None:
    address = canonical_address(text)
    assert (address.host, address.tail) == (host, tail)
    assert (address.registrable_length, address.suffix_length) == (registrable_length, suffix_length)
    assert address.is_shared is is_shared


@settings(deadline=None)
@given(st.text(max_size=60) | URLS)
@example("http://a.b/%%341")
@example("http://İ.example/")
@example("http://a.b/\\.c")
@example("http:a.b\\.\\.")
def test_idempotent(text: str) -> None:
    try:
        address = canonical_address(text)
    except NotAnAddress:
        return
    assert canonical_address(address.text) == address


@settings(deadline=None)
@given(URLS, st.sampled_from(["[.]", "(.)", "{.}", "[dot]", "(dot)", "[DOT]", " [.] "]), st.booleans())
def test_defanged_is_the_same(url: str, dot: str, wrapped: bool) -> None:
    scheme, rest = url.split("://", 1)
    host = rest[: min((rest.find(mark) for mark in "/?" if mark in rest), default=len(rest))]
    defanged_scheme = scheme.replace("http", "hxxp") + ("[://]" if wrapped else "://")
    defanged = defanged_scheme + host.replace(".", dot) + rest[len(host) :]
    assert canonical_address(defanged) == canonical_address(url)


@settings(deadline=None)
@given(HOSTS, PATHS, QUERIES, st.text(st.characters(codec="utf-8"), max_size=10))
def test_what_makes_no_difference(host: str, path: str, query: str, fragment: str) -> None:
    rest = f"{path}{query}".rstrip()
    plain = canonical_address(f"https://{host}{rest}")
    for same in (
        f"HTTPS://{host.upper()}{rest}",
        f"https://{host}:443{rest}",
        f"https://{host}.{rest}",
        f"https://bank.example:1@{host}{rest}",
        f"https://{host}{rest}#{fragment}",
        f" <https://{host}{rest}> ",
    ):
        assert canonical_address(same) == plain


@settings(deadline=None)
@given(st.integers(2**24, 2**32 - 1))
def test_ipv4_in_all_disguises(number: int) -> None:
    parts = [number >> 24, number >> 16 & 255, number >> 8 & 255, number & 255]
    dotted = ".".join(map(str, parts))
    disguises = [
        str(number),
        hex(number),
        f"0{number:o}",
        ".".join(map(hex, parts)),
        ".".join(f"0{part:o}" for part in parts),
        f"{parts[0]}.{number & 0xFFFFFF}",
        f"{parts[0]}.{hex(parts[1])}.{number & 0xFFFF}",
        f"[::ffff:{dotted}]",
    ]
    assert {canonical_address(disguise).text for disguise in disguises} == {dotted}


@settings(deadline=None)
@given(st.text(st.characters(categories=["Ll", "Lo", "Nd"]), min_size=1, max_size=12))
def test_idn_both_ways(label: str) -> None:
    try:
        host = canonical_address(f"{label}.example").host
    except NotAnAddress:
        assume(False)
    assert canonical_address(to_unicode(host)).host == host


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("login.xn--mtso2dd52a6rj.example", "login.奇富演示.example"),
        ("xn--i-7iq.example", "i❤.example"),
        ("xn--zzzzzz--.example", "xn--zzzzzz--.example"),
        ("xn--abc-.example", "xn--abc-.example"),
        ("xn--a-0hb.example", "xn--a-0hb.example"),
        ("192.0.2.1", "192.0.2.1"),
        ("[2001:db8::1]", "[2001:db8::1]"),
    ],
)
def test_shown_in_unicode(host: str, shown: str) -> None:
    assert to_unicode(host) == shown
