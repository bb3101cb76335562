"""Format `store`: the apps on an app store's page, by the store's CSS selectors or by the page's own JSON-LD."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from parsel import Selector

from db.errors import UnreadableFile
from db.kinds import KINDS
from spiders.catalogue import Source, Store
from spiders.formats.documents import BadRow, as_object, as_text, load_text
from spiders.formats.parsed import Parsed, rejected_frame, rows_frame
from spiders.formats.text import escape

_TYPES: Final = frozenset({"SoftwareApplication", "MobileApplication", "WebApplication", "VideoGame"})
_CONTAINERS: Final = ("@graph", "mainEntity", "itemListElement", "item")
"""Where schema.org keeps a page's apps. Those elsewhere (`isSimilarTo`, reviews) are other pages' apps."""
_PATHS: Final[Mapping[str, tuple[str, ...]]] = {
    "package": ("identifier.value", "identifier"),
    "name": ("name.@value", "name"),
    "developer": ("author.name", "author", "publisher.name", "publisher", "creator.name", "creator"),
    "version": ("softwareVersion", "version"),
    "icon": ("image.url", "image.contentUrl", "image", "thumbnailUrl"),
    "download": ("downloadUrl", "installUrl"),
    "published": ("datePublished", "dateModified"),
}
"""Field of the `app` kind -> where schema.org has it, the first that is there."""


@dataclass(frozen=True, slots=True)
class _Found:
    """One app as it stands on the page, and what was read in it or why nothing was."""

    raw: str
    values: Mapping[str, object]
    fault: str = ""


def parse(content: bytes, source: Source) -> Parsed:
    """One row an app on the page, as the source's `[source.store]` finds them.

    Links stay as published, relative ones too; `store` is the source's name where the page names none.

    Returns:
        rows of kind `app`, `position` the app's place on the page; without name and package it is rejected, as is
        JSON-LD that is no JSON.
    """
    store = source.store or Store()
    page = Selector(text=content.decode(source.encoding, "replace").removeprefix("\ufeff"), type="html")
    found = _by_selectors(page, store) if store.app else _by_json_ld(page)
    rows: list[dict[str, object]] = []
    rejected: list[tuple[int, str, str]] = []
    for position, app in enumerate(found, 1):
        try:
            rows.append({"position": position, "store": source.name, **_row(app)})
        except BadRow as error:
            rejected.append((position, escape(app.raw), str(error)))
    names = ("position", *KINDS["app"].columns)
    return Parsed(
        "app", rows_frame("app", {name: [row.get(name) for row in rows] for name in names}), rejected_frame(rejected)
    )


def _row(app: _Found) -> dict[str, str]:
    if app.fault:
        raise BadRow(app.fault)
    texts = {name: as_text(value) for name, value in app.values.items()}
    row = {name: text for name, text in texts.items() if text}
    if not ("name" in row or "package" in row):
        raise BadRow("neither name nor package")
    if any("\ufffd" in text for text in row.values()):
        raise BadRow("bytes that are not of the declared encoding")
    return row


def _by_selectors(page: Selector, store: Store) -> Iterator[_Found]:
    for element in page.css(store.app):
        yield _Found(element.get(), {name: _text(element, selector) for name, selector in store.fields.items()})


def _text(element: Selector, selector: str) -> str | None:
    """The first text that is not blank; of a selector without `::text` or `::attr()`, all text within."""
    found = element.css(selector)
    texts = found.getall() if "::" in selector else found.xpath("string()").getall()
    return next((text for text in (" ".join(text.split()) for text in texts) if text), None)


def _by_json_ld(page: Selector) -> Iterator[_Found]:
    for script in page.css('script[type="application/ld+json" i]::text').getall():
        try:
            document = load_text(script)
        except UnreadableFile as error:
            yield _Found(script, {}, f"JSON-LD that is {error}")
            continue
        for app in _apps(document):
            yield _read(app)


def _apps(document: object) -> Iterator[dict[str, object]]:
    waiting = [document]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting += reversed(node)
        elif isinstance(node, dict) and _is_app(node):
            yield node
        elif isinstance(node, dict):
            waiting += [node[key] for key in reversed(_CONTAINERS) if key in node]


def _is_app(node: dict[str, object]) -> bool:
    given = node.get("@type")
    types = given if isinstance(given, list) else [given]
    return any(str(name).rpartition("/")[2].removeprefix("schema:") in _TYPES for name in types)


def _read(app: dict[str, object]) -> _Found:
    raw = json.dumps(app, ensure_ascii=False)
    try:
        as_object(app)
    except BadRow as error:
        return _Found(raw, {}, str(error))
    own = _additional(app)
    return _Found(raw, own | {name: _first(app, paths) for name, paths in _PATHS.items() if name not in own})


def _additional(app: dict[str, object]) -> dict[str, object]:
    """Fields that schema.org has no word for (certificate, apk_sha256), given as `additionalProperty` by our names."""
    given = app.get("additionalProperty")
    properties = [entry for entry in given if isinstance(entry, dict)] if isinstance(given, list) else []
    named = {str(entry.get("name")): entry.get("value") for entry in properties}
    return {name: named[name] for name in KINDS["app"].columns if name in named}


def _first(app: dict[str, object], paths: tuple[str, ...]) -> str | None:
    texts = (_at(app, path.split(".")) for path in paths)
    return next((" ".join(text.split()) for text in texts if text), None)


def _at(node: object, path: list[str]) -> str | None:
    """The text at a path; of an array, its first entry."""
    for key in [*path, ""]:
        if isinstance(node, list):
            node = node[0] if node else None
        if key:
            node = node.get(key) if isinstance(node, dict) else None
    return node if isinstance(node, str) else None
