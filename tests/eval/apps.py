"""How well apps are matched: generated fakes by family, generated and listed apps that imitate nobody."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final
from zlib import crc32

import polars as pl
from wordfreq import top_n_list

from analytics.match.matcher import Matcher
from analytics.match.noise import known_good_names
from db.brands import DEFAULT_THRESHOLD, Brand
from tests.eval.app_imitations import APP_SCHEMA, DEVELOPERS, imitations
from tests.eval.frame import CUTS, Figure, show_frame
from tests.eval.measure import flag_figures, flag_rates, judge, misnamed_figures, recall, recall_figures
from tests.eval.outcome import WRONG_SCHEMA, Outcome, flagged, missed

_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "package": ("package", "package name", "package_name"),
    "name": ("name", "app", "app_name", "name_zh", "app_name_zh"),
    "developer": ("developer", "author"),
    "certificate": ("certificate_sha256", "signing_key_sha256"),
    "imitates": ("imitates",),
}
"""What is read of a table, and what its columns may be called, in any case."""
_RECALL: Final = {DEFAULT_THRESHOLD: 95.0}
_FLAGS: Final = {DEFAULT_THRESHOLD: 300.0}
_MADE_UP: Final = 20_000
_TOPS: Final = ("com", "org", "net", "io")


def evaluate_apps(matcher: Matcher, brands: Sequence[Brand], share: float) -> Outcome:
    """Recall of each family of generated fakes, and flags among generated apps; `share` of each is taken."""
    fakes = imitations(brands, share)
    answers = _answer(matcher, fakes)
    judged = judge(fakes.select(_key(), "brand", "family"), answers)
    rates = recall(judged, ["family"])
    wide = [rates.filter(pl.col("cut") == cut).select("family", pl.col("recall").round(1)) for cut in CUTS]
    show_frame(wide[0].join(wide[1], on="family", suffix=f"_{CUTS[1]}").sort("family"), "Fake apps: recall")
    against = f"fakes of {fakes['brand'].n_unique()} brands"
    figures = [
        figure
        for family in sorted(set(rates["family"]))
        for figure in recall_figures(
            rates.filter(pl.col("family") == family),
            f"apps, {family}",
            against,
            {} if family in DEVELOPERS else _RECALL,
        )
    ]
    figures += misnamed_figures(recall(judged, []), "apps misnamed", against)
    good = pl.concat([_ordinary(round(_MADE_UP * share)), _of_sites(round(_MADE_UP * share))])
    outcome = _flags(matcher, good, "made-up apps", _FLAGS)
    lost = missed(judged, answers, pl.concat_str(pl.lit("apps, "), "family"))
    return Outcome([*figures, *outcome.figures], pl.concat([_named(lost, fakes), outcome.wrong]))


def evaluate_tables(matcher: Matcher, folder: Path) -> Outcome:
    """Flags among the apps of a folder's tables, and recall of those that say whom they imitate."""
    apps = read_tables(folder)
    if apps.is_empty():
        return Outcome([], pl.DataFrame(schema=WRONG_SCHEMA))
    good, fakes = apps.filter(pl.col("brand") == ""), apps.filter(pl.col("brand") != "")
    outcome = _flags(matcher, good, "apps", {})
    judged = judge(fakes.select(_key(), "brand", "family"), _answer(matcher, fakes))
    rates = recall(judged, ["family"])
    figures = [
        figure
        for table in sorted(set(rates["family"]))
        for figure in recall_figures(rates.filter(pl.col("family") == table), f"apps of {table}", "labelled apps", {})
    ]
    return Outcome([*figures, *outcome.figures], outcome.wrong)


def read_tables(folder: Path) -> pl.DataFrame:
    """The distinct apps of all CSV files with a column for packages or names: `APP_SCHEMA`.

    `family` is the file, `brand` whom the app imitates, empty where it says nobody.
    """
    rows = [row for file in sorted(folder.rglob("*.csv")) for row in dict.fromkeys(_rows(file))]
    return pl.DataFrame([(number, *row) for number, row in enumerate(rows)], schema=APP_SCHEMA, orient="row")


def _rows(file: Path) -> Iterator[tuple[str | None, ...]]:
    with file.open(encoding="utf-8", errors="replace", newline="") as stream:
        reader = csv.reader(stream)
        header = {name.strip().lower(): place for place, name in enumerate(next(reader, []))}
        places = {
            what: next((header[name] for name in names if name in header), None) for what, names in _COLUMNS.items()
        }
        is_of_apps = places["package"] is not None or (places["name"] is not None and "host" not in header)
        for row in reader if is_of_apps else ():
            cells = {what: row[at].strip() if at is not None and at < len(row) else "" for what, at in places.items()}
            known = (cells["package"], cells["name"], cells["developer"], cells["certificate"])
            if any(known):
                yield (*(cell or None for cell in known), cells["imitates"], file.stem)


def _ordinary(count: int) -> pl.DataFrame:
    """Apps called by two usual words, English or Chinese: they imitate nobody but by chance."""
    pairs = []
    for language, gap in (("en", " "), ("zh", "")):
        usual = [word for word in top_n_list(language, 4_000) if len(word) > 1]
        for number in range(count // 2):
            first, second = (usual[crc32(f"{language}{number}{turn}".encode()) % len(usual)] for turn in (1, 2))
            pairs.append((f"com.{_latin(first)}.{_latin(second)}", f"{first}{gap}{second}".title()))
    return _apps([(package, name, None) for package, name in pairs], "two words")


def _latin(word: str) -> str:
    return word if word.isascii() and word.isalpha() else f"app{crc32(word.encode()) % 9973}"


def _of_sites(count: int) -> pl.DataFrame:
    """Apps as the owners of well-known sites would call them: the domain turned round, its label."""
    made = []
    for domain in known_good_names("tranco", count):
        labels = domain.split(".")
        made.append((".".join(reversed(labels)) + ".android", labels[-2].replace("-", " ").title(), None))
    return _apps(made, "sites")


def _apps(made: Sequence[tuple[str, str, str | None]], name: str) -> pl.DataFrame:
    rows = [(number, *each, None, "", name) for number, each in enumerate(dict.fromkeys(made))]
    return pl.DataFrame(rows, schema=APP_SCHEMA, orient="row")


def _answer(matcher: Matcher, apps: pl.DataFrame) -> pl.DataFrame:
    """The matches as `measure` takes them: an app's number and table stand for its host."""
    columns = (_key(), "brand", "technique", "confidence", "matched")
    answers = matcher.match_apps(apps.select("app_id", "package", "name", "developer", "certificate"))
    return answers.join(apps.select("app_id", "family"), on="app_id").select(columns)


def _key() -> pl.Expr:
    return pl.concat_str("family", pl.lit(" "), pl.col("app_id").cast(pl.String)).alias("host")


def _named(wrong: pl.DataFrame, apps: pl.DataFrame) -> pl.DataFrame:
    """What went wrong, with the app's own words where its number stands."""
    words = pl.concat_str("package", "name", "developer", separator=" | ", ignore_nulls=True)
    return (
        wrong.join(apps.select(_key(), words=words), on="host").with_columns(host="words").select(WRONG_SCHEMA.names())
    )


def _flags(matcher: Matcher, apps: pl.DataFrame, against: str, targets: dict[int, float]) -> Outcome:
    figures: list[Figure] = []
    wrong = [pl.DataFrame(schema=WRONG_SCHEMA)]
    for (table,), group in apps.group_by("family", maintain_order=True):
        answers = _answer(matcher, group)
        names = group.select(_key(), list=pl.col("family"))
        figures += flag_figures(flag_rates(names, answers, ["list"]), f"app flags: {table}", against, targets)
        wrong.append(_named(flagged(names, answers), group))
    return Outcome(figures, pl.concat(wrong))
