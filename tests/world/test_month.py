"""A month of probing in a simulated world: what is derived from the probes, against the lives that it was made from."""

from collections.abc import Iterator
from typing import Any

import pytest

from db.brands import Brand
from db.connection import transaction
from db.keys import make_key_file
from db.matches import save_brands
from db.store import Store, open_store
from db.verify import verify_store
from flows.probing import looking, rederive
from tests.world.lives import DAY, ENDS, HOUR, STANDING_AS, START, Life, make_lives
from tests.world.stage import open_attacks, playing

DAYS = 30
END = START + DAYS * DAY
STEP = 8 * HOUR
"""Between rounds: what fails is due again with each."""
LATE = DAY + STEP
"""What is old is visited daily: it is found dead or back so much later at most."""
LIVES = make_lives(48, seed=5, days=DAYS)
Rows = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Rows]]:
    folder = tmp_path_factory.mktemp("month")
    make_key_file(folder / "key")
    with open_store(folder / "fanzha.db", folder / "key") as store, playing(LIVES) as stage:
        with transaction(store.database):
            save_brands(store.database, [Brand(id="qifu", names=("奇富借条",), domains=("qifu.com",), follow=True)])
        open_attacks(store, stage, "qifu")
        with looking(store, stage.vantages(), loopback=True) as lookout:
            for now in range(START, END, STEP):
                stage.at(now)
                assert lookout.round(now).missed == 0
        yield store, episodes(store)


def episodes(store: Store) -> Rows:
    found: Rows = {}
    query = """SELECT host.name, probe_state.* FROM probe_state
        JOIN url USING (url_id) JOIN host USING (host_id) ORDER BY episode"""
    for row in store.database.query(query):
        found.setdefault(str(row["name"]), []).append(row)
    return found


def id_of(life: Life) -> str:
    return f"{life.number}-{'-'.join(scene.shows for scene in life.scenes)}"


def expected_state(life: Life) -> set[str]:
    """The states that an honest observer may have come to by the end."""
    shows = life.shows(END)
    dead = life.deaths(END)
    if shows in STANDING_AS:
        return {"up"} if END - life.scenes[-1].at > LATE else {"up", "down"}
    if END - dead[-1][0] > DAY + 2 * LATE:
        return {"down"}
    return {"up", "failing", "down"}


@pytest.mark.parametrize("life", LIVES, ids=id_of)
def test_the_state_is_that_of_the_life(month: tuple[Store, Rows], life: Life) -> None:
    latest = month[1][life.host][-1]
    assert latest["state"] in expected_state(life)
    if latest["state"] == "down":
        died, how = life.deaths(END)[-1]
        assert latest["closure"] == how
        assert died <= latest["first_down_at"] <= died + LATE
        assert latest["down_at"] - latest["first_down_at"] <= DAY + STEP
        assert latest["networks"] == 2


@pytest.mark.parametrize("life", LIVES, ids=id_of)
def test_returns_are_told_from_strangers(month: tuple[Store, Rows], life: Life) -> None:
    rows = month[1][life.host]
    first, *later = life.up(END - LATE)
    returns = [(back - died) / DAY for (back, _), (died, _) in zip(later, life.deaths(END), strict=False)]
    assert first[0] == START
    assert sum(row["reopened"] for row in rows) == sum(days < 15 for days in returns)
    assert len(rows) - 1 == sum(days > 15 for days in returns)
    shown = [scene for scene in life.scenes if scene.shows == "stranger" and scene.at < END - LATE]
    assert (rows[-1]["other_at"] is not None) is bool(shown)
    assert all(row["changed_at"] is None for row in rows)


def test_probes_are_on_record_at_the_instant_they_are_made_at(month: tuple[Store, Rows]) -> None:
    database = month[0].database
    (first, last, networks) = database.execute(
        "SELECT min(probed_at), max(probed_at), count(DISTINCT vantage_id) FROM probe"
    ).fetchone()
    assert START <= first < START + HOUR
    assert END - STEP <= last < END
    assert networks == 2


def test_the_lives_are_of_every_kind() -> None:
    """Else the month would prove less than it says."""
    shown = {scene.shows for life in LIVES for scene in life.scenes}
    assert shown == {*STANDING_AS, *ENDS, "stranger"}
    assert any(not life.deaths(END) for life in LIVES)


def test_the_month_can_be_derived_again(month: tuple[Store, Rows]) -> None:
    store, before = month
    assert verify_store(store)[1] == []
    rederive(store)
    assert episodes(store) == before
