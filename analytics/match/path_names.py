"""Which tails of URLs hold a brand's name or official domain at all: asked for millions at once."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice
from typing import Final

import polars as pl

from analytics.match import fold, keywords
from analytics.match.evidence import Target
from analytics.match.forms import Form
from analytics.match.pieces import LONGEST, decoded, read
from db.brands import Brand, suffix_kind

_MOST_NAMES: Final = 16
"""Names of one tail that are looked at; a tail of more is a list, and names nobody."""
_LEAST: Final = 4
"""Letters from which a name is looked for inside words; shorter ones stand alone or before a keyword."""
_LEAST_SHORT: Final = 3
"""Two letters (bt, ee) say nothing in a path."""
_LEAST_DOMAIN: Final = 6
"""Letters of an official domain that is looked for: t.co and m.me stand in every other tail."""
_LEAST_HAN: Final = 3
"""Characters from which a name's distinguishing part is nobody else's word: 工商 is."""
_UNTOLD: Final = frozenset({"domain", "main domain", "domain word", "everyday short name", "initials", "core pinyin"})
"""Derivations that mean the brand in a host name only: words of paths are freer. Domains are looked for as such."""
_ALIKE: Final = {
    "o": "[o0]", "l": "[l1i]", "i": "[il1]", "s": "[s5]", "e": "[e3]", "a": "[a4]", "g": "[g9]",
    "b": "[b8]", "m": "(?:m|rn|nn)", "w": "(?:w|vv)", "d": "(?:d|cl)",
}  # fmt: skip
"""What passes for a letter."""
_PAIRS: Final = (("m", "rn"), ("m", "nn"), ("w", "vv"), ("d", "cl"))
_FOLDED: Final = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ01i53894", b"abcdefghljklmnopqrstuvwxyzollsebga")
_SEPARATORS: Final = b"-_+ "
"""Left out before names are looked for: wells-fargo, Bank_of_America."""
_PLAIN: Final = "".join(chr(code) if chr(code).isalnum() else "/" for code in range(128)).lower().encode()
_WORDS: Final = _PLAIN + bytes(range(128, 256))
"""Whatever is no letter or digit ends a word."""


_CANDIDATES: Final = pl.Schema([("row", pl.UInt32), ("names", pl.List(pl.Int64))])


@dataclass(frozen=True)
class Name:
    """What is looked for: a form of a brand, or an official domain of its."""

    target: Target
    spelt: tuple[str, ...]
    """The brand's names, whose words may stand apart."""
    domain: str = ""

    @cached_property
    def text(self) -> str:
        """The form or the domain."""
        return self.domain or self.target.form.text

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Where it stands in a piece as read: a form without regard to boundaries, a domain with its subdomains.

        What stands behind an @ is a mail address.
        """
        for match in islice(self._pattern.finditer(text), _MOST_SPANS):
            start = len(text[: match.start()].rstrip(_HOST)) if self.domain else match.start()
            if not text[:start].endswith("@"):
                yield start, match.end()

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        if self.domain:
            return re.compile(rf"(?<![a-z0-9-]){re.escape(self.domain)}(?![a-z0-9])")
        return _pattern(self.text, self.spelt)


_HOST: Final = "abcdefghijklmnopqrstuvwxyz0123456789-."
_MOST_SPANS: Final = 4
"""Places of a name in one piece that are looked at; who repeats it more often means to cost time."""
_FEW: Final = 16
"""Texts that are searched one by one: polars prepares its search for each call anew, which takes 20 ms."""


class _Table:
    """Texts to look for, each with the names (by their places) that it stands for."""

    def __init__(self, entries: Iterable[tuple[str, int]]) -> None:
        self.owned: dict[str, list[int]] = defaultdict(list)
        for text, place in entries:
            self.owned[text].append(place)

    @cached_property
    def owners(self) -> pl.DataFrame:
        """`found`, `name`: a text and one name a row."""
        rows = [(text, place) for text, places in self.owned.items() for place in places]
        return pl.DataFrame(rows, {"found": pl.String, "name": pl.Int64}, orient="row")

    @cached_property
    def patterns(self) -> pl.Series:
        """The texts, as polars takes them."""
        return pl.Series("found", list(self.owned), dtype=pl.String)


class PathNames:
    """The names of all brands, ready to be looked for in tails."""

    def __init__(self, brands: Sequence[Brand], targets: Sequence[Target]) -> None:
        self._brands, self._targets = brands, targets

    def candidates(self, tails: pl.Series) -> pl.DataFrame:
        """The tails that may hold a name: `row` (place in the series), `names` (list of places in `names`)."""
        if tails.is_empty():
            return pl.DataFrame(schema=_CANDIDATES)
        texts = _plain_texts(tails)
        found = pl.concat([_met(_squeezed(texts), self._inner), _met(_worded(texts), self._short)])
        pairs = found.group_by("row").agg(pl.col("name").unique().sort().head(_MOST_NAMES).alias("names"))
        return pairs.sort("row")

    @cached_property
    def names(self) -> list[Name]:
        """All that is looked for."""
        spelt = {brand.id: brand.names for brand in self._brands}
        forms = [Name(target, spelt[target.brand]) for target in self._targets if _is_told(target.form)]
        return [*forms, *self._domains()]

    def _domains(self) -> Iterator[Name]:
        first = {target.brand: target for target in reversed(self._targets)}
        for brand in self._brands:
            for domain in brand.domains:
                if len(domain) >= _LEAST_DOMAIN and not suffix_kind(domain):
                    yield Name(first[brand.id], brand.names, domain)

    @cached_property
    def _inner(self) -> _Table:
        """Texts to look for anywhere."""
        return _Table(
            (text, place)
            for place, name in enumerate(self.names)
            if name.domain or not _is_short(name.target.form)
            for text in _spellings(name.text)
        )

    @cached_property
    def _short(self) -> _Table:
        """Texts to look for among words: a short name alone, or with a keyword behind it."""
        return _Table(
            (f"/{name.target.form.text}{behind}", place)
            for place, name in enumerate(self.names)
            if not name.domain and _is_short(name.target.form)
            for behind in ("/", *keywords.STRONG, *name.target.keywords)
        )


def _is_told(form: Form) -> bool:
    if form.derivation in _UNTOLD or form.text.isdigit():
        return False
    least = _LEAST_SHORT if form.text.isascii() or form.derivation != "characters" else 2
    return len(form.text) >= least


def _is_short(form: Form) -> bool:
    return form.text.isascii() and len(form.text) < _LEAST


def _pattern(form: str, names: Iterable[str]) -> re.Pattern[str]:
    """A form with lookalikes, and separators where the words of a name that reads so meet."""
    ends = {end for name in names for end in _word_ends(name, form)}
    letters = (
        _ALIKE.get(letter, re.escape(letter)) + ("[-_. ]?" if place in ends else "")
        for place, letter in enumerate(form, 1)
    )
    return re.compile("".join(letters))


def _word_ends(name: str, form: str) -> Iterator[int]:
    words = re.findall("[a-z0-9]+", fold.read_text(name))
    begin = form.find("".join(words))
    size = 0
    for word in words[:-1] if begin >= 0 else []:
        size += len(word)
        yield begin + size


def _spellings(text: str) -> set[str]:
    """What the folded text of a tail holds where the name stands in it."""
    texts = {text, *(text.replace(single, pair) for single, pair in _PAIRS if single in text)}
    return {_fold(each.encode()).decode() for each in texts}


def _met(texts: pl.Series, table: _Table) -> pl.DataFrame:
    """`row`, `name` of each text of the table that stands in a text."""
    return _met_by_hand(texts, table) if texts.len() <= _FEW else _met_in_frames(texts, table)


def _met_by_hand(texts: pl.Series, table: _Table) -> pl.DataFrame:
    rows = [
        (row, name)
        for row, text in enumerate(texts)
        for found, names in table.owned.items()
        if found in text
        for name in names
    ]
    return pl.DataFrame(rows, {"row": pl.UInt32, "name": pl.Int64}, orient="row")


def _met_in_frames(texts: pl.Series, table: _Table) -> pl.DataFrame:
    patterns, owners = table.patterns, table.owners
    return (
        pl.DataFrame({"text": texts})
        .with_row_index("row")
        .filter(pl.col("text").str.contains_any(patterns.implode()))
        .select("row", found=pl.col("text").str.extract_many(patterns.implode(), overlapping=True))
        .explode("found")
        .unique()
        .join(owners, on="found")
        .select("row", "name")
    )


def _plain_texts(tails: pl.Series) -> list[str]:
    """The tails without their scheme, cut, percent-encoding read where it may hide letters, else seen as a break."""
    text = pl.col("tail").str.slice(0, LONGEST)
    is_odd = text.str.contains(r"%(?:25|[89A-F])|[xX][nN]--")
    frame = pl.DataFrame({"tail": tails}).select(
        tail=text.str.replace(r"^[a-z]+:[0-9]*", ""), is_odd=is_odd, is_encoded=text.str.contains("%", literal=True)
    )
    broken = pl.when("is_encoded").then(pl.col("tail").str.replace_all("%[2-7][0-9A-F]", "-")).otherwise("tail")
    odd = frame.filter("is_odd")["tail"].unique()
    readings = pl.DataFrame({"tail": odd, "reading": [_read_odd(tail) for tail in odd]}, schema=_READINGS)
    plain = frame.with_columns(plain=broken).join(readings, on="tail", how="left", maintain_order="left")
    return plain.select(pl.coalesce("reading", "plain")).to_series().to_list()


_READINGS: Final = {"tail": pl.String, "reading": pl.String}


def _read_odd(tail: str) -> str:
    return "".join(char if char.isprintable() else "-" for char in read(decoded(tail)))


def _squeezed(texts: list[str]) -> pl.Series:
    return _lines(_fold("\n".join(texts).encode()), len(texts))


def _fold(text: bytes) -> bytes:
    return text.translate(_FOLDED, _SEPARATORS)


def _worded(texts: list[str]) -> pl.Series:
    return _lines("\n".join(chain(texts, [""])).encode().translate(_LINE_WORDS), len(texts) + 1).head(len(texts)) + "/"


_LINE_WORDS: Final = _WORDS[:10] + b"\n" + _WORDS[11:]


def _lines(text: bytes, count: int) -> pl.Series:
    return pl.Series("text", text.decode("utf-8", "replace").split("\n") if count else [], dtype=pl.String)
