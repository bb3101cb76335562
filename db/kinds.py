"""What rows look like as published, kind by kind: the contract between parsers, normaliser and tables.

A parser yields frames whose columns are `position` (Int64: the row's ordinal in its file, from 1) and
the kind's fields as nullable text. The normaliser turns each field into its stored form by its `form`.
"""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

Form = Literal["text", "word", "instant", "address", "subject", "money", "flag", "choice", "integer", "decimal"]
"""`word` is of an open vocabulary, `choice` of a closed one: both are compared, so that spellings part nothing."""


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a kind."""

    name: str
    form: Form = "text"
    required: bool = False
    choice: str = ""
    """Name of the closed vocabulary (`db.vocabulary.CHOICES`) where form is `choice`."""
    about: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of row; its fields in the order they are documented."""

    name: str
    title_zh: str
    title_en: str
    fields: tuple[Field, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The field names, in order."""
        return tuple(field.name for field in self.fields)


_OCCURRED = Field("occurred_at", "instant", about="when it happened; absent: when the file was fetched")
_EVENT_ID = Field("event_id", about="the event's id in the company's system; absent: all mapped columns together")
_TEST = Field("is_test", "flag", about="a test row, counted nowhere")
_PROGRAMME = Field("programme", "word", about="the programme that reports it")
_SUBJECT = Field("subject", "subject", about="a person; stored as an HMAC pseudonym only")
_FRAUD_CLASS = Field("fraud_class", "choice", choice="fraud_class", about="who deceives whom: never mixed")

ADDRESS: Final = Kind(
    "address",
    "网址线索",
    "sighting of an address",
    (
        Field("address", "address", required=True, about="a URL or host as published"),
        Field("published", "instant", about="when the source says it was seen"),
        Field("brand", about="the brand it is said to imitate, as named by the source"),
        Field("claim", "choice", choice="claim", about="malicious, benign or none; absent: what the source yields"),
        Field("programme", "word", about="the programme that reports it"),
        _TEST,
    ),
)

APP: Final = Kind(
    "app",
    "应用线索",
    "sighting of an app",
    (
        Field("store", about="the store or repository that lists it; absent: the source's name"),
        Field("package"),
        Field("name"),
        Field("developer"),
        Field("version"),
        Field("certificate", about="SHA-256 of the signing certificate, hexadecimal"),
        Field("apk_sha256", about="SHA-256 of the file, hexadecimal"),
        Field("icon"),
        Field("download", about="where the file is to be had"),
        Field("published", "instant"),
        Field("brand"),
        Field("claim", "choice", choice="claim"),
        Field("programme", "word"),
        _TEST,
    ),
)

EVENTS: Final = (
    Kind(
        "url_check",
        "网址风险识别",
        "URL check",
        (
            _EVENT_ID,
            _OCCURRED,
            Field("address", "address", required=True),
            Field("actor", "choice", required=True, choice="actor"),
            Field("result", "choice", required=True, choice="result"),
            _SUBJECT,
            _PROGRAMME,
            _TEST,
        ),
    ),
    Kind(
        "warning",
        "预警",
        "warning",
        (
            _EVENT_ID,
            _OCCURRED,
            Field("stage", "choice", required=True, choice="stage"),
            Field("warning", about="the warning's own id where one warning passes several stages; absent: the event's"),
            Field("channel", "word"),
            Field("sink", "word", about="the system it was handed to"),
            Field("campaign"),
            Field("address", "address"),
            _SUBJECT,
            _PROGRAMME,
            _TEST,
        ),
    ),
    Kind(
        "intervention",
        "干预",
        "intervention",
        (
            _EVENT_ID,
            _OCCURRED,
            Field("type", "choice", required=True, choice="intervention"),
            Field("order", about="the order or draw that was held"),
            Field("reason", "word"),
            Field("scam_confirmed", "flag"),
            Field("later_loss", "flag", about="a linked loss within 30 days, known to the company"),
            _SUBJECT,
            _PROGRAMME,
            _TEST,
        ),
    ),
    Kind(
        "loss",
        "损失",
        "loss",
        (
            _EVENT_ID,
            _OCCURRED,
            Field("type", "choice", required=True, choice="loss"),
            Field("episode", required=True, about="person x scam, gaps of at most 30 days"),
            Field("amount", "money", required=True, about="CNY; at most two decimals, at most 100,000,000,000"),
            Field("tier", "choice", choice="tier"),
            Field("bearer", "choice", choice="bearer"),
            Field("confirmed_by", "word"),
            _SUBJECT,
            _PROGRAMME,
            _TEST,
        ),
    ),
    Kind(
        "attack_event",
        "处置事件",
        "attack event",
        (
            _EVENT_ID,
            _OCCURRED,
            Field("type", "choice", required=True, choice="attack_event"),
            Field("attack", about="the company's case number; absent: brand or fraud type x site, chained by 7 days"),
            Field("address", "address", about="the site; absent for an app listing"),
            Field("package", about="the app listing; absent for a site"),
            Field("brand", about="id or name of the brand; absent for a site that imitates none"),
            Field("fraud_type", "choice", choice="fraud_type"),
            Field("action", "choice", choice="action"),
            Field("channel", "word"),
            Field("cause", "choice", choice="cause"),
            _PROGRAMME,
            _TEST,
        ),
    ),
    Kind(
        "verdict",
        "研判结论",
        "verdict",
        (
            _EVENT_ID,
            _OCCURRED,
            Field("address", "address", about="a URL or host; a host's verdict holds for every URL on it"),
            Field("package"),
            Field("answer", "choice", required=True, choice="answer"),
            Field("brand", about="id or name of the brand that it imitates; absent: the one it resembles most"),
            Field("fraud_type", "choice", choice="fraud_type"),
            Field("by", required=True),
            Field("why"),
            _TEST,
        ),
    ),
    Kind(
        "opinion_item",
        "舆情",
        "public-opinion item",
        (
            _EVENT_ID,
            Field("occurred_at", "instant", about="when it was collected; absent: when the file was fetched"),
            Field("published_at", "instant", about="when its author published it"),
            Field("detected_at", "instant", about="when it was noticed as relevant; absent: never"),
            Field("source_class", "choice", required=True, choice="source_class"),
            Field("platform", "word"),
            Field("item", about="the platform's id of the post or video; of a comment, that of what it is on"),
            Field("address", "address", about="where it stands"),
            Field("cluster", about="the group of texts that are nearly the same"),
            Field("relevance", "choice", choice="relevance"),
            _PROGRAMME,
            _TEST,
        ),
    ),
    Kind(
        "kit",
        "诈骗源码",
        "source-code kit",
        (
            _EVENT_ID,
            Field("occurred_at", "instant", about="when it was extracted; absent: when the file was fetched"),
            Field("kit", about="the kit's own id"),
            Field("family", about="the group of kits of like structure (a cluster of hashes)"),
            Field("kit_sha256", about="SHA-256 of the kit as kept in evidence, hexadecimal"),
            Field("analyst_confirmed", "flag"),
            Field("address", "address", about="where it was found"),
            Field("brand", about="id or name of the brand that it imitates"),
            Field("fraud_type", "choice", choice="fraud_type"),
            _PROGRAMME,
            _TEST,
        ),
    ),
    Kind(
        "channel_or_actor",
        "黑灰产渠道与人员",
        "grey-market channel or actor",
        (
            _EVENT_ID,
            _OCCURRED,
            Field("type", "choice", required=True, choice="channel_or_actor"),
            Field("channel", about="the group, shop or forum that was observed"),
            Field("platform", "word"),
            Field("relevant", "flag", about="whether a message about fraud was seen in it"),
            Field("subject", "subject", about="the person behind the handles; stored as an HMAC pseudonym only"),
            Field("role", "choice", choice="actor_role"),
            Field("risk", "choice", choice="risk"),
            Field("outcome", "choice", choice="actor_outcome"),
            _FRAUD_CLASS,
            _PROGRAMME,
            _TEST,
        ),
    ),
    Kind(
        "soc_alert",
        "安全运营告警",
        "security alert",
        (
            _EVENT_ID,
            _OCCURRED,
            Field("state", "choice", required=True, choice="state"),
            Field("alert", about="the alert's own id, the same in all its states; absent: the event's"),
            Field("incident", about="the incident that it was made part of"),
            Field("rule", about="what raised it"),
            Field("entity", about="the machine, account or order it is about"),
            Field("domain", "choice", choice="domain"),
            Field("severity", "choice", choice="severity"),
            Field("disposition", "choice", choice="disposition", about="what it was found to be when it was closed"),
            Field("subject", "subject", about="the person it is about; stored as an HMAC pseudonym only"),
            _PROGRAMME,
            _TEST,
        ),
    ),
    Kind(
        "case_event",
        "案件事件",
        "case event",
        (
            _EVENT_ID,
            Field("occurred_at", "instant", about="the date on the document; absent: when the file was fetched"),
            Field("type", "choice", required=True, choice="case_event"),
            Field("case_number", about="the police's number of the case"),
            Field("referral", about="the number of the lead handed over; one may become several cases"),
            Field("closure", "choice", choice="closure"),
            Field("proof", about="number of the document that shows it"),
            Field("role", "choice", choice="case_role", about="of the person"),
            Field("account", about="the account that is overdue"),
            Field("amount", "money", about="overdue on it at the case's date, CNY"),
            Field("attribution", "choice", choice="attribution", about="whose result it is"),
            _FRAUD_CLASS,
            _SUBJECT,
            _PROGRAMME,
            _TEST,
        ),
    ),
    Kind(
        "service_event",
        "服务与宣教",
        "service or education",
        (
            _EVENT_ID,
            _OCCURRED,
            Field("type", "choice", required=True, choice="service_event"),
            Field("service", "word", about="the service or centre"),
            Field("session", about="the visit's own id; absent: the event's"),
            Field("content", about="what was looked at, or the class that was held"),
            Field("seconds", "integer", about="how long it was on screen"),
            Field("visitor", "choice", choice="visitor", about="absent: a user"),
            Field("attendee", "choice", choice="attendee"),
            Field("confirmed_by", "choice", choice="confirmed_by", about="what shows that somebody took part"),
            _SUBJECT,
            _PROGRAMME,
            _TEST,
        ),
    ),
    Kind(
        "correction",
        "更正",
        "correction",
        (
            _EVENT_ID,
            Field("occurred_at", "instant", about="when it was corrected; absent: when the file was fetched"),
            Field("source", required=True, about="name of the source that brings the event"),
            Field("corrected", required=True, about="id of the event that is void from now on, whenever it comes"),
            Field("replacement", about="id of the event that stands in its place; absent: none does"),
            Field("by"),
            Field("why", required=True),
            _TEST,
        ),
    ),
    Kind(
        "reported_figure",
        "已披露数据",
        "reported figure",
        (
            _EVENT_ID,
            Field("kpi", required=True),
            Field("year", "integer", required=True),
            Field("value", "decimal", required=True, about="as published, in the KPI's unit; money in CNY"),
            Field("document"),
            Field("page"),
        ),
    ),
)

KINDS: Final = MappingProxyType({kind.name: kind for kind in (ADDRESS, APP, *EVENTS)})
