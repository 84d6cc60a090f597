"""Where webhooks may go: the public internet, and the networks that the operator allows. Each name is resolved once."""

import asyncio
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import httpx

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

RESOLVERS = 32  # of our own: names that nobody answers for must not hold up the rest of the service
_IPV6_UNICAST = ip_network("2000::/3")
_NAT64 = ip_network("64:ff9b::/96")
_CLOUDS_OWN = (
    ip_network("192.0.0.0/24"),  # Oracle's metadata are at 192.0.0.192; older Pythons take most of it for global
    ip_network("168.63.129.16/32"),  # Azure's host, at an address that looks public
)


class Unreachable(Exception):
    """A webhook cannot go where its URL says; the message says why."""


class ForbiddenAddress(Unreachable):
    """It must not."""


class Addresses:
    """Finds the address that a URL is connected to."""

    def __init__(self, allowed: Sequence[Network]) -> None:
        self._allowed = allowed
        self._resolvers = ThreadPoolExecutor(RESOLVERS, thread_name_prefix="webhook-resolver")

    async def of(self, url: httpx.URL) -> Address:
        """Return the first address of a URL's host that webhooks may go to.

        Raises `Unreachable` when its name has no address at the moment, and `ForbiddenAddress`.
        """
        host, port = url.raw_host.decode(), url.port or (443 if url.scheme == "https" else 80)
        found = await self._resolve(host, port)
        for address in found:
            if self._may_go_to(address, url.scheme):
                return address
        raise ForbiddenAddress(self._refusal(host, found, url.scheme))

    def close(self) -> None:
        """Resolve nothing more."""
        self._resolvers.shutdown(wait=False, cancel_futures=True)

    async def _resolve(self, host: str, port: int) -> list[Address]:
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(
                self._resolvers, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            )
        except (OSError, UnicodeError) as error:
            raise Unreachable(f"{host} cannot be resolved: {error}.") from error
        return [ip_address(str(address[0])) for *_, address in found]

    def _may_go_to(self, address: Address, scheme: str) -> bool:
        if self._is_allowed(address):
            return True
        return scheme == "https" and is_public(address)

    def _is_allowed(self, address: Address) -> bool:
        plain = _embedded(address)
        return any(plain in network for network in self._allowed)

    def _refusal(self, host: str, found: Sequence[Address], scheme: str) -> str:
        if scheme == "http" and any(is_public(address) for address in found):
            return f"{host} is on the public internet, where webhooks go by https:// only."
        return (
            f"{host} is at {found[0]}, which is not on the public internet. The operator can allow its network: "
            f'AXO_WEBHOOKS__ALLOWED_NETWORKS=["{ip_network(_embedded(found[0]))}"].'
        )


def is_public(address: Address) -> bool:
    """Return whether an address is on the public internet, for everybody the same host."""
    plain = _embedded(address)
    if isinstance(plain, IPv6Address) and plain not in _IPV6_UNICAST:
        return False
    return plain.is_global and not plain.is_multicast and not any(plain in network for network in _CLOUDS_OWN)


def _embedded(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address leads to, or the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else address)
