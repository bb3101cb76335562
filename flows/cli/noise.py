"""`fanzha brands check`: how noisy each form of each brand will be."""

from collections.abc import Sequence
from typing import Final

import polars as pl

from analytics.match.noise import KNOWN_GOOD, FormNoise, known_good_names, measure_noise
from analytics.normalise.address import normalise_addresses
from db.brands import Brand
from flows.cli.options import warnings_about
from flows.show import Cell, say, show_json, show_rows

_COLUMNS: Final = ("brand", "form", "derived", "risk", "threshold", "flags", "per_100k", "examples")


def check_brands(brands: Sequence[Brand], *, as_json: bool) -> None:
    """Print each form with its flags among known-good names, the noisiest first."""
    hosts = _known_good_hosts()
    noise = measure_noise(brands, hosts)
    if as_json:
        warnings = warnings_about(brands)
        show_json({"names": hosts.height, "warnings": warnings, "forms": [_json_row(one) for one in noise]})
        return
    say(f"fanzha: {hosts.height:,} known-good names of {', '.join(KNOWN_GOOD)}; popularity lists left out")
    rows: list[dict[str, Cell]] = [{**_row(one), "examples": " ".join(one.examples)} for one in noise]
    show_rows("Noise", rows, _COLUMNS)


def _known_good_hosts() -> pl.DataFrame:
    names = [name for list_name, count in KNOWN_GOOD.items() for name in known_good_names(list_name, count)]
    host, length = pl.col("host"), pl.col("registrable_length")
    return (
        normalise_addresses(pl.Series(names, dtype=pl.String))
        .filter(pl.col("reason").is_null() & (length > 0))
        .select("host", registrable_domain=host.str.tail(length), public_suffix=host.str.tail(pl.col("suffix_length")))
        .unique("host", maintain_order=True)
    )


def _row(noise: FormNoise) -> dict[str, Cell]:
    return {
        "brand": noise.brand,
        "form": noise.form,
        "derived": noise.derivation,
        "risk": noise.risk,
        "threshold": noise.threshold,
        "flags": noise.flags,
        "per_100k": noise.flags_per_100k,
    }


def _json_row(noise: FormNoise) -> dict[str, object]:
    return {**_row(noise), "examples": list(noise.examples)}
