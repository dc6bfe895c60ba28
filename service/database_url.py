"""What we say in the URL of a database beyond what the driver knows: a pooler before it, how many connections."""

from urllib.parse import urlencode

DEFAULT_CONNECTIONS = 20
OWN = ("pooler", "connections")


def with_own(url: str, *, pooled: bool, connections: int) -> str:
    """`url` with what differs from what is taken anyway."""
    more = {"pooler": "transaction"} if pooled else {}
    if connections != DEFAULT_CONNECTIONS:
        more["connections"] = str(connections)
    return f"{url}{'&' if '?' in url else '?'}{urlencode(more)}" if more else url
