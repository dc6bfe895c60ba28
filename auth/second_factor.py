"""The second factor: time-based codes (RFC 6238, six digits, 30 seconds) and recovery codes on paper.

A code counts once. The shared key is sealed under the server secret, so that the database alone gives none away.
"""

import hmac
import secrets
from dataclasses import dataclass

import pyotp
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlmodel import Session, col, delete, select

from auth.errors import SecondFactorExists, SecondFactorInvalid
from auth.models import Account, RecoveryCode, SecondFactor

ISSUER = "Minh Chung"
STEP = 30
DRIFT = 1  # steps before and after the present one, for a clock that is a little off (RFC 6238 §5.2)
RECOVERY_CODES = 10


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is shown once: the key for an authenticator, as text and as an `otpauth` link, and codes for paper."""

    key: str
    uri: str
    recovery_codes: tuple[str, ...]


def prepare(session: Session, account_id: str, secret: bytes, now: int) -> Prepared:
    """Makes a second factor that counts once it is confirmed. Raises SecondFactorExists where one is confirmed."""
    row = session.get(SecondFactor, account_id, with_for_update=True)
    if row is not None and row.confirmed_at is not None:
        raise SecondFactorExists
    account = session.get_one(Account, account_id)
    key = pyotp.random_base32()
    row = row or SecondFactor(account_id=account_id, sealed=b"", made_at=now)
    row.sealed, row.made_at = _seal(secret, account_id, key), now
    session.add(row)
    session.exec(delete(RecoveryCode).where(col(RecoveryCode.account_id) == account_id))
    codes = tuple(secrets.token_hex(5) for _ in range(RECOVERY_CODES))
    session.add_all(RecoveryCode(account_id=account_id, code_hash=_digest(secret, code)) for code in codes)
    session.flush()
    return Prepared(key, pyotp.TOTP(key).provisioning_uri(name=account.username, issuer_name=ISSUER), codes)


def confirm(session: Session, account_id: str, code: str, secret: bytes, now: int) -> None:
    """The first code from the authenticator shows that the key has arrived. Raises SecondFactorInvalid."""
    row = session.get(SecondFactor, account_id, with_for_update=True)
    if row is None or not _spend_code(row, code, secret, now):
        raise SecondFactorInvalid
    row.confirmed_at = row.confirmed_at or now


def show(session: Session, account_id: str, code: str, secret: bytes, now: int) -> None:
    """Spends a code of the authenticator or of the paper. Raises SecondFactorInvalid."""
    row = session.get(SecondFactor, account_id, with_for_update=True)
    if row is None or row.confirmed_at is None:
        raise SecondFactorInvalid
    if not (_spend_code(row, code, secret, now) or _spend_paper(session, account_id, code, secret, now)):
        raise SecondFactorInvalid


def require(session: Session, account_id: str, *, shown: bool) -> None:
    """Who has a second factor shows it. Raises SecondFactorInvalid."""
    if not shown and confirmed(session, account_id):
        raise SecondFactorInvalid


def reset(session: Session, account_id: str) -> None:
    """Forgets the second factor and its paper, for a person who has lost both; the way back is `prepare`."""
    session.exec(delete(RecoveryCode).where(col(RecoveryCode.account_id) == account_id))
    session.exec(delete(SecondFactor).where(col(SecondFactor.account_id) == account_id))


def confirmed(session: Session, account_id: str) -> bool:
    """Whether the account has a second factor that counts."""
    found = select(SecondFactor.confirmed_at).where(SecondFactor.account_id == account_id)
    return session.exec(found).first() is not None


def _spend_code(row: SecondFactor, code: str, secret: bytes, now: int) -> bool:
    """A code of the present step or its neighbours that is newer than the last one that counted."""
    totp, step = pyotp.TOTP(_open(secret, row.account_id, row.sealed)), now // 1000 // STEP
    for at in range(step - DRIFT, step + DRIFT + 1):
        if at > row.last_step and hmac.compare_digest(totp.generate_otp(at).encode(), code.encode()):
            row.last_step = at
            return True
    return False


def _spend_paper(session: Session, account_id: str, code: str, secret: bytes, now: int) -> bool:
    row = session.get(RecoveryCode, (account_id, _digest(secret, code)), with_for_update=True)
    if row is None or row.used_at is not None:
        return False
    row.used_at = now
    return True


def _digest(secret: bytes, code: str) -> str:
    plain = code.replace("-", "").replace(" ", "").lower()
    return hmac.digest(secret, b"recovery:" + plain.encode(), "sha256").hex()


def _sealer(secret: bytes) -> AESGCM:
    return AESGCM(hmac.digest(secret, b"second factor", "sha256"))


def _seal(secret: bytes, account_id: str, key: str) -> bytes:
    nonce = secrets.token_bytes(12)
    return nonce + _sealer(secret).encrypt(nonce, key.encode(), account_id.encode())


def _open(secret: bytes, account_id: str, sealed: bytes) -> str:
    return _sealer(secret).decrypt(sealed[:12], sealed[12:], account_id.encode()).decode()
