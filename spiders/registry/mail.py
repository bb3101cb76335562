"""Mail by the operator's own server, which is trusted and so not guarded: told of each message whether it took it."""

import smtplib
import ssl
from contextlib import suppress
from typing import Final

from db.takedown_rules import Smtp
from spiders.registry.asking import Delivered

_SECONDS: Final = 30.0
"""For each answer of the server."""


def send_mail(smtp: Smtp, password: str, sender: str, recipient: str, message: bytes) -> Delivered:
    """Hand one message to a mail server.

    Until the message itself goes over, whatever breaks off is `unsent`; from then on it is `doubtful`.

    Args:
        smtp: the server.
        password: of its user, if it has one.
        sender: envelope sender, where bounces go.
        recipient: envelope recipient.
        message: with CRLF and in ASCII.
    """
    try:
        server = smtplib.SMTP(smtp.host, smtp.port, timeout=_SECONDS)
    except (OSError, smtplib.SMTPException) as error:
        return Delivered("unsent", f"mail server {smtp.host}:{smtp.port}: {_said(error)}")
    try:
        return _prepare(server, smtp, password, sender, recipient) or _hand_over(server, message)
    finally:
        with suppress(OSError, smtplib.SMTPException):
            server.quit()
        server.close()


def _prepare(server: smtplib.SMTP, smtp: Smtp, password: str, sender: str, recipient: str) -> Delivered | None:
    """All before the message; why it ends here, or None."""
    try:
        if smtp.starttls:
            server.starttls(context=ssl.create_default_context())
        server.ehlo_or_helo_if_needed()
        if smtp.user:
            server.login(smtp.user, password)
        code, said = server.mail(sender)
        if code != 250:
            return Delivered("unsent", _answer(code, said))
        code, said = server.rcpt(recipient)
    except (OSError, smtplib.SMTPException) as error:
        return Delivered("unsent", f"mail server {smtp.host}:{smtp.port}: {_said(error)}")
    if code in {250, 251}:
        return None
    return Delivered("refused" if code >= 500 else "unsent", _answer(code, said))


def _hand_over(server: smtplib.SMTP, message: bytes) -> Delivered:
    try:
        code, said = server.data(message)
    except smtplib.SMTPDataError as error:  # it did not want the message to begin with
        code, said = error.smtp_code, error.smtp_error if isinstance(error.smtp_error, bytes) else b""
    except (OSError, smtplib.SMTPException) as error:
        return Delivered("doubtful", f"the connection broke off while the message went over: {_said(error)}")
    if code == 250:
        return Delivered("taken", _answer(code, said))
    return Delivered("refused" if code >= 500 else "unsent", _answer(code, said))


def _answer(code: int, said: bytes) -> str:
    return f"SMTP {code} {_line(said.decode('utf-8', 'replace'))}".strip()


def _said(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error.decode("utf-8", "replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
        return f"SMTP {error.smtp_code} {_line(str(text))}"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return _line(str(error)) or type(error).__name__


def _line(text: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:200]
