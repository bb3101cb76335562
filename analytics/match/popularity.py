"""Names that many people visit, from the lists of pymispwarninglists; a reason for doubt, never for innocence."""

import json
from functools import cache
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import Final

_LISTS: Final = ("tranco10k", "cisco_top10k", "moz-top500")
"""Ten thousand names each: among a million, what is visited most this week is a campaign now and then."""


@cache
def popular_names() -> frozenset[str]:
    """The registrable domains, and hosts, of the lists; read when first asked for."""
    spec = find_spec("pymispwarninglists")
    if spec is None or spec.origin is None:  # pragma: no cover - a run-time requirement
        raise ModuleNotFoundError("pymispwarninglists")
    folder = Path(spec.origin).parent / "data" / "misp-warninglists" / "lists"
    lists = [json.loads((folder / each / "list.json").read_text("utf-8"))["list"] for each in _LISTS]
    return frozenset(chain.from_iterable(lists))
