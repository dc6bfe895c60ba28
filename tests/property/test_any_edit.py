"""What no edit can do, whatever it says: undo a decision, write what is the service's, erase what it does not know."""

import copy
import unicodedata
from typing import Any
from uuid import UUID, uuid5

import orjson
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session

from auth.errors import AuthError
from auth.principal import Grant, Principal, Role
from bare_engine import TYPES, Engine, Push
from programme.errors import ProgrammeError
from programme.reading import as_verified
from programme.review import Decision, decide
from scripts import RECORDS, Script, random_scripts, scripts
from sync import records
from sync.outcome import EFFECTIVE
from sync.state import SERVER_OWNED


@random_scripts
@given(script=scripts(8, odd=False))
def test_no_edit_changes_what_was_verified(engine: Engine, script: Script) -> None:
    engine.clear()
    first, *rest = script
    engine.play([first])
    verified = verify(engine, RECORDS[0], engine.who("tuan"))
    assert isinstance(verified, dict)
    before = engine.db.read(read_as_verified, engine)
    engine.play(rest)
    assert engine.db.read(read_as_verified, engine) == before
    review = engine.docs()[RECORDS[0]]["review"]
    assert {k: v for k, v in review.items() if k != "has_unreviewed_changes"} == {
        k: v for k, v in verified["review"].items() if k != "has_unreviewed_changes"
    }
    same = engine.docs()[RECORDS[0]]["content_digest"] == verified["content_digest"]
    assert review["has_unreviewed_changes"] is not same


def read_as_verified(session: Session, engine: Engine) -> Any:
    return as_verified(session, records.readable(session, engine.who("ha"), RECORDS[0])).doc


def verify(engine: Engine, record_id: str, who: Principal) -> Any:
    """The record as the decision left it, or the name of the refusal."""
    doc = engine.docs()[record_id]
    asked = Decision(
        str(uuid5(UUID(int=0), record_id + who.account_id)), record_id, doc["ver"], doc["content_digest"], "verified"
    )
    try:
        return orjson.loads(engine.db.write(decide, TYPES, who, asked, engine.now))
    except (ProgrammeError, AuthError) as refused:
        return type(refused).__name__


@random_scripts
@given(script=scripts(odd=False))
def test_only_what_is_whole_and_by_others_is_verified(engine: Engine, script: Script) -> None:
    """Verified exactly where all files are here, no conflict is open, and the reviewer is no author."""
    engine.clear()
    engine.play(script)
    reviewers = [Principal(who, "", (Grant("*", Role.PROVINCE_APPRAISER),)) for who in ("tuan", "lan", "nam")]
    for record_id, doc in engine.docs().items():
        if doc["type"] != "minutes":
            continue
        for who in reviewers:
            whole = all(f["state"] == "verified" for f in doc["files"].values()) if "files" in doc else True
            may = doc["state"] not in ("draft", "deleted") and who.account_id not in doc["authors"]
            found = verify(engine, record_id, who)
            assert isinstance(found, dict) is (may and whole and not doc["conflicts"]), (found, doc)
            if isinstance(found, dict):
                break


OWNED = sorted(SERVER_OWNED - {"id"})


@random_scripts
@given(script=scripts(odd=False), names=st.sets(st.sampled_from(OWNED), min_size=1), value=st.integers(0, 9))
def test_no_device_writes_what_the_service_owns(engine: Engine, script: Script, names: set[str], value: int) -> None:
    """Every op that sets something also tries to set what is the service's: nothing else comes of it."""
    engine.clear()
    engine.play(script)
    before = evidence(engine)
    bold = copy.deepcopy(script)
    for op in (op for sent in bold for op in sent.ops if op.get("set")):
        op["set"] |= dict.fromkeys(sorted(names), value)
    engine.clear()
    answers = engine.play(bold)
    assert evidence(engine) == before
    for sent, answer in zip(bold, answers, strict=True):
        for op, result in zip(sent.ops, answer["results"], strict=True):
            edits = op["action"] in ("create", "patch", "resolve") and op.get("set")
            if edits and result["status"] in EFFECTIVE and result["place"]:
                refused = {f["path"][1:] for f in result["fields"] if f["reason"] == "field_server_owned"}
                assert refused == names


def evidence(engine: Engine) -> dict[str, Any]:
    """Records of people; notices tell of the refused fields."""
    return {record_id: doc for record_id, doc in engine.docs().items() if doc["type"] == "minutes"}


@random_scripts
@given(script=scripts(odd=False), years=st.lists(st.integers(-10, 10), min_size=20, max_size=20))
def test_no_clock_of_a_device_changes_anything(engine: Engine, script: Script, years: list[int]) -> None:
    engine.clear()
    engine.play(
        [Push(sent.device, [{k: v for k, v in op.items() if k != "captured"} for op in sent.ops]) for sent in script]
    )
    before = engine.docs()
    places = [engine.pages(who) for who in ("lan", "nam")]
    engine.clear()
    for n, sent in enumerate(script):
        reading = {"wall": f"{2026 + years[n % 20]}-09-21T13:53:25Z", "mono_ms": 5 + n, "boot_id": "b"}
        ops = [
            {**op, "captured": {**reading, "wall": f"{2026 + years[i]}-01-01T00:00:00Z"}}
            for i, op in enumerate(sent.ops)
        ]
        engine.play([Push(sent.device, ops)], clock=reading)
    assert engine.docs() == before
    assert [order(engine.pages(who)) for who in ("lan", "nam")] == [order(pages) for pages in places]


def order(pages: list[Any]) -> list[Any]:
    return [(c.scope, c.seq, c.record_id, c.ver, c.doc) for page in pages for c in page.changes]


@random_scripts
@given(script=scripts(odd=False), apart=st.sets(st.integers(0, 40)))
def test_two_spellings_of_a_text_are_one_value(engine: Engine, script: Script, apart: set[int]) -> None:
    """Some ops come from a keyboard that composes letters otherwise: the same is shown, and kept as it was sent."""
    engine.clear()
    statuses = told(engine.play(script))
    before = engine.docs()
    respelt = copy.deepcopy(script)
    ops = [op for sent in respelt for op in sent.ops]
    for op in (op for n, op in enumerate(ops) if n in apart):
        for part in ("set", "add", "remove"):
            if part in op:
                op[part] = spelt("NFD", op[part])
    engine.clear()
    assert told(engine.play(respelt)) == statuses
    assert spelt("NFC", engine.docs()) == before
    bodies = engine.bodies()
    assert all(orjson.loads(bodies[op["op_id"]]) == op for op in ops)


def told(answers: list[Any]) -> list[Any]:
    return [(r["op_id"], r["status"], r["code"], r["fields"]) for answer in answers for r in answer["results"]]


def spelt(form: Any, value: Any) -> Any:
    """The same in another normal form of Unicode."""
    return orjson.loads(unicodedata.normalize(form, orjson.dumps(value).decode()))


@random_scripts
@given(script=scripts(8, odd=False), value=st.sampled_from([{"deep": ["x"]}, "mới", 7]))
def test_an_app_never_erases_a_field_that_it_does_not_know(engine: Engine, script: Script, value: Any) -> None:
    """A newer app has set `later`; older ones send whole records, delete, restore, move and resolve."""
    engine.clear()
    newer, *older = copy.deepcopy(script)
    newer.ops[0]["set"]["later"] = value
    for op in (op for sent in older for op in sent.ops):
        op.get("set", {}).pop("later", None)
    engine.play([newer, *older])
    assert engine.docs()[RECORDS[0]]["data"]["later"] == value
