"""What pydantic finds wrong in a file that people write, in our words: where, what, how to mend it."""

from difflib import get_close_matches
from types import MappingProxyType
from typing import Final, get_args

from pydantic import BaseModel, ValidationError

from db.unseen import quoted, show_unseen

_SAID: Final = MappingProxyType(
    {
        "missing": "is missing; write it",
        "string_type": "{value} is no text; put it in quotation marks",
        "tuple_type": "{value} is no list; put it in square brackets",
        "dict_type": "{value} is no table",
        "model_type": "{value} is no table",
        "bool_type": "{value} is neither true nor false; write one of them, without quotation marks",
        "bool_parsing": "{value} is neither true nor false; write one of them",
        "int_type": "{value} is no whole number; write digits alone, without quotation marks",
        "int_parsing": "{value} is no whole number; write digits alone",
        "int_from_float": "{value} is no whole number; write digits alone",
        "float_type": "{value} is no number",
        "float_parsing": "{value} is no number",
        "greater_than": "{value} is too small; write more than {gt}",
        "greater_than_equal": "{value} is too small; write {ge} or more",
        "less_than": "{value} is too large; write less than {lt}",
        "less_than_equal": "{value} is too large; write {le} or less",
        "too_short": "is empty; write at least {min_length}",
        "string_too_short": "{value} is too short; write {min_length} or more characters",
        "string_too_long": "{value} is too long; write {max_length} or fewer characters",
        "string_pattern_mismatch": "{value} is none; it has to match {pattern}",
        "literal_error": "{value} is none of {expected}",
        "enum": "{value} is none of {expected}",
        "ip_any_network": "{value} is no IPv4 or IPv6 network",
    }
)
"""Type of a fault, as pydantic calls it -> what is said of it."""


_NEAR: Final = 0.7
"""Share of letters from which a key is taken for a slip of another."""


def told_faults(error: ValidationError, model: type[BaseModel]) -> list[str]:
    """The faults of one table of a file, `key: what is wrong and how to mend it` each; the file's keys are the model's.

    An entry of a list is told by its value, not by its place.
    """
    return [_told(dict(fault), model) for fault in error.errors(include_url=False)]


def unknown_key(key: str, known: list[str]) -> str:
    """What is said of a key that is none; the nearest known one is named.

    >>> unknown_key("domain", ["id", "domains"]), unknown_key("x", ["id", "domains"])
    ('is no key here; did you mean domains?', 'is no key here; leave it out, or write one of id, domains')
    """
    near = get_close_matches(key.lower(), known, n=1, cutoff=_NEAR)
    return (
        f"is no key here; did you mean {near[0]}?"
        if near
        else (f"is no key here; leave it out, or write one of {', '.join(known)}")
    )


def _told(fault: dict[str, object], model: type[BaseModel]) -> str:
    assert isinstance(fault["loc"], tuple)  # noqa: S101 - pydantic's own type is private
    keys = [part for part in fault["loc"] if isinstance(part, str)]
    where = show_unseen(".".join(keys))[:100]
    if fault["type"] == "extra_forbidden":
        return f"{where}: {unknown_key(keys[-1], list(_model_at(model, keys[:-1]).model_fields))}"
    said = _SAID.get(str(fault["type"]))
    context = fault.get("ctx", {})
    assert isinstance(context, dict)  # noqa: S101 - likewise
    what = said.format(value=quoted(fault["input"]), **context) if said else str(fault["msg"])
    what = what.removeprefix("Value error, ")
    return f"{where}: {what}" if where else what


def _model_at(model: type[BaseModel], keys: list[str]) -> type[BaseModel]:
    """The model of the table that stands at these keys of another's."""
    for key in keys:
        annotation = model.model_fields[key].annotation
        tables = [one for one in (annotation, *get_args(annotation)) if isinstance(one, type)]
        model = next(one for one in tables if issubclass(one, BaseModel))
    return model
