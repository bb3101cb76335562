"""How much of a registry's answer is taken, and for how long; each number says what it guards against."""

from typing import Final

ANSWER_BYTES: Final = 512 * 1024
"""Of one answer: the longest honest ones, with legal notices in it, have a tenth of that."""
ANSWER_SECONDS: Final = 15.0
"""Of one answer, redirects apart; registries at the other end of the world take three."""
REDIRECTS: Final = 3
AT_ONCE: Final = 2
"""Questions to one server at a time: registries limit each asker, and shut out who asks too much."""
SILENCES: Final = 3
"""Questions that a server may leave unanswered before it is asked no more: its silence would hold up all the rest."""
WHOIS_BYTES: Final = 64 * 1024
WHOIS_PORT: Final = 43
TEXT_LETTERS: Final = 300
"""Of a name or a status."""
ENTITIES: Final = 60
"""Of one answer, those in others counted; honest ones have five."""
DEPTH: Final = 3
"""Entities within entities: a registrar, its abuse desk, and one to spare."""
CARD_LINES: Final = 60
MAILBOXES: Final = 5
"""Of one party: a notice to a thousand addresses is an attack on us, or on them."""
SECURITY_TXT_BYTES: Final = 32 * 1024
"""What RFC 9116 asks its readers to take."""
