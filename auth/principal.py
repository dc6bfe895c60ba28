"""Who may do what, as values and one table. Pure: no database, no token, no HTTP.

A *grant* gives one role in one unit (`*` is the whole province). A *scope* is `<unit code>/<year>`, or
`programme/<year>` (reference data that everyone signed in may read), or `user:<account id>` (one's own outcomes).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from auth.errors import NotPermitted, RoleUnknown

EVERY_UNIT = "*"


class Role(StrEnum):
    """Roles of the criteria catalogue, and the administrator of the service itself."""

    FIELD_OFFICER = "field_officer"
    UNIT_EDITOR = "unit_editor"
    UNIT_HEAD = "unit_head"
    COMMUNE_POLICE = "commune_police"
    PROVINCE_APPRAISER = "province_appraiser"
    PROVINCE_COORDINATOR = "province_coordinator"
    PROVINCE_DECIDER = "province_decider"
    PROVINCE_OFFICE = "province_office"
    AWARD_APPRAISER = "award_appraiser"
    BUDGET_VIEWER = "budget_viewer"
    PRESS_EDITOR = "press_editor"
    FRONT_MEMBER = "front_member"
    DEPARTMENT_MEMBER = "department_member"
    DATA_PROTECTION_OFFICER = "data_protection_officer"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


class Permission(StrEnum):
    """What a role lets its holder do inside the units it was granted for."""

    READ = "read"
    CAPTURE = "capture"
    REVIEW = "review"
    ADMINISTER = "administer"
    SIGN = "sign"  # what a unit sends out in its own name: registration, monthly report, dossier
    COORDINATE = "coordinate"  # lists, guidance, inspections and answers of the provincial police
    APPRAISE = "appraise"  # dossiers and maintenance, with minutes
    DECIDE = "decide"  # lists and recognition, for the People's Committee and its Chair
    AWARD = "award"  # appraisal of awards
    BUDGET = "budget"  # sees what units need funds for, and nothing else
    PUBLISH = "publish"  # sees what was cleared for publication, and nothing else


R, C, V, A = Permission.READ, Permission.CAPTURE, Permission.REVIEW, Permission.ADMINISTER

# Deny unless listed. Roles without a row read nothing until a later part of the programme gives them a view.
PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.FIELD_OFFICER: frozenset({R, C}),
    Role.UNIT_EDITOR: frozenset({R, C}),
    Role.UNIT_HEAD: frozenset({R, C, Permission.SIGN}),
    Role.COMMUNE_POLICE: frozenset({R, C}),
    Role.PROVINCE_APPRAISER: frozenset({R, V, Permission.APPRAISE}),
    Role.PROVINCE_COORDINATOR: frozenset({R, V, Permission.COORDINATE}),
    Role.PROVINCE_DECIDER: frozenset({R, Permission.DECIDE}),
    Role.PROVINCE_OFFICE: frozenset({R}),
    Role.AWARD_APPRAISER: frozenset({Permission.AWARD}),
    Role.BUDGET_VIEWER: frozenset({Permission.BUDGET}),
    Role.PRESS_EDITOR: frozenset({Permission.PUBLISH}),
    Role.FRONT_MEMBER: frozenset({C}),
    Role.DEPARTMENT_MEMBER: frozenset({C}),
    Role.AUDITOR: frozenset({R}),
    Role.ADMINISTRATOR: frozenset({A}),
}


@dataclass(frozen=True, slots=True)
class Grant:
    """One role in one unit; `unit` is a unit code or `*`."""

    unit: str
    role: Role

    @classmethod
    def of(cls, unit: str, role: str) -> Self:
        """Raises RoleUnknown."""
        try:
            return cls(unit, Role(role))
        except ValueError:
            raise RoleUnknown(role=role) from None


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller of one request: an account, the client (install x account) it speaks through, and its grants."""

    account_id: str
    client_id: str
    grants: tuple[Grant, ...] = ()

    @property
    def own_scope(self) -> str:
        return f"user:{self.account_id}"

    def units(self, permission: Permission) -> frozenset[str]:
        """Unit codes in which the caller holds `permission`; holds `*` alone when it is every unit."""
        units = {g.unit for g in self.grants if permission in PERMISSIONS.get(g.role, frozenset())}
        return frozenset({EVERY_UNIT}) if EVERY_UNIT in units else frozenset(units)

    def may(self, permission: Permission, scope: str) -> bool:
        """Whether the caller holds `permission` in `scope`. Everyone may read one's own scope."""
        if scope.startswith("user:"):
            return permission is Permission.READ and scope == self.own_scope
        if scope.startswith("programme/"):
            return permission is Permission.READ
        units = self.units(permission)
        return EVERY_UNIT in units or scope.partition("/")[0] in units

    def require(self, permission: Permission, scope: str) -> None:
        """Raises NotPermitted unless the caller holds `permission` in `scope`."""
        if not self.may(permission, scope):
            raise NotPermitted
