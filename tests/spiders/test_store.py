import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spiders.catalogue import Source, Store
from spiders.formats.parsed import Parsed
from spiders.formats.registry import FORMATS
from spiders.formats.store import parse

# Synthetic pages: every app, package and firm in them is invented.
FIELDS = {
    "package": "::attr(data-package)",
    "name": ".name",
    "developer": ".by::text",
    "version": ".version::text",
    "certificate": ".signer::text",
    "icon": "img::attr(src)",
    "download": "a::attr(href)",
    "published": "time::attr(datetime)",
}
LISTING = """<!doctype html><meta charset="utf-8"><ul>
<li class="app" data-package="com.demo.jietiao"><img src="icons/jt.png"><h3 class="name">奇富<b>借条</b>
  演示</h3><span class="by"> </span><span class="by">演示 科技</span><span class="version">1.2</span>
  <span class="signer">ab12</span><a href="/files/jt.apk">下载</a><time datetime="2024-03-01">三月</time></li>
<li class="app"><h3 class="name"> </h3></li>
<li class="ad">not an app</li>
<li class="app" data-package="com.demo.clock"></li>
</ul>"""


def make_source(store: Store, **declared: str) -> Source:
    common = {"title": "t", "publisher": "synthetic", "licence": "none", "format": "store", "yields": "candidates"}
    return Source.model_validate(
        {**common, "name": "demo-store", "url": "http://store.example/", **declared, "store": store}
    )


BY_SELECTORS = make_source(Store(app="li.app", fields=FIELDS))
BY_JSON_LD = make_source(Store())


def rows(parsed: Parsed) -> list[dict[str, object]]:
    return [{name: value for name, value in row.items() if value is not None} for row in parsed.rows.to_dicts()]


def rejected(parsed: Parsed) -> list[tuple[int, str]]:
    return list(parsed.rejected.select("position", "reason").iter_rows())


def test_selectors_read_what_stands_in_each_apps_element() -> None:
    parsed = parse(LISTING.encode(), BY_SELECTORS)
    assert parsed.kind == "app"
    assert rows(parsed) == [
        {
            "position": 1,
            "store": "demo-store",
            "package": "com.demo.jietiao",
            "name": "奇富借条 演示",
            "developer": "演示 科技",
            "version": "1.2",
            "certificate": "ab12",
            "icon": "icons/jt.png",
            "download": "/files/jt.apk",
            "published": "2024-03-01",
        },
        {"position": 3, "store": "demo-store", "package": "com.demo.clock"},
    ]
    assert rejected(parsed) == [(2, "neither name nor package")]
    assert '<h3 class="name">' in parsed.rejected["raw"][0]


def test_a_page_may_name_the_store_itself() -> None:
    source = make_source(Store(app="li", fields={"name": "::text", "store": "::attr(title)"}))
    assert [row["store"] for row in rows(parse(b'<li title="other">a<li>b', source))] == ["other", "demo-store"]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
def test_the_declared_encoding_is_used(encoding: str) -> None:
    source = make_source(Store(app="li.app", fields=FIELDS), encoding=encoding)
    assert rows(parse(LISTING.encode(encoding), source))[0]["name"] == "奇富借条 演示"


def test_an_app_with_bytes_of_another_encoding_is_rejected_alone() -> None:
    page = LISTING.encode() + '<li class="app"><h3 class="name">借条</h3></li>'.encode("gb18030")
    parsed = parse(page, BY_SELECTORS)
    assert rejected(parsed) == [(2, "neither name nor package"), (4, "bytes that are not of the declared encoding")]
    assert parsed.rows.height == 2


def script(*documents: str) -> bytes:
    scripts = "".join(f'<script type="application/ld+json">{document}</script>' for document in documents)
    return f"<html><head>{scripts}</head></html>".encode()


WHOLE = """{"@context": "https://schema.org", "@type": "MobileApplication", "name": "演示贷",
 "identifier": "com.demo.loan",
 "author": {"@type": "Organization", "name": "演示金融"}, "softwareVersion": 2.10, "image": "icons/loan.png",
 "downloadUrl": "files/loan.apk", "datePublished": "2024-05-06", "offers": {"@type": "Offer", "price": "0"},
 "isSimilarTo": {"@type": "MobileApplication", "name": "another page's app"},
 "additionalProperty": [{"@type": "PropertyValue", "name": "certificate", "value": "cd34"},
                        {"@type": "PropertyValue", "name": "colour", "value": "red"}, "odd"]}"""


def test_json_ld_is_read_by_the_words_of_schema_org() -> None:
    assert rows(parse(script(WHOLE), BY_JSON_LD)) == [
        {
            "position": 1,
            "store": "demo-store",
            "package": "com.demo.loan",
            "name": "演示贷",
            "developer": "演示金融",
            "version": "2.10",
            "certificate": "cd34",
            "icon": "icons/loan.png",
            "download": "files/loan.apk",
            "published": "2024-05-06",
        }
    ]


@pytest.mark.parametrize(
    "document",
    [
        '{"@type": "SoftwareApplication", "name": "a"}',
        '{"@type": ["Product", "MobileApplication"], "name": "a"}',
        '{"@type": "https://schema.org/MobileApplication", "name": "a"}',
        '{"@type": "schema:MobileApplication", "name": {"@language": "zh", "@value": "a"}}',
        '[{"@type": "WebSite", "name": "w"}, {"@type": "MobileApplication", "name": ["a", "b"]}]',
        '{"@graph": [{"@type": "MobileApplication", "name": "a"}]}',
        '{"@type": "WebPage", "mainEntity": {"@type": "MobileApplication", "name": "a"}}',
        '{"@type": "ItemList", "itemListElement": [{"item": {"@type": "VideoGame", "name": "a"}}]}',
        '{"@type": "ItemList", "itemListElement": [{"@type": "MobileApplication", "name": "a"}, 7, null]}',
    ],
)
def test_an_app_is_found_wherever_json_ld_puts_it(document: str) -> None:
    assert [row["name"] for row in rows(parse(script(document), BY_JSON_LD))] == ["a"]


@pytest.mark.parametrize(
    ("given", "package"),
    [
        ('"com.a"', "com.a"),
        ('{"@type": "PropertyValue", "value": "com.a"}', "com.a"),
        ('[{"value": "com.a"}]', "com.a"),
    ],
)
def test_a_package_is_an_identifier_or_its_value(given: str, package: str) -> None:
    document = f'{{"@type": "MobileApplication", "identifier": {given}}}'
    assert rows(parse(script(document), BY_JSON_LD))[0]["package"] == package


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (
            "{oops",
            "JSON-LD that is not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
        ),
        ("[" * 100_000, "JSON-LD that is JSON that is nested too deeply"),
        ('{"@type": "MobileApplication"}', "neither name nor package"),
        ('{"@type": "MobileApplication", "name": "a", "name": "b"}', "a key stands twice"),
        ('{"@type": "MobileApplication", "name": "a\\u0000b"}', "a value with a NUL byte or broken characters"),
    ],
)
def test_json_ld_at_fault_costs_a_row_not_the_page(document: str, reason: str) -> None:
    parsed = parse(script('{"@type": "MobileApplication", "name": "first"}', document, WHOLE), BY_JSON_LD)
    assert rejected(parsed) == [(2, reason)]
    assert [(row["position"], row["name"]) for row in rows(parsed)] == [(1, "first"), (3, "演示贷")]


@pytest.mark.parametrize("source", [BY_SELECTORS, BY_JSON_LD], ids=["selectors", "json-ld"])
@pytest.mark.parametrize("content", [b"", b" ", b"<html><body>suspended</body></html>", b"\0\0", b"{}", b"\xff\xfe"])
def test_a_page_without_apps_has_no_rows(content: bytes, source: Source) -> None:
    parsed = FORMATS["store"].parse(content, source)
    assert (parsed.kind, parsed.total) == ("app", 0)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["@graph", "item", "name", "identifier", "author", "image", "x"]), inner)
    ),
    max_leaves=8,
)


@settings(max_examples=50)
@given(st.dictionaries(st.sampled_from(["name", "identifier", "author", "image", "additionalProperty"]), json_values))
def test_an_app_of_any_shape_is_a_row_or_a_rejected_one(fields: dict[str, object]) -> None:
    document = json.dumps({"@type": "MobileApplication", **fields}).replace("<", "\\u003c")
    assert parse(script(document), BY_JSON_LD).total == 1
