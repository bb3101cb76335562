"""A figure as the ledger keeps it, and back: values as exact text, the definition beside them."""

from dataclasses import replace
from decimal import Decimal

from analytics.kpi.definition import Definition
from analytics.kpi.definitions import DEFINITIONS
from analytics.kpi.figures import Figure
from analytics.kpi.restating import Change, Standing, Value, threshold
from db.ledger import SignedFigure


def signed_of(figure: Figure, run: int, low: int | None, change: Change | None) -> SignedFigure:
    """A figure as it is signed.

    Args:
        figure: as it was computed.
        run: the number of its computation.
        low: of money, its lower bound in fen.
        change: what of it is restated.
    """
    definition, most = figure.definition, threshold(figure)
    signed = SignedFigure(
        kpi=figure.id,
        kpi_run_id=run,
        definition_version=str(definition.version),
        name_zh=definition.name_zh,
        name_en=definition.name_en,
        unit_zh=definition.unit_zh,
        unit_en=definition.unit_en,
        definition_zh=definition.definition_zh,
        definition_en=definition.definition_en,
        value=_text(figure.value),
        prior=_text(figure.prior),
        display_zh=figure.display_zh,
        display_en=figure.display_en,
        note_zh=figure.note_zh,
        note_en=figure.note_en,
        numerator=figure.numerator,
        denominator=figure.denominator,
        is_synthetic=figure.is_synthetic,
        threshold=None if most is None else f"{most:f}",
        low=None if figure.value is None else _text(low),
    )
    return signed if change is None else _restated(signed, change)


def _restated(signed: SignedFigure, change: Change) -> SignedFigure:
    causes_zh, causes_en = zip(*change.causes, strict=True)
    old = change.before.figure if change.before else None
    return replace(
        signed,
        old_definition_version=str(old.definition.version) if old else None,
        old_value=_text(old.value) if old else None,
        old_prior=_text(old.prior) if old else None,
        cause_zh="；".join(causes_zh),
        cause_en="; ".join(causes_en),
        is_beyond=change.is_beyond,
    )


def standing_of(signed: SignedFigure, year: int) -> Standing:
    """The figure that `signed_of` made this of, with the definition that it was signed by."""
    definition = replace(
        DEFINITIONS[signed.kpi],
        version=int(signed.definition_version),
        name_zh=signed.name_zh,
        name_en=signed.name_en,
        unit_zh=signed.unit_zh,
        unit_en=signed.unit_en,
        definition_zh=signed.definition_zh,
        definition_en=signed.definition_en,
    )
    figure = Figure(
        definition,
        year,
        read_value(definition, signed.value),
        read_value(definition, signed.prior),
        signed.note_zh,
        signed.note_en,
        signed.numerator,
        signed.denominator,
        signed.is_synthetic,
        shown=(signed.display_zh, signed.display_en),
    )
    low = None if signed.low is None else int(signed.low)
    return Standing(figure, None if signed.threshold is None else Decimal(signed.threshold), low)


def _text(value: int | Decimal | None) -> str | None:
    return None if value is None else str(value)


def read_value(definition: Definition, text: str | None) -> Value:
    """A value as the ledger keeps it: a count, fen, or a rate; None where it is unknown."""
    if text is None:
        return None
    return Decimal(text) if definition.measure in {"percent", "points"} else int(text)
