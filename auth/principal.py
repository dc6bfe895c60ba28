"""Who may do what, as values and one table. Pure: no database, no token, no HTTP.

A *grant* gives one role in one unit (`*` is the whole province), in one year or in all. A *scope* is
`<unit code>/<year>`, or `programme/<year>` (reference data that everyone signed in may read), or
`user:<account id>` (one's own outcomes), or `restricted:<unit code>/<year>` (evidence whose processing is restricted,
which only those see who protect personal data there).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from auth.errors import NotPermitted, RoleUnknown

EVERY_UNIT = "*"
RESTRICTED = "restricted:"


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
    SUPERVISE = "supervise"
    SIGN = "sign"  # what a unit sends out in its own name: registration, monthly report, dossier
    COORDINATE = "coordinate"  # lists, guidance, inspections and answers of the provincial police
    APPRAISE = "appraise"  # dossiers and maintenance, with minutes
    DECIDE = "decide"  # lists and recognition, for the People's Committee and its Chair
    AWARD = "award"  # appraisal of awards
    BUDGET = "budget"  # sees what units need funds for, and nothing else
    PUBLISH = "publish"  # sees what was cleared for publication, and nothing else
    AUDIT = "audit"  # sees the audit trail, the administrators' acts among it
    PROTECT = "protect"  # requests of data subjects, breaches, and the audit trail for them
    ORIGINAL = "original"  # files as they came, with places and device numbers; others see previews
    QUARANTINE = "quarantine"  # keeps files apart, and confirms that spilled bytes are destroyed


R, C, V, A = Permission.READ, Permission.CAPTURE, Permission.REVIEW, Permission.ADMINISTER
F, Q, S = Permission.ORIGINAL, Permission.QUARANTINE, Permission.SUPERVISE

# Deny unless listed. Roles without a row read nothing until a later part of the programme gives them a view.
PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.FIELD_OFFICER: frozenset({R, C, F}),
    Role.UNIT_EDITOR: frozenset({R, C, F}),
    Role.UNIT_HEAD: frozenset({R, C, F, S, Permission.SIGN}),
    Role.COMMUNE_POLICE: frozenset({R, C, F}),
    Role.PROVINCE_APPRAISER: frozenset({R, V, F, Q, Permission.APPRAISE}),
    Role.PROVINCE_COORDINATOR: frozenset({R, V, F, Q, S, Permission.COORDINATE}),
    Role.PROVINCE_DECIDER: frozenset({R, Permission.DECIDE}),
    Role.PROVINCE_OFFICE: frozenset({R}),
    Role.AWARD_APPRAISER: frozenset({Permission.AWARD}),
    Role.BUDGET_VIEWER: frozenset({Permission.BUDGET}),
    Role.PRESS_EDITOR: frozenset({Permission.PUBLISH}),
    Role.FRONT_MEMBER: frozenset({C}),
    Role.DEPARTMENT_MEMBER: frozenset({C}),
    Role.DATA_PROTECTION_OFFICER: frozenset({R, Q, Permission.AUDIT, Permission.PROTECT}),
    Role.AUDITOR: frozenset({R, F, Permission.AUDIT}),
    Role.ADMINISTRATOR: frozenset({A, S}),
}


# Roles that count only in a session with a second factor, where the service asks for one (domain L11).
GUARDED = frozenset({Role.ADMINISTRATOR, Role.PROVINCE_DECIDER, Role.DATA_PROTECTION_OFFICER, Role.AUDITOR})


@dataclass(frozen=True, slots=True)
class Grant:
    """One role in one unit; `unit` is a unit code or `*`, `year` None is every year."""

    unit: str
    role: Role
    year: int | None = None

    @classmethod
    def of(cls, unit: str, role: str, year: int | None = None) -> Self:
        """Raises RoleUnknown."""
        try:
            return cls(unit, Role(role), year)
        except ValueError:
            raise RoleUnknown(role=role) from None

    def gives(self, permission: Permission) -> bool:
        return permission in PERMISSIONS.get(self.role, frozenset())

    def covers(self, other: "Grant") -> bool:
        """Whether this grant holds everything that `other` does."""
        return self.role is other.role and self.unit in (EVERY_UNIT, other.unit) and self.year in (None, other.year)

    def reaches(self, unit: str, year: str) -> bool:
        """Whether the scope `<unit>/<year>` lies in it."""
        return self.unit in (EVERY_UNIT, unit) and (self.year is None or str(self.year) == year)


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller of one request: an account, the client (install x account) it speaks through, and its grants.

    `withheld`: grants that wait for a second factor and count for nothing in this session. `leaving`: a retired device
    that may only send what waits on it. `allowed`: the permissions that the scope of an app lets through; None is all.
    """

    account_id: str
    client_id: str
    grants: tuple[Grant, ...] = ()
    withheld: tuple[Grant, ...] = ()
    leaving: bool = False
    allowed: frozenset[Permission] | None = None

    def _gives(self, grant: Grant, permission: Permission) -> bool:
        return grant.gives(permission) and (self.allowed is None or permission in self.allowed)

    @property
    def own_scope(self) -> str:
        return f"user:{self.account_id}"

    def reach(self, permission: Permission) -> frozenset[tuple[str, int | None]]:
        """Units, each with the year or None for every year, in which the caller holds `permission`."""
        return frozenset((g.unit, g.year) for g in self.grants if self._gives(g, permission))

    def units(self, permission: Permission) -> frozenset[str]:
        """Unit codes in which the caller holds `permission` in every year; holds `*` alone when it is every unit."""
        units = {unit for unit, year in self.reach(permission) if year is None}
        return frozenset({EVERY_UNIT}) if EVERY_UNIT in units else frozenset(units)

    def may(self, permission: Permission, scope: str) -> bool:
        """Whether the caller holds `permission` in `scope`. Everyone may read one's own scope."""
        if scope.startswith("user:"):
            return permission is Permission.READ and scope == self.own_scope
        if scope.startswith("programme/"):
            return permission is Permission.READ
        if scope.startswith(RESTRICTED):
            same = permission in (Permission.READ, Permission.PROTECT)
            return same and self.may(Permission.PROTECT, scope.removeprefix(RESTRICTED))
        unit, _, year = scope.partition("/")
        return any(self._gives(g, permission) and g.reaches(unit, year) for g in self.grants)

    def belongs_to(self, scope: str) -> bool:
        """Whether the caller works in the unit of `scope` itself, not only for the whole province."""
        unit, _, year = scope.partition("/")
        return any(g.unit == unit and self._gives(g, Permission.CAPTURE) and g.reaches(unit, year) for g in self.grants)

    def require(self, permission: Permission, scope: str) -> None:
        """Raises NotPermitted unless the caller holds `permission` in `scope`."""
        if not self.may(permission, scope):
            raise NotPermitted
