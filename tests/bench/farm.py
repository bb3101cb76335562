"""Very many sites on loopback in one quick process, one in four of them slow, broken, huge or hostile.

Run as `python -m tests.bench.farm`: it prints the ports of its name server and its web server, and ends with its stdin.
"""

import asyncio
import gzip
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, cast

SUFFIX: Final = "farm.example"
_MISSING: Final = 3
_SITE: Final = "<title>奇富借条 {0}</title><form><input name=phone><input type=password name=pwd></form><p>{1}</p>"
_TEXT: Final = "".join(chr(0x4E00 + 7 * number % 2000) for number in range(2_500))


def host(number: int) -> str:
    """The host of a site."""
    return f"s{number}.{SUFFIX}"


def address(number: int) -> str:
    """Its address: each has its own."""
    return f"127.{1 + number // 62_500}.{number // 250 % 250 + 1}.{number % 250 + 1}"


def _reply(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    told = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Content-Type: text/html; charset=utf-8", *headers]
    return "\r\n".join([*told, "Connection: close"]).encode() + b"\r\n\r\n" + body


_ENDLESS: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\n"
_KINDS: Final = {
    4: b"HTTP/1.1 200 OK\r\nX: " + b"y" * 2**20 + b"\r\n\r\n",
    5: _reply(b"", "302 Found", "Location: /"),
    6: _reply(b"", "302 Found", "Location: http://169.254.169.254/"),
    7: b"junk " * 100,
    8: b"",
    9: _reply(b"<div>" * 50_000),
    10: _reply(gzip.compress(b" " * 2**26), "200 OK", "Content-Encoding: gzip"),
    **dict.fromkeys(range(11, 16), _reply(b"gone", "404 Not Found")),
    **dict.fromkeys((16, 17), _reply(b"<title>Account Suspended</title>")),
    18: _reply(b"busy", "503 Service Unavailable"),
    19: _reply(b"", "302 Found", "Location: https://www.qifu.com/"),
    20: _reply(b""),
}
"""Last two digits of a site's number -> its answer; 0 drips, 1 is silent, 2 has no end, 3 has no name."""


class _Web(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.asked = b""
        if not transport.get_extra_info("peername")[0].startswith("127."):
            self.transport.abort()

    def data_received(self, data: bytes) -> None:
        self.asked += data
        if b"\r\n\r\n" not in self.asked:
            return
        name = self.asked.lower().partition(b"host: s")[2].partition(b".")[0]
        number = int(name) if name.isdigit() else 99
        if self.asked.startswith(b"GET /favicon.ico"):
            self.end(_reply(b"", "404 Not Found"))
        elif number % 100 == 0:
            self.transport.write(_ENDLESS)
            self.drip()
        elif number % 100 == 2:
            self.transport.write(_ENDLESS)
            self.pour()
        elif number % 100 != 1:
            self.end(_KINDS.get(number % 100) or _reply(_SITE.format(number, _TEXT).encode()))

    def end(self, answer: bytes) -> None:
        self.transport.write(answer)
        self.transport.close()

    def drip(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(b" ")
            asyncio.get_running_loop().call_later(0.5, self.drip)

    def pour(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(b"x" * 65_536)
            asyncio.get_running_loop().call_later(0.01, self.pour)


class _NameServer(asyncio.DatagramProtocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        label = data[13 : 13 + data[12]]
        end = data.index(b"\0", 12) + 5
        is_site = label[:1] == b"s" and label[1:].isdigit()
        has_address = is_site and int(label[1:]) % 100 != _MISSING and data[end - 4 : end - 2] == b"\0\1"
        is_missing = is_site and int(label[1:]) % 100 == _MISSING
        head = data[:2] + (b"\x81\x83" if is_missing else b"\x81\x80") + b"\0\1" + bytes([0, has_address]) + b"\0\0\0\0"
        answer = b""
        if has_address:
            answer = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + bytes(map(int, address(int(label[1:])).split(".")))
        self.transport.sendto(head + data[12:end] + answer, addr)


@contextmanager
def farming() -> Iterator[tuple[int, int]]:
    """The farm in a process of its own: the ports of its name server and its web server."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.bench.farm"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as farm:
        assert farm.stdin is not None
        assert farm.stdout is not None
        names, web = json.loads(farm.stdout.readline())
        yield names, web
        farm.stdin.close()


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    names, _ = await loop.create_datagram_endpoint(_NameServer, ("127.0.0.1", 0))
    web = await loop.create_server(_Web, "0.0.0.0", 0, backlog=1024)  # noqa: S104 - all of loopback, nobody else
    print(json.dumps([names.get_extra_info("sockname")[1], web.sockets[0].getsockname()[1]]), flush=True)  # noqa: T201
    await loop.run_in_executor(None, sys.stdin.read)
    web.close()


if __name__ == "__main__":
    asyncio.run(_serve())
