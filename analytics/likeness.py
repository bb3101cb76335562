"""Whether two pages of one address are of one hand: what stood there before it was gone, and what stands there now."""

import json
from typing import Final, NamedTuple

LEAST_BITS_APART: Final = 12
"""Of 64, between fingerprints of texts that are taken for one: unrelated texts differ in 32, give or take 4, so that
12 is five deviations below chance; a date, a counter or another telephone number on a login page changes 1 to 8."""
LEAST_SIGNS: Final = 2
"""Weak signs that must agree where the text does not. A title ("登录"), a field (`password`), an icon or a certificate
of the hosting company may each be a stranger's too; two of them seldom are."""
_MASK: Final = 2**64 - 1


class Print(NamedTuple):
    """What of a page can be compared; None or empty where it was not seen.

    Attributes:
        page, favicon, certificate: what identifies its bytes (a digest, or the id of one).
        simhash: of its visible text, 64 bits; 0 where it has none.
        fields: names of its forms' fields, a list in JSON.
    """

    page: int | str | None = None
    title: str | None = None
    simhash: int | None = None
    fields: str | None = None
    favicon: int | str | None = None
    certificate: int | str | None = None

    @property
    def tells(self) -> bool:
        """Whether there is anything that a later page can be compared with; bytes alone change with each build."""
        return any((self.title, self.simhash, self.fields not in {None, "[]"}, self.favicon, self.certificate))


def resembles(known: Print, page: Print) -> bool:
    """Whether a page is the known one again, or the same one with other wording.

    It is where its bytes are the same or its text is near; else where enough weak signs (title, form fields, icon,
    certificate) agree: two of them, or one where only one is known of both.

    >>> resembles(Print(title="奇富借条", simhash=5), Print(title="Welcome to nginx!", simhash=-1))
    False
    >>> resembles(Print(title="奇富借条", fields='["a", "b"]'), Print(title="奇富借条", fields='["a", "b", "c"]'))
    True
    """
    if is_same(known, page):
        return True
    signs = [
        _same(known.title, page.title),
        _share_most(known.fields, page.fields),
        _same(known.favicon, page.favicon),
        _same(known.certificate, page.certificate),
    ]
    compared = [sign for sign in signs if sign is not None]
    return bool(compared) and sum(compared) >= min(LEAST_SIGNS, len(compared))


def is_same(known: Print, page: Print) -> bool:
    """Whether a page says what the known one says: its bytes are the same, or its text is near."""
    if known.page is not None and known.page == page.page:
        return True
    if not known.simhash or not page.simhash:
        return False
    return bits_apart(known.simhash, page.simhash) <= LEAST_BITS_APART


def bits_apart(one: int, other: int) -> int:
    """In how many of 64 bits two fingerprints differ, signed or not."""
    return ((one ^ other) & _MASK).bit_count()


def _same(one: int | str | None, other: int | str | None) -> bool | None:
    return one == other if one and other else None


def _share_most(one: str | None, other: str | None) -> bool | None:
    """Whether half of all names at least are in both; kits give some fields a new name on each visit."""
    some, others = (set(json.loads(fields or "[]")) for fields in (one, other))
    return 2 * len(some & others) >= len(some | others) if some and others else None
