"""Asking registries, on loopback: whom they name, what of hostile answers is taken, and what holds up nothing."""

import asyncio
import json
import threading
from collections.abc import Iterator
from typing import Any, cast

import pytest
from scrapy.core.engine import ExecutionEngine

from db.whereabouts import Party, Whereabouts
from spiders.guard import Guard
from spiders.registry.answers import Unreadable, read_answer
from spiders.registry.asking import Asked, Post, deliver, look_up
from spiders.registry.desk import Desk, RegistryNames, Unanswered
from spiders.registry.limits import SILENCES
from spiders.registry.whois import read_whois
from tests.spiders.loopback import Asked as Asking
from tests.spiders.loopback import redirect, reply
from tests.spiders.registries import ADDRESS, ASN, Registrars, domain_answer, entity, network_answer, registering

BAD = Asked("login.bad.shop", "bad.shop")


@pytest.fixture
def made() -> Iterator[Registrars]:
    with registering() as registrars:
        registrars.stand(BAD.host, BAD.domain)
        yield registrars


def look(made: Registrars, asked: Asked = BAD, *, loopback: bool = True) -> Whereabouts:
    (found,) = look_up([asked], made.registries, loopback=loopback)
    return found


def test_registrar_host_and_carrier_are_found(made: Registrars) -> None:
    found = look(made)
    assert (found.addresses, found.asn, found.statuses, found.faults) == ((ADDRESS,), ASN, ("active",), ())
    assert found.parties == (
        Party("registrar", "Synthetic Registrar Ltd", "", ("abuse@registrar.example",)),
        Party("hosting", "Synthetic Hosting BV", "NL", ("abuse@hosting.example",)),
        Party("network", "Synthetic Carrier", "DE", ("abuse@carrier.example",)),
    )


@pytest.mark.parametrize(
    ("status", "hold"), [("client hold", "client_hold"), ("Server Hold", "server_hold"), ("ok", "")]
)
def test_a_hold_is_known(status: str, hold: str) -> None:
    body = json.dumps(domain_answer("bad.shop", status=["client transfer prohibited", status])).encode()
    assert Whereabouts("bad.shop", 0, statuses=read_answer("domain", "bad.shop", body).statuses).hold == hold


def test_a_thin_registry_s_registrar_is_asked_too(made: Registrars) -> None:
    more = {"rel": "related", "href": made.rdap.url("/registrar/bad.shop"), "type": "application/rdap+json"}
    made.answer("/domain/bad.shop", domain_answer("bad.shop", "", links=[more]))
    made.answer("/registrar/bad.shop", domain_answer("bad.shop", "takedown@registrar.example"))
    assert look(made).parties[0].mailboxes == ("takedown@registrar.example",)


@pytest.mark.parametrize("link", ["https://[bad/", "http://[::1", "https://bad.example:99999/", "\ud800", "//"])
def test_a_faulty_link_ends_the_look_at_nothing_else(made: Registrars, link: str) -> None:
    links = [{"rel": "related", "type": "application/rdap+json", "href": link}]
    made.answer("/domain/bad.shop", domain_answer("bad.shop", "", links=links))
    found = look(made)
    assert [(party.channel, bool(party.mailboxes)) for party in found.parties] == [
        ("registrar", False),
        ("hosting", True),
        ("network", True),
    ]
    assert not any("unexpected" in fault for fault in found.faults)


def test_a_registrant_is_never_written_to_whatever_roles_it_has() -> None:
    desk = entity("abuse", ("fn", "Desk"), ("email", "victim@bank.example"))
    registrant = entity("registrant", ("fn", "Li"), ("email", "li@bad.example"), inside=[desk])
    registrant["roles"] = ["abuse", "registrant"]
    answer = domain_answer("bad.shop")
    answer["entities"].insert(0, registrant)
    told = read_answer("domain", "bad.shop", json.dumps(answer).encode())
    assert told.party.mailboxes == ("abuse@registrar.example",)


def test_whois_is_asked_where_there_is_no_rdap(made: Registrars) -> None:
    made.world.addresses["login.bad.cn"] = (ADDRESS,)
    made.whois["cn"] = f"% IANA\nwhois:        {made.whois_server}\n".encode()
    made.whois["bad.cn"] = (
        "Domain Name: bad.cn\nDomain Status: clientHold\nRegistrant Contact Email: person@mail.example\n"
        "Sponsoring Registrar: 合成注册商\nRegistrar Abuse Contact Email: abuse@reg.example\n"
    ).encode()
    found = look(made, Asked("login.bad.cn", "bad.cn"))
    assert found.parties[0] == Party("registrar", "合成注册商", "", ("abuse@reg.example",), "WHOIS")
    assert found.hold == "client_hold"


def test_the_system_is_asked_of_dns_where_the_network_does_not_tell(made: Registrars) -> None:
    made.answer(f"/ip/{ADDRESS}", network_answer())
    made.world.texts["4.3.2.1.origin.example"] = (f"{ASN} | 1.2.3.0/24 | NL | ripencc | 2020-01-01",)
    assert look(made).asn == ASN


def test_security_txt_is_the_last_resort_and_never_the_criminal_s(made: Registrars) -> None:
    for host, domain in (("www.hosting.example", "hosting"), ("login.bad.shop", "bad")):
        made.world.addresses[host] = ("127.0.0.1",) if domain == "hosting" else (ADDRESS,)
    site = made.rdap.url("", "www.hosting.example")
    text = b"Contact: https://hosting.example/report\nContact: mailto:security@hosting.example\nExpires: 2030-01-01\n"
    made.rdap.answers["/.well-known/security.txt"] = reply(text)
    owner = entity("registrant", ("fn", "Synthetic Hosting BV"), ("url", "https://bad.shop/"), ("url", site))
    made.answer(f"/ip/{ADDRESS}", {**network_answer(""), "entities": [owner]})
    party = look(made).party("hosting")
    assert party == Party("hosting", "Synthetic Hosting BV", "NL", ("security@hosting.example",), "security.txt")
    assert "bad.shop" not in made.world.looked_up


HOSTILE: dict[str, tuple[bytes, str]] = {
    "no JSON": (b"<html>", "no JSON: JSONDecodeError"),
    "deep": (b"[" * 200_000, "no JSON: RecursionError"),
    "deep objects": (b'{"a":' * 100_000, "no JSON: RecursionError"),
    "a list": (b"[]", "no JSON object"),
    "another class": (b'{"objectClassName": "help"}', "an answer to another question"),
    "huge": (b" " * 600_000, "larger than is taken"),
}


def test_hostile_answers_are_told_and_the_rest_is_found(made: Registrars) -> None:
    asked = {f"h{number}.shop": case for number, case in enumerate(HOSTILE)}
    for name, case in asked.items():
        made.stand(name, name)
        made.rdap.answers[f"/domain/{name}"] = reply(HOSTILE[case][0])
    found = {one.target: one for one in look_up([Asked(name, name) for name in asked], made.registries, loopback=True)}
    told = {case: list(found[name].faults) for name, case in asked.items()}
    assert told == {case: [f"registrar: RDAP: {why}"] for case, (_, why) in HOSTILE.items()}
    assert {tuple(party.channel for party in one.parties) for one in found.values()} == {("hosting", "network")}


def contacts(*mailboxes: object) -> dict[str, Any]:
    desks = [entity("abuse", ("fn", "x"), ("email", mailbox)) for mailbox in mailboxes]
    return {"objectClassName": "domain", "entities": desks}


@pytest.mark.parametrize(
    "mailbox",
    [
        "a@b.example\nBcc: victim@c.example",
        "a@b.example\r\n\r\nbody",
        "a@b.example, victim@c.example",
        "<a@b.example>",
        '"a b"@b.example',
        "a@b",
        "a@b.example\u2028c@d.example",
        f"{'a' * 70}@b.example",
        "https://b.example/report",
    ],
)
def test_what_is_no_mail_address_is_not_written_to(mailbox: str) -> None:
    told = read_answer("domain", "bad.shop", json.dumps(contacts(mailbox, "good@b.example")).encode())
    assert told.party.mailboxes == ("good@b.example",)
    assert told.faults == ("1 of 2 contacts is no mail address",)


def test_of_a_thousand_contacts_five_are_taken_and_that_is_told() -> None:
    body = json.dumps(contacts(*(f"a{number}@b.example" for number in range(1_000)))).encode()
    told = read_answer("domain", "bad.shop", body)
    assert told.party.mailboxes == tuple(f"a{number}@b.example" for number in range(5))
    assert told.faults == ("60 contacts, the first 5 are taken", "1,000 entities, the first 60 are read")


WRONG: tuple[object, ...] = (None, 1, True, "x", [], {}, [[]], [None], {"a": 1}, [{"roles": 7, "entities": "x"}])


@pytest.mark.parametrize(
    "key", ["handle", "status", "links", "entities", "country", "name", "arin_originas0_originautnums"]
)
@pytest.mark.parametrize("wrong", WRONG, ids=repr)
def test_a_wrong_type_breaks_nothing(key: str, wrong: object) -> None:
    told = read_answer("ip", ADDRESS, json.dumps({**network_answer(), key: wrong}).encode())
    assert told.party.channel == "hosting"


WRONG_LINES: tuple[object, ...] = (7, [], [1, 2, 3, 4], [[], {}, "text", "x"], ["fn", {}, "text", 7])


@pytest.mark.parametrize("wrong", [None, 7, "vcard", ["vcard"], ["vcard", 7], ["vcard", WRONG_LINES]], ids=repr)
def test_a_wrong_card_breaks_nothing(wrong: object) -> None:
    owner = {**entity("registrant"), "vcardArray": wrong}
    told = read_answer("ip", ADDRESS, json.dumps({**network_answer(), "entities": [owner]}).encode())
    assert told.party == Party("hosting", "SYNTH-NET", "NL")


def test_entities_within_entities_have_an_end() -> None:
    inner = entity("abuse", ("email", "deep@b.example"))
    for _ in range(200):
        inner = entity("technical", ("fn", "x"), inside=[inner])
    assert read_answer("domain", "bad.shop", json.dumps({"entities": [inner]}).encode()).party.mailboxes == ()


def test_an_answer_of_another_class_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="another question"):
        read_answer("asn", "1", json.dumps(domain_answer("bad.shop")).encode())


def test_whois_lines_without_words_break_nothing() -> None:
    assert read_whois("Domain Status: \x00\nStatus:\n: x\n" + "a" * 10_000).statuses == ("",)


INSIDE = {
    "http://169.254.169.254/latest": "refused: 169.254.169.254 is link-local",
    "http://10.0.0.1/": "refused: 10.0.0.1 is private",
    "file:///etc/passwd": "refused: a redirect to file:, only http and https are asked",
    "http://[::ffff:10.0.0.1]/": "refused: ::ffff:10.0.0.1 is private",
    "/domain/i4.shop": "more than 3 redirects",
}


def test_no_redirect_leads_inside(made: Registrars) -> None:
    asked = {f"i{number}.shop": target for number, target in enumerate(INSIDE)}
    for name, target in asked.items():
        made.stand(name, name)
        made.rdap.answers[f"/domain/{name}"] = redirect(target)
    found = look_up([Asked(name, name) for name in asked], made.registries, loopback=True)
    told = {asked[one.target]: list(one.faults) for one in found}
    assert told == {target: [f"registrar: RDAP: {why}"] for target, why in INSIDE.items()}


def test_nothing_on_this_machine_is_asked_for_real(made: Registrars) -> None:
    found = look(made, loopback=False)
    assert made.rdap.asked == []
    assert all(party.mailboxes == () for party in found.parties)


def test_one_silent_server_does_not_hold_up_others(made: Registrars) -> None:
    asked = [BAD]
    for number in range(20):
        name = f"b{number}.shop"
        asked.append(Asked(name, name))
        made.stand(name, name)
    over = threading.Event()
    made.rdap.answers["/domain/bad.shop"] = lambda _: [over.wait(60)].clear()
    seen = []
    for found in look_up(asked, made.registries, loopback=True):
        seen.append(found.target)
        if len(seen) == 20:
            over.set()
    assert seen[-1] == BAD.host


def test_a_server_that_was_silent_often_is_asked_no_more() -> None:
    desk = Desk(
        cast("ExecutionEngine", None), Guard({}, loopback=True), RegistryNames([("127.0.0.1", 9)]), loopback=True
    )
    desk._silences["slow.example"] = SILENCES

    async def ask() -> None:
        await desk.get("http://slow.example/domain/x", "*/*")

    with pytest.raises(Unanswered, match=r"not asked: slow\.example was silent 3 times"):
        asyncio.run(ask())


def test_a_site_on_a_private_address_has_nobody_to_tell(made: Registrars) -> None:
    made.world.addresses[BAD.host] = ("10.1.2.3",)
    assert "hosting: 10.1.2.3 is private: nobody to tell" in look(made).faults


FARES = {
    "taken": (reply(b"", 202), "HTTP 202"),
    "refused": (reply(b"", 400), "HTTP 400"),
    "unsent": (reply(b"", 503), "HTTP 503"),
    "doubtful": (reply(b"", 500), "HTTP 500"),
}


@pytest.mark.parametrize("how", FARES)
def test_a_webhook_s_answer_is_told(made: Registrars, how: str) -> None:
    answer, why = FARES[how]
    made.rdap.answers["POST /hook"] = answer
    delivered = deliver(Post(made.rdap.url("/hook"), {"X-A": "1"}, '{"a": "奇"}'), loopback=True)
    assert (delivered.how, delivered.why) == (how, why)
    assert made.rdap.posted == [('{"a": "奇"}'.encode())]


def test_a_webhook_that_hangs_up_is_in_doubt_and_one_that_is_inside_is_refused(made: Registrars) -> None:
    def hang_up(asked: Asking) -> None:
        asked.connection.close()
        asked.close_connection = True

    made.rdap.answers["POST /hook"] = hang_up
    assert deliver(Post(made.rdap.url("/hook"), {}, "{}"), loopback=True).how == "doubtful"
    refused = deliver(Post(made.rdap.url("/hook"), {}, "{}"))
    assert (refused.how, refused.why) == ("unsent", "refused: 127.0.0.1 is loopback")
