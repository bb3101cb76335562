"""A changed brand re-matches only what it can affect, and ends with what matching everything gives."""

from collections.abc import Iterator, Sequence
from random import Random

import polars as pl
import pytest

from analytics.match.changes import GONE, MOVED, NEW, compare, rewritten
from analytics.match.matcher import Matcher
from analytics.match.reach import BrandChanges, Reach, brand_changes
from analytics.normalise.address import normalise_addresses
from db.brands import Brand, load_brands

POOL = [*load_brands()[::6], Brand(id="made-up", names=("Zyrqon", "泽启借条"), domains=("zyrqon.com",))]
WORDS = ("login", "jiekuan", "zzkey", "flowers", "myhome", "box", "x", "2", "secure")


def hosts_of(names: Sequence[str]) -> pl.DataFrame:
    read = normalise_addresses(pl.Series(names)).filter(pl.col("reason").is_null()).unique("host", maintain_order=True)
    return read.select(
        "host",
        registrable_domain=pl.when(pl.col("registrable_length") > 0).then(
            pl.col("host").str.tail(pl.col("registrable_length"))
        ),
        public_suffix=pl.col("host").str.tail(pl.col("suffix_length")),
    )


def made_names(random: Random, brands: Sequence[Brand]) -> Iterator[str]:
    """Names in which one or two brands may be met, side by side, one inside the other, over two labels, official."""
    matcher = Matcher(brands)
    forms = [form.text for brand in brands for form in matcher.forms(brand)]
    keywords = [keyword for brand in brands for keyword in brand.keywords] + list(WORDS)
    for _ in range(1500):
        form, other, keyword = random.choice(forms), random.choice(forms), random.choice(keywords)
        cut = random.randrange(len(form))
        label = random.choice(
            (
                form, form + keyword, f"{keyword}-{form}", keyword + form, form + other, f"{form[:cut]}.{form[cut:]}",
                f"{form[:cut]}{form[cut + 1 :]}-{keyword}", f"{form[:cut]}0{form[cut + 1 :]}", other[:3] + form,
                f"{form}.{other}", f"{keyword}{form}{other}",
            )
        )  # fmt: skip
        yield f"{label.strip('.-')}.{random.choice(('com', 'top', 'com.cn', 'vercel.app', 'net'))}"
    for brand in brands:
        fronts = ("", "www.", "www.login-", f"{random.choice(forms)}-login.")
        yield from (f"{front}{domain}" for domain in brand.domains for front in fronts)


def edited(random: Random, brands: Sequence[Brand], spare: Sequence[Brand]) -> list[Brand]:
    """The brands after one to three edits: one added, removed, or changed in a field."""
    result = list(brands)
    for _ in range(random.randint(1, 3)):
        place = random.randrange(len(result))
        brand, other = result[place], random.choice(spare)
        known = {one.id for one in result}
        match random.choice(("add", "remove", "names", "domains", "keywords", "packages", "threshold", "twin")):
            case "add" if other.id not in known:
                result.insert(place, other)
            case "remove":
                del result[place]
            case "names":
                result[place] = brand.model_copy(update={"names": (*brand.names[1:], other.names[0])})
            case "domains":
                result[place] = brand.model_copy(update={"domains": (*brand.domains[1:], *other.domains)})
            case "keywords":
                added = (random.choice(WORDS), *other.keywords)
                result[place] = brand.model_copy(update={"keywords": brand.keywords[1:] + added})
            case "packages":
                result[place] = brand.model_copy(update={"packages": other.packages, "certificates": ("ab" * 32,)})
            case "threshold":
                result[place] = brand.model_copy(update={"threshold": 70, "own": True})
            case "twin":  # another brand with the same names
                result[place] = brand.model_copy(update={"names": (brand.names[0], *other.names)})
    return result


def apps_of(random: Random, brands: Sequence[Brand]) -> pl.DataFrame:
    rows = []
    for number in range(400):
        brand, other = random.choice(brands), random.choice(brands)
        package = random.choice([*brand.packages, "com.synthetic.thing"])
        spelt = random.choice((package, f"{package}.vip", package.replace("o", "0"), f"{package}s", None))
        name = random.choice((*brand.names, f"{brand.names[0]} {other.names[-1]}", f"{brand.names[0]}官方版", "Notes"))
        certificate = random.choice((None, "ab" * 32, "cd" * 32))
        rows.append((number, spelt, name, random.choice((None, other.names[0])), certificate))
    columns = {"app_id": pl.Int64, **dict.fromkeys(("package", "name", "developer", "certificate"), pl.String)}
    return pl.DataFrame(rows, schema=columns, orient="row")


@pytest.mark.parametrize("seed", range(8))
def test_what_changes_reach_and_nothing_else_is_matched_otherwise(seed: int) -> None:
    random = Random(seed)  # noqa: S311 - the same brands and edits each time
    spare = random.sample(POOL, 24)
    before = spare[:14]
    for _ in range(3):
        after = edited(random, before, spare)
        changes = brand_changes(before, after)
        assert changes.brands is not None
        reach = Reach(changes, after)
        hosts, apps = hosts_of(list(made_names(random, [*before, *spare[14:18]]))), apps_of(random, before)
        old, new = Matcher(before), Matcher(after)
        reached = reach.hosts(hosts)
        ids = reached["host"].implode()
        stays = old.match_hosts(hosts).filter(~pl.col("host").is_in(ids))
        assert_same(pl.concat([stays, new.match_hosts(reached)]), new.match_hosts(hosts))
        app_ids = reach.apps(apps)["app_id"].implode()
        stays = old.match_apps(apps).filter(~pl.col("app_id").is_in(app_ids))
        assert_same(pl.concat([stays, new.match_apps(reach.apps(apps))]), new.match_apps(apps))
        assert changes.is_nothing or reached.height < hosts.height
        before = after


def assert_same(left: pl.DataFrame, right: pl.DataFrame) -> None:
    assert sorted(left.rows()) == sorted(right.rows())


ONE, TWO, THREE = (
    Brand(id=f"brand-{number}", names=(name,), domains=(), keywords=(f"key{number}",))
    for number, name in enumerate(("Zyrqon", "Qzyxwvut", "Vrrmpfnk"))
)


@pytest.mark.parametrize(
    ("after", "versions", "keywords"),
    [
        ((ONE, TWO, THREE), [], set()),
        ((ONE.model_copy(update={"threshold": 90, "own": True, "sector": "bank"}), TWO, THREE), [], set()),
        ((TWO, THREE), ["brand-0"], {"key0"}),
        ((TWO, ONE, THREE), None, set()),
        ((THREE, ONE), None, set()),
        ((ONE.model_copy(update={"names": ("Zyrqon Pay",)}), TWO, THREE), ["brand-0", "brand-0"], set()),
        ((ONE, TWO, THREE.model_copy(update={"keywords": ("new",)})), ["brand-2", "brand-2"], {"key2", "new"}),
        ([one.model_copy(update={"names": ("Other",)}) for one in (ONE, TWO, THREE)], None, set()),
    ],
)
def test_what_differs_between_two_lists_of_brands(
    after: Sequence[Brand], versions: list[str] | None, keywords: set[str]
) -> None:
    changes = brand_changes((ONE, TWO, THREE), after)
    assert (None if changes.brands is None else [brand.id for brand in changes.brands]) == versions
    assert changes.keywords == keywords


def test_changes_that_follow_each_other_reach_what_each_of_them_reaches() -> None:
    first, second = BrandChanges((ONE,), frozenset({"a"})), BrandChanges((ONE, TWO), frozenset({"b"}))
    assert first.and_then(second) == BrandChanges((ONE, TWO), frozenset({"a", "b"}))
    assert first.and_then(BrandChanges(None)).brands is None
    assert BrandChanges(None).and_then(first).brands is None


def matches(*rows: tuple[int, str, int]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={"host_id": pl.Int64, "brand": pl.String, "confidence": pl.Int64}, orient="row")


@pytest.mark.parametrize(
    ("before", "after", "kind", "told"),
    [
        ([], [(1, "a", 70)], NEW, ("", "a 70")),
        ([(1, "a", 70)], [], GONE, ("a 70", "")),
        ([(1, "a", 70)], [(1, "b", 70)], MOVED, ("a 70", "b 70")),
        ([(1, "a", 59)], [(1, "a", 60)], MOVED, ("a 59", "a 60")),
        ([(1, "a", 85)], [(1, "a", 84)], MOVED, ("a 85", "a 84")),
        ([(1, "a", 84)], [(1, "a", 60)], None, None),
        ([(1, "a", 70), (1, "b", 70)], [(1, "b", 71)], MOVED, ("a, b 70", "b 71")),
        ([(1, "a", 70)], [(1, "a", 70)], None, None),
    ],
)
def test_what_became_of_a_match(
    before: list[tuple[int, str, int]], after: list[tuple[int, str, int]], kind: str | None, told: tuple[str, str]
) -> None:
    changes = compare(matches(*before), matches(*after), "host_id")
    assert [(one.kind, one.before, one.after) for one in changes] == ([(kind, *told)] if kind else [])
    assert rewritten(matches(*before), matches(*after), "host_id").to_list() == ([] if before == after else [1])


def test_the_surest_changes_come_first() -> None:
    changes = compare(matches((1, "a", 31), (2, "a", 95), (3, "a", 60)), matches((4, "b", 80)), "host_id")
    assert [one.subject for one in changes] == [2, 4, 3, 1]
