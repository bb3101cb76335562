"""Host names and IP addresses in every spelling, to one: A-labels in lower case, IPv4 dotted, IPv6 in brackets."""

import re
import unicodedata
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final
from urllib.parse import unquote

import idna

from analytics.normalise.refusal import NotAnAddress

_LABEL: Final = re.compile(r"[a-z0-9_-]+")
_NUMBER: Final = re.compile(r"0x[0-9a-f]*|[0-9]+")
_OTHER_DOTS: Final = str.maketrans(dict.fromkeys("。．｡", "."))
_MOST_OF_LABEL: Final = 63
"""Octets of a label, by the DNS."""
_MOST_OF_HOST: Final = 253
"""Characters of a name, by the DNS: 255 octets with the lengths."""
FILE_ENDINGS: Final = tuple(
    "adblock apk asp aspx css csv exe gif htm html jpeg jpg js json jsp pdf php png svg txt xls xml".split()  # noqa: SIM905 - easier read
)
"""No top-level domain is called so: a name with such an end is a file's, as in the manifest of a feed."""
_UNDECODED: Final = "\ufffd"
"""What stands for bytes that were no text: nobody registered it."""
BROKEN_PUNYCODE: Final = "its host holds a label of broken Punycode"
"""Why what `has_broken_label` is no name."""
_EMOJI_STYLE: Final = dict.fromkeys((0xFE0E, 0xFE0F))
"""Variation selectors: they choose between the text and the picture of an emoji, and belong to no name."""


def canonical_host(text: str) -> str:
    """The one spelling of a host without port.

    Raises:
        NotAnAddress: it is none, or hides something.
    """
    if text.startswith("["):
        return _bracketed(text)
    host = _mapped(_visible(_decoded(text)).translate(_OTHER_DOTS)).rstrip(".").removeprefix("*.")
    if not host:
        raise NotAnAddress("it has no host")
    labels = [_ascii_label(label) for label in host.split(".")]
    if _NUMBER.fullmatch(labels[-1]):
        return _ipv4(labels)
    if len(labels) == 1:
        raise NotAnAddress("its host is a single label without a dot")
    if labels[-1] in FILE_ENDINGS:
        raise NotAnAddress(f"it is a file name, .{labels[-1]} is no top-level domain")
    host = ".".join(labels)
    if len(host) > _MOST_OF_HOST:
        raise NotAnAddress(f"its host is longer than {_MOST_OF_HOST} characters")
    return host


def to_unicode(host: str) -> str:
    """A canonical host as a person reads it; labels that are no valid Punycode stay as they are.

    >>> to_unicode("login.xn--fiqs8s")
    'login.中国'
    """
    return ".".join(_unicode_label(label) for label in host.split("."))


def has_broken_label(host: str) -> bool:
    """Whether a label of a canonical host is Punycode that says nothing: it is kept, but nobody sees it as a name.

    >>> has_broken_label("www.xn--99999999.com"), has_broken_label("xn--fiqs8s")
    (True, False)
    """
    return any(label.startswith("xn--") and not _decodes(label[4:]) for label in host.split("."))


def _decodes(punycode: str) -> bool:
    try:
        return bool(punycode.encode().decode("punycode"))
    except UnicodeError:
        return False


def ipv6_host(text: str) -> str:
    """An IPv6 address without brackets as a host; the IPv4 address where it only wraps one.

    Raises:
        NotAnAddress: it is none.
    """
    try:
        address = IPv6Address(text)
    except AddressValueError:
        raise NotAnAddress("its host is no IPv6 address") from None
    if address.scope_id is not None:
        raise NotAnAddress("its host has a zone, which is local to one machine")
    return str(address.ipv4_mapped or f"[{address.compressed}]")


def _bracketed(text: str) -> str:
    if not text.endswith("]"):
        raise NotAnAddress("its host has an opening bracket and no closing one")
    return ipv6_host(text[1:-1])


def _decoded(text: str) -> str:
    if "%" not in text:
        return text
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise NotAnAddress("the percent-encoding of its host is no UTF-8") from None


def _visible(text: str) -> str:
    """The text, unless a person would not see all of it."""
    if text.isascii() and text.isprintable() and " " not in text:
        return text
    for character in text:
        if unicodedata.category(character) in {"Cc", "Cf", "Zs", "Zl", "Zp"}:
            raise NotAnAddress(f"its host holds the blank or invisible character U+{ord(character):04X}")
    return text


def _mapped(host: str) -> str:
    """By UTS #46 (non-transitional); what that refuses, by NFKC and lower case."""
    if host.isascii():
        return host.lower()
    try:
        return idna.uts46_remap(host, std3_rules=False)
    except idna.IDNAError:
        return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", host).lower())


def _ascii_label(label: str) -> str:
    if not label:
        raise NotAnAddress("its host has an empty label")
    # Punycode takes the square of the length and never shortens: what is too long now is too long at last
    too_long = len(label) > _MOST_OF_LABEL
    ascii_label = label if too_long or label.isascii() else _a_label(label)
    if not (too_long or _LABEL.fullmatch(ascii_label)):
        raise NotAnAddress("its host holds a character that no name has")
    if len(ascii_label) > _MOST_OF_LABEL:
        raise NotAnAddress(f"its host has a label longer than {_MOST_OF_LABEL} characters")
    return ascii_label


def _a_label(label: str) -> str:
    try:
        return idna.alabel(label).decode()
    except idna.IDNAError:
        return _wild_a_label(label)


def _wild_a_label(label: str) -> str:
    """Punycode of a label that IDNA 2008 refuses and registries sold nevertheless: emoji, symbols, stray hyphens."""
    bare = label.translate(_EMOJI_STYLE)
    if unicodedata.category(label[0])[0] == "M":
        raise NotAnAddress("its host has a label that begins with a combining mark")
    for character in bare:
        is_known = character != _UNDECODED and unicodedata.category(character)[0] in "LMNS"
        if not (_LABEL.fullmatch(character) or is_known):
            raise NotAnAddress(f"its host holds the character U+{ord(character):04X}, which no name has")
    return bare if bare.isascii() else "xn--" + bare.encode("punycode").decode()


def _unicode_label(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        decoded = label.removeprefix("xn--").encode().decode("punycode")
        faithful = _ascii_label(_mapped(_visible(decoded))) == label
    except (UnicodeError, NotAnAddress):
        return label
    return decoded if faithful else label


def _ipv4(labels: list[str]) -> str:
    """One to four numbers, each decimal, octal (0...) or hexadecimal (0x...); the last fills what is left."""
    try:
        *first, last = [_number(label) for label in labels]
    except ValueError:
        raise NotAnAddress("its host ends in a number and is no IPv4 address") from None
    if len(first) > 3 or any(part > 255 for part in first) or last >= 256 ** (4 - len(first)):
        raise NotAnAddress("its host ends in a number and is no IPv4 address")
    return str(IPv4Address(sum(part << (24 - 8 * place) for place, part in enumerate(first)) + last))


def _number(label: str) -> int:
    if not _NUMBER.fullmatch(label):
        raise ValueError(label)
    if label.startswith("0x"):
        return int(label.removeprefix("0x") or "0", 16)
    return int(label, 8 if label.startswith("0") else 10)
