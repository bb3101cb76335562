"""Options that several commands share."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from db.brands import LEAST_CONFIDENCE, Brand, brand_warnings, load_brands
from db.unseen import quoted
from flows.show import say

if TYPE_CHECKING:
    from analytics.match.forms import Form

Db = Annotated[Path, typer.Option("--db", envvar="FANZHA_DB", help="The database, one SQLite file.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Catalogue = Annotated[Path | None, typer.Option("--sources", help="A catalogue of sources; default: the bundled one.")]
Brands = Annotated[Path | None, typer.Option("--brands", help="A brands file; default: the bundled one.")]
Year = Annotated[int, typer.Argument(min=1993, max=2099, help="A calendar year in Asia/Shanghai.")]

DB: Final = Path("fanzha.db")


def key_path() -> Path | None:
    """The key file that FANZHA_KEY_FILE names."""
    named = os.environ.get("FANZHA_KEY_FILE")
    return Path(named) if named else None


def listed_brands(path: Path | None) -> tuple[Brand, ...]:
    """Load a brands file; of a person's own, say what is allowed in it and yet worth a look.

    Raises:
        UsageError: it is faulty.
    """
    brands = load_brands(path)
    if path is not None:
        for warning in warnings_about(brands):
            say(f"fanzha: {path}: {warning}")
    return brands


def warnings_about(brands: Sequence[Brand]) -> list[str]:
    """What is allowed in a brands file and yet worth a look, a line each, also where the matcher cannot do as told."""
    from analytics.match.forms import derive_forms, has_name

    formless = [
        f"brand {quoted(brand.id)}: {said}"
        for brand in brands
        if not has_name(brand) and (said := _formless(derive_forms(brand)))
    ]
    low = [
        f"brand {quoted(brand.id)}: threshold {brand.threshold} is below {LEAST_CONFIDENCE}, the least confidence that "
        f"is told; it does what {LEAST_CONFIDENCE} does"
        for brand in brands
        if brand.threshold < LEAST_CONFIDENCE
    ]
    return [*brand_warnings(brands), *formless, *low]


def _formless(forms: "Sequence[Form]") -> str:
    from analytics.match.forms import OF_DOMAINS

    if not forms:
        return "neither names nor domains give a form to look for: no host is found to imitate it; add a longer name"
    if all(form.derivation in OF_DOMAINS for form in forms):
        return "no name gives a form to look for: imitations are found by its domains alone; add a longer name"
    return ""
