"""The guard's place in Twisted: between a host and the addresses that are connected to.

Every connection of Scrapy's HTTP/1.1 handler asks the reactor's name resolver, literal addresses included, and
connects to what it was told: no second look-up for a name to change in, no spelling of an address to hide behind.
"""

from typing import Any, TypeAlias

from spiders.guard import Guard, host_key

Provider: TypeAlias = Any
"""An object that provides one of Twisted's zope interfaces, which type checkers do not understand."""


class _GuardedReceiver:
    """An IResolutionReceiver that passes on the addresses which the guard admits."""

    def __init__(self, receiver: Provider, guard: Guard, host: str) -> None:
        self._guard = guard
        self._host = host
        self._pass_on = receiver.addressResolved
        self.resolutionComplete = receiver.resolutionComplete
        self.resolutionBegan = receiver.resolutionBegan

    def addressResolved(self, address: Provider) -> None:  # noqa: N802 - the interface's name
        if self._guard.admits(self._host, address.host):
            self._pass_on(address)


class GuardedResolver:
    """An IHostnameResolver around the reactor's own, for IPv4 and IPv6."""

    def __init__(self, resolver: Provider, guard: Guard) -> None:
        self._resolver = resolver
        self._guard = guard

    def resolveHostName(  # noqa: N802 - the interface's name
        self,
        resolutionReceiver: Provider,  # noqa: N803 - the interface's name
        hostName: str,  # noqa: N803 - the interface's name
        *how: Provider,
        **what: Provider,
    ) -> Provider:
        """Resolve a name or a literal to those of its addresses that are admitted."""
        self._guard.refused.pop(host_key(hostName), None)
        receiver = _GuardedReceiver(resolutionReceiver, self._guard, hostName)
        return self._resolver.resolveHostName(receiver, hostName, *how, **what)
