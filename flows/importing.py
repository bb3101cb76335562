"""Files that a person hands in, and files whose rejected rows are read again."""

from dataclasses import dataclass
from pathlib import Path

from db.errors import SourceFailed, UnreadableFile, UsageError
from db.health import RejectedDocument, quarantined_documents
from db.landing import DamagedLanding
from db.sources import Counts, read_cursor
from db.store import Store, now_ms
from flows.files import import_files, read_file, shown
from flows.ingest import ingest, log_failure, replay
from flows.taking import Document
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
    paths = import_files(file, source)
    documents = (Document(path.name, read_file(path, source), started_at) for path in paths)
    try:
        counts = ingest(
            store, source, documents, read_cursor(store.database, source.name), started_at=started_at, normal=None
        )
    except SourceFailed as error:
        log_failure(store, source, f"{shown(Path(file.name))}: {error}", started_at)
        raise
    limit = counts.rows * source.normal.max_rejected_share
    return Imported(str(file), counts, counts.quarantined > limit)


@dataclass(frozen=True, slots=True)
class Replayed:
    """What reading rejected rows again brought."""

    counts: Counts
    resolved: int
    left: int
    """Rows that are still rejected."""
    faults: tuple[str, ...]
    """Why documents could not be read again, one line each."""


def replay_quarantine(store: Store, source: str | None) -> Replayed:
    """Parse every document with unresolved rejected rows again; one that cannot be read does not stop the others.

    Raises:
        UsageError: a document is about persons and there is no key.
    """
    counts, resolved, left = Counts(), 0, 0
    faults: list[str] = []
    for document in quarantined_documents(store.database, source):
        try:
            again, mended = _replay(store, document)
        except (DamagedLanding, UnreadableFile) as error:
            faults.append(f"{document.name}: {error}")
            again, mended = Counts(), 0
        counts, resolved, left = counts + again, resolved + mended, left + document.rejected - mended
    return Replayed(counts, resolved, left, tuple(faults))


def _replay(store: Store, rejected: RejectedDocument) -> tuple[Counts, int]:
    try:
        source = stored_source(rejected.declaration)
    except UsageError as error:
        raise UnreadableFile(str(error)) from None
    content = store.landing.read(rejected.digest, is_encrypted=rejected.is_encrypted)
    return replay(store, source, rejected.document_id, Document(rejected.name, content, rejected.fetched_at))
