"""By which names the service is called, and where a request came from: nothing a stranger writes is believed."""

import re
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from starlette.types import Scope

HOST = re.compile(rb"(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
Address = IPv4Address | IPv6Address


def host_of(scope: Scope) -> str | None:
    """The one host that a request names, in small letters and without its port; None where that is in doubt."""
    named = [value for name, value in scope["headers"] if name == b"host"]
    return _host(named[0]) if len(named) == 1 else None


@lru_cache(256)  # nearly all requests name the same one
def _host(named: bytes) -> str | None:
    return urlsplit(f"//{named.decode()}").hostname if HOST.fullmatch(named) else None


def source_of(scope: Scope, trusted: Sequence[str]) -> tuple[str, int] | None:
    """The peer, or behind trusted proxies the last address in `X-Forwarded-For` that is none of theirs."""
    peer: tuple[str, int] | None = scope.get("client")
    if not trusted:
        return peer
    networks = [ip_network(text) for text in trusted]
    at = _address(peer[0]) if peer else None
    if at is None or not any(at in network for network in networks):
        return peer
    told = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for").decode("latin-1")
    for text in reversed(told.split(",")):
        found = _address(text.strip())
        if found is None:
            break
        at = found
        if not any(at in network for network in networks):
            break
    return str(at), 0


def _address(text: str) -> Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None
