"""Backup and restore: all of it comes back, nothing hostile gets in, and a kill leaves nothing half done."""

import gzip
import hashlib
import io
import json
import sqlite3
import stat
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

import pytest

from db.backup import make_backup
from db.errors import UsageError
from db.restore import restore
from db.store import Store, open_store
from flows.rollup import computed_figures, follow_up, roll_up
from flows.verifying import verify
from tests.flows.calls import Call
from tests.flows.test_ingest import WARNINGS, contents, make_source, take
from tests.flows.test_verifying import LIST, PERSONS

Files = dict[str, bytes]


@pytest.fixture
def full(store: Store) -> Store:
    take(store, make_source(), LIST)
    take(store, make_source(), LIST + "c.example\n")
    take(store, WARNINGS, PERSONS)
    follow_up(store)
    roll_up(store, 2024)
    return store


@pytest.fixture
def backup(full: Store, tmp_path: Path) -> Path:
    file = tmp_path / "b.tar"
    assert make_backup(full, file, replace=False).faults == ()
    return file


def landed(path: Path) -> Files:
    root = path.with_name(f"{path.name}.landing")
    return {str(file.relative_to(root)): file.read_bytes() for file in root.glob("??/*")}


def same(first: Store, second: Path, key: Path | None) -> None:
    with open_store(second, key) as other:
        assert verify(other, deep=True) == (len(landed(first.path)), [])
        assert contents(other) == contents(first)
        assert computed_figures(other.database, 2024) == computed_figures(first.database, 2024)
    assert landed(second) == landed(first.path)


def test_what_is_restored_is_what_was_backed_up(full: Store, backup: Path, tmp_path: Path) -> None:
    restore(backup, tmp_path / "new" / "n.db")
    same(full, tmp_path / "new" / "n.db", full.key_path)
    assert {path.name for path in (tmp_path / "new").iterdir()} <= {"n.db", "n.db.landing", "n.db-wal", "n.db-shm"}
    assert {path.name for path in (tmp_path / "new" / "n.db.landing").iterdir() if path.is_file()} == set()


def test_any_tar_gzip_and_sqlite_read_it_and_the_key_is_not_there(full: Store, backup: Path, tmp_path: Path) -> None:
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    with tarfile.open(backup, "r:") as tar:
        tar.extractall(tmp_path / "by-hand", filter="data")
    unpacked = gzip.decompress((tmp_path / "by-hand" / "fanzha.db.gz").read_bytes())
    (tmp_path / "by-hand" / "x.db").write_bytes(unpacked)
    with sqlite3.connect(tmp_path / "by-hand" / "x.db") as database:
        assert database.execute("SELECT count(*) FROM warning").fetchone() == (2,)
    assert full.key_path
    key = full.key_path.read_bytes()
    assert key not in backup.read_bytes()
    assert key not in unpacked
    assert full.landing.key
    assert full.landing.key.landing not in unpacked


def test_while_others_write_it_is_of_one_instant(full: Store, tmp_path: Path) -> None:
    begun, done = Event(), Event()

    def write() -> None:
        with open_store(full.path, full.key_path) as other:
            number = 0
            while not done.is_set():
                take(other, make_source(), "".join(f"{number}-{row}.example\n" for row in range(500)))
                number += 1
                begun.set()

    writer = Thread(target=write)
    writer.start()
    try:
        assert begun.wait(60)
        for number in range(3):
            assert make_backup(full, tmp_path / f"{number}.tar", replace=False).faults == ()
    finally:
        done.set()
        writer.join()
    for number in range(3):
        restore(tmp_path / f"{number}.tar", tmp_path / f"{number}.db")
        with open_store(tmp_path / f"{number}.db", full.key_path) as restored:
            assert verify(restored, deep=True)[1] == []
            assert restored.database.execute("SELECT count(*) % 500 FROM sighting").fetchone() == (3,)


@pytest.mark.usefixtures("full")
def test_the_commands(call: Call, tmp_path: Path) -> None:
    code, out, err = call("backup", "b.tar")
    assert (code, err) == (0, "")
    assert "3 landing files, 0 archive files, 0 faults" in out
    assert "the key is not in it: keep the key file (FANZHA_KEY_FILE) in another place; without it 1 files" in out
    before = (tmp_path / "b.tar").read_bytes()
    code, out, err = call("backup", "b.tar")
    assert (code, out, err) == (2, "", "fanzha: b.tar: is there already; name another, or give --replace\n")
    assert (tmp_path / "b.tar").read_bytes() == before
    assert call("backup", "b.tar", "--replace")[0] == 0
    assert call("restore", "b.tar")[0] == 2, "there is a database"
    code, out, err = call("restore", "b.tar", "--db", "n.db")
    assert (code, err) == (0, "")
    assert out.startswith("n.db: restored as it was at 20")
    assert call("verify", "--deep", "--db", "n.db")[0] == 0
    assert call("kpi", "2024", "--json", "--db", "n.db") == call("kpi", "2024", "--json")


def test_without_the_key_files_about_persons_are_copied_unopened(full: Store, tmp_path: Path) -> None:
    with open_store(full.path, None) as keyless:
        made = make_backup(keyless, tmp_path / "b.tar", replace=False)
    assert (made.about_persons, made.is_opened, made.faults) == (1, False, ())
    restore(tmp_path / "b.tar", tmp_path / "n.db")
    same(full, tmp_path / "n.db", full.key_path)


def test_of_damaged_landed_files_the_rest_is_backed_up_and_they_are_named(
    call: Call, full: Store, tmp_path: Path
) -> None:
    gone, damaged = sorted(full.landing.root.rglob("*.z"))
    gone.unlink()
    damaged.write_bytes(b"x")
    code, out, err = call("backup", "b.tar")
    assert code == 1
    assert f"landing file {gone}: is missing" in err
    assert f"landing file {damaged}: is damaged" in err
    assert "2 landing files, 0 archive files, 2 faults" in out
    restore(tmp_path / "b.tar", tmp_path / "n.db")
    with open_store(tmp_path / "n.db", full.key_path) as restored:
        assert len(verify(restored, deep=False)[1]) == 2


def test_a_damaged_database_is_not_backed_up(call: Call, full: Store, tmp_path: Path) -> None:
    with sqlite3.connect(full.path) as other:
        other.execute("DELETE FROM host")
    assert call("backup", "b.tar")[0] == 1
    assert not list(tmp_path.glob("b.tar*"))


@pytest.mark.parametrize("there", ["n.db", "n.db-wal", "n.db.landing/x", "n.db.archive/x"])
def test_nothing_is_restored_over_what_is_there(backup: Path, tmp_path: Path, there: str) -> None:
    (tmp_path / there).parent.mkdir(exist_ok=True)
    (tmp_path / there).write_bytes(b"mine")
    with pytest.raises(UsageError, match="is there already, and nothing is restored over it"):
        restore(backup, tmp_path / "n.db")
    assert (tmp_path / there).read_bytes() == b"mine"


# ---- hostile and damaged files


def read(file: Path) -> Files:
    with tarfile.open(file, "r:") as tar:
        return {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]


def write(file: Path, files: Files, *others: tarfile.TarInfo, form: int = tarfile.GNU_FORMAT) -> None:
    with tarfile.open(file, "w", format=form) as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
        for other in others:
            tar.addfile(other)


def _special(name: str, kind: bytes, link: str = "") -> Callable[[Path], None]:
    def harm(file: Path) -> None:
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, link
        write(file, read(file), info)

    return harm


def _named(name: str) -> Callable[[Path], None]:
    """A file under a name of its own, in the manifest too."""

    def harm(file: Path) -> None:
        files = read(file)
        manifest = json.loads(files["manifest.json"])
        manifest["members"].append({"name": name, "bytes": 1, "sha256": "0" * 64})
        write(file, files | {name: b"x", "manifest.json": json.dumps(manifest).encode()})

    return harm


def _manifest(change: Callable[[dict[str, object]], object]) -> Callable[[Path], None]:
    def harm(file: Path) -> None:
        files = read(file)
        manifest = json.loads(files["manifest.json"])
        changed = change(manifest)
        write(file, files | {"manifest.json": json.dumps(manifest if changed is None else changed).encode()})

    return harm


def _content(content: bytes | None, name: str = "manifest.json") -> Callable[[Path], None]:
    def harm(file: Path) -> None:
        files = read(file)
        files.pop(name)
        write(file, files if content is None else files | {name: content})

    return harm


def _flip(prefix: str) -> Callable[[Path], None]:
    def harm(file: Path) -> None:
        files = read(file)
        name = next(name for name in files if name.startswith(prefix))
        content = bytearray(files[name])
        content[len(content) // 2] ^= 1
        write(file, files | {name: bytes(content)})

    return harm


def _bomb(file: Path) -> None:
    """A database that unpacks to more than the manifest says."""
    files = read(file)
    bomb = gzip.compress(gzip.decompress(files["fanzha.db.gz"]) + bytes(64 << 20))
    manifest = json.loads(files["manifest.json"])
    for member in manifest["members"]:
        if member["name"] == "fanzha.db.gz":
            member["bytes"] = len(bomb)
    write(file, files | {"fanzha.db.gz": bomb, "manifest.json": json.dumps(manifest).encode()})


def _other_program(file: Path) -> None:
    files = read(file)
    with sqlite3.connect(":memory:") as database:
        database.execute("CREATE TABLE theirs (x)")
        raw = database.serialize()
    packed = gzip.compress(raw)
    manifest = json.loads(files["manifest.json"])
    manifest["database"] = {"name": "fanzha.db", "bytes": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}
    for member in manifest["members"]:
        if member["name"] == "fanzha.db.gz":
            member["bytes"] = len(packed)
    write(file, files | {"fanzha.db.gz": packed, "manifest.json": json.dumps(manifest).encode()})


HOSTILE: dict[str, tuple[Callable[[Path], object], str]] = {
    "a symlink": (_special("landing", tarfile.SYMTYPE, "/etc"), "which no backup"),
    "a symlink in a file's place": (_special(f"landing/00/{'0' * 64}.z", tarfile.SYMTYPE, "/etc/passwd"), "which no"),
    "a hard link": (_special(f"landing/00/{'0' * 64}.z", tarfile.LNKTYPE, "manifest.json"), "which no backup"),
    "a device": (_special("archive/x.parquet", tarfile.CHRTYPE), "which no backup"),
    "a pipe": (_special("archive/x.parquet", tarfile.FIFOTYPE), "which no backup"),
    "a folder": (_special("landing/00", tarfile.DIRTYPE), "which no backup"),
    "a way up": (_named("../up"), "which no backup"),
    "a way up in a known folder": (_named("landing/../../up"), "which no backup"),
    "an absolute name": (_named("/tmp/absolute"), "which no backup"),  # noqa: S108 - it must not appear there
    "a name of our own machinery": (_named("landing/.lock-match"), "which no backup"),
    "a long name": (_named("archive/" + "x" * 300 + ".parquet"), "which no backup"),
    "a name twice": (lambda file: write(file, read(file), tarfile.TarInfo("README.txt")), "is cut off or damaged"),
    "a pax header": (
        lambda file: write(file, read(file) | {"archive/ü.parquet": b""}, form=tarfile.PAX_FORMAT),
        "which no backup",
    ),
    "a file the manifest has not": (
        lambda file: write(file, read(file) | {"archive/x.parquet": b"x"}),
        "holds other files than its manifest says",
    ),
    "a file less": (_content(None, "README.txt"), "holds other files than its manifest says"),
    "no manifest": (_content(None), "has no manifest"),
    "no JSON": (_content(b"{"), "its manifest cannot be read"),
    "deep JSON": (_content(b"[" * 100_000), "its manifest cannot be read"),
    "another JSON": (_content(b"[]"), "its manifest cannot be read"),
    "sizes that are none": (_manifest(lambda one: one["members"][0].update(bytes="x")), "cannot be read"),  # type: ignore[index]
    "a size that is not so": (_manifest(lambda one: one["members"][0].update(bytes=1)), "holds other files"),  # type: ignore[index]
    "endless size": (_manifest(lambda one: one["database"].update(bytes=10**15)), "make room"),  # type: ignore[attr-defined]
    "a smaller size": (_manifest(lambda one: one["database"].update(bytes=4096)), "fanzha.db in it is damaged"),  # type: ignore[attr-defined]
    "a bomb": (_bomb, "in it is damaged; nothing was restored"),
    "a changed database": (_flip("fanzha.db.gz"), "in it is damaged; nothing was restored"),
    "a changed landed file": (_flip("landing/"), "in it is damaged; nothing was restored"),
    "a changed README": (_flip("README"), "README.txt in it is damaged"),
    "another program's database": (_other_program, "the database in it is none of fanzha's"),
    "half of it": (lambda file: file.write_bytes(file.read_bytes()[: file.stat().st_size // 2]), "b.tar: "),
    "all but its end": (lambda file: file.write_bytes(file.read_bytes()[:-4_000]), "b.tar: "),
    "nothing": (lambda file: file.write_bytes(b""), "is no backup of fanzha"),
    "no tar": (lambda file: file.write_bytes(b"SQLite format 3\0" * 1_000), "is no backup of fanzha, or damaged"),
    "packed": (lambda file: file.write_bytes(gzip.compress(file.read_bytes())), "is no backup of fanzha, or damaged"),
}


@pytest.mark.parametrize(("harm", "told"), HOSTILE.values(), ids=HOSTILE)
def test_what_is_hostile_or_damaged_is_refused_and_nothing_is_in_place(
    call: Call, backup: Path, tmp_path: Path, harm: Callable[[Path], object], told: str
) -> None:
    harm(backup)
    before = sorted(tmp_path.rglob("*"))
    code, out, err = call("restore", "b.tar", "--db", "n.db")
    assert (code, out) == (1 if told == "make room" else 2, "")
    assert told in err
    assert err.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before


# ---- killed

_KILLED = """
import os, signal, sys
from pathlib import Path
from db.backup import make_backup
from db.restore import restore
from db.store import open_store
database, key, file, new, what, last = sys.argv[1:]
done = 0
def count(event, arguments):
    global done
    if event in {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "sqlite3.connect"}:
        done += 1
        if done == int(last):
            os.kill(os.getpid(), signal.SIGKILL)
with open_store(Path(database), Path(key)) as store:
    sys.addaudithook(count)
    if what == "backup":
        make_backup(store, Path(file), replace=True)
    else:
        restore(Path(file), Path(new))
print(done)
"""


def killed(full: Store, file: Path, new: Path, what: str, last: int) -> int:
    """Do it in a process that is killed at the nth touch of a file; returns how many there were, -1 if killed."""
    arguments = [str(full.path), str(full.key_path), str(file), str(new), what, str(last)]
    ended = subprocess.run([sys.executable, "-c", _KILLED, *arguments], capture_output=True, text=True, check=False)
    assert ended.returncode in {0, -9}, ended.stderr
    return int(ended.stdout) if ended.returncode == 0 else -1


def test_a_killed_backup_is_none_and_the_next_clears_up(full: Store, backup: Path, tmp_path: Path) -> None:
    whole, new = backup.read_bytes(), tmp_path / "n.db"
    touches = killed(full, backup, new, "backup", 0)
    whole = backup.read_bytes()
    for last in range(1, touches + 1, max(1, touches // 7)):
        assert killed(full, backup, new, "backup", last) == -1
        assert backup.read_bytes() == whole, "the old one stays until the new one is there"
    assert make_backup(full, backup, replace=True).faults == ()
    assert [path.name for path in tmp_path.glob("b.tar*")] == ["b.tar"]


def test_a_killed_restore_leaves_no_database_or_a_whole_one(full: Store, backup: Path, tmp_path: Path) -> None:
    touches = killed(full, backup, tmp_path / "first.db", "restore", 0)
    last_ones = range(touches - 8, touches + 1)
    for last in sorted({*range(1, touches + 1, max(1, touches // 4)), *last_ones}):
        new = tmp_path / str(last) / "n.db"
        new.parent.mkdir()
        assert killed(full, backup, new, "restore", last) == -1
        if not new.exists():
            restore(backup, new)
            assert {path.name for path in new.parent.iterdir()} == {"n.db", "n.db.landing"}
        same(full, new, full.key_path)
