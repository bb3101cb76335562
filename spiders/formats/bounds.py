"""How much of one file is read: what a parser builds grows with these numbers, not with what a criminal wrote.

They are checked before anything is built from the bytes. A file of more is refused in one line; its owner can split it.
"""

from typing import Final

from db.errors import UnreadableFile

ROWS: Final = 5_000_000
"""Lines, records or entries: ten times the largest feed; a line costs 100 bytes on its way, however short."""
VALUES: Final = 10_000_000
"""Values of a JSON document: `[],` is three bytes in a file and 64 in memory, and real feeds have 20 bytes a value."""
TEXT: Final = 512 << 20
"""Characters of all rows together: where entries share a value, a small file can stand for terabytes of rows."""


def bound_lines(content: bytes) -> None:
    """Refuse a text of too many lines.

    Raises:
        UnreadableFile: it has more than `ROWS`.
    """
    if max(content.count(b"\n"), content.count(b"\r")) > ROWS:
        raise UnreadableFile(f"more than {ROWS:,} lines; split it")


def bound_values(content: bytes) -> None:
    """Refuse a JSON document of too many values; those in strings count, which spares parsing.

    Raises:
        UnreadableFile: it has more than `VALUES`.
    """
    if sum(content.count(sign) for sign in (b",", b"[", b"{")) > VALUES:
        raise UnreadableFile(f"JSON of more than {VALUES:,} values; split it")


def bound_rows(rows: int) -> None:
    """Refuse too many rows.

    Raises:
        UnreadableFile: they are more than `ROWS`.
    """
    if rows > ROWS:
        raise UnreadableFile(f"more than {ROWS:,} rows; split it")


def bound_text(characters: int) -> None:
    """Refuse rows of too much text.

    Raises:
        UnreadableFile: it is more than `TEXT`.
    """
    if characters > TEXT:
        raise UnreadableFile(f"rows of more than {TEXT:,} characters in all; split it")
