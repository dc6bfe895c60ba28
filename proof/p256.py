"""Whether an ES256 signature is right (FIPS 186-5 §6.4.2, curve P-256), with nothing but Python. Pure.

For who checks a dossier on a machine that has Python and nothing else; about a hundredth of a second each. Only public
values come in, so it need not hide how long it takes. It never signs.
"""

import hashlib

P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
GX = 0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296
GY = 0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5

Point = tuple[int, int, int]  # Jacobian: x/z², y/z³; z = 0 is the point at infinity
INFINITY: Point = (1, 1, 0)


def holds(x: int, y: int, message: bytes, r: int, s: int) -> bool:
    """Whether `(r, s)` is a signature of `message` by the key `(x, y)`; False also for a key that is on no curve."""
    if not (0 <= x < P and 0 <= y < P and (y * y - (x * x * x - 3 * x + B)) % P == 0):
        return False
    if not (0 < r < N and 0 < s < N):
        return False
    digest = int.from_bytes(hashlib.sha256(message).digest(), "big")
    inverse = pow(s, -1, N)
    found = _both(digest * inverse % N, (GX, GY, 1), r * inverse % N, (x, y, 1))
    if found[2] == 0:
        return False
    return int(found[0] * pow(found[2], -2, P) % P % N) == r


def _both(a: int, first: Point, b: int, second: Point) -> Point:
    """`a·first + b·second`, bit by bit together (Straus)."""
    added = {(1, 0): first, (0, 1): second, (1, 1): _add(first, second)}
    total = INFINITY
    for bit in range(255, -1, -1):
        total = _double(total)
        pair = (a >> bit & 1, b >> bit & 1)
        if pair != (0, 0):
            total = _add(total, added[pair])
    return total


def _double(point: Point) -> Point:
    x, y, z = point
    if z == 0:
        return INFINITY
    square = y * y % P
    s = 4 * x * square % P
    m = 3 * (x - z * z) * (x + z * z) % P
    left = (m * m - 2 * s) % P
    return left, (m * (s - left) - 8 * square * square) % P, 2 * y * z % P


def _add(one: Point, two: Point) -> Point:
    if one[2] == 0:
        return two
    if two[2] == 0:
        return one
    z1, z2 = one[2] * one[2] % P, two[2] * two[2] % P
    u1, u2 = one[0] * z2 % P, two[0] * z1 % P
    s1, s2 = one[1] * z2 * two[2] % P, two[1] * z1 * one[2] % P
    if u1 == u2:
        return _double(one) if s1 == s2 else INFINITY
    h, r = (u2 - u1) % P, (s2 - s1) % P
    hh = h * h % P
    hhh, v = h * hh % P, u1 * hh % P
    x = (r * r - hhh - 2 * v) % P
    return x, (r * (v - x) - s1 * hhh) % P, h * one[2] * two[2] % P
