"""The file of takedown rules, and the commands from draft to answer."""

import json
from pathlib import Path
from typing import Any

import pytest

from db.errors import UsageError
from db.store import Store
from db.takedown_rules import load_rules
from db.verify import verify_store
from flows.notices.drafting import draft
from flows.notices.settings import smtp_of
from tests.flows.calls import Call
from tests.flows.takedowns import SITE, Inbox, rules, states

GOOD = """
[sender]
organisation = "Qifu"
mailbox = "reports@qifu.com"
"""


FAULTY = {
    "x = 1": "x: Extra inputs are not permitted",
    "[sender]\nmailbox = 'a@b.cn'": "sender.organisation: Field required",
    "[sender]\norganisation = 'Q'\nmailbox = 'a@b.cn, c@d.cn'": "sender.mailbox: 'a@b.cn, c@d.cn' is no mail address",
    "[sender]\norganisation = 'Q'\nmailbox = ''": "sender: mailbox is empty",
    '[sender]\norganisation = "Q\\nBcc: x"\nmailbox = "a@b.cn"': "sender.organisation: String should match pattern",
    "[smtp]\nhost = 'h'\npassword = 'x'": "smtp.password: Extra inputs are not permitted",
    "[smtp]\nhost = 'h'\nport = 0": "smtp.port: Input should be greater than or equal to 1",
    "[smtp]\nhost = 'h'\nuser = 'u'": "smtp: user and one of password_env, password_file belong together",
    "[smtp]\nhost = 'h'\nuser = 'u'\npassword_env = 'P'\nstarttls = false": "smtp: a password is sent with starttls",
    "[smtp]\nhost = 'h'\nuser = 'u'\npassword_env = 'P'\npassword_file = 'f'": "smtp: give either password_env or",
    "[webhook]\nurl = 'ftp://h/'": "webhook.url: 'ftp://h/' is no http or https address",
    "[webhook]\nurl = 'https://h/'\nnetworks = ['8.8.8.0/24']": "webhook.networks: 8.8.8.0/24 is not within a private",
    "[after]\nremind = [48, 24]": "after.remind: each reminder comes later than the one before",
    "[after]\ndeadline = 0": "after.deadline: Input should be greater than or equal to 1",
    "[escalate]\nchannels = ['police']": "escalate.channels.1: Input should be 'registrar', 'hosting' or 'network'",
    "[escalate]\nmailboxes = ['x']": "escalate.mailboxes: 'x' is no mail address",
    "[languages]\ndefault = ['fr']": "languages.default.1: Input should be 'zh' or 'en'",
    "[[ignore]]\nwhy = 'x'": "ignore.1.mailbox: Field required",
    "[[replace]]\nto = 'a@b.cn'": "replace.1: give host, provider or mailbox",
    "[[replace]]\nhost = '*'": "replace.1: give one of to, form, webhook = true",
    "[[replace]]\nhost = '*'\nform = 'x'": "replace.1.form: 'x' is no http or https address",
    "[[replace]]\nhost = '*'\nwebhook = true": "a [[replace]] names the webhook, and there is no [webhook]",
    "[[approve]]\nconfidence = 101": "approve.1.confidence: Input should be less than or equal to 100",
    "[[approve]]\nkinds = ['second']": "approve.1.kinds.1: Input should be 'first', 'reminder' or 'escalation'",
    "[[approve": "cannot be read as takedown rules",
}


@pytest.mark.parametrize("text", FAULTY)
def test_a_faulty_file_of_rules_is_told_in_a_line(call: Call, tmp_path: Path, text: str) -> None:
    (tmp_path / "t.toml").write_text(text, "utf-8")
    code, out, err = call("takedown", "draft", "--rules", "t.toml")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"fanzha: t.toml: {FAULTY[text]}")
    assert not (tmp_path / "fanzha.db").exists()


def test_the_bundled_rules_let_nothing_leave(call: Call) -> None:
    given = load_rules()
    assert (given.sender, given.smtp, given.webhook, given.approve, given.replace) == (None, None, None, (), ())
    assert call("takedown", "draft")[2].startswith("fanzha: the takedown rules have no [sender]")


def test_a_password_comes_from_a_file_or_the_environment(tmp_path: Path) -> None:
    smtp = {"host": "h", "user": "u"}
    (tmp_path / "p").write_text("hunter2\n", "utf-8")
    assert smtp_of(rules(smtp={**smtp, "password_file": str(tmp_path / "p")}))[1] == "hunter2"
    assert smtp_of(rules(smtp={**smtp, "password_env": "P"}), {"P": "hunter3"})[1] == "hunter3"
    for where in ({"password_file": str(tmp_path / "none")}, {"password_env": "P"}):
        with pytest.raises(UsageError, match=r"takedown rules: smtp\.password_"):
            smtp_of(rules(smtp={**smtp, **where}), {})


def test_the_commands_lead_a_notice_from_draft_to_answer(
    call: Call, attacked: Store, tmp_path: Path, inbox: tuple[Inbox, dict[str, Any]]
) -> None:
    handler, smtp = inbox
    server = f'[smtp]\nhost = "127.0.0.1"\nport = {smtp["port"]}\nstarttls = false\n'
    (tmp_path / "t.toml").write_text(GOOD + server, "utf-8")
    given = ("--rules", "t.toml")
    said = ("--by", "li", "--why", "checked")
    assert [row["what"] for row in json.loads(call("takedown", "queue", "--json")[1])] == ["no notice"]
    assert call("takedown", "draft", SITE, *given) == (
        0,
        "1 open attacks: 2 notices drafted, of which rules approved 0\n",
        "",
    )
    shown = call("takedown", "queue", "1")[1]
    assert "hxxp://login[.]bad[.]shop/a?b=c" in shown
    assert call("takedown", "send", *given)[1].startswith("0 notices sent, 0 not;")
    assert call("takedown", "approve", "1", "2", *said)[:2] == (0, "2 notices approved\n")
    handler.refuses["abuse@hosting.example"] = "550 no such user"
    code, out, err = call("takedown", "send", *given)
    assert (code, out.startswith("1 notices sent, 1 not;")) == (1, True)
    assert err == "fanzha: notice 2: refused: SMTP 550 no such user\n"
    rows = json.loads(call("takedown", "queue", "--json")[1])
    assert [(row["what"], row["notice"]) for row in rows] == [("bounced", 2)]
    assert call("takedown", "note", "1", "--answer", "actioned", *said)[:2] == (0, "notice 1: actioned\n")
    assert [entry["type"] for entry in json.loads(call("takedown", "queue", "1", "--json")[1])["log"]] == [
        "drafted",
        "approved",
        "sending",
        "sent",
        "actioned",
    ]
    assert call("takedown", "close", SITE, "--cause", "us", *said)[:2] == (0, f"{SITE}: 1 attacks closed\n")
    assert json.loads(call("takedown", "queue", "--json")[1]) == []
    assert verify_store(attacked)[1] == []


WRONG = {
    "no such notice": (("approve", "9", "--by", "a", "--why", "b"), "notice 9: is not there"),
    "approved twice": (("approve", "1", "1", "--by", "a", "--why", "b"), "notice 1: is approved; only one that is"),
    "nobody": (("approve", "1", "--by", " ", "--why", "b"), "this needs --by and --why, neither of them empty"),
    "not approved": (("send", "1"), "notice 1: is drafted; only one that is approved can be sent"),
    "unknown": (("send", "9"), "notice 9: is not there; only one that is approved can be sent"),
    "not in doubt": (("note", "1", "--answer", "sent", "--by", "a", "--why", "b"), "notice 1: is drafted; only one"),
    "no word": (("note", "1", "--answer", "lost", "--by", "a", "--why", "b"), "Invalid value for '--answer'"),
    "no attack": (("close", "x.example", "--by", "a", "--why", "b"), "x.example: no attack stands open there"),
    "not shown": (("queue", "9"), "notice 9: is not there"),
    "no number": (("approve", "x", "--by", "a", "--why", "b"), "Invalid value for 'NOTICE...'"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_call_is_one_line_and_changes_nothing(call: Call, attacked: Store, case: str) -> None:
    draft(attacked, rules())
    arguments, told = WRONG[case]
    code, out, err = call("takedown", *arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"fanzha: {told}")
    assert set(states(attacked).values()) == {"drafted"}
