"""Accounts that nobody uses are switched off by a duty, and phones in the field are not (QCVN 12:2026/BCA 3.7.2)."""

from auth import accounts, audit
from auth.accounts import OPERATOR
from auth.principal import Grant, Role
from people import KINH_BAC
from service.bench import Bench
from service.duties import DUTIES

DAY = 24 * 60 * 60 * 1000


def test_an_account_that_nobody_uses_is_switched_off_and_a_phone_offline_is_not(ward):
    """45 days: who never came, and an administrator who did not. 90 days: the phone whose session has ended too."""
    made = (OPERATOR, "moi", "Người mới", ward.clock.now())
    new = ward.db.write(accounts.create_account, *made, grants=(Grant(KINH_BAC, Role.FIELD_OFFICER),)).id
    state = ward.app.state
    duty, bench = (
        DUTIES["switch off idle accounts"],
        Bench(ward.db, state.store, state.types, ward.clock, ward.settings),
    )
    lan, quan = ward["lan"], ward["quan"]
    off = set()

    def swept(days: int) -> set[str]:
        ward.clock.advance(days * DAY)
        duty.act(bench)
        found = {e.subject for e in ward.db.read(audit.entries) if e.act == "account_off"} - off
        off.update(found)
        return found

    assert swept(44) == set()
    gone = swept(1)
    assert {new, quan.account_id} <= gone
    assert lan.account_id not in gone
    assert lan.get("/v1/auth/me").status_code == 200
    assert quan.get("/v1/auth/me").json()["code"] == "account_inactive"
    assert lan.account_id in swept(45), "nothing of hers could be refreshed any more"
    told = [e.facts for e in ward.db.read(audit.entries) if e.subject == new and e.act == "account_off"]
    assert told == [{"because": "idle", "days": 45}]
    ward.db.write(accounts.set_active, OPERATOR, new, True, ward.clock.now())
    assert swept(1) == set(), "switched on again is a new start"
