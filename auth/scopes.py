"""What an app of a third party may be given: each scope lets a person's own permissions through, never more. Pure.

A scope narrows. What the person may not do, the app may not either, and what no scope names, no app does.
"""

from dataclasses import dataclass

from auth.principal import Permission


@dataclass(frozen=True, slots=True)
class Scope:
    """The permissions that a scope lets through, and what the person who is asked reads."""

    permissions: frozenset[Permission]
    vi: str
    en: str


READS = frozenset({Permission.READ})  # and never originals: what leaves the house is pictures and coarse places
SCOPES: dict[str, Scope] = {
    "openid": Scope(frozenset(), "Biết bạn là ai (mã tài khoản)", "Know who you are (account id)"),
    "profile": Scope(frozenset(), "Đọc tên và tên đăng nhập của bạn", "Read your name and user name"),
    "evidence.read": Scope(
        READS, "Đọc minh chứng mà bạn được đọc, trừ tệp gốc", "Read the evidence that you may read, without originals"
    ),
    "evidence.push": Scope(
        frozenset({Permission.CAPTURE}), "Gửi minh chứng thay bạn", "Send evidence in your name"
    ),
    "evidence.review": Scope(
        READS | {Permission.REVIEW}, "Thẩm định minh chứng thay bạn", "Review evidence in your name"
    ),
    "evidence.export": Scope(READS, "Lập và tải giấy tờ, báo cáo", "Make and download papers and reports"),
}  # fmt: skip


def let_through(scope: str) -> frozenset[Permission]:
    """The permissions that a granted scope (space-separated, RFC 6749 §3.3) lets through."""
    names = [name for name in scope.split() if name in SCOPES]
    return frozenset().union(*(SCOPES[name].permissions for name in names))


def wanted(asked: str, registered: str) -> str | None:
    """The scope that an app gets of what it asks for, in one order; None where it asks for what it may not."""
    names = set(asked.split()) or set(registered.split())
    return " ".join(n for n in SCOPES if n in names) if names and names <= set(registered.split()) else None
