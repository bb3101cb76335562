"""Sites made to break who visits them: what each does, and what a probe says of it."""

import gzip
import time
import zlib
from collections.abc import Callable
from typing import Final, NamedTuple

import brotli

from db.vocabulary import Probed
from tests.spiders.loopback import Answer, Asked, redirect, reply

LOGIN: Final = (
    "<title>奇富借条</title><form><input name=phone><input type=password name=pwd></form><p>请登录后继续</p>".encode()
)
LOST: Final = "the connection is lost, or what came is no HTTP"
OWN: Final = "the brand's own site: it may hide from us, or be the brand's"
GIB: Final = 2**30


class Case(NamedTuple):
    """What a site does, its answer, and what is written down.

    Attributes:
        is_cut: whether its page is kept, cut at the limit; None where no page is.
    """

    does: str
    answer: Answer
    outcome: Probed
    reason: str
    is_cut: bool | None = None


_ATTRIBUTES: Final = b" ".join(b"x%d=1" % number for number in range(50_000))


def html(body: bytes, **headers: str) -> Answer:
    return reply(body, 200, Content_Type="text/html; charset=utf-8", **headers)


def raw(*parts: bytes, every: float = 0.0) -> Answer:
    """Bytes as they are, whatever HTTP asks for."""

    def answer(asked: Asked) -> None:
        asked.close_connection = True
        for part in parts:
            asked.wfile.write(part)
            time.sleep(every)

    return answer


def without_end(head: bytes, part: bytes, every: float = 0.0) -> Answer:
    def answer(asked: Asked) -> None:
        asked.wfile.write(head)
        while True:  # until the other side hangs up
            asked.wfile.write(part)
            time.sleep(every)

    return answer


def head(*headers: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", "Content-Type: text/html", *headers]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"


def chain(length: int) -> Answer:
    """Redirects to one place after the other, then a page."""

    def answer(asked: Asked) -> None:
        step = int(asked.path.strip("/") or 0)
        (redirect(f"/{step + 1}") if step < length else html(LOGIN))(asked)

    return answer


def silence(_: Asked) -> None:
    time.sleep(12)


def bomb(pack: Callable[[bytes], bytes], encoding: str) -> Answer:
    return html(pack(LOGIN + b" " * (64 * 2**20)), Content_Encoding=encoding)


def twice(body: bytes) -> bytes:
    return gzip.compress(gzip.compress(body))


UP, UNKNOWN = Probed.UP, Probed.UNKNOWN
OK: Final = "HTTP 200"
CASES: Final[dict[str, Case]] = {
    "chain": Case("50 redirects, each to another address", chain(50), UNKNOWN, "more than 10 redirects"),
    "loop": Case("a redirect to itself", redirect("/"), UNKNOWN, "more than 10 redirects"),
    "ring": Case("a ring of two hosts", redirect("http://ring-b.example:{port}/"), UNKNOWN, "more than 10 redirects"),
    "body": Case(
        "a body of 10 GB", without_end(head(f"Content-Length: {10 * GIB}") + LOGIN, b"x" * 65_536), UP, OK, is_cut=True
    ),
    "chunks": Case(
        "chunks without end",
        without_end(head("Transfer-Encoding: chunked"), b"1000\r\n" + LOGIN.ljust(4096) + b"\r\n"),
        UP,
        OK,
        is_cut=True,
    ),
    "bomb-gzip": Case("64 MB of spaces in gzip", bomb(gzip.compress, "gzip"), UP, OK, is_cut=True),
    "bomb-deflate": Case("64 MB of spaces in deflate", bomb(zlib.compress, "deflate"), UP, OK, is_cut=True),
    "bomb-brotli": Case(
        "64 MB of spaces in Brotli, which nobody asked for",
        bomb(lambda body: brotli.compress(body, quality=5), "br"),
        UP,
        f"{OK}, in an encoding that is not read",
        is_cut=False,
    ),
    "bomb-nested": Case(
        "gzip in gzip", bomb(twice, "gzip, gzip"), UP, f"{OK}, in an encoding that is not read", is_cut=False
    ),
    "liar-gzip": Case("says gzip, sends text", html(LOGIN, Content_Encoding="gzip"), UP, OK, is_cut=False),
    "header": Case("a header of 1 MB", raw(head("X: " + "y" * 2**20), LOGIN), UNKNOWN, LOST),
    "headers": Case(
        "headers of 72 KB together",
        raw(head(*[f"X-{n}: " + "y" * 8_000 for n in range(9)]), LOGIN),
        UNKNOWN,
        "refused: headers are larger than is taken",
    ),
    "headers-drip": Case(
        "headers without end, one now and then",
        without_end(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", every=0.2),
        UNKNOWN,
        "no answer within 8 s",
    ),
    "continue": Case(
        "`100 Continue` without end",
        without_end(b"", b"HTTP/1.1 100 Continue\r\n\r\n", every=0.05),
        UNKNOWN,
        "no answer within 8 s",
    ),
    "cookies": Case(
        "100 cookies", raw(head(*[f"Set-Cookie: c{n}={n}" for n in range(100)]), LOGIN), UP, OK, is_cut=False
    ),
    "drip": Case("a byte now and then, without end", without_end(head() + LOGIN, b" ", every=0.2), UP, OK, is_cut=True),
    "silence": Case("takes the connection and says nothing", silence, UNKNOWN, "no answer within 8 s"),
    "junk": Case("answers without a status line (HTTP/0.9)", raw(b"<p>hello</p>" * 100), UNKNOWN, LOST),
    "noise": Case("answers with random bytes", raw(bytes(range(256)) * 64), UNKNOWN, LOST),
    "short": Case(
        "announces 1,000 bytes more than it sends", raw(head("Content-Length: 1200") + LOGIN), UP, OK, is_cut=False
    ),
    "long": Case(
        "announces fewer bytes than it sends",
        raw(head(f"Content-Length: {len(LOGIN)}"), LOGIN + b"x" * 9_000),
        UP,
        OK,
        is_cut=False,
    ),
    "lengths": Case("two different lengths", raw(head("Content-Length: 5", "Content-Length: 9"), LOGIN), UNKNOWN, LOST),
    "negative": Case("a length below zero", raw(head("Content-Length: -5"), LOGIN), UNKNOWN, LOST),
    "deep": Case("elements nested 100,000 deep", html(b"<div>" * 100_000 + LOGIN), UP, OK, is_cut=False),
    "tag": Case("one tag of 512 KiB", html(LOGIN + b"<a " + b"x" * 512 * 1024 + b">"), UP, OK, is_cut=True),
    "attributes": Case("a tag of 50,000 attributes", html(b"<a " + _ATTRIBUTES + b">" + LOGIN), UP, OK, is_cut=False),
    "bytes": Case("a page of all 256 bytes", html(LOGIN + bytes(range(256)) * 100), UP, OK, is_cut=False),
    "to-control": Case(
        "a redirect with control characters",
        raw(head("Location: http://a\x07b\x1b[31m.example/", status="302 Found")),
        UNKNOWN,
        "a redirect to a faulty address",
    ),
    "to-faulty": Case("a redirect to no address", redirect("http://["), UNKNOWN, "a redirect to a faulty address"),
    "to-file": Case(
        "a redirect to file:///etc/passwd",
        redirect("file:///etc/passwd"),
        UNKNOWN,
        "refused: a redirect to file:, only http and https are asked",
    ),
    "to-script": Case(
        "a redirect to javascript:",
        redirect("javascript:alert(1)"),
        UNKNOWN,
        "refused: a redirect to javascript:, only http and https are asked",
    ),
    "to-metadata": Case(
        "a redirect to 169.254.169.254",
        redirect("http://169.254.169.254/latest/meta-data/"),
        UNKNOWN,
        "refused: 169.254.169.254 is link-local",
    ),
    "to-stand-in": Case(
        "a redirect to a name whose address is inside",
        redirect("http://inside.example:{port}/latest/meta-data/"),
        UNKNOWN,
        "refused: 127.0.0.254 is loopback",
    ),
    "to-loopback": Case("a redirect to [::1]", redirect("http://[::1]:{port}/"), UNKNOWN, "refused: ::1 is loopback"),
    "to-mapped": Case(
        "a redirect to [::ffff:127.0.0.1]",
        redirect("http://[::ffff:127.0.0.1]:{port}/"),
        UNKNOWN,
        "refused: ::ffff:127.0.0.1 is loopback",
    ),
    "to-number": Case(
        "a redirect to 2130706433, which is 127.0.0.1",
        redirect("http://2130706433:{port}/"),
        UNKNOWN,
        "a redirect to a name with no address",
    ),
    "to-private": Case(
        "a redirect to [fd00::1]", redirect("http://[fd00::1]/"), UNKNOWN, "refused: fd00::1 is private"
    ),
    "to-own": Case(
        "a redirect to the brand's own site", redirect("https://www.brand.example/"), UNKNOWN, f"a redirect to {OWN}"
    ),
    "refresh": Case(
        "a meta refresh, which is not followed",
        html(b'<title>x</title><meta http-equiv=Refresh content="0;URL=http://inside.example/"><p>wait'),
        UP,
        f"{OK}, a page that leads elsewhere",
        is_cut=False,
    ),
    "script": Case(
        "a script that leads on, which is not run",
        html(b'<title>x</title><script>window.location.href = "http://inside.example/"</script><p>wait'),
        UP,
        f"{OK}, a page that leads elsewhere",
        is_cut=False,
    ),
    "script-own": Case(
        "a script that leads to the brand's own site",
        html(b"<title>x</title><script>location.replace('https://brand.example/')</script>"),
        UNKNOWN,
        f"a page that leads to {OWN}",
        is_cut=False,
    ),
    "host": Case(
        "a host name of 253 characters",
        html(LOGIN),
        UP,
        OK,
        is_cut=False,
    ),
    "icon": Case(
        "an icon inside, which is not asked for",
        html(LOGIN + b'<link rel="icon" href="http://inside.example:{port}/icon">'),
        UP,
        OK,
        is_cut=False,
    ),
}
OFFICIAL: Final = ("brand.example",)
_LONG: Final = ".".join(["l" * 63] * 3 + ["l" * 53]) + ".example"


def host_of(name: str) -> str:
    """The host of a case."""
    return _LONG if name == "host" else f"{name}.example"


def table() -> str:
    """The cases as a table of Markdown, as docs/takedowns.md has it."""
    rows = [f"| {case.does} | `{case.outcome}` | {case.reason} |" for case in CASES.values()]
    return "\n".join(["| what the site does | outcome | reason on record |", "| --- | --- | --- |", *rows])


if __name__ == "__main__":
    print(table())  # noqa: T201 - it is what this is run for
