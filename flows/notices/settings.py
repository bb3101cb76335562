"""The operator's rules, with what they name outside of their file: secrets, and networks that may be reached."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from db.errors import UsageError
from db.files import read_bounded
from db.takedown_rules import Rules, Sender, Smtp, Webhook, load_rules
from spiders.guard import declarable

_SECRET_BYTES: Final = 4_096


def load_settings(path: Path | None) -> Rules:
    """The rules of a file, or the bundled ones.

    Raises:
        UsageError: the first fault, in one line.
    """
    rules = load_rules(path)
    if rules.webhook:
        try:
            declarable(rules.webhook.networks)
        except ValueError as error:
            raise UsageError(f"{path}: webhook.networks: {error}") from None
    return rules


def sender_of(rules: Rules) -> Sender:
    """Who reports.

    Raises:
        UsageError: the rules do not say.
    """
    if rules.sender is None:
        raise UsageError("the takedown rules have no [sender]: who reports; name a file with one by --rules")
    return rules.sender


def smtp_of(rules: Rules, environ: Mapping[str, str] = os.environ) -> tuple[Smtp, str]:
    """The mail server and the password of its user, which is empty where it has none.

    Raises:
        UsageError: there is no server, or the password is not where the rules say.
    """
    if rules.smtp is None:
        raise UsageError("the takedown rules have no [smtp]: the mail server; name a file with one by --rules")
    if rules.smtp.password_file:
        return rules.smtp, _from_file(rules.smtp.password_file)
    return rules.smtp, _from_environment(rules.smtp.password_env, "smtp.password_env", environ)


def webhook_of(rules: Rules, environ: Mapping[str, str] = os.environ) -> tuple[Webhook, str]:
    """The webhook and its secret, which is empty where it has none.

    Raises:
        UsageError: there is no webhook any more, or its secret is not where the rules say.
    """
    if rules.webhook is None:
        raise UsageError("the takedown rules have no [webhook], and a notice waits for it; name a file by --rules")
    return rules.webhook, _from_environment(rules.webhook.secret_env, "webhook.secret_env", environ)


def _from_environment(name: str, key: str, environ: Mapping[str, str]) -> str:
    if not name:
        return ""
    if not environ.get(name):
        raise UsageError(f"takedown rules: {key}: {name} is not in the environment, or empty")
    return environ[name]


def _from_file(name: str) -> str:
    try:
        return read_bounded(Path(name), _SECRET_BYTES).decode().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"takedown rules: smtp.password_file: {name} cannot be read: {error}") from error
