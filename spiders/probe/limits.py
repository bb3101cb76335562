"""How much of a criminal's answer is taken, and for how long. Each number says what it guards against."""

from typing import Final

PAGE_BYTES: Final = 512 * 1024
"""Of a body, before and after decompression: login pages have a tenth of it, bombs and drips have no end."""
ICON_BYTES: Final = 64 * 1024
HEADER_BYTES: Final = 64 * 1024
"""Of all headers together: what browsers take at most; Twisted bounds each line, not their number."""
ANSWER_SECONDS: Final = 8.0
"""Of one answer: what has come by then is looked at, if anything has."""
VISIT_SECONDS: Final = 30.0
"""Of one visit, redirects and all."""
REDIRECTS: Final = 10
AT_ONCE: Final = 150
"""Visits at a time: most of them wait; each holds PAGE_BYTES at most, 75 MiB together."""
TITLE_LETTERS: Final = 200
FINAL_LETTERS: Final = 2_000
TEXT_LETTERS: Final = 20_000
"""Of visible text that is fingerprinted: work of a millisecond."""
FIELDS: Final = 50
"""Field names that are kept, of 100 letters each."""

USER_AGENT: Final = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile"
    " Safari/537.36"
)
"""A victim's telephone: a page that hides from researchers shall show what it shows to victims."""
