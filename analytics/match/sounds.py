"""How Chinese characters are spoken (pinyin without tones)."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

_SPOKEN: Final = re.compile(
    r"(?:(?:zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw])?"
    r"(?:iang|iong|uang|ang|eng|ing|ong|ian|iao|uai|uan|ai|ei|ao|ou|an|en|in|un|ia|ie|iu|ua|uo|ui|ue|er|a|e|i|o|u|v))+"
)
"""Any run of syllables; it lets through some that nobody says (bong), which are few in names."""


@cache
def written_down() -> Mapping[str, str]:
    """The sounds of the bundled brands' names, syllables apart, so that pypinyin need not start (0.4 s) for them."""
    return tomllib.loads(Path(__file__).with_name("sounds.toml").read_text("utf-8"))


def syllables(text: str) -> list[str]:
    """The syllables of simplified Chinese characters; read together, since 行 is xing alone and hang in 银行.

    >>> syllables("招商银行")
    ['zhao', 'shang', 'yin', 'hang']
    """
    if text in written_down():
        return written_down()[text].split()
    from pypinyin import lazy_pinyin  # noqa: PLC0415 - 0.4 s

    return list(lazy_pinyin(text))


def is_spoken(text: str) -> bool:
    """Whether a text may be the pinyin of some characters.

    >>> is_spoken("wangyin"), is_spoken("netflix")
    (True, False)
    """
    return bool(_SPOKEN.fullmatch(text))
