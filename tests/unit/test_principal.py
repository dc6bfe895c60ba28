"""Who may do what: the table of roles, and the line between units."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth.errors import NotPermitted, RoleUnknown
from auth.principal import EVERY_UNIT, PERMISSIONS, Grant, Permission, Principal, Role

R, C, V, A = Permission.READ, Permission.CAPTURE, Permission.REVIEW, Permission.ADMINISTER
F, Q, S = Permission.ORIGINAL, Permission.QUARANTINE, Permission.SUPERVISE
KINH_BAC, VU_NINH = "09187", "09169"
YEAR = "2026"

units = st.sampled_from([KINH_BAC, VU_NINH, EVERY_UNIT])
principals = st.lists(st.builds(Grant, units, st.sampled_from(Role)), max_size=4).map(
    lambda grants: Principal("lan", "phone", tuple(grants))
)


def holding(role: Role, unit: str = KINH_BAC) -> Principal:
    return Principal("lan", "phone", (Grant(unit, role),))


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        (Role.FIELD_OFFICER, {R, C, F}),
        (Role.UNIT_EDITOR, {R, C, F}),
        (Role.UNIT_HEAD, {R, C, F, S, Permission.SIGN}),
        (Role.COMMUNE_POLICE, {R, C, F}),
        (Role.PROVINCE_APPRAISER, {R, V, F, Q, Permission.APPRAISE}),
        (Role.PROVINCE_COORDINATOR, {R, V, F, Q, S, Permission.COORDINATE}),
        (Role.PROVINCE_DECIDER, {R, Permission.DECIDE}),
        (Role.PROVINCE_OFFICE, {R}),
        (Role.AWARD_APPRAISER, {Permission.AWARD}),
        (Role.BUDGET_VIEWER, {Permission.BUDGET}),
        (Role.PRESS_EDITOR, {Permission.PUBLISH}),
        (Role.FRONT_MEMBER, {C}),
        (Role.DEPARTMENT_MEMBER, {C}),
        (Role.DATA_PROTECTION_OFFICER, {R, Q, Permission.AUDIT, Permission.PROTECT}),
        (Role.AUDITOR, {R, F, Permission.AUDIT}),
        (Role.ADMINISTRATOR, {A, S}),
    ],
)
def test_a_role_allows_what_the_table_says_and_nothing_else(role, allowed):
    caller = holding(role)
    assert {p for p in Permission if caller.may(p, f"{KINH_BAC}/{YEAR}")} == allowed


def test_every_role_with_a_row_is_in_the_table_above():
    assert set(PERMISSIONS) <= set(Role)
    assert len(Role) == 16


@pytest.mark.parametrize("permission", Permission)
@pytest.mark.parametrize("role", Role)
def test_no_role_reaches_into_another_unit(role, permission):
    caller = holding(role)
    for scope in (f"{VU_NINH}/{YEAR}", "*/2026", "0919/2026", f"{KINH_BAC}1/{YEAR}", "", "/", f"x{KINH_BAC}/{YEAR}"):
        assert not caller.may(permission, scope)


def test_a_role_everywhere_reaches_every_unit():
    tuan = holding(Role.PROVINCE_APPRAISER, EVERY_UNIT)
    assert tuan.may(V, f"{KINH_BAC}/{YEAR}")
    assert tuan.may(V, f"{VU_NINH}/{YEAR}")
    assert tuan.units(V) == {EVERY_UNIT}
    assert not tuan.may(C, f"{KINH_BAC}/{YEAR}")


def test_grants_of_two_units_do_not_mix():
    caller = Principal("minh", "phone", (Grant(KINH_BAC, Role.FIELD_OFFICER), Grant(VU_NINH, Role.AUDITOR)))
    assert caller.units(R) == {KINH_BAC, VU_NINH}
    assert caller.units(C) == {KINH_BAC}
    assert not caller.may(C, f"{VU_NINH}/{YEAR}")


def test_a_grant_for_one_year_counts_in_that_year_only():
    caller = Principal("lan", "phone", (Grant(KINH_BAC, Role.UNIT_HEAD, 2026), Grant(EVERY_UNIT, Role.AUDITOR, 2025)))
    may = {s for s in ("09187/2025", "09187/2026", "09169/2025", "09169/2026") if caller.may(R, s)}
    assert may == {"09187/2025", "09187/2026", "09169/2025"}
    assert caller.may(C, "09187/2026")
    assert not caller.may(C, "09187/2025")
    assert not caller.may(R, "09187/20265")
    assert not caller.may(R, KINH_BAC)


def test_a_grant_covers_itself_and_what_is_narrower():
    whole, year = Grant(KINH_BAC, Role.UNIT_HEAD), Grant(KINH_BAC, Role.UNIT_HEAD, 2026)
    assert whole.covers(whole)
    assert whole.covers(year)
    assert not year.covers(whole)
    assert not year.covers(Grant(KINH_BAC, Role.UNIT_HEAD, 2025))
    assert Grant(EVERY_UNIT, Role.UNIT_HEAD).covers(year)
    assert not whole.covers(Grant(EVERY_UNIT, Role.UNIT_HEAD))
    assert not whole.covers(Grant(KINH_BAC, Role.AUDITOR))


@given(principals)
def test_ones_own_scope_is_read_only_and_nobody_elses(caller):
    for permission in Permission:
        assert caller.may(permission, caller.own_scope) is (permission is R)
        assert not caller.may(permission, "user:minh")


@given(principals)
def test_shared_reference_data_is_read_by_all_and_written_by_none(caller):
    assert [p for p in Permission if caller.may(p, "programme/2026")] == [R]


@given(principals, st.sampled_from(Permission), st.sampled_from([KINH_BAC, VU_NINH, "user:lan", "programme"]))
def test_require_raises_exactly_where_may_says_no(caller, permission, unit):
    scope = f"{unit}/{YEAR}"
    if caller.may(permission, scope):
        caller.require(permission, scope)
    else:
        with pytest.raises(NotPermitted):
            caller.require(permission, scope)


def test_a_role_outside_the_catalogue_is_unknown():
    assert Grant.of(KINH_BAC, "unit_head") == Grant(KINH_BAC, Role.UNIT_HEAD)
    with pytest.raises(RoleUnknown):
        Grant.of(KINH_BAC, "superuser")
