"""A probing child for which 127.1.0.0/16 plays the internet: the rest of this machine is loopback, and refused.

Run as the child's own module is: `python -m tests.spiders.outside`.
"""

from ipaddress import ip_network
from typing import Final

from spiders import guard
from spiders.probe.child import main

_INTERNET: Final = ip_network("127.1.0.0/16")
_special = guard._special


def _seen_from_outside(address: guard.Address) -> str | None:
    return None if address in _INTERNET else _special(address)


if __name__ == "__main__":
    guard._special = _seen_from_outside
    main()
