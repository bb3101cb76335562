"""A match in words: one line in Chinese, one in English, as an analyst would say it."""

from typing import Final, NamedTuple

TECHNIQUES: Final = {
    "addition": ("末尾加字符", "a character added at the end"),
    "omission": ("漏字符", "a character left out"),
    "insertion": ("多插字符", "a character inserted"),
    "repetition": ("重复字符", "a character repeated"),
    "replacement": ("换字符", "a character replaced"),
    "transposition": ("相邻字符调换", "two characters swapped"),
    "vowel-swap": ("换元音", "a vowel swapped"),
    "bitsquatting": ("一位比特之差", "one bit differs"),
    "hyphenation": ("插入连字符", "a hyphen put in"),
    "plural": ("加复数 s", "a plural s put in"),
    "homoglyph": ("形近字符", "lookalike characters"),
    "subdomain": ("品牌名用作子域", "the name as a subdomain"),
    "tld-swap": ("同名换后缀", "the same name under another suffix"),
    "dictionary": ("品牌名加其他词", "the name with other words"),
    "path": ("品牌名在路径中", "the name in the path"),
    "certificate": ("官方包名但签名证书不符", "the official package, signed with another certificate"),
    "package": ("包名近似", "a similar package name"),
    "name": ("应用名近似", "a similar app name"),
    "developer": ("开发者名近似", "a similar developer name"),
}
"""Each technique, zh and en."""


class Story(NamedTuple):
    """What an explanation tells."""

    technique: str
    shown: str
    """The part of the input that met."""
    form: str
    """The form of the brand that it met."""
    where: str
    """registrable, tenant, subdomain, path, package, name."""
    keyword: str = ""
    embedded: str = ""
    popular: bool = False
    differing: tuple[tuple[str, str], ...] = ()
    """The form's letters and what stands for them; either may be empty."""
    is_sound: bool = False
    """Whether Chinese characters were met by their sounds alone."""
    weakened_by: str = ""
    """What speaks against: word (the form is an ordinary word), reading (the label reads otherwise)."""


_WHERE: Final = {
    "registrable": ("注册域名中", "in the registered name"),
    "tenant": ("共享平台的租户名中", "in a tenant's name on a shared host"),
    "subdomain": ("子域中", "in a subdomain"),
    "path": ("路径中", "in the path"),
    "package": ("包名中", "in the package name"),
    "name": ("应用名中", "in the app's name"),
    "developer": ("开发者名中", "in the developer's name"),
}
_SOUND: Final = ("读音相同", "by its sound")
_AGAINST: Final = {
    "word": ("但该名也是普通词", "but the name is an ordinary word too"),
    "reading": ("但更像其他词", "but it reads rather as other words"),
}


def tell(story: Story) -> tuple[str, str]:
    """The story in Chinese and in English."""
    how, where, against = TECHNIQUES[story.technique], _WHERE[story.where], _AGAINST.get(story.weakened_by, ("", ""))
    details = [_SOUND] if story.is_sound else [_detail(ours, theirs) for ours, theirs in story.differing]
    zh = [f"{where[0]}“{story.shown}”与“{story.form}”相符：{how[0]}"]
    en = [f"“{story.shown}” {where[1]} meets “{story.form}”: {how[1]}"]
    if details:
        zh[0] += f"（{'、'.join(each for each, _ in details)}）"
        en[0] += f" ({', '.join(each for _, each in details)})"
    if story.embedded:
        zh.append(f"前面写着官方域名 {story.embedded}")
        en.append(f"carries the official {story.embedded} in front")
    if story.keyword:
        zh.append(f"并有关键词“{story.keyword}”")
        en.append(f"beside the keyword “{story.keyword}”")
    if story.popular:
        zh.append("属常访问域名，可信度已降低")
        en.append("a popular name, confidence lowered")
    if story.weakened_by:
        zh.append(against[0])
        en.append(against[1])
    return "；".join(zh), "; ".join(en)


def _detail(ours: str, theirs: str) -> tuple[str, str]:
    """One difference, zh and en."""
    if not theirs:
        return f"缺“{ours}”", f"“{ours}” left out"
    if not ours:
        return f"多“{theirs}”", f"“{theirs}” added"
    return f"以“{theirs}”代“{ours}”", f"“{theirs}” for “{ours}”"
