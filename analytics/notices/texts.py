"""What a notice says to people, in Chinese and English: what is known, and what is asked for."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from analytics.notices.contacts import Recipient
from db.brands import Brand
from db.defang import defang_hosts
from db.notices import OpenAttack, SeenPage
from db.takedown_rules import Sender
from db.unseen import show_unseen
from db.whereabouts import Whereabouts


@dataclass(frozen=True, slots=True)
class Case:
    """All that is known of an attack that a notice is about."""

    attack: OpenAttack
    brand: Brand
    where: Whereabouts
    seen: SeenPage | None

    @property
    def url(self) -> str:
        """What is reported, as an address."""
        return f"http://{self.attack.address}/" if self.attack.is_bare else self.attack.address


@dataclass(frozen=True, slots=True)
class Letter:
    """Which notice it is: its key, its kind, and when the first one left where it is a later one."""

    key: str
    kind: str
    first_sent_at: int | None = None

    @property
    def reference(self) -> str:
        """What people quote it by.

        >>> Letter("0123456789abcdef", "first").reference
        'FZ-0123456789AB'
        """
        return f"FZ-{self.key[:12].upper()}"


_ASK: Final = {
    "registrar": (
        "请核实该域名是否违反贵方注册协议，并暂停其解析（clientHold）。",
        "Please check the domain against your registration agreement and suspend it (clientHold).",
    ),
    "hosting": (
        "请核实该网站是否违反贵方服务条款，并将其下线。",
        "Please check the site against your terms of service and take it down.",
    ),
    "network": (
        "该网站由贵方网络承载。请转告贵方客户处置，并在其不处置时采取措施。",
        "Your network carries this site. Please have your customer act, and act yourselves where they do not.",
    ),
    "authority": (
        "该网站的注册商及托管商已获通知，网站至今仍在。请协助处置。",
        "Its registrar and host were told, and it still stands. We ask for your help.",
    ),
}
_KINDS: Final = {
    "first": ("仿冒网站处置请求", "Takedown request: site imitating"),
    "reminder": ("催办：仿冒网站处置请求", "Reminder, takedown request: site imitating"),
    "escalation": ("升级：仿冒网站处置请求", "Escalation, takedown request: site imitating"),
}
_PLACE: Final = {"zh": 0, "en": 1}


def compose_subject(case: Case, letter: Letter, languages: tuple[str, ...]) -> str:
    """A subject of one line."""
    zh, en = _KINDS[letter.kind]
    target = defang_hosts(case.attack.target)
    titles = {"zh": f"{zh}（{case.brand.name_zh}）", "en": f"{en} {case.brand.name_en}"}
    return _line(f"{' / '.join(titles[language] for language in languages)}: {target} [{letter.reference}]", 300)


def compose_text(case: Case, letter: Letter, recipient: Recipient, sender: Sender, languages: tuple[str, ...]) -> str:
    """A plain text, one language after the other; no address in it can be followed."""
    texts = ["\n".join(_body(case, letter, recipient, sender, _PLACE[language])) for language in languages]
    return f"\n\n{'-' * 40}\n\n".join(texts) + "\n"


def _body(case: Case, letter: Letter, recipient: Recipient, sender: Sender, place: int) -> Iterator[str]:
    to = _shown(_line(recipient.party, 100))
    yield (f"{to}：您好！" if to else "您好！", f"Dear {to or 'abuse team'},")[place]
    yield ""
    yield from _opening(case, letter, sender, place)
    yield _ASK[recipient.channel][place]
    yield ""
    for names, value in _facts(case):
        if value:
            yield f"{names[place]}{('：', ': ')[place]}{value[place] if isinstance(value, tuple) else value}"
    yield ""
    yield (
        "机器可读的报告（XARF 4）及证据见附件 xarf.json。回复时请保留编号。",
        "The attached xarf.json (XARF 4) holds the same and the evidence. Please keep the reference in your answer.",
    )[place]
    yield (f"编号：{letter.reference}", f"Reference: {letter.reference}")[place]
    yield ""
    yield sender.organisation
    yield sender.mailbox


def _opening(case: Case, letter: Letter, sender: Sender, place: int) -> Iterator[str]:
    zh, en = case.brand.name_zh, case.brand.name_en
    yield (
        f"{sender.organisation}发现以下网站仿冒“{zh}”，并已确认。",
        f"{sender.organisation} has found, and confirmed, that the site below imitates {en}.",
    )[place]
    if letter.first_sent_at is not None:
        at = _instant(letter.first_sent_at)
        yield (
            f"首份通知已于 {at} 发出，我们尚未得知该网站已关停。",
            f"A first notice was sent at {at}; we have no word that the site is gone.",
        )[place]
    if case.attack.round:
        yield (
            f"该网站此前曾经关停，现已复活（第 {case.attack.round} 次）。",
            f"The site had been closed before and is back (for the {case.attack.round}. time).",
        )[place]


def _facts(case: Case) -> Iterator[tuple[tuple[str, str], str | tuple[str, str]]]:
    """Label and value, each in both languages; what is not known has no value."""
    attack, seen, where = case.attack, case.seen, case.where
    yield ("网址", "Address"), _shown(case.url)
    yield ("被仿冒品牌", "Imitated brand"), (_line(case.brand.name_zh), _line(case.brand.name_en))
    yield ("品牌官方域名", "The brand's own domains"), _shown(", ".join(case.brand.domains[:5]))
    yield ("首次发现", "First seen"), _instant(attack.opened_at)
    yield ("确认时间", "Confirmed"), _instant(attack.confirmed_at)
    yield ("相似之处", "Likeness"), (_shown(attack.explanation_zh), _shown(attack.explanation_en))
    if seen:
        yield ("最近访问", "Last visit"), _instant(seen.probed_at)
        yield ("HTTP 状态码", "HTTP status"), str(seen.status or "")
        yield ("跳转至", "Redirects to"), _shown(seen.final)
        yield ("页面标题", "Title of the page"), _shown(seen.title)
        yield ("页面要求填写", "The page asks for"), _shown(", ".join(seen.fields[:10]))
        yield ("页面 SHA-256", "SHA-256 of the page"), seen.digest
        yield ("证书 SHA-256", "SHA-256 of the certificate"), seen.certificate
    yield ("IP 地址", "IP addresses"), ", ".join(where.addresses[:4])
    yield ("自治系统", "Autonomous system"), f"AS{where.asn}" if where.asn else ""
    registrar = where.party("registrar")
    yield ("注册商", "Registrar"), _shown(registrar.name if registrar and not attack.is_shared else "")


def _instant(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _shown(text: str) -> str:
    """A criminal's text on one line, in which nothing can be followed and nothing is hidden."""
    return defang_hosts(show_unseen(_line(text)))


def _line(text: str, limit: int = 500) -> str:
    line = " ".join(text.split())
    return line if len(line) <= limit else f"{line[:limit]}..."
