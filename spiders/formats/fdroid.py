"""Format `fdroid`: the indexes of F-Droid repositories, index-v1.json and index-v2.json (also in their .jar)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from db.errors import UnreadableFile
from spiders.catalogue import Source
from spiders.formats.documents import BadRow, Row, as_document, as_entries, as_instant, as_object, as_text, gather, load
from spiders.formats.parsed import Parsed

_WANTED: Final = "what is read is index-v1.json or index-v2.json"
_ADDRESS_LIMIT: Final = 2_000
"""Characters of a repository's address, with which each version's links begin."""


@dataclass(frozen=True, slots=True)
class _App:
    """What the versions of an app share, read once however many there are.

    Attributes:
        repository: its address.
        package: the app's.
        is_second: whether it is of index-v2.
        fields: of every row.
        fault: why no version can be read; empty: nothing is wrong.
    """

    repository: str
    package: str
    is_second: bool
    fields: Row
    fault: str


def parse(content: bytes, source: Source) -> Parsed:
    """One row an app version; `store` is the repository's address, `name` Chinese where there is one.

    Returns:
        rows of kind `app`, `position` the version.

    Raises:
        UnreadableFile: another file of the repository (index.xml, entry.json), or none; an endless address.
    """
    if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        raise UnreadableFile(f"fdroid: XML; {_WANTED}")
    document = as_document(load(content, source.encoding), "fdroid")
    if "repo" not in document:
        raise UnreadableFile(f"fdroid: no key 'repo'; {_WANTED}")
    return gather("app", _versions(document), _read, show=lambda found: (found[0].package, found[1]))


def _versions(document: dict[str, object]) -> Iterator[tuple[_App, object]]:
    """Each version with its app."""
    given = as_document(document["repo"], "fdroid: repo").get("address")
    repository = given.rstrip("/") if isinstance(given, str) else ""
    if len(repository) > _ADDRESS_LIMIT:
        raise UnreadableFile(f"fdroid: repo: an address longer than {_ADDRESS_LIMIT} characters")
    apps = {
        app.get("packageName"): app
        for app in as_entries(document.get("apps") or [], "fdroid: apps")
        if isinstance(app, dict) and isinstance(app.get("packageName"), str)
    }
    for package, entry in as_document(document.get("packages") or {}, "fdroid: packages").items():
        if isinstance(entry, list):
            app = _app(repository, package, apps.get(package, {}), is_second=False)
            yield from ((app, version) for version in entry)
        else:
            second = entry if isinstance(entry, dict) else {"versions": {"": entry}}
            app = _app(repository, package, second.get("metadata") or {}, is_second=True)
            versions = as_document(second.get("versions") or {}, "fdroid: versions")
            yield from ((app, version) for version in versions.values())


def _app(repository: str, package: str, described: object, *, is_second: bool) -> _App:
    try:
        app = as_object(described)
        fields = {
            "store": as_text("fdroid:" + repository.partition("://")[2]) if repository else None,
            "package": as_text(package),
            "developer": as_text(app.get("authorName")),
            **(_second_app(repository, app) if is_second else _first_app(repository, package, app)),
        }
    except BadRow as error:
        return _App(repository, package, is_second, {}, str(error))
    return _App(repository, package, is_second, fields, "")


def _first_app(repository: str, package: str, app: dict[str, object]) -> Row:
    localised = {locale: texts for locale, texts in _optional(app, "localized").items() if isinstance(texts, dict)}
    names = {locale: texts["name"] for locale, texts in localised.items() if "name" in texts}
    icons = {locale: texts["icon"] for locale, texts in localised.items() if "icon" in texts}
    plain_icon, locale = as_text(app.get("icon")), _locale(icons)
    icon = f"icons/{plain_icon}" if plain_icon else f"{package}/{locale}/{as_text(icons.get(locale))}"
    name = app.get("name")
    return {
        "name": _chosen({"en-US": name, **names} if name else names),
        "icon": _joined(repository, icon if plain_icon or icons else None),
    }


def _second_app(repository: str, app: dict[str, object]) -> Row:
    icons = _optional(app, "icon")
    icon = icons.get(_locale(icons))
    return {
        "name": _chosen(_optional(app, "name")),
        "icon": _joined(repository, as_text(as_object(icon).get("name")) if icon else None),
    }


def _read(found: tuple[_App, object]) -> tuple[Row]:
    app, version = found[0], as_object(found[1])
    if app.fault:
        raise BadRow(app.fault)
    own = _second_version(version) if app.is_second else _first_version(version)
    links = {"download": _joined(app.repository, own["download"])}
    return ({**app.fields, **own, **links, "published": as_instant(version.get("added"), 1)},)


def _first_version(version: dict[str, object]) -> Row:
    return {
        "version": as_text(version.get("versionName")) or as_text(version.get("versionCode")),
        "certificate": as_text(version.get("signer")),
        "apk_sha256": as_text(version.get("hash")) if version.get("hashType", "sha256") == "sha256" else None,
        "download": as_text(version.get("apkName")),
    }


def _second_version(version: dict[str, object]) -> Row:
    file, manifest = _optional(version, "file"), _optional(version, "manifest")
    certificates = _optional(manifest, "signer").get("sha256")
    return {
        "version": as_text(manifest.get("versionName")) or as_text(manifest.get("versionCode")),
        "certificate": as_text(certificates[0]) if isinstance(certificates, list) and certificates else None,
        "apk_sha256": as_text(file.get("sha256")),
        "download": as_text(file.get("name")),
    }


def _optional(holder: dict[str, object], key: str) -> dict[str, object]:
    value = holder.get(key)
    return {} if value is None else as_object(value)


def _locale(texts: Mapping[str, object]) -> str:
    """The locale that is read: Chinese, else American English, else the first."""
    chinese = [locale for locale in texts if locale.lower().startswith("zh")]
    mainland = [locale for locale in chinese if "cn" in locale.lower() or locale.lower() in {"zh", "zh-hans"}]
    return next(iter([*mainland, *chinese, *(["en-US"] if "en-US" in texts else []), *texts]), "")


def _chosen(texts: dict[str, object]) -> str | None:
    return as_text(texts.get(_locale(texts)))


def _joined(repository: str, path: str | None) -> str | None:
    if not path:
        return None
    if not repository:
        raise BadRow("a repository without an address")
    return as_text(f"{repository}/{path.lstrip('/')}")
