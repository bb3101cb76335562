import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.errors import Interrupted, UsageError
from db.keys import KEY_BYTES, Key, load_key, make_key_file
from db.landing import DamagedLanding, Landing

KEY = Key(b"k" * KEY_BYTES)


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Landing:
    return Landing(tmp_path_factory.mktemp("landing"), KEY)


@given(content=st.binary(max_size=5_000), encrypt=st.booleans())
def test_what_is_kept_is_read_back(landing: Landing, content: bytes, encrypt: bool) -> None:
    landed = landing.keep(content, encrypt=encrypt)
    assert landing.read(landed.digest, is_encrypted=encrypt) == content
    assert landing.keep(content, encrypt=encrypt) == landed


def test_a_file_about_persons_shows_nothing_of_them(tmp_path: Path) -> None:
    landing = Landing(tmp_path, KEY)
    landed = landing.keep(b"subject,amount\n13800000000,5\n", encrypt=True)
    stored = landing.path(landed.digest, is_encrypted=True).read_bytes()
    assert b"13800000000" not in stored
    assert (
        landed.digest
        != Landing(tmp_path, Key(b"o" * KEY_BYTES)).keep(b"subject,amount\n13800000000,5\n", encrypt=True).digest
    )


def test_another_key_does_not_open_it(tmp_path: Path) -> None:
    landed = Landing(tmp_path, KEY).keep(b"x", encrypt=True)
    with pytest.raises(DamagedLanding, match="another key"):
        Landing(tmp_path, Key(b"o" * KEY_BYTES)).read(landed.digest, is_encrypted=True)
    with pytest.raises(UsageError, match="FANZHA_KEY_FILE"):
        Landing(tmp_path).read(landed.digest, is_encrypted=True)


@pytest.mark.parametrize("encrypt", [False, True])
@pytest.mark.parametrize("damage", [b"", b"\0", None])
def test_damage_is_found_and_mended_by_the_same_content(tmp_path: Path, encrypt: bool, damage: bytes | None) -> None:
    landing = Landing(tmp_path, KEY)
    landed = landing.keep(b"a row\n" * 100, encrypt=encrypt)
    path = landing.path(landed.digest, is_encrypted=encrypt)
    if damage is None:
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:10] + damage)
    with pytest.raises(DamagedLanding, match=r"is missing|is damaged"):
        landing.read(landed.digest, is_encrypted=encrypt)
    assert landing.keep(b"a row\n" * 100, encrypt=encrypt) == landed
    assert landing.read(landed.digest, is_encrypted=encrypt) == b"a row\n" * 100


def test_what_is_whole_is_not_written_again(tmp_path: Path) -> None:
    landing = Landing(tmp_path, KEY)
    path = landing.path(landing.keep(b"x", encrypt=True).digest, is_encrypted=True)
    before = path.read_bytes()
    landing.keep(b"x", encrypt=True)
    assert path.read_bytes() == before, "a new file would have another nonce"


def test_a_folder_in_a_files_place_is_told_in_one_line(tmp_path: Path) -> None:
    landing = Landing(tmp_path)
    path = landing.path(landing.keep(b"x", encrypt=False).digest, is_encrypted=False)
    path.unlink()
    path.mkdir()
    with pytest.raises(DamagedLanding, match=r"^landing file [^\n]+: cannot be read: Is a directory"):
        landing.read(path.stem, is_encrypted=False)
    with pytest.raises(UsageError, match=rf"^landing folder [^\n]+: Is a directory: {path}; move away"):
        landing.keep(b"x", encrypt=False)
    assert not list(tmp_path.glob("*.part"))


def test_a_file_in_the_folders_place_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "fanzha.db.landing").write_text("", "utf-8")
    with pytest.raises(UsageError, match=r"^landing folder [^\n]+: cannot be written: "):
        Landing(tmp_path / "fanzha.db.landing").keep(b"x", encrypt=False)


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of 1 MiB."""
    place = tmp_path / "tiny"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tiny", place], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("mounting a small disk is not allowed here")
    yield place
    subprocess.run(["umount", place], check=True)


def test_a_full_disk_is_told_in_one_line_and_leaves_no_half_of_a_file(tiny: Path) -> None:
    landing = Landing(tiny / "landing")
    kept = landing.keep(b"kept", encrypt=False)
    with pytest.raises(Interrupted, match=r"^landing [^\n]+: No space left on device; what was committed is kept"):
        landing.keep(os.urandom(2_000_000), encrypt=False)
    assert [path.name for path in tiny.rglob("*") if path.is_file()] == [f"{kept.digest}.z"]
    assert landing.keep(b"more", encrypt=False).bytes == 4


def test_what_a_killed_process_left_half_written_goes_with_the_next_file(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as dead:
        dead.wait()
    names = [f"{'0' * 64}.{process}.part" for process in (dead.pid, os.getpid())]
    for name in (*names, "kept.by.hand.part"):
        (tmp_path / name).write_bytes(b"half")
    Landing(tmp_path).keep(b"x", encrypt=False)
    assert sorted(path.name for path in tmp_path.glob("*.part")) == sorted([names[1], "kept.by.hand.part"])


def test_a_half_written_file_is_never_taken_for_content(tmp_path: Path) -> None:
    landing = Landing(tmp_path, None)
    landed = landing.keep(b"whole", encrypt=False)
    assert [path.suffix for path in tmp_path.rglob("*") if path.is_file()] == [".z"]
    assert landing.read(landed.digest, is_encrypted=False) == b"whole"


def test_a_key_file_is_its_owners_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "fanzha.key"
    make_key_file(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.stat().st_size == KEY_BYTES
    with pytest.raises(UsageError, match="is there already"):
        make_key_file(path)


@pytest.mark.parametrize(
    ("content", "says"), [(None, "No such file"), (b"short", "5 bytes"), ("none", "FANZHA_KEY_FILE")]
)
def test_an_unusable_key_is_said_in_one_line(tmp_path: Path, content: bytes | str | None, says: str) -> None:
    path = tmp_path / "fanzha.key"
    if isinstance(content, bytes):
        path.write_bytes(content)
    with pytest.raises(UsageError, match=says) as caught:
        load_key(None if content == "none" else path)
    assert "\n" not in str(caught.value)


def test_the_two_keys_differ() -> None:
    assert KEY.subjects != KEY.landing
