"""Closed vocabularies: the words that records are stored with. Open ones (sinks, programmes) are terms."""

from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Final


class Claim(IntEnum):
    """What a source says of what it saw. An analyst's verdict goes before it."""

    BENIGN = -1
    NONE = 0
    MALICIOUS = 1


class Yields(StrEnum):
    """What a source's rows claim unless a row says otherwise."""

    MALICIOUS = "malicious"
    """Each row is said to be fraudulent: a blocklist, a report."""
    CANDIDATES = "candidates"
    """Each row was merely seen: an app store, newly registered names."""
    ALLOWLIST = "allowlist"
    """Each row is said to be harmless."""
    EVENTS = "events"
    """A company's own events (warnings, losses ...)."""

    @property
    def claim(self) -> Claim:
        """The claim of a row that says nothing itself."""
        return {"malicious": Claim.MALICIOUS, "allowlist": Claim.BENIGN}.get(self.value, Claim.NONE)


class Assessment(StrEnum):
    """What `fanzha check` answers."""

    MALICIOUS = "malicious"
    SUSPICIOUS = "suspicious"
    BENIGN = "benign"
    UNKNOWN = "unknown"


class Answer(StrEnum):
    """An analyst's verdict; none yet is no row."""

    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"
    UNSURE = "unsure"


class Outcome(StrEnum):
    """How one attempt at a source ended."""

    STORED = "stored"
    UNCHANGED = "unchanged"
    FAILED = "failed"


class Probed(StrEnum):
    """What one probe of a site found."""

    UP = "up"
    CONTENT_GONE = "content_gone"
    PARKED = "parked"
    SUSPENDED_PAGE = "suspended_page"
    CONNECTION_REFUSED = "connection_refused"
    DNS_FAILURE = "dns_failure"
    CLIENT_HOLD = "client_hold"
    BLOCKED_ONLY = "blocked_only"
    UNKNOWN = "unknown"
    """Nothing that tells: no answer in time, an answer of neither kind, or an address that we do not connect to."""


STANDING: Final = frozenset({Probed.UP, Probed.BLOCKED_ONLY})
"""The site is there: what browsers or networks block still stands for everybody else."""
FAILING: Final = frozenset(Probed) - STANDING - {Probed.UNKNOWN}
"""The site is not there, as seen by one probe."""

CHOICES: Final = MappingProxyType(
    {
        "claim": ("malicious", "benign", "none"),
        "answer": ("confirmed", "dismissed", "unsure"),
        "stage": ("generated", "emitted", "delivered", "connected", "rendered", "engaged", "acted"),
        "actor": ("end_user", "staff"),
        "result": ("malicious", "suspicious", "benign", "unknown", "error"),
        "intervention": (
            "block_applied",
            "block_released",
            "block_appealed",
            "dissuasion_attempted",
            "dissuasion_connected",
            "dissuasion_outcome",
        ),
        "loss": ("assessed", "realised", "recovered"),
        "tier": ("A", "B", "C"),
        "bearer": ("user", "lender", "platform"),
        "attack_event": ("confirmation", "action", "closure", "reactivation"),
        "fraud_type": (
            "loan_impersonation",
            "transaction",
            "fake_investment",
            "pyramid_romance",
            "account_theft",
            "other",
        ),
        "action": ("takedown_notice", "registrar_hold", "blocklist", "police_report", "app_delist", "other"),
        "cause": ("us", "third_party", "self_expired", "blocked_only"),
        "source_class": ("news", "complaint_channel", "short_video", "social", "forum", "other"),
        "relevance": ("confirmed", "rejected", "open"),
        "channel_or_actor": ("channel_observed", "actor_assessed"),
        "actor_role": ("data_seller", "intermediary", "recruiter", "launderer", "kit_seller", "other"),
        "risk": ("high", "medium", "low"),
        "actor_outcome": ("referred", "closed"),
        "state": ("raised", "triaged", "closed"),
        "domain": ("business", "office"),
        "severity": ("info", "low", "medium", "important", "critical"),
        "disposition": ("true_positive", "false_positive", "benign", "duplicate", "other"),
        "case_event": (
            "referred",
            "accepted",
            "filed",
            "closed",
            "person_linked",
            "account_linked",
            "detained",
            "arrest_approved",
            "indicted",
            "convicted",
        ),
        "closure": ("solved", "prosecution", "judgment", "withdrawn", "other"),
        "case_role": ("suspected_borrower", "intermediary", "data_seller", "victim", "witness", "other"),
        "attribution": ("own", "supported", "third_party"),
        "fraud_class": ("victim_scam", "account_takeover", "borrower_fraud", "intermediary", "internal"),
        "service_event": ("session", "content_view", "attendance"),
        "visitor": ("user", "staff", "bot"),
        "attendee": ("student", "teacher", "other"),
        "confirmed_by": ("sign_in", "school"),
    }
)
"""Field type `choice` names one of these; a value outside it is quarantined."""

LABELS_ZH: Final = MappingProxyType(
    {
        "loan_impersonation": "仿冒借贷",
        "transaction": "交易诈骗",
        "fake_investment": "虚假投资",
        "pyramid_romance": "传销杀猪",
        "account_theft": "黑产账号盗取",
        "other": "其他",
        "victim_scam": "受害人诈骗",
        "account_takeover": "账户盗用",
        "borrower_fraud": "借款人欺诈",
        "intermediary": "黑产中介",
        "internal": "内部舞弊",
    }
)

USUAL_TYPES: Final = MappingProxyType(
    {
        "lending": "loan_impersonation",
        "bank": "account_theft",
        "payment": "account_theft",
        "social": "account_theft",
        "mail": "account_theft",
        "technology": "account_theft",
        "telecom": "account_theft",
        "gaming": "account_theft",
        "commerce": "transaction",
        "crypto": "fake_investment",
        "securities": "fake_investment",
        "government": "other",
        "logistics": "other",
        "media": "other",
    }
)
"""A brand's sector -> the fraud type of its lookalikes, where nobody who confirms one says otherwise."""

PATH_HOSTS: Final = (
    "bit.ly",
    "docs.google.com",
    "docs.qq.com",
    "drive.google.com",
    "forms.gle",
    "forms.office.com",
    "ipfs.io",
    "linktr.ee",
    "mp.weixin.qq.com",
    "s3.amazonaws.com",
    "shimo.im",
    "sites.google.com",
    "storage.googleapis.com",
    "t.me",
    "telegra.ph",
    "tinyurl.com",
    "www.wjx.cn",
)
"""Hosts where strangers choose the path: an attack stands on host and path, and ends with the page."""

NOTICE_STATES: Final = MappingProxyType(
    {
        "drafted": "drafted",
        "approved": "approved",
        "sending": "in_doubt",
        "deferred": "approved",
        "sent": "sent",
        "bounced": "bounced",
        "acknowledged": "acknowledged",
        "refused": "refused",
        "actioned": "actioned",
        "withdrawn": "withdrawn",
    }
)
"""What happened to a notice -> the state that it is in then. `sending` is written before a notice is handed over: as
long as nothing follows, nobody knows whether it left. `noted` happens too, and changes no state."""
NOTICE_AFTER: Final = MappingProxyType(
    {
        "drafted": frozenset({"withdrawn"}),
        "approved": frozenset({"drafted"}),
        "withdrawn": frozenset({"drafted", "approved"}),
        "sending": frozenset({"approved"}),
        "deferred": frozenset({"in_doubt"}),
        "sent": frozenset({"in_doubt"}),
        "bounced": frozenset({"in_doubt", "sent", "acknowledged"}),
        "acknowledged": frozenset({"sent", "acknowledged", "refused"}),
        "refused": frozenset({"sent", "acknowledged", "refused"}),
        "actioned": frozenset({"sent", "acknowledged", "refused", "actioned"}),
    }
)
"""What may happen to a notice -> the states in which it may."""
