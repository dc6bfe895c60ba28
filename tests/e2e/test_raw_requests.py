"""Bytes that no client library sends, on a socket of a real process: what is in doubt is refused."""

import socket

from people import PASSWORD


def answer(port: int, *lines: str) -> tuple[int, bytes]:
    """Status and the whole answer to a request that is written line by line."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as wire:
        wire.sendall("\r\n".join((*lines, "Connection: close", "", "")).encode())
        told = b"".join(iter(lambda: wire.recv(65536), b""))
    return int(told.split(b" ", 2)[1]), told


def test_hosts_and_tokens_that_stand_twice_are_refused(served):
    """Two hosts, none, one with a path in it, two tokens of which one is right; and one of each, which is served."""
    port = int(served.port)
    token = served.sign_in("lan", PASSWORD, "phone-of-lan").headers["authorization"].removeprefix("Bearer ")
    ask, host, lan = "GET /v1/auth/me HTTP/1.1", f"Host: 127.0.0.1:{port}", f"Authorization: Bearer {token}"
    assert answer(port, ask, host, lan)[0] == 200
    for hosts in (
        (host, "Host: evil.example"),
        (host, host),
        (),
        ("Host: a/?x=",),
        ("Host: a#",),
        ("Host: 127.0.0.1/v1/health?",),
    ):
        status, told = answer(port, ask, *hosts, lan)
        assert status in (400, 421), (hosts, told)
    for tokens in ((lan, "Authorization: Bearer x"), ("Authorization: Bearer x", lan), (lan, lan)):
        status, told = answer(port, ask, host, *tokens)
        assert (status, b"token_invalid" in told) == (401, True), tokens
    assert answer(port, "GET http://evil.example/v1/auth/me HTTP/1.1", host)[0] == 401, (
        "no word of the line opens a door"
    )
