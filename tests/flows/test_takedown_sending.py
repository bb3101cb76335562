"""Sending takedown notices: each leaves once and not without a word; on loopback."""

import json
import signal
import socket
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import xarf
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from db.errors import Busy, UsageError
from db.store import Store, hold, now_ms
from db.verify import verify_store
from db.whereabouts import Party
from flows.notices.answering import answer, approve, close
from flows.notices.drafting import draft
from flows.notices.sending import Sent, send
from flows.notices.waiting import queue
from flows.tracing import trace_records
from tests.flows.calls import Call
from tests.flows.takedowns import (
    ALL,
    HOSTING,
    REGISTRAR,
    SITE,
    Inbox,
    dismiss,
    hooked,
    mail_of,
    notices,
    one,
    place,
    rules,
    sending,
    states,
)
from tests.spiders.loopback import reply
from tests.spiders.registries import Registrars
from tests.spiders.test_crawl_guard import self_signed


def test_what_was_dismissed_since_the_last_follow_up_is_not_sent(
    attacked: Store, inbox: tuple[Inbox, dict[str, Any]]
) -> None:
    handler, smtp = inbox
    draft(attacked, sending(smtp))
    dismiss(attacked)
    assert send(attacked, sending(smtp)) == Sent(withdrawn=[1, 2])
    assert handler.mails == []


def test_what_is_approved_leaves_once_and_is_an_action(attacked: Store, inbox: tuple[Inbox, dict[str, Any]]) -> None:
    handler, smtp = inbox
    draft(attacked, rules())
    first = notices(attacked)[0].notice_id
    approve(attacked, [first], "li", "checked")
    assert send(attacked, sending(smtp)) == Sent(sent=[first])
    assert send(attacked, sending(smtp)) == Sent()
    ((sender, recipients, content),) = handler.mails
    assert (sender, recipients) == ("reports@qifu.com", ["abuse@registrar.example"])
    row = one(attacked, f"SELECT * FROM v_takedowns WHERE notice = {first}")
    assert (row["state"], row["approved_by"], row["registrar"], row["country"]) == (
        "sent",
        "li",
        "Synthetic Registrar",
        "NL",
    )
    assert (attacked.landing.root / str(row["file"])).exists()
    assert mail_of(content)[0]["Date"]
    action = one(attacked, "SELECT first_action_at IS NOT NULL AS acted FROM attack")
    assert action == {"acted": 1}
    year = int(str(row["sent"])[:4])
    (traced,) = trace_records(attacked.database, attacked.landing, "K10", year, None, 0)
    assert traced["source"] == "fanzha-notices"
    digest = str(traced["file"]).rpartition("/")[2].removesuffix(".z")
    assert attacked.landing.read(digest, is_encrypted=False) == content
    assert verify_store(attacked)[1] == []


FARES = {
    "recipient refused": ("550 no such user", "250 OK", "bounced", 0),
    "recipient later": ("450 try again", "250 OK", "approved", 0),
    "message refused": ("", "554 spam", "bounced", 1),
    "message later": ("", "451 later", "approved", 1),
}


@pytest.mark.parametrize("case", FARES)
def test_what_a_mail_server_says_is_recorded(attacked: Store, inbox: tuple[Inbox, dict[str, Any]], case: str) -> None:
    at_rcpt, at_data, state, came = FARES[case]
    handler, smtp = inbox
    handler.says = at_data
    if at_rcpt:
        handler.refuses["abuse@registrar.example"] = at_rcpt
    only = sending(smtp, ignore=[{"mailbox": "*@hosting.example"}])
    draft(attacked, only)
    done = send(attacked, only)
    assert (states(attacked), len(handler.mails)) == ({"abuse@registrar.example": state}, came)
    assert (at_rcpt or at_data)[:3] in done.faults[1]
    assert one(attacked, "SELECT count(*) AS n FROM attack_event WHERE event_id NOT LIKE 'conf%'") == {"n": 0}


def test_a_server_that_is_not_there_keeps_nothing_from_leaving_later(
    attacked: Store, inbox: tuple[Inbox, dict[str, Any]]
) -> None:
    handler, smtp = inbox
    draft(attacked, ALL)
    nobody = {"host": "127.0.0.1", "port": 9, "starttls": False}
    assert set(send(attacked, sending(nobody)).faults) == {1, 2}
    assert set(states(attacked).values()) == {"approved"}
    assert send(attacked, sending(smtp)).sent == [1, 2]
    assert len(handler.mails) == 2


def test_a_closed_attack_s_notices_are_withdrawn(attacked: Store, inbox: tuple[Inbox, dict[str, Any]]) -> None:
    handler, smtp = inbox
    draft(attacked, ALL)
    assert close(attacked, SITE, "third_party", "li", "the registrar called") == 1
    assert one(attacked, "SELECT cause FROM attack") == {"cause": "third_party"}
    assert send(attacked, sending(smtp)) == Sent(withdrawn=[1, 2])
    assert handler.mails == []
    assert verify_store(attacked)[1] == []


KILLED = """
import os, sys
from pathlib import Path
from db.store import open_store
from db.takedown_rules import Rules
from flows.notices.sending import send
with open_store(Path(sys.argv[1]), None) as store:
    print(os.getpid(), flush=True)
    send(store, Rules.model_validate_json(sys.argv[2]))
"""


@pytest.mark.parametrize(("place_of_death", "came"), [("before", 0), ("after", 1)])
def test_killed_while_sending_nothing_is_sent_twice(
    attacked: Store, inbox: tuple[Inbox, dict[str, Any]], place_of_death: str, came: int
) -> None:
    handler, smtp = inbox
    only = sending(smtp, ignore=[{"mailbox": "*@hosting.example"}])
    draft(attacked, only)
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", KILLED, str(attacked.path), only.model_dump_json()]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        number = int(child.stdout.readline())

        def kill() -> None:
            child.send_signal(signal.SIGKILL)
            child.wait()

        assert number == child.pid
        handler_data, handler_rcpt = handler.handle_DATA, handler.handle_RCPT

        async def dying_rcpt(*what: Any) -> str:  # noqa: ANN401 - as aiosmtpd calls it
            kill()
            return await handler_rcpt(*what)

        async def dying_data(*what: Any) -> str:  # noqa: ANN401 - likewise
            said = await handler_data(*what)
            kill()
            return said

        setattr(handler, *(("handle_RCPT", dying_rcpt) if place_of_death == "before" else ("handle_DATA", dying_data)))
        assert child.wait(30) == -signal.SIGKILL
    handler.handle_DATA, handler.handle_RCPT = handler_data, handler_rcpt  # type: ignore[method-assign]
    assert states(attacked) == {"abuse@registrar.example": "in_doubt"}
    assert send(attacked, only) == Sent()
    assert len(handler.mails) == came
    assert [row["what"] for row in queue(attacked.database, only, now_ms())] == ["in doubt"]
    assert verify_store(attacked)[1] == []
    answer(attacked, 1, "sent" if came else "unsent", "li", "asked the mail server")
    assert send(attacked, only).sent == ([] if came else [1])
    assert len(handler.mails) == 1
    assert states(attacked) == {"abuse@registrar.example": "sent"}
    assert one(attacked, "SELECT count(*) AS n FROM attack_event WHERE event_id NOT LIKE 'conf%'") == {"n": 1}


def test_a_webhook_is_told_with_its_secret(attacked: Store, made: Registrars) -> None:
    draft(attacked, hooked(made))
    with pytest.raises(UsageError, match=r"webhook.secret_env: HOOK_SECRET is not in the environment"):
        send(attacked, hooked(made), environ={})
    secret = {"HOOK_SECRET": "s3cret"}
    assert "refused: 127.0.0.1 is loopback" in send(attacked, hooked(made), environ=secret).faults[1]
    made.rdap.answers["POST /hook"] = reply(b"", 201)
    assert send(attacked, hooked(made), environ=secret, loopback=True).sent == [1]
    headers = made.rdap.asked[-1][1]
    assert (headers["Authorization"], headers["Idempotency-Key"]) == ("Bearer s3cret", notices(attacked)[0].notice_key)
    told = json.loads(made.rdap.posted[0])
    assert (told["target"], told["channel"], xarf.parse(told["xarf"]).errors) == (SITE, "registrar", [])
    assert all(
        "s3cret" not in str(row) for table in attacked.database.table_names() for row in attacked.database[table].rows
    )


def test_a_webhook_that_fails_half_way_is_in_doubt(attacked: Store, made: Registrars) -> None:
    made.rdap.answers["POST /hook"] = reply(b"", 500)
    draft(attacked, hooked(made))
    done = send(attacked, hooked(made), environ={"HOOK_SECRET": "x"}, loopback=True)
    assert done.faults == {1: "in doubt: find out whether it arrived, then fanzha takedown note: HTTP 500"}
    assert send(attacked, hooked(made), environ={"HOOK_SECRET": "x"}, loopback=True) == Sent()
    assert len(made.rdap.posted) == 1


def test_a_form_is_filled_in_by_a_person(attacked: Store) -> None:
    forms = rules(replace=[{"host": "*", "form": "https://h.example/report"}], approve=[{}])
    draft(attacked, forms)
    assert send(attacked, forms) == Sent(by_hand=[1])
    assert [row["what"] for row in queue(attacked.database, forms, now_ms())] == ["fill in"]
    answer(attacked, 1, "sent", "li", "filled in")
    assert states(attacked) == {"https://h.example/report": "sent"}
    assert verify_store(attacked)[1] == []


PASSWORD = "hunter2"


@pytest.mark.parametrize("is_trusted", [True, False])
def test_a_password_goes_only_to_a_server_that_somebody_vouches_for(
    attacked: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_trusted: bool
) -> None:
    certificate, given = self_signed(tmp_path), []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def authenticate(*what: Any) -> AuthResult:  # noqa: ANN401 - as aiosmtpd calls it
        given.append(what[-1].password)
        return AuthResult(success=True)

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    handler = Inbox()
    controller = Controller(
        handler, hostname="127.0.0.1", port=port, tls_context=context, authenticator=authenticate, auth_required=True
    )
    controller.start()
    if is_trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    server = {"host": "localhost", "port": port, "user": "u", "password_env": "P"}
    only = sending(server, ignore=[{"mailbox": "*@hosting.example"}])
    draft(attacked, only)
    try:
        done = send(attacked, only, environ={"P": PASSWORD})
    finally:
        controller.stop()
    if is_trusted:
        assert (done, given, len(handler.mails)) == (Sent(sent=[1]), [PASSWORD.encode()], 1)
        return
    assert "certificate verify failed" in done.faults[1]
    assert (given, states(attacked)) == ([], {"abuse@registrar.example": "approved"})


# ---- time passes


def test_a_damaged_draft_and_one_that_was_withdrawn_meanwhile_hold_up_no_other(
    attacked: Store, inbox: tuple[Inbox, dict[str, Any]]
) -> None:
    handler, smtp = inbox
    place(attacked, SITE, REGISTRAR, Party("hosting", "H", "NL", ("late@hosting.example",)), at=now_ms() + 1)
    draft(attacked, sending(smtp))
    place(attacked, SITE, REGISTRAR, HOSTING, at=now_ms() + 2)
    draft(attacked, sending(smtp))
    first, second, third = notices(attacked)
    approve(attacked, [third.notice_id], "li", "both are theirs")
    path = attacked.database.execute("SELECT digest FROM document WHERE document_id = ?", [first.document_id])
    attacked.landing.path(path.fetchone()[0], is_encrypted=False).write_bytes(b"damaged")
    handler.meanwhile = lambda: answer(attacked, third.notice_id, "withdrawn", "li", "why")
    done = send(attacked, sending(smtp))
    assert (done.sent, set(done.faults)) == ([second.notice_id], {first.notice_id, third.notice_id})
    assert [recipients for _, recipients, _ in handler.mails] == [["late@hosting.example"]]
    assert verify_store(attacked)[1][0].startswith("landing file")


def test_what_is_on_its_way_cannot_be_settled(attacked: Store) -> None:
    draft(attacked, ALL)
    with hold(attacked.path, "notices"):
        for word in ("sent", "unsent", "bounced"):
            with pytest.raises(Busy):
                answer(attacked, 1, word, "li", "why")
        answer(attacked, 1, "noted", "li", "why")


# ---- the file of rules


def test_mail_without_a_server_is_not_claimed(call: Call, attacked: Store) -> None:
    draft(attacked, ALL)
    assert call("takedown", "send")[2].startswith("fanzha: the takedown rules have no [sender]")
    assert set(states(attacked).values()) == {"approved"}
