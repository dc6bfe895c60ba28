"""The state machines of the programme, as tables: who may move what from where to where, with which paper. Pure.

A *case* is a record that goes through states: a unit's year, a monthly report, an award. A *move* is one row of its
table. `docs/programme.md` draws the same rows. Basis: Plan 188/KH-UBND (parts II to IV) and domain §5.1.
"""

from dataclasses import dataclass
from types import MappingProxyType

from auth.principal import Permission, Role
from programme.machines_text import MOVES, STATES, TITLES

CAPTURE, REVIEW, SIGN = Permission.CAPTURE, Permission.REVIEW, Permission.SIGN
COORDINATE, APPRAISE = Permission.COORDINATE, Permission.APPRAISE
DECIDE, AWARDS = Permission.DECIDE, Permission.AWARD
HEAD, EDITOR, POLICE = Role.UNIT_HEAD, Role.UNIT_EDITOR, Role.COMMUNE_POLICE
STAFF, APPRAISER, CHAIR, HONOURS = (
    Role.PROVINCE_COORDINATOR, Role.PROVINCE_APPRAISER, Role.PROVINCE_DECIDER, Role.AWARD_APPRAISER,
)  # fmt: skip
PAPER = ("number", "date", "signer")  # what every paper that decides something has (Decree 30/2020 Điều 8)
DECISION = (*PAPER, "body", "file")
MINUTES = ("number", "date", "chair", "members", "conclusion")


@dataclass(frozen=True, slots=True)
class Move:
    """One arrow. `who` None: the service itself makes it, with another move or by what a device or reviewer did.

    `needs`: fields of the paper that comes with it. `fields`: fields of the case that it may set. `guards`: names in
    `guards.py`. `due`: a key of the calendar. `outsider`: not for somebody of the unit itself. `note`: words are asked.
    """

    action: str
    sources: tuple[str, ...]
    target: str
    who: Permission | None
    needs: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    guards: tuple[str, ...] = ()
    due: str = ""
    note: bool = False
    outsider: bool = False


@dataclass(frozen=True, slots=True)
class Machine:
    """A kind of case. `create`: who opens one, None where the service or a device does. `turns`: whose turn a state is.

    `form`: the fields that its opening may set. `single`: one for each scope, under an id that follows from it;
    `offline`: devices write its fields.
    """

    type: str
    first: str
    moves: tuple[Move, ...]
    turns: MappingProxyType[str, tuple[Role, ...]]
    create: Permission | None = None
    form: tuple[str, ...] = ()
    single: bool = False
    offline: bool = False

    @property
    def title_vi(self) -> str:
        return TITLES[self.type]

    @property
    def states(self) -> tuple[str, ...]:
        return tuple(STATES[self.type])

    def state_vi(self, state: str) -> str:
        return STATES[self.type][state]

    def legal(self, state: str) -> list[Move]:
        """Moves that leave from `state`, whoever may make them; those of the service itself are left out."""
        return [m for m in self.moves if state in m.sources and m.who is not None]

    def move_vi(self, action: str) -> str:
        return MOVES[self.type][action]

    def move(self, state: str, action: str) -> Move | None:
        """The row for `action` from `state`, also where only the service itself makes it."""
        return next((m for m in self.moves if m.action == action and state in m.sources), None)


def _turns(**by_state: tuple[Role, ...]) -> MappingProxyType[str, tuple[Role, ...]]:
    return MappingProxyType(by_state)


# fmt: off
BUILDING = ("building", "dossier_draft", "returned")
AT_POLICE = ("dossier_submitted", "completeness_check", "under_appraisal")
REPORTING = ("approved_to_build", *BUILDING, *AT_POLICE, "submitted_to_chair")  # a unit whose months want a report
SENT = ("submitted", "accepted")  # a report that counts for its month
FORM = ("safety_result", "movement_class", "responsible_head", "funding_need", "applies", "note")
ROUND = ("planned_on", "inspectors", "subject")
UNIT_YEAR = Machine("unit_year", "draft_registration", (
    Move("amend", ("draft_registration",), "draft_registration", CAPTURE, fields=FORM),
    Move("register", ("draft_registration",), "registered", SIGN, guards=("form_complete",), due="registration"),
    Move("send_back", ("registered",), "draft_registration", COORDINATE, note=True),
    Move("propose", ("registered",), "proposed", COORDINATE),
    Move("approve", ("proposed",), "approved_to_build", DECIDE, needs=DECISION),
    Move("not_approve", ("proposed",), "not_approved", DECIDE, note=True),
    Move("assign", ("approved_to_build", *BUILDING, *AT_POLICE), "", COORDINATE, fields=("officers",),
         guards=("officers_known",)),
    Move("start_building", ("approved_to_build",), "building", SIGN, needs=PAPER, due="plan"),
    Move("open_dossier", ("building",), "dossier_draft", CAPTURE),
    Move("submit_dossier", ("dossier_draft", "returned"), "dossier_submitted", SIGN, needs=PAPER,
         guards=("dossier_complete",), due="dossier"),
    Move("waive_late", ("dossier_submitted", "completeness_check"), "", COORDINATE, needs=PAPER, guards=("is_late",),
         note=True),
    Move("take_in", ("dossier_submitted",), "completeness_check", COORDINATE),
    Move("return_dossier", ("completeness_check", "under_appraisal"), "returned", COORDINATE, note=True),
    Move("start_appraisal", ("completeness_check",), "under_appraisal", COORDINATE, guards=("in_time_or_waived",)),
    Move("submit_to_chair", ("under_appraisal",), "submitted_to_chair", APPRAISE, needs=MINUTES, outsider=True),
    Move("recognise", ("submitted_to_chair",), "recognised", DECIDE, needs=DECISION, guards=("all_criteria_met",
         "dossier_untouched")),
    Move("not_recognise", ("submitted_to_chair", "suspended"), "not_recognised", DECIDE, needs=PAPER, note=True),
    Move("not_recognise", ("approved_to_build", *BUILDING), "not_recognised", DECIDE, needs=PAPER,
         guards=("deadline_passed",), note=True),
    Move("announce", ("recognised",), "announced", COORDINATE, needs=PAPER),
    Move("withdraw", ("draft_registration", "registered", "proposed", "approved_to_build", *BUILDING), "withdrawn",
         SIGN, note=True),
    Move("suspend", ("approved_to_build", *BUILDING, *AT_POLICE, "submitted_to_chair"), "suspended", COORDINATE,
         note=True),
    Move("resume", ("suspended",), "building", COORDINATE, note=True),
), _turns(
    draft_registration=(HEAD, EDITOR), registered=(STAFF,), proposed=(CHAIR,), approved_to_build=(HEAD, EDITOR),
    building=(EDITOR, POLICE), dossier_draft=(HEAD, EDITOR), dossier_submitted=(STAFF,), completeness_check=(STAFF,),
    returned=(HEAD, EDITOR), under_appraisal=(APPRAISER,), submitted_to_chair=(CHAIR,), recognised=(STAFF,),
    suspended=(STAFF,),
), create=CAPTURE, form=FORM, single=True)

MAINTENANCE = Machine("maintenance_year", "due", (
    Move("review_self", ("due",), "self_review", SIGN, note=True, due="maintenance"),
    Move("review", ("self_review",), "police_review", APPRAISE, needs=MINUTES, outsider=True),
    Move("list_maintained", ("police_review",), "listed_maintained", COORDINATE, needs=PAPER),
    Move("not_list", ("police_review", "due"), "not_listed", COORDINATE, needs=PAPER, note=True),
), _turns(due=(HEAD, EDITOR), self_review=(APPRAISER,), police_review=(STAFF,)), create=COORDINATE, single=True)

REPORT = Machine("monthly_report", "draft", (
    Move("submit", ("draft", "returned"), "submitted", SIGN, guards=("seen", "no_conflict", "month_free"),
         due="report"),
    Move("return", ("submitted",), "returned", COORDINATE, guards=("seen",), note=True),
    Move("accept", ("submitted",), "accepted", COORDINATE, guards=("seen",)),
), _turns(submitted=(STAFF,), returned=(HEAD, EDITOR)), offline=True)

OBSTACLE = Machine("obstacle", "open", (
    Move("answer", ("open", "answered"), "answered", COORDINATE, note=True),
    Move("forward", ("open",), "forwarded", COORDINATE, needs=("body",), note=True),
    Move("answer_back", ("forwarded",), "answered", COORDINATE, note=True),
    Move("ask_again", ("answered", "closed"), "open", CAPTURE, note=True),
    Move("close", ("open", "answered"), "closed", CAPTURE),
), _turns(open=(STAFF,), forwarded=(STAFF,), answered=(HEAD, EDITOR)), offline=True)

INSPECTION = Machine("inspection", "planned", (
    Move("reschedule", ("planned",), "planned", COORDINATE, fields=ROUND, note=True),
    Move("record", ("planned",), "held", COORDINATE, needs=MINUTES[:4], fields=("findings",)),
    Move("follow_up", ("held", "followed_up"), "followed_up", CAPTURE, fields=("follow_ups",), note=True),
    Move("close", ("held", "followed_up"), "closed", COORDINATE, guards=("findings_followed",)),
    Move("cancel", ("planned",), "cancelled", COORDINATE, note=True),
), _turns(planned=(STAFF, HEAD), held=(HEAD, EDITOR), followed_up=(STAFF,)), create=COORDINATE, form=ROUND)

DOSSIER = Machine("dossier", "submitted", (
    Move("return", ("submitted",), "returned", None),
    Move("decide", ("submitted",), "decided", None),
    Move("archive", ("decided", "returned"), "archived", COORDINATE, needs=("number", "date")),
), _turns())

AWARD = Machine("award", "nominated", (
    Move("appraise", ("nominated",), "appraised", AWARDS, needs=("number", "date", "conclusion"),
         guards=("no_award_block",)),
    Move("submit", ("appraised",), "submitted", COORDINATE, needs=PAPER, guards=("no_award_block",)),
    Move("award", ("submitted",), "awarded", DECIDE, needs=DECISION, guards=("no_award_block",)),
    Move("refuse", ("nominated", "appraised", "submitted"), "refused", COORDINATE, note=True),
), _turns(nominated=(HONOURS,), appraised=(STAFF,), submitted=(CHAIR,)), create=COORDINATE,
   form=("level", "form", "for_whom", "name", "reason"))

BLOCK = Machine("award_block", "blocked", (
    Move("lift", ("blocked",), "lifted", DECIDE, needs=PAPER, note=True),
), _turns())

WAITING = ("pending", "changed", "verified_once")  # what the queue shows unless told otherwise
IN_HAND = (*WAITING, "needs_info", "rejected", "verified")
JUDGED = ("four_eyes", "unclaimed", "seen", "undecided_since")
EVIDENCE = Machine("evidence", "pending", (
    Move("verified_once", IN_HAND, "verified_once", REVIEW, guards=(*JUDGED, "complete", "no_conflict"), outsider=True),
    Move("verified", IN_HAND, "verified", REVIEW, guards=(*JUDGED, "complete", "no_conflict", "enough_people"),
         outsider=True),
    Move("rejected", IN_HAND, "rejected", REVIEW, guards=(*JUDGED, "reason_given"), outsider=True),
    Move("needs_info", IN_HAND, "needs_info", REVIEW, guards=(*JUDGED, "reason_given"), outsider=True),
    Move("finish", ("draft",), "pending", None),
    Move("set_aside", ("pending", "rejected", "needs_info", "verified_once"), "draft", None),
    Move("edit", ("verified",), "changed", None),
    Move("edit_again", ("rejected", "needs_info", "verified_once"), "pending", None),
    Move("edit_again", ("rejected", "needs_info", "verified_once"), "changed", None),
    Move("undo", ("changed", "pending", "rejected", "needs_info", "verified_once"), "verified", None),
    Move("undo", ("draft", "changed", "pending", "verified"), "rejected", None),
    Move("undo", ("draft", "changed", "pending", "verified"), "needs_info", None),
    Move("undo", ("draft", "changed", "pending", "verified"), "verified_once", None),
    Move("delete", ("draft", *IN_HAND), "deleted", None),
    *(Move("restore", ("deleted",), state, None) for state in ("draft", *IN_HAND)),
), _turns(
    pending=(APPRAISER, STAFF), changed=(APPRAISER, STAFF), verified_once=(APPRAISER, STAFF), rejected=(EDITOR,),
    needs_info=(EDITOR,),
), offline=True)
# fmt: on

MACHINES: MappingProxyType[str, Machine] = MappingProxyType(
    {m.type: m for m in (UNIT_YEAR, MAINTENANCE, REPORT, OBSTACLE, INSPECTION, DOSSIER, AWARD, BLOCK, EVIDENCE)}
)
DECISIONS = ("verified", "rejected", "needs_info")  # what a reviewer may say
CASES = tuple(name for name in MACHINES if name != "evidence")  # evidence is moved by `review.py` and by devices
