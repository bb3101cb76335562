"""The figures that keep the others honest, by hand; and the card of every KPI."""

from dataclasses import replace
from decimal import Decimal

import pytest

from analytics.kpi.cards import LABELS, card, definition_hash
from analytics.kpi.definition import Definition
from analytics.kpi.definitions import DEFINITIONS
from analytics.kpi.profiles import PROFILES
from db.period import DAY_MS
from tests.analytics.kpi_rows import MID, YEAR, Row, block, connection, figures_of, intervention, loss, own, reminder

HOUR = 3_600_000
BEYOND = MID + 181 * DAY_MS


def lost(at: int, n: int, amount: int, **said: str) -> Row:
    return loss(at, n, type="realised", amount_fen=amount, tier=None, **said)


@pytest.mark.parametrize(
    ("kpi", "rows", "value"),
    [
        ("B01", {"attack_events": [*own(1, MID, None, None), *own(2, MID, MID, MID)]}, 2),
        ("B02", {"attack_events": [*own(1, MID, None, None), *own(2, MID, MID, YEAR.end)]}, Decimal("0.00")),
        ("B02", {"attack_events": [*own(1, MID, None, None), *own(2, MID, MID, YEAR.end - 1)]}, Decimal("50.00")),
        # one person, one address, one day; another address; a stage that nobody sees
        (
            "B03",
            {
                "warnings": [
                    reminder(MID, 1, address_id=7, channel="sms"),
                    reminder(MID + HOUR, 1, address_id=7),
                    reminder(MID, 1, address_id=8),
                    reminder(MID, 2, stage="delivered"),
                ]
            },
            2,
        ),
        # of two people one lost within 30 days, one later
        (
            "B04",
            {
                "interventions": [connection(MID, 1), connection(MID, 2), connection(MID, 3, scam_confirmed=False)],
                "losses": [lost(MID + 30 * DAY_MS, 1, 5), lost(MID + 31 * DAY_MS, 2, 5)],
            },
            Decimal("50.00"),
        ),
        (
            "B05",
            {
                "interventions": [
                    *(block(MID, n) for n in range(4)),
                    intervention(MID + 5 * HOUR, 0, type="block_released", order="o0"),
                    intervention(MID + 5 * HOUR, 9, type="block_released", order="o9"),
                ]
            },
            Decimal("25.00"),
        ),
        # tier B, a programme's own word, and what was lost within 180 days are not in the low bound
        (
            "B06",
            {
                "losses": [
                    loss(MID, 1, amount_fen=100, confirmed_by="victim"),
                    loss(MID, 1, amount_fen=300, confirmed_by="police", programme="dissuasion"),
                    loss(MID, 2, amount_fen=700, tier="B", confirmed_by="victim"),
                    loss(MID, 3, amount_fen=900, confirmed_by="analyst"),
                    lost(MID + DAY_MS, 1, 40),
                    lost(BEYOND, 1, 50),
                    loss(MID, 4, amount_fen=10, confirmed_by="victim"),
                    lost(MID + DAY_MS, 4, 25),
                ]
            },
            260,
        ),
        # of each episode the surest tier, once for all programmes
        (
            "B07",
            {
                "losses": [
                    loss(MID, 1, amount_fen=100),
                    loss(MID, 1, amount_fen=400, tier="B", programme="dissuasion"),
                    loss(MID, 2, amount_fen=700, tier="B"),
                    loss(MID, 2, amount_fen=600, tier="B", programme="dissuasion"),
                    loss(MID, 3, amount_fen=900, tier="C"),
                ]
            },
            800,
        ),
        # two programmes' word of one payment is one; two payments are two
        (
            "B08",
            {
                "losses": [
                    lost(MID, 1, 100),
                    lost(MID, 1, 100, programme="dissuasion"),
                    lost(MID + HOUR, 1, 100, bearer="lender"),
                ]
            },
            200,
        ),
        ("B09", {"losses": [loss(MID, 1, type="recovered", amount_fen=70), lost(MID, 1, 100)]}, 70),
    ],
)
def test_the_balanced_figures_by_hand(kpi: str, rows: dict[str, list[Row]], value: int | Decimal) -> None:
    assert figures_of(rows)[kpi].value == value


def test_what_stands_beside_them() -> None:
    rows = {
        "interventions": [
            *(block(MID, n) for n in range(10)),
            intervention(MID + 5 * HOUR, 0, type="block_released", order="o0"),
            intervention(MID + 9 * HOUR, 1, type="block_released", order="o1"),
        ],
        "losses": [lost(MID, 1, 100, bearer="lender"), lost(MID, 2, 30)],
    }
    figures = figures_of(rows)
    assert "95 % interval 5.67%-50.98%" in figures["B05"].note_en  # Wilson's for 2 of 10
    assert "median hours until lifted 7" in figures["B05"].note_en
    assert "borne by the lender 1.00" in figures["B08"].note_en
    assert "承担方不明 0.30" in figures["B08"].note_zh


@pytest.mark.parametrize("definition", DEFINITIONS.values(), ids=list(DEFINITIONS))
def test_each_card_has_its_18_fields_in_both_languages(definition: Definition) -> None:
    fields = card(definition)
    assert [field.id for field in fields] == list(LABELS)
    assert len(fields) == 18
    assert all(text.strip() for field in fields for text in (field.text_zh, field.text_en, field.label_zh))
    # Chinese is Chinese, English is English; a field alike in both is a number or a name
    assert all(max(field.text_zh) >= "一" for field in fields if field.text_zh != field.text_en)
    assert not any("一" <= letter <= "鿿" for field in fields for letter in field.text_en)


def test_a_profile_belongs_to_a_kpi_and_a_changed_word_changes_the_hash() -> None:
    assert set(DEFINITIONS) <= set(PROFILES)
    whole = DEFINITIONS["K10"]
    assert definition_hash(whole) != definition_hash(replace(whole, definition_en=f"{whole.definition_en} "))
    assert definition_hash(whole) != definition_hash(replace(whole, beside=whole.beside[1:]))
    assert len({definition_hash(one) for one in DEFINITIONS.values()}) == len(DEFINITIONS)
