"""Times as published, to Unix milliseconds in UTC."""

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import polars as pl

FIRST_YEAR: Final = 1990
"""Nothing reported here is older; what says so is a default value or a slip."""
END_YEAR: Final = 2100
"""Exclusive; likewise."""

_DATE_TIME: Final = "%Y-%m-%d %H:%M:%S"
_PLAIN: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}$"
_ISO_UTC: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:Z|\+00:00)$"
_TIME: Final = (
    r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]{1,9}))?)?"
    r"\s*(?P<offset>[Zz]|UTC|GMT|[+-](?:0[0-9]|1[0-8])(?::?[0-5][0-9])?)?"
)
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SHAPES: Final = tuple(
    rf"^{date}(?:{separator}{_TIME})?$"
    for date, separator in (
        (r"(?P<year>[0-9]{4})-(?P<month>[0-9]{1,2})-(?P<day>[0-9]{1,2})", r"(?:[Tt]|\s+)"),
        (r"(?P<year>[0-9]{4})/(?P<month>[0-9]{1,2})/(?P<day>[0-9]{1,2})", r"\s+"),
        (r"(?P<year>[0-9]{4})年(?P<month>[0-9]{1,2})月(?P<day>[0-9]{1,2})日", r"\s*"),
        (
            rf"(?:[A-Z][a-z]{{2}},\s+)?(?P<day>[0-9]{{1,2}})\s+(?P<month>{'|'.join(_MONTHS)})\s+(?P<year>[0-9]{{4}})",
            r"\s+",
        ),
    )
)
"""Year first, or the month in letters: what could be read as day or month either way is not among them."""
_PAST_ANY_GAP: Final = pl.duration(hours=25)
"""Clocks that skip time skip two hours at most, or, where a country changed sides of the date line, a day."""


def parse_instants(texts: pl.Series, zone: str) -> pl.Series:
    """Read times: ISO 8601, `2024/1/2 3:04`, `2024年1月2日 03:04`, `Tue, 02 Jan 2024 03:04:05 GMT`, epochs.

    A time without an offset is one in `zone`: the first of the two where clocks went back over it, and where they
    skipped it, read with the offset after the skip. A date alone is its first instant in `zone`. Ten digits
    are seconds since 1970, thirteen milliseconds.

    Args:
        texts: String; null where there is none.
        zone: IANA name, as `Asia/Shanghai`.

    Returns:
        Int64, milliseconds since 1970 in UTC; null where the text is absent, no time, or out of [1990, 2100) in `zone`.
    """
    rest = pl.DataFrame({"text": texts.cast(pl.String).str.strip_chars()}).with_row_index("row")
    found = [rest.filter(pl.col("text").is_null()).select("row", at=pl.lit(None, pl.Int64))]
    rest = rest.filter(pl.col("text").is_not_null())
    for pattern, read in _QUICK:
        is_quick = rest["text"].str.contains(pattern)
        fitting = rest.filter(is_quick).with_columns(read(zone).alias("at"))
        is_read = fitting["at"].is_not_null()
        found.append(fitting.filter(is_read).select("row", "at"))
        rest = pl.concat([rest.filter(~is_quick), fitting.filter(~is_read).select(rest.columns)])
    for pattern in _SHAPES:
        fits = pl.col("text").str.contains(pattern)
        found.append(_parts(rest.filter(fits), pattern).select("row", _instant(zone).alias("at")))
        rest = rest.filter(~fits)
    found.append(rest.select("row", at=pl.lit(None, pl.Int64)))
    at = pl.col("at")
    is_sane = (at >= _new_year_ms(FIRST_YEAR, zone)) & (at < _new_year_ms(END_YEAR, zone))
    return pl.concat(found).sort("row").select(pl.when(is_sane).then(at)).to_series().rename(texts.name)


def _new_year_ms(year: int, zone: str) -> int:
    return round(datetime(year, 1, 1, tzinfo=ZoneInfo(zone)).timestamp() * 1_000)


def _plain(zone: str) -> pl.Expr:
    return _epoch(_date_time(pl.col("text")), zone)


def _iso_utc(_zone: str) -> pl.Expr:
    text = pl.col("text").str.head(19)
    return text.str.to_datetime("%Y-%m-%dT%H:%M:%S", strict=False, time_unit="ms").dt.epoch("ms")


def _seconds(_zone: str) -> pl.Expr:
    return pl.col("text").cast(pl.Int64) * 1_000


def _milliseconds(_zone: str) -> pl.Expr:
    return pl.col("text").cast(pl.Int64)


_QUICK: Final = (
    (_PLAIN, _plain),
    (_ISO_UTC, _iso_utc),
    (r"^[0-9]{10}$", _seconds),
    (r"^[0-9]{13}$", _milliseconds),
)
"""Pattern -> how to read what fits it, in one expression; where it reads null, the shapes have the last word."""


def _date_time(text: pl.Expr) -> pl.Expr:
    return text.str.to_datetime(_DATE_TIME, strict=False, time_unit="ms")


def _parts(rows: pl.DataFrame, pattern: str) -> pl.DataFrame:
    """`row` and the pattern's groups as text; hour, minute and second are zero where the text has none."""
    parts = rows.select("row", pl.col("text").str.extract_groups(pattern).alias("parts")).unnest("parts")
    numbers = {name: str(number) for number, name in enumerate(_MONTHS, 1)}
    return parts.with_columns(
        pl.col("month").replace(numbers),
        pl.col("hour", "minute", "second", "fraction").fill_null("0"),
    )


def _instant(zone: str) -> pl.Expr:
    local = _date_time(pl.format("{}-{}-{} {}:{}:{}", "year", "month", "day", "hour", "minute", "second"))
    offset = _offset_ms()
    named = local.dt.epoch("ms") - offset
    fraction = pl.col("fraction").str.pad_end(3, "0").str.head(3).cast(pl.Int64)
    return pl.when(offset.is_null()).then(_in_utc(local, zone)).otherwise(named) + fraction


def _offset_ms() -> pl.Expr:
    """The offset from UTC that the text names; null where it names none."""
    offset = pl.col("offset")
    digits = offset.str.strip_chars_start("+-").str.replace(":", "", literal=True).str.pad_end(4, "0")
    minutes = digits.str.head(2).cast(pl.Int64, strict=False) * 60 + digits.str.tail(2).cast(pl.Int64, strict=False)
    sign = pl.when(offset.str.starts_with("-")).then(-1).otherwise(1)
    return pl.when(offset.str.contains("^[+-]")).then(sign * minutes * 60_000).when(offset.is_not_null()).then(0)


def _in_utc(local: pl.Expr, zone: str) -> pl.Expr:
    return pl.coalesce(_epoch(local, zone), _epoch(local + _PAST_ANY_GAP, zone) - 25 * 3_600_000)


def _epoch(local: pl.Expr, zone: str) -> pl.Expr:
    return local.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null").dt.epoch("ms")
