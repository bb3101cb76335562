import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.errors import UsageError
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
def test_damage_is_found(tmp_path: Path, encrypt: bool, damage: bytes | None) -> None:
    landing = Landing(tmp_path, KEY)
    landed = landing.keep(b"a row\n" * 100, encrypt=encrypt)
    path = landing.path(landed.digest, is_encrypted=encrypt)
    if damage is None:
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:10] + damage)
    with pytest.raises(DamagedLanding, match=r"is missing|is damaged"):
        landing.read(landed.digest, is_encrypted=encrypt)


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
