"""Hosts cut into labels: each label once, as read, and which hosts have it where."""

from dataclasses import dataclass
from typing import Final

import polars as pl

from analytics.match import fold, sounds, words

_FOREIGN: Final = "xn--"


@dataclass(frozen=True)
class Cut:
    """A frame of hosts, cut up."""

    hosts: pl.DataFrame
    """`host_row`, `host`, `public_suffix`, `labels` (list, left to right, without the suffix)."""
    places: pl.DataFrame
    """`host_row`, `place` (of the label in the list), `label_row`."""
    labels: pl.DataFrame
    """`label_row`, `label`, `reading` (ASCII letters, digits, hyphens; Chinese characters as pinyin)."""


def cut_hosts(hosts: pl.DataFrame) -> Cut:
    """Cut hosts into labels; those that are themselves public suffixes, or addresses, have none.

    Args:
        hosts: `host` (A-labels, lower case), `registrable_domain`, `public_suffix`; distinct hosts.
    """
    rows = (
        hosts.filter(pl.col("registrable_domain").is_not_null() & (pl.col("public_suffix").fill_null("") != ""))
        .select("host", "public_suffix")
        .with_row_index("host_row")
        .with_columns(
            labels=pl.col("host")
            .str.head(pl.col("host").str.len_bytes().cast(pl.Int64) - pl.col("public_suffix").str.len_bytes() - 1)
            .str.split(".")
        )
    )
    exploded = (
        rows.select("host_row", "labels", place=pl.int_ranges(pl.col("labels").list.len().cast(pl.Int64)))
        .explode("labels", "place")
        .rename({"labels": "label"})
    )
    labels = read_labels(exploded.select(pl.col("label").unique()))
    return Cut(rows, exploded.join(labels.select("label", "label_row"), on="label").drop("label"), labels)


def split_names(cut: Cut, names: pl.Series) -> pl.DataFrame:
    """Two or three neighbouring labels that are one of `names` when written together: pay.pal of pay.pal.com.

    Returns:
        `host_row`, `place` (of the right-hand label), `reading` (the labels with hyphens between).
    """
    in_order = cut.places.join(cut.labels.select("label_row", "reading"), on="label_row").sort("host_row", "place")
    return pl.concat([_joined(in_order, count, names) for count in (2, 3)])


def _joined(in_order: pl.DataFrame, count: int, names: pl.Series) -> pl.DataFrame:
    """So many labels of one host side by side that are a name together."""
    before = [pl.col("reading").shift(back) for back in range(count - 1, 0, -1)]
    together = pl.concat_str(*before, "reading").str.replace_all("-", "", literal=True)
    is_one_host = pl.col("host_row").shift(count - 1) == pl.col("host_row")
    joined = in_order.with_columns(reading=pl.concat_str(*before, "reading", separator="-"), together=together)
    met = joined.filter(is_one_host & pl.col("together").is_in(names.implode()))
    return met.select("host_row", "place", "reading")


def read_labels(labels: pl.DataFrame) -> pl.DataFrame:
    """Add `reading` and `label_row` to distinct labels (`label`)."""
    foreign = labels["label"].str.starts_with(_FOREIGN).arg_true()
    readings = [spoken(fold.read_label(label)) for label in labels["label"].gather(foreign)]
    return labels.with_columns(
        reading=labels["label"].clone().scatter(foreign, pl.Series(readings, dtype=pl.String)),
        label_row=pl.int_range(labels.height, eager=True),
    )


def spoken(text: str) -> str:
    """Chinese characters as pinyin; what is neither Chinese nor ASCII is a letter like no other.

    >>> spoken("奇富-app")
    'qifu-app'
    """
    if text.isascii():
        return text
    if fold.has_han(text):
        text = "".join(sounds.syllables(text.translate(words.simplified())))
    return "".join(char if char.isascii() else "_" for char in text).lower()
