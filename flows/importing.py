"""Files that a person hands in, and files whose rejected rows are read again."""

from dataclasses import dataclass
from pathlib import Path

from db.errors import SourceFailed, UsageError
from db.health import quarantined_documents
from db.sources import Counts, read_cursor
from db.store import Store, now_ms
from flows.ingest import Document, ingest, log_failure, replay
from spiders.catalogue import Source, load_catalogue, stored_source
from spiders.formats.registry import FORMATS


@dataclass(frozen=True, slots=True)
class Imported:
    """How a file's rows ended."""

    file: str
    counts: Counts
    is_beyond_limit: bool
    """More rows were quarantined than the source allows."""

    def row(self) -> dict[str, str | int | float | bool | None]:
        """The JSON object of the contract."""
        counts = self.counts
        return {
            "file": self.file,
            "rows": counts.rows,
            "stored": counts.stored,
            "duplicates": counts.duplicates,
            "ignored": counts.ignored,
            "quarantined": counts.quarantined,
        }


def source_for(format_name: str, name: str, catalogue: Path | None) -> Source:
    """The declared source of that name; without a name one called after the format.

    Raises:
        UsageError: the format or source is unknown, they do not fit, or a table has no mapping.
    """
    if format_name not in FORMATS or format_name == "store":
        known = ", ".join(known for known in FORMATS if known != "store")
        raise UsageError(f"format {format_name!r} is none of {known}")
    if name:
        return _declared(format_name, name, catalogue)
    if format_name == "table":
        raise UsageError("a table needs --source NAME: its column mapping stands in the catalogue (--sources)")
    return Source.model_validate(
        {
            "name": format_name,
            "title": FORMATS[format_name].title_en,
            "title_zh": FORMATS[format_name].title_zh,
            "publisher": "imported files",
            "licence": "not stated",
            "path": "imported",
            "format": format_name,
            "yields": "candidates" if format_name == "fdroid" else "malicious",
        }
    )


def _declared(format_name: str, name: str, catalogue: Path | None) -> Source:
    for source in load_catalogue(catalogue):
        if source.name == name:
            if source.format != format_name:
                raise UsageError(f"source {name!r} has format {source.format}, not {format_name}")
            return source
    raise UsageError(f"source {name!r} is not in {catalogue or 'the bundled catalogue'}; fanzha sources lists them")


def import_file(store: Store, source: Source, file: Path) -> Imported:
    """Read a file, or a MISP feed directory, into the store.

    Raises:
        SourceFailed: it cannot be read as the source's format.
        UsageError: it cannot be opened, or is larger than the source allows.
    """
    started_at = now_ms()
    documents = [_document(path, source, started_at) for path in _parts(file, source)]
    try:
        counts = ingest(
            store, source, documents, read_cursor(store.database, source.name), started_at=started_at, normal=None
        )
    except SourceFailed as error:
        log_failure(store, source, f"{file.name}: {error}", started_at)
        raise
    limit = counts.rows * source.normal.max_rejected_share
    return Imported(str(file), counts, counts.quarantined > limit)


def replay_quarantine(store: Store, source: str | None) -> tuple[Counts, int, int]:
    """Parse every document with unresolved rejected rows again.

    Returns:
        What was stored, how many rejected rows are resolved, and how many are not.
    """
    total, resolved, left = Counts(), 0, 0
    for document in quarantined_documents(store.database, source):
        declared = stored_source(document.declaration)
        content = store.landing.read(document.digest, is_encrypted=document.is_encrypted)
        counts, mended = replay(
            store, declared, document.document_id, Document(document.name, content, document.fetched_at)
        )
        total, resolved, left = total + counts, resolved + mended, left + document.rejected - mended
    return total, resolved, left


def _parts(file: Path, source: Source) -> list[Path]:
    if file.is_file():
        return [file]
    if not file.is_dir() or source.format != "misp":
        raise UsageError(f"{file}: is no file; a folder is read as format misp only")
    parts = sorted(file.glob("*.json"))
    if not parts:
        raise UsageError(f"{file}: no *.json in this folder; a MISP feed directory has a manifest and events")
    return parts


def _document(path: Path, source: Source, at: int) -> Document:
    try:
        if path.stat().st_size > source.max_bytes:
            raise UsageError(f"{path}: is larger than {source.max_bytes:,} bytes; raise max_bytes of {source.name!r}")
        return Document(path.name, path.read_bytes(), at)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from error
