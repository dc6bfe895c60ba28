"""For routes that destroy for good: a session that has shown a second factor (QCVN 12:2026/BCA)."""

from fastapi import Depends

from auth.errors import SecondFactorNeeded
from service.deps import Bearer


async def _strong(claims: Bearer) -> None:
    """Raises SecondFactorNeeded, and as `Bearer` does."""
    if not claims.strong:
        raise SecondFactorNeeded


Strong = Depends(_strong)
