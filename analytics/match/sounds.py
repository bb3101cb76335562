"""How Chinese characters are spoken (pinyin without tones)."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path


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
