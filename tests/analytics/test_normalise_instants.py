from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.normalise.instants import END_YEAR, FIRST_YEAR, parse_instants

SHANGHAI = "Asia/Shanghai"
READABLE = {
    # as published -> the instant, read in Shanghai
    "2024-01-02 03:04:05": "2024-01-01T19:04:05Z",
    "2024-01-02T03:04:05": "2024-01-01T19:04:05Z",
    " 2024-01-02 03:04:05 ": "2024-01-01T19:04:05Z",
    "2024-01-02 03:04": "2024-01-01T19:04:00Z",
    "2024-01-02": "2024-01-01T16:00:00Z",
    "2024-01-02T03:04:05Z": "2024-01-02T03:04:05Z",
    "2024-01-02 03:04:05 UTC": "2024-01-02T03:04:05Z",
    "2024-01-02T03:04:05+08:00": "2024-01-01T19:04:05Z",
    "2024-01-02T03:04:05-0530": "2024-01-02T08:34:05Z",
    "2024-01-02T03:04:05+08": "2024-01-01T19:04:05Z",
    "2024-01-02T03:04:05.1Z": "2024-01-02T03:04:05.100Z",
    "2024-01-02T03:04:05,123987Z": "2024-01-02T03:04:05.123Z",
    "2024-01-02 03:04:05.000000": "2024-01-01T19:04:05Z",
    "2024/01/02 03:04:05": "2024-01-01T19:04:05Z",
    "2024/1/2 3:04": "2024-01-01T19:04:00Z",
    "2024年1月2日 03:04:05": "2024-01-01T19:04:05Z",
    "2024年01月02日03:04": "2024-01-01T19:04:00Z",
    "2024年1月2日": "2024-01-01T16:00:00Z",
    "Tue, 02 Jan 2024 03:04:05 GMT": "2024-01-02T03:04:05Z",
    "2 Jan 2024": "2024-01-01T16:00:00Z",
    "1704164645": "2024-01-02T03:04:05Z",
    "1704164645123": "2024-01-02T03:04:05.123Z",
    "1990-01-01": "1989-12-31T16:00:00Z",
    "2099-12-31 23:59:59": "2099-12-31T15:59:59Z",
}
UNREADABLE = [
    *("", "yesterday", "01/02/2024", "02-01-2024", "24-01-02", "2024-13-01", "2024-02-30", "2024-01-02 25:00:00"),
    *("2024-01-02 03:61:00", "2024-01-02 03:04:05 CST", "2024-01-02T03:04:05+99:00", "0000-00-00 00:00:00"),
    *("0001-01-01", "9999-12-31 23:59:59", "1989-12-31 23:59:59", "2100-01-01", "+12024-01-02 03:04:05", "17041646"),
    *("9999999999", "0000000000000", "2024-01-02 03:04:05\n2024-01-03", "２０２４-01-02", "2024-01/02"),
]


def read(texts: list[str | None], zone: str = SHANGHAI) -> list[int | None]:
    instants = parse_instants(pl.Series("occurred_at", texts, dtype=pl.String), zone)
    assert instants.name == "occurred_at"
    assert instants.dtype == pl.Int64
    return instants.to_list()


def ms(instant: datetime) -> int:
    return (instant - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def test_readable_times_together() -> None:
    assert read([*READABLE]) == [ms(datetime.fromisoformat(instant)) for instant in READABLE.values()]


def test_unreadable_times_together() -> None:
    assert read([*UNREADABLE, None]) == [None] * (len(UNREADABLE) + 1)


@settings(max_examples=10, deadline=None)
@given(st.lists(st.none() | st.sampled_from([*READABLE, *UNREADABLE]) | st.text(max_size=20), max_size=20))
def test_each_row_for_itself(texts: list[str | None]) -> None:
    assert read(texts) == [read([text])[0] for text in texts]


@settings(deadline=None)
@given(
    st.datetimes(datetime.fromisoformat(f"{FIRST_YEAR}-01-03"), datetime.fromisoformat(f"{END_YEAR - 1}-12-29")),
    st.sampled_from(["UTC", SHANGHAI, "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"]),
    st.integers(-18 * 60, 18 * 60),
)
def test_as_python_reads_iso_8601(local: datetime, zone: str, offset: int) -> None:
    offset_zone = timezone(timedelta(minutes=offset))
    zoned = local.replace(tzinfo=offset_zone)
    assert read([zoned.isoformat()], zone) == [ms(zoned)]
    in_zone = local.replace(tzinfo=ZoneInfo(zone))
    exists = in_zone.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) == local
    if exists:
        assert read([local.isoformat(), local.isoformat(" ")], zone) == [ms(in_zone)] * 2


@pytest.mark.parametrize(
    ("local", "zone", "instant"),
    [
        ("2024-11-03 01:30:00", "America/New_York", "2024-11-03T05:30:00Z"),
        ("2024-03-10 02:30:00", "America/New_York", "2024-03-10T06:30:00Z"),
        ("2024-10-06 02:15", "Australia/Lord_Howe", "2024-10-05T15:15:00Z"),
        ("2011-12-30", "Pacific/Apia", "2011-12-29T10:00:00Z"),
    ],
    ids=["twice", "skipped", "half an hour skipped", "a day skipped"],
)
def test_clocks_that_were_changed(local: str, zone: str, instant: str) -> None:
    assert read([local], zone) == [ms(datetime.fromisoformat(instant))]


def test_time_goes_on_through_a_change() -> None:
    minutes = [f"2024-03-10 {hour:02}:{minute:02}:00" for hour in (1, 3) for minute in range(60)]
    instants = read([*minutes], "America/New_York")
    assert [after - before for before, after in pairwise(filter(None, instants))] == [60_000] * 119
