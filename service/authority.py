"""What the engine asks about people and devices beyond the caller, answered from the tables of `auth`."""

from functools import partial

from sqlmodel import Session

from auth import accounts, devices
from sync.plan import Authority


def authority(session: Session) -> Authority:
    return Authority(partial(accounts.grants_at, session), partial(devices.signed, session))
