"""What may stand in a brand's keys: each value checked by itself and brought to one spelling.

Each function takes the text as written and gives the value to keep.

Raises:
    ValueError: what is wrong with the text, which is quoted, and how to mend it.
"""

import re
import unicodedata
from typing import Final

import idna

from db.unseen import quoted, unseen_in

_LONGEST_NAME: Final = 100
"""Characters; the longest bundled one has 44. Forms, their sounds and misspellings grow with it."""
_LONGEST_KEYWORD: Final = 63
"""Characters; no label of a host is longer."""
_LONGEST_DOMAIN: Final = 253
_LONGEST_PACKAGE: Final = 255
_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_PACKAGE: Final = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+")
"""Of Android and, with hyphens, of iOS."""
_LABEL: Final = re.compile(r"(?!-)[a-z0-9_-]+(?<!-)")
_OTHER_DOTS: Final = str.maketrans(dict.fromkeys("。．｡", "."))
_NO_NAME: Final = tuple(
    (re.compile(pattern), said)
    for pattern, said in (
        (r"^$", "is empty; name a domain, or leave it out"),
        (r"^([a-z][a-z0-9+.-]*:)?//", "is an address, not a name"),
        (r"@", "holds a user or mailbox; a domain stands without"),
        (r"[/\\?#]", "holds a path; a domain stands without"),
        (r"\s", "holds a blank; no domain does"),
        (r"^\[|:.*:", "is an IP address, not a name"),
        (r":", "holds a port; a domain stands without"),
        (r"\*", "is a pattern; a domain covers every name under it"),
        (r"(^|\.)(0x[0-9a-f]*|[0-9]+)$", "ends in a number as IP addresses do; name a domain"),
        (r"^\.|\.\.|\.$", "has an empty label: a dot too many"),
        (r"^[^.]*$", "is a bare top-level domain; every name under it would be official: name a registrable domain"),
    )
)
"""Pattern of what is no domain -> what is said of it; the first that is found."""


def visible_text(text: str) -> str:
    """Any text of the file."""
    if unseen := unseen_in(text):
        raise ValueError(f"{quoted(text)} holds the invisible character U+{ord(unseen):04X}; delete it")
    return text


def brand_id(text: str) -> str:
    """An id."""
    if not _ID.fullmatch(visible_text(text)):
        raise ValueError(f"{quoted(text)} is none: an id is a-z, 0-9 and hyphens, at most 64, no hyphen first")
    return text


def brand_name(text: str) -> str:
    """A name in any script."""
    visible_text(text)
    if len(text) > _LONGEST_NAME:
        raise ValueError(f"{quoted(text)} has {len(text):,} characters; a name has at most {_LONGEST_NAME}")
    if not any(unicodedata.category(letter)[0] in "LN" for letter in unicodedata.normalize("NFKC", text)):
        raise ValueError(f"{quoted(text)} is empty or holds no letter; write a name as people do, or leave it out")
    return text


def some_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """The names of a brand."""
    if not names:
        raise ValueError("has no name in it; write at least one")
    return names


def keyword(text: str) -> str:
    """A keyword, in lower case."""
    visible_text(text)
    is_word = all(unicodedata.category(letter)[0] in "LMN" for letter in text)
    if not (text and is_word and len(text) <= _LONGEST_KEYWORD):
        raise ValueError(
            f"{quoted(text)} is no word of 1 to {_LONGEST_KEYWORD} letters and digits; write each word alone"
        )
    return text.lower()


def app_package(text: str) -> str:
    """The package of an app."""
    if not _PACKAGE.fullmatch(visible_text(text)) or len(text) > _LONGEST_PACKAGE:
        raise ValueError(f"{quoted(text)} is no package of an app; write one as com.example.app, or leave it out")
    return text


def certificate(text: str) -> str:
    """The SHA-256 of a signing certificate: 64 hexadecimal digits in lower case."""
    cleaned = visible_text(text).lower().replace(":", "")
    if not _SHA256.fullmatch(cleaned):
        raise ValueError(f"{quoted(text)} is no SHA-256 of a certificate; write 64 hexadecimal digits, colons allowed")
    return cleaned


def official_domain(text: str) -> str:
    """A domain in A-labels and lower case, without the root's dot."""
    name = visible_text(text).translate(_OTHER_DOTS).strip().lower()
    try:
        return _a_labels(name.removesuffix("."))
    except ValueError as fault:
        meant = _meant(name)
        hint = f": write {meant}" if meant else ""
        raise ValueError(f"{quoted(text)} {fault}{hint}") from None


def _meant(text: str) -> str:
    """The domain within an address, a pattern or the like; empty where there is none."""
    authority = re.split(r"[/\\?#]", re.sub(r"^([a-z][a-z0-9+.-]*:)?//", "", text))[0]
    name = re.sub(r":[0-9]*$", "", authority.rpartition("@")[2]).removeprefix("*")
    name = re.sub(r"\.+", ".", name).strip(".").removeprefix("www.")
    try:
        _a_labels(name)
    except ValueError:
        return ""
    return name


def _a_labels(name: str) -> str:
    for pattern, said in _NO_NAME:
        if pattern.search(name):
            raise ValueError(said)
    try:
        mapped = name if name.isascii() else idna.uts46_remap(name, std3_rules=False)
        labels = [label if label.isascii() else idna.alabel(label).decode() for label in mapped.split(".")]
    except idna.IDNAError:
        raise ValueError("holds what no registry sells; if it is there all the same, write its xn-- form") from None
    for label in labels:
        _check_label(label)
    domain = ".".join(labels)
    if len(domain) > _LONGEST_DOMAIN:
        raise ValueError(f"has {len(domain):,} characters; a domain has at most {_LONGEST_DOMAIN}")
    return domain


def _check_label(label: str) -> None:
    if not _LABEL.fullmatch(label):
        raise ValueError(f"has the label {quoted(label)}; labels are letters, digits and, within, hyphens")
    if len(label) > 63:
        raise ValueError(f"has a label of {len(label):,} characters; a label has at most 63")
    if label.startswith("xn--"):
        try:
            label[4:].encode().decode("punycode")
        except UnicodeError:
            raise ValueError(
                f"has the label {quoted(label)}, which is broken Punycode; write it in its own script"
            ) from None
