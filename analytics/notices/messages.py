"""A notice as it is handed over: a mail with a XARF report attached, or JSON for a webhook."""

import json
from email.message import EmailMessage
from email.policy import SMTP
from typing import Final

from analytics.notices.contacts import Recipient
from analytics.notices.texts import Case, Letter, compose_subject, compose_text
from db.takedown_rules import Rules, Sender

_POLICY: Final = SMTP.clone(max_line_length=76)


def message_id(key: str, sender: Sender) -> str:
    """A mail's id; the same notice always has the same."""
    return f"<{key}@{sender.domain}>"


def compose_mail(case: Case, letter: Letter, recipient: Recipient, rules: Rules, report: bytes) -> bytes:
    """A mail without its Date, which it gets when it is sent.

    Raises:
        ValueError: something in it cannot stand in a header.
    """
    sender = _sender(rules)
    languages = rules.languages.of(recipient.channel, recipient.country)
    mail = EmailMessage(_POLICY)
    mail["From"] = sender.mailbox
    mail["To"] = recipient.address
    mail["Reply-To"] = sender.reply_to or sender.mailbox
    mail["Subject"] = compose_subject(case, letter, languages)
    mail["Message-ID"] = message_id(letter.key, sender)
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-XARF"] = "PLAIN"
    mail.set_content(compose_text(case, letter, recipient, sender, languages), cte="base64")
    mail.add_attachment(report, maintype="application", subtype="json", filename="xarf.json")
    mail.set_boundary(f"=={letter.key}==")
    return mail.as_bytes()


def compose_json(case: Case, letter: Letter, recipient: Recipient, rules: Rules, report: bytes) -> bytes:
    """The same for a webhook."""
    sender = _sender(rules)
    languages = rules.languages.of(recipient.channel, recipient.country)
    found = {
        "notice": letter.key,
        "reference": letter.reference,
        "kind": letter.kind,
        "channel": recipient.channel,
        "party": recipient.party,
        "target": case.attack.target,
        "brand": case.attack.brand,
        "subject": compose_subject(case, letter, languages),
        "text": compose_text(case, letter, recipient, sender, languages),
        "xarf": json.loads(report),
    }
    return json.dumps(found, ensure_ascii=False, indent=1).encode()


def _sender(rules: Rules) -> Sender:
    assert rules.sender is not None  # noqa: S101 - for the type checker: nothing is drafted without
    return rules.sender
