"""`make eval` at a small scale on synthetic names: what it counts, and how it reads a folder of labelled files."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from rapidfuzz.distance import OSA

from analytics.match.matcher import Matcher
from analytics.match.noise import known_good_names, measure_noise
from db.brands import Brand, load_brands
from db.errors import UsageError
from flows.cli.main import run
from tests.eval import families, frame, measure
from tests.eval.app_imitations import FAMILIES as APP_FAMILIES
from tests.eval.app_imitations import imitations
from tests.eval.combined import PAIRED, pairs
from tests.eval.labelled import BrandLabels, is_short, read_known_good, read_labelled, read_plain, read_targets
from tests.eval.names import DEV, HELD, half_of, host_frame
from tests.eval.run import main

BRANDS = """
[[brand]]
id = "synthbank"
names = ["Synthetic Bank", "Synthbank"]
domains = ["synthbank.com"]
[[brand]]
id = "qqx"
names = ["QQX"]
domains = ["qqx.com"]
"""
LABELLED = """url,host,target,where
http://synthbank-login.net/,synthbank-login.net,Synthbank PLC,registrable
http://login.synthbank.evil-shop.top/,login.synthbank.evil-shop.top,Synthetic Bank,subdomain
http://synthbamk.org/,Synthbamk.org,synthbank,host_near
http://qqx-login.info/,qqx-login.info,QQX,registrable
http://nothing-alike.org/,nothing-alike.org,Synthbank,registrable
http://synthbank.com/,synthbank.com,Synthbank,registrable
http://other.org/,other.org,Somebody Else,registrable
"""
SCRIPTS = {"apps, name: traditional", "apps, name: homophone"}
"""Families that need Chinese characters, which the brands above have none of."""
SYNTH = Brand(id="synthbank", names=("Synthetic Bank", "Synthbank"), domains=("synthbank.com",))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder laid out as docs/evaluating.md says; every name in it is synthetic."""
    (tmp_path / "labelled.csv").write_text(LABELLED, "utf-8")
    (tmp_path / "new.csv").write_text("gardenflowers.net\nsynthbank-secure.xyz\n", "utf-8")
    (tmp_path / "lists" / "tranco-synthetic").mkdir(parents=True)
    listed = {"type": "hostname", "list": [".gardenflowers.net", "bakery.org", "d41d8cd98f00b204e9800998ecf8427e"]}
    (tmp_path / "lists" / "tranco-synthetic" / "list.json").write_text(json.dumps(listed), "utf-8")
    (tmp_path / "brands.toml").write_text(BRANDS, "utf-8")
    return tmp_path


def evaluate(folder: Path, *more: str) -> dict[str, dict[str, Any]]:
    out = folder / "build" / "eval.json"
    given = ["--scale", "0.001", "--brands", str(folder / "brands.toml"), "--out", str(out), *more]
    assert main(given) == 0
    return {entry["name"]: entry for entry in json.loads(out.read_text("utf-8"))}


def test_packages_alone_give_recall_and_flags_as_curves(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    entries = evaluate(folder)
    for entry in entries.values():
        assert list(entry) == ["name", "value", "unit", "target", "holds", "against"]
        assert (entry["holds"] is None) is (entry["target"] is None)
    for cut in frame.CURVE:
        assert {f"dnstwist mean at {cut}", f"flags: tranco at {cut}"} <= set(entries)
    subjects = {name.rpartition(" at ")[0] for name in entries}
    made = {"homoglyph, ASCII", "homoglyph, punycode", *families.FAMILIES} - {"homoglyph", "cyrillic"}
    assert {f"dnstwist {family}" for family in made} <= subjects, "cyrillic cannot spell this name"
    assert {f"pairs {one} + homoglyph, {kind}" for one in PAIRED for kind in ("alone", "with a word")} <= subjects
    assert entries["pairs worst at 60"]["target"] == 95
    assert {f"apps, {family}" for family in APP_FAMILIES if not family.startswith("package")} - subjects <= SCRIPTS
    assert entries["apps, name: edition at 60"] == entries["apps, name: edition at 60"] | {"target": 95, "holds": True}
    assert entries["app flags: sites at 60"]["target"] == 300
    assert entries["dnstwist mean at 60"]["value"] > 90
    assert entries["flags: tranco at 60"]["target"] == 300
    assert entries["flags: bank-website at 60"]["target"] is None
    printed = capsys.readouterr().out
    assert "dnstwist worst at 60" in printed
    assert "dnstwist worst at 45" not in printed, "the curve is a table of its own"


def test_a_folder_gives_recall_by_place_and_half_and_flags_by_list(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = folder / "wrong.csv"
    entries = evaluate(folder, "--data", str(folder), "--wrong", str(wrong))
    assert "1 hosts whose target is no brand of the file are left out: Somebody Else (1)" in capsys.readouterr().err

    def of(subject: str) -> dict[str, tuple[float, str]]:
        both = {half: entries.get(f"{subject} ({half}) at 60") for half in (DEV, HELD)}
        return {half: (entry["value"], entry["against"]) for half, entry in both.items() if entry}

    one = (100.0, "1 labelled hosts")
    assert of("labelled: subdomain") == {half_of("evil-shop.top"): one}
    assert of("labelled: near") == {half_of("synthbamk.org"): one}
    assert of("labelled: short") == {half_of("qqx-login.info"): one}
    halves = {half_of("synthbank-login.net"), half_of("nothing-alike.org")}
    assert set(of("labelled: registrable")) == halves
    values = {value for value, _ in of("labelled: registrable").values()}
    assert values == ({0.0, 100.0} if len(halves) == 2 else {50.0})
    seen = sum(int(against.split()[0]) for _, against in of("labelled: visible").values())
    assert seen == 4, "the official name, the unknown brand and the short name are not among them"
    assert of("flags: tranco-synthetic").keys() == {half_of("gardenflowers.net"), half_of("bakery.org")}
    assert of("flags: new")[half_of("synthbank-secure.xyz")][0] >= 50_000
    missed = pl.read_csv(wrong).filter(pl.col("set").str.starts_with("labelled"))
    assert set(missed["host"]) == ({"nothing-alike.org"} if half_of("nothing-alike.org") == DEV else set())


def test_labelled_urls_give_recall_where_only_the_path_shows_the_brand(folder: Path) -> None:
    pages = [
        ("garden-one.org/synthbank/login.php", "Synthbank"),
        ("garden-one.org/synthbank/login.php", "Synthbank"),
        ("garden-one.org/synthbank/", "Synthbank"),
        ("garden-one.org/index.php", "Synthbank"),  # shows no brand
        ("synthbank-login.net/synthbank/login.php", "Synthbank"),  # its host does
        ("synthbank.com/synthbank/login.php", "Synthbank"),  # official
        ("garden-one.org/other/login.php", "Somebody Else"),
    ]
    rows = "".join(f"http://{page},{target}\n" for page, target in pages)
    (folder / "urls.csv").write_text(f"url,target\n{rows}", "utf-8")
    entries = evaluate(folder, "--data", str(folder), "--wrong", str(folder / "wrong.csv"))
    half = half_of("garden-one.org")
    found = entries[f"urls: path ({half}) at 60"]
    assert (found["value"], found["against"]) == (50.0, "2 labelled URLs")
    assert entries[f"urls: path ({half}) at 30"]["value"] == 100.0
    assert entries["flags: package URLs at 60"]["unit"] == "per 100,000"
    missed = pl.read_csv(folder / "wrong.csv").filter(pl.col("set") == "urls path")["host"]
    assert list(missed) == ["garden-one.org http:/synthbank/"] * (half == DEV)


def test_the_held_half_is_never_written_out(folder: Path) -> None:
    names = [f"flower-garden-{number}.org" for number in range(40)]
    rows = "".join(f"{name},Synthbank,registrable\n" for name in names)
    (folder / "labelled.csv").write_text(f"host,target,where\n{rows}", "utf-8")
    evaluate(folder, "--data", str(folder), "--wrong", str(folder / "wrong.csv"))
    written = pl.read_csv(folder / "wrong.csv").filter(pl.col("set").str.starts_with("labelled"))["host"]
    assert set(written) == {name for name in names if half_of(name) == DEV}
    assert 10 < written.len() < 30


APPS = """Package,Name,Author,Imitates
com.gardenflowers.app,Garden Flowers,Somebody,
com.synthetic.one,Synthbank Pro,Nobody,synthbank
com.synthetic.two,Nothing Alike,Nobody,synthbank
com.synthbank.x,Synthbank Login,Somebody,
com.gardenflowers.app,Garden Flowers,Somebody,
,,,
"""


def test_app_tables_give_flags_and_the_recall_of_those_labelled(folder: Path) -> None:
    (folder / "shop.csv").write_text(APPS, "utf-8")
    wrong = folder / "wrong.csv"
    entries = evaluate(folder, "--data", str(folder), "--wrong", str(wrong))
    flags, found = entries["app flags: shop at 60"], entries["apps of shop at 60"]
    assert (flags["value"], flags["target"], flags["against"]) == (0.0, None, "2 apps")
    assert (found["value"], found["against"]) == (50.0, "2 labelled apps")
    (folder / "shop.csv").write_text(APPS.replace("com.synthbank.x", "com.other.x"), "utf-8")
    entries = evaluate(folder, "--data", str(folder), "--wrong", str(wrong))
    assert entries["app flags: shop at 60"]["value"] == 50_000.0
    written = pl.read_csv(wrong).filter(pl.col("set") == "shop")["host"].to_list()
    assert written == ["com.other.x | Synthbank Login | Somebody"]


def test_fake_apps_are_the_same_each_time_and_every_family_is_made() -> None:
    brands = load_brands()
    made = imitations(brands, 0.1)
    assert made.equals(imitations(brands, 0.1))
    assert set(made["family"]) == set(APP_FAMILIES)
    own = {package for brand in brands for package in brand.packages}
    assert not own & set(made["package"]), "a brand's own package imitates nobody"
    assert made.group_by("family", "brand").len().filter(pl.col("len") > 6).is_empty()


def test_what_counts_as_found_flagged_and_misnamed() -> None:
    cases = pl.DataFrame({"host": ["a.org", "b.org", "c.org", "d.org"], "brand": ["x"] * 4})
    said = [("a.org", "x", 90), ("b.org", "y", 90), ("c.org", "x", 62), ("c.org", "y", 62)]
    answers = pl.DataFrame(said, schema=["host", "brand", "confidence"], orient="row")
    rates = measure.recall(measure.judge(cases, answers), [])
    at = {cut: (found, round(misnamed, 1)) for cut, _, found, misnamed in rates.iter_rows()}
    assert at[60] == (50.0, 33.3)
    assert at[65] == (25.0, 50.0)
    assert at[95] == (0.0, 0.0)
    flags = dict(measure.flag_rates(cases, answers, []).select("cut", "rate").iter_rows())
    assert [flags[cut] for cut in (60, 65, 95)] == [75_000.0, 50_000.0, 0.0]


@pytest.mark.parametrize(
    ("value", "is_floor", "holds"),
    [(98.0, True, True), (97.99, True, False), (98.0, False, True), (99.0, False, False)],
)
def test_a_target_is_reached_or_kept(value: float, is_floor: bool, holds: bool) -> None:
    figure = frame.Figure("synthetic", 60, value, "%", "nothing", 98.0, is_floor=is_floor)
    assert figure.entry()["holds"] is holds


@pytest.mark.parametrize(
    ("label", "brand"),
    [
        ("Synthbank", "synthbank"),
        ("SYNTHETIC BANK", "synthbank"),
        ("syntheticbank", "synthbank"),
        ("Synthetic Bank Holdings, Inc.", "synthbank"),
        ("Banco Synthbank, S.A.", "synthbank"),
        ("synthbank.com", "synthbank"),
        ("Synthbank Rewards", None),
        ("Bank", None),
        ("Elsewhere", "synthbank"),
    ],
)
def test_a_label_means_the_brand_that_its_words_name(label: str, brand: str | None) -> None:
    assert BrandLabels([SYNTH], {"Elsewhere": "synthbank"}).brand_of(label) == brand


@pytest.mark.parametrize(("names", "short"), [(("QQX",), True), (("Synthbank", "SB"), True), (("奇富",), False)])
def test_short_brands_are_those_with_a_latin_name_of_two_or_three_letters(names: tuple[str, ...], short: bool) -> None:
    assert is_short(Brand(id="x", names=names, domains=())) is short


def test_a_folder_without_such_files_gives_nothing(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("a,b\n1,2\n", "utf-8")
    (tmp_path / "empty.csv").write_text("", "utf-8")
    assert [read(tmp_path).height for read in (read_labelled, read_plain, read_known_good)] == [0, 0, 0]


@pytest.mark.parametrize("wrong", ["host,target,where\n\xff\xfe", "target\n"])
def test_what_cannot_be_read_is_one_line(folder: Path, wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "targets.csv").write_bytes(wrong.encode("latin-1"))
    assert main(["--brands", str(folder / "brands.toml"), "--targets", str(folder / "targets.csv")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_targets_name_brands_of_the_file(folder: Path) -> None:
    (folder / "targets.csv").write_text("target,brand\nElsewhere,synthbank\n", "utf-8")
    assert read_targets(folder / "targets.csv") == {"Elsewhere": "synthbank"}
    with pytest.raises(UsageError, match="no brand has the id 'nobody'"):
        BrandLabels([SYNTH], {"Elsewhere": "nobody"})


@pytest.mark.parametrize("wrong", [["--data", "missing"], ["--scale", "0"], ["--scale", "2"]])
def test_a_wrong_call_is_refused(wrong: list[str]) -> None:
    with pytest.raises(SystemExit) as refusal:
        main(wrong)
    assert refusal.value.code == 2


def test_pairs_are_two_changes_the_same_each_time_at_names_of_five_letters() -> None:
    chosen = [families.Imitated("synthbank", "synthbank.com"), families.Imitated("visa", "visa.com")]
    made = pairs(chosen)
    assert made.equals(pairs(chosen))
    assert set(made["brand"]) == {"synthbank"}
    assert made.group_by("family", "kind").len().height == 2 * len(PAIRED)
    for name, family in made.filter(kind="alone").select("name", "family").iter_rows():
        label = name.removesuffix(".com")
        assert OSA.distance("synthbank", label) > 1, f"{label} is one change away, not {family}"
    assert set(made.filter(kind="with a word")["name"].str.ends_with("-login.com")) == {True}


def test_families_are_the_same_each_time_and_every_one_is_made() -> None:
    chosen = families.choose_brands(load_brands())
    assert len(chosen) == 25
    assert all(4 <= len(one.domain.split(".")[0].replace("-", "")) <= 20 for one in chosen)
    assert families.choose_brands(load_brands(), 0.2) == chosen[:5]
    made = families.permutations(chosen[:3])
    assert made.equals(families.permutations(chosen[:3]))
    assert made.select("brand", "family", "name").is_duplicated().sum() == 0
    ordinary = set(families.FAMILIES) - {"homoglyph", "cyrillic"}
    assert ordinary | {"homoglyph, ASCII", "homoglyph, punycode"} <= set(made["family"])
    assert made.filter(pl.col("family") == "homoglyph, punycode")["name"].str.contains("xn--").all()


def test_names_are_split_by_their_registrable_domain() -> None:
    matcher = Matcher([SYNTH])
    hosts = host_frame(pl.Series(["A.one.org", "b.one.org", "10.0.0.1", "no host", "www.synthbank.com"]), matcher)
    assert hosts["host"].to_list() == ["a.one.org", "b.one.org"]
    assert hosts["half"].n_unique() == 1


@pytest.mark.parametrize("count", [1, 50, 10**7])
def test_known_good_names_are_drawn_alike(count: int) -> None:
    names = known_good_names("bank-website", count)
    assert len(names) == min(count, 2_153)
    assert names == known_good_names("bank-website", count)
    assert not any(name.startswith(".") for name in names)


def test_the_noise_of_forms_adds_up_to_the_flags() -> None:
    orange = Brand(id="orange", names=("Orange",), domains=("orange.com",), threshold=60)
    quiet = Brand(id="quiet", names=("Qzyxwvut",), domains=("qzyxwvut.com",))
    hosts = pl.DataFrame(
        [
            ("orange-login.net", "orange-login.net", "net"),
            ("login-orange.org", "login-orange.org", "org"),
            ("www.orange.com", "orange.com", "com"),
            ("bakery.org", "bakery.org", "org"),
        ],
        schema=["host", "registrable_domain", "public_suffix"],
        orient="row",
    )
    noise = measure_noise([quiet, orange], hosts)
    assert [(one.brand, one.form, one.flags, one.flags_per_100k) for one in noise] == [
        ("orange", "orange", 2, 50_000.0),
        ("quiet", "qzyxwvut", 0, 0.0),
    ]
    assert set(noise[0].examples) == {"orange-login.net", "login-orange.org"}
    deaf = measure_noise([orange.model_copy(update={"threshold": 100})], hosts)
    assert [one.flags for one in deaf] == [0], "below the brand's threshold nothing counts"


def test_every_form_that_meets_is_listed_of_its_brand() -> None:
    brands = load_brands()
    names = families.permutations(families.choose_brands(brands, 0.1))["name"]
    matcher = Matcher(brands)
    hosts = host_frame(names, matcher)
    noise = measure_noise(brands, hosts)
    flagged = measure.answer(matcher, hosts).filter(pl.col("confidence") >= 60)
    assert sum(one.flags for one in noise) == flagged.height > 100


def test_brands_check_says_how_noisy_each_form_is(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = folder / "brands.toml"
    file.write_text(
        BRANDS.replace("Synthetic Bank", "Synthbanq")
        + '[[brand]]\nid = "orange"\nnames = ["Orange"]\ndomains = ["gov.uk"]\n',
        "utf-8",
    )
    assert run(["brands", "check", str(file), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["names"] > 100_000
    assert [warning.split(":")[0] for warning in shown["warnings"]] == ['brand "orange"']
    noisiest = shown["forms"][0]
    assert (noisiest["brand"], noisiest["form"], noisiest["risk"]) == ("orange", "orange", "high")
    assert noisiest["per_100k"] == pytest.approx(100_000 * noisiest["flags"] / shown["names"], abs=0.05)
    assert len(noisiest["examples"]) == min(3, noisiest["flags"]) > 0
    rates = [form["per_100k"] for form in shown["forms"]]
    assert rates == sorted(rates, reverse=True)
    assert {"synthbank", "qqx"} <= {form["form"] for form in shown["forms"]}


def test_brands_check_of_a_faulty_file_is_one_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "brands.toml").write_text('[[brand]]\nid = "x"\nnames = []\ndomains = []\n', "utf-8")
    assert run(["brands", "check", str(folder / "brands.toml")]) == 2
    printed = capsys.readouterr()
    assert (printed.out, printed.err.count("\n")) == ("", 1)
