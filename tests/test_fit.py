"""`make fit`: the weights follow the samples, and what no sample has keeps its weight."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.eval.fit import Innocents, Sample, fit, main, pick_constant


def sample(*facts: str, imitates: bool) -> Sample:
    return Sample(frozenset(facts), imitates=imitates, weight=1.0)


def test_what_imitations_have_weighs_for_and_what_others_have_against() -> None:
    samples = [
        *[sample("telling", "common", imitates=True)] * 60,
        *[sample("innocent", "common", imitates=False)] * 60,
        *[sample("telling", imitates=False)] * 5,
    ]
    weights = fit(samples, {"": 0, "rare": 7})
    assert weights["telling"] > 10
    assert weights["innocent"] < 0
    assert weights["rare"] == 7


@settings(max_examples=25, deadline=None)
@given(before=st.integers(-40, 40), count=st.integers(1, 30))
def test_a_weight_stays_nearer_to_the_one_in_force_the_less_the_samples_say(before: int, count: int) -> None:
    def fitted(many: int) -> float:
        return fit([*[sample("fact", imitates=True)] * many, sample(imitates=False)], {"": 0, "fact": before})["fact"]

    assert before <= round(fitted(count), 6) <= round(fitted(count + 10), 6) + 1e-6


@pytest.mark.parametrize(("of", "passing"), [(100_000, 270), (10_000, 27), (1_000_000, 1_000)])
def test_the_constant_lets_through_as_many_known_good_names_as_it_may(of: int, passing: int) -> None:
    readings = {f"host{row}": [frozenset({f"fact {row}"})] for row in range(1_000)}
    weights = {"": 0, **{f"fact {row}": row - 500 for row in range(1_000)}}
    constant = pick_constant(weights, [Innocents(readings, of)])
    above = sum(constant + value >= 5 for fact, value in weights.items() if fact)  # 100 / (1 + e^-0.5) is above 60
    assert above == passing


def test_the_command_writes_weights_that_can_be_read(tmp_path: Path) -> None:
    brands, out = tmp_path / "brands.toml", tmp_path / "weights.toml"
    brands.write_text(
        "".join(
            f'[[brand]]\nid = "{name}"\nnames = ["{name}"]\ndomains = ["{name}.com"]\n'
            for name in ("synthbank", "zyrqonpay", "florbinext")
        ),
        "utf-8",
    )
    assert main(["--brands", str(brands), "--out", str(out), "--scale", "0.02"]) == 0
    weights = tomllib.loads(out.read_text("utf-8"))
    assert all(isinstance(points, int) for points in weights.values())
    assert "" in weights
    assert weights["same"] > 0
