"""Hostile text made harmless. Every address here is synthetic."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db.defang import defang_hosts, defang_links, defuse_cell

_ADDRESSES = [
    ("http://qifu-login-demo.example", "hxxp://qifu-login-demo[.]example"),
    ("HTTPS://A.qifu.example:8443/a.b?c=d.e", "hxxps://A[.]qifu[.]example:8443/a.b?c=d.e"),
    ("ftp://qifu.example/a", "fxp://qifu[.]example/a"),
    ("https://10.2.3.4/login", "hxxps://10[.]2[.]3[.]4/login"),
    ("https://user:pw@qifu.example/", "hxxps://user:pw@qifu[.]example/"),
    ("hxxp://qifu[.]example/", "hxxp://qifu[.]example/"),
    ("two: http://a.example http://b.example/", "two: hxxp://a[.]example hxxp://b[.]example/"),
    ('{"url":"https://a.example/x","n":1.5}', '{"url":"hxxps://a[.]example/x","n":1.5}'),
]


@pytest.mark.parametrize(("live", "dead"), _ADDRESSES)
def test_no_link_is_left(live: str, dead: str) -> None:
    assert defang_links(live) == dead


@pytest.mark.parametrize(
    ("live", "dead"),
    [
        ("qifu-login-demo.example", "qifu-login-demo[.]example"),
        ("xn--fiq228c.example/login.html", "xn--fiq228c[.]example/login[.]html"),
        ("10.2.3.4", "10[.]2[.]3[.]4"),
        ("奇富.example 仿冒 qifu.example", "奇富[.]example 仿冒 qifu[.]example"),
        ("version 1.2.3 of 5.5", "version 1.2.3 of 5.5"),
        ("https://a.example/", "hxxps://a[.]example/"),
        ("a[.]b[.]example", "a[.]b[.]example"),
    ],
)
def test_no_host_is_left(live: str, dead: str) -> None:
    assert defang_hosts(live) == dead


@settings(max_examples=100)
@given(st.text(alphabet="htpsfx:/.[]ab1 -", max_size=40))
def test_defanging_twice_is_defanging_once(text: str) -> None:
    once = defang_hosts(text)
    assert defang_hosts(once) == once
    assert "http://" not in once.replace("http:// ", "").removesuffix("http://").replace("http:///", "")


@pytest.mark.parametrize("cell", ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1"])
def test_a_formula_becomes_text(cell: str) -> None:
    assert defuse_cell(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "-1", "+86", "-12.50", "a=b", "qifu.example", "'=1", "1-2", "a\nb"])
def test_other_cells_stay(cell: str) -> None:
    assert defuse_cell(cell) == cell


def test_what_hides_in_a_cell_is_written_out() -> None:
    assert defuse_cell("a\u202eb\x1b\n\u200b") == "a\\u202eb\\u001b\n\\u200b"
