"""Format `fdroid`: the indexes of F-Droid repositories, index-v1.json and index-v2.json (also in their .jar)."""

from collections.abc import Iterator
from typing import NamedTuple

from db.errors import UnreadableFile
from spiders.catalogue import Source
from spiders.formats.documents import BadRow, Row, as_document, as_entries, as_instant, as_object, as_text, gather, load
from spiders.formats.parsed import Parsed

_WANTED = "what is read is index-v1.json or index-v2.json"


class _Version(NamedTuple):
    """One version of an app, in the order that quarantine shows it."""

    repository: str
    package: str
    version: object
    app: object
    is_second: bool
    """Whether it is of index-v2."""


def parse(content: bytes, source: Source) -> Parsed:
    """One row an app version; `store` is the repository's address, `name` Chinese where there is one.

    Returns:
        rows of kind `app`, `position` the version.

    Raises:
        UnreadableFile: another file of the repository (index.xml, entry.json), or none.
    """
    if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        raise UnreadableFile(f"fdroid: XML; {_WANTED}")
    document = as_document(load(content, source.encoding), "fdroid")
    if "repo" not in document:
        raise UnreadableFile(f"fdroid: no key 'repo'; {_WANTED}")
    return gather("app", _versions(document), _read)


def _versions(document: dict[str, object]) -> Iterator[_Version]:
    address = as_document(document["repo"], "fdroid: repo").get("address")
    repository = address.rstrip("/") if isinstance(address, str) else ""
    apps = {
        app.get("packageName"): app
        for app in as_entries(document.get("apps") or [], "fdroid: apps")
        if isinstance(app, dict) and isinstance(app.get("packageName"), str)
    }
    for package, entry in as_document(document.get("packages") or {}, "fdroid: packages").items():
        if isinstance(entry, list):
            for version in entry:
                yield _Version(repository, package, version, apps.get(package, {}), is_second=False)
        else:
            second = entry if isinstance(entry, dict) else {"versions": {"": entry}}
            versions = second.get("versions") or {}
            for version in as_document(versions, "fdroid: versions").values():
                yield _Version(repository, package, version, second.get("metadata") or {}, is_second=True)


def _read(found: _Version) -> tuple[Row]:
    version, app = as_object(found.version), as_object(found.app)
    row = {
        "store": as_text("fdroid:" + found.repository.partition("://")[2]) if found.repository else None,
        "package": as_text(found.package),
        "developer": as_text(app.get("authorName")),
        "published": as_instant(version.get("added"), 1),
    }
    return (row | (_second(found, app, version) if found.is_second else _first(found, app, version)),)


def _first(found: _Version, app: dict[str, object], version: dict[str, object]) -> dict[str, str | None]:
    localised = {locale: texts for locale, texts in _optional(app, "localized").items() if isinstance(texts, dict)}
    names = {locale: texts["name"] for locale, texts in localised.items() if "name" in texts}
    icons = {locale: texts["icon"] for locale, texts in localised.items() if "icon" in texts}
    plain_icon, locale = as_text(app.get("icon")), _locale(icons)
    icon = f"icons/{plain_icon}" if plain_icon else f"{found.package}/{locale}/{as_text(icons.get(locale))}"
    name = app.get("name")
    return {
        "name": _chosen({"en-US": name, **names} if name else names),
        "version": as_text(version.get("versionName")) or as_text(version.get("versionCode")),
        "certificate": as_text(version.get("signer")),
        "apk_sha256": as_text(version.get("hash")) if version.get("hashType", "sha256") == "sha256" else None,
        "icon": _joined(found, icon if plain_icon or icons else None),
        "download": _joined(found, as_text(version.get("apkName"))),
    }


def _second(found: _Version, app: dict[str, object], version: dict[str, object]) -> dict[str, str | None]:
    file, manifest = _optional(version, "file"), _optional(version, "manifest")
    certificates = _optional(manifest, "signer").get("sha256")
    icons = _optional(app, "icon")
    icon = icons.get(_locale(icons))
    return {
        "name": _chosen(_optional(app, "name")),
        "version": as_text(manifest.get("versionName")) or as_text(manifest.get("versionCode")),
        "certificate": as_text(certificates[0]) if isinstance(certificates, list) and certificates else None,
        "apk_sha256": as_text(file.get("sha256")),
        "icon": _joined(found, as_text(as_object(icon).get("name")) if icon else None),
        "download": _joined(found, as_text(file.get("name"))),
    }


def _optional(holder: dict[str, object], key: str) -> dict[str, object]:
    value = holder.get(key)
    return {} if value is None else as_object(value)


def _locale(texts: dict[str, object]) -> str:
    """The locale that is read: Chinese, else American English, else the first."""
    chinese = [locale for locale in texts if locale.lower().startswith("zh")]
    mainland = [locale for locale in chinese if "cn" in locale.lower() or locale.lower() in {"zh", "zh-hans"}]
    return next(iter([*mainland, *chinese, *(["en-US"] if "en-US" in texts else []), *texts]), "")


def _chosen(texts: dict[str, object]) -> str | None:
    return as_text(texts.get(_locale(texts)))


def _joined(found: _Version, path: str | None) -> str | None:
    if not path:
        return None
    if not found.repository:
        raise BadRow("a repository without an address")
    return as_text(f"{found.repository}/{path.lstrip('/')}")
