"""What a scope holds, in 40 bytes: kept with every change, and told apart from anything else (invariant 32)."""

import hashlib
from pathlib import Path

from sqlmodel import col, select, update

from auth.principal import Role
from people import DA_MAI, KINH_BAC, YEAR, Province
from phones import SCOPE, Kit
from sync.models import Record, ScopeHead


def counted(province: Province, scope: str) -> dict[str, object]:
    """The digest of a scope, made anew from what the tables hold."""
    found = select(Record).where(col(Record.scope) == scope)
    records = province.db.read(lambda s: s.exec(found).all())
    mixed = 0
    for r in records:
        mixed ^= int.from_bytes(hashlib.sha256(f"{r.id}|{r.ver}".encode()).digest())
    head = province.db.read(lambda s: s.get(ScopeHead, scope))
    assert head is not None
    return {"as_of": head.seq, "n": len(records), "xor": f"{mixed:064x}"}


def test_the_digest_follows_every_kind_of_change(province: Province) -> None:
    lan = province["lan"]
    province.grant("lan", DA_MAI, Role.UNIT_EDITOR)
    made = [lan.does("create", set={"title": str(n)})["record"]["id"] for n in range(4)]
    held = lan.op("patch", set={"title": "sửa trước"})
    lan.push(held)
    lan.push(
        lan.op("patch", made[0], base_ver=1, set={"title": "mới"}),
        lan.op("move", made[0], base_ver=2, unit=DA_MAI),
        lan.op("patch", made[0], base_ver=3, unit=DA_MAI, set={"title": "nữa"}),
        lan.op("move", made[1], base_ver=1, unit=DA_MAI),
        lan.op("move", made[1], base_ver=2, unit=KINH_BAC),
        lan.op("delete", made[2], base_ver=1),
        lan.op("create", made[3] + "x"),
        lan.op("create", held["record_id"], set={"title": "sau"}),
    )
    page = lan.post("/v1/sync/pull", {"digests": True, "limit": 1000}).json()
    scopes = {SCOPE, f"{DA_MAI}/{YEAR}", f"programme/{YEAR}", f"user:{lan.account_id}"}
    assert page["count_digest"] == {scope: counted(province, scope) for scope in scopes}


def test_a_page_tells_the_digest_of_what_it_has_brought_to_its_end(province: Province) -> None:
    lan = province["lan"]
    start = lan.pull()["cursor"]
    lan.push(*(lan.op("create", set={"title": str(n)}) for n in range(3)))
    first = lan.post("/v1/sync/pull", {"cursor": start, "limit": 2}).json()
    assert first["count_digest"] == {}
    last = lan.post("/v1/sync/pull", {"cursor": first["cursor"], "limit": 2}).json()
    assert last["count_digest"] == {SCOPE: counted(province, SCOPE)}
    again = lan.post("/v1/sync/pull", {"cursor": last["cursor"]}).json()
    assert again["count_digest"] == {}


def test_a_scope_that_an_older_release_wrote_to_is_counted_anew_by_the_next_write(province: Province) -> None:
    lan = province["lan"]
    made = lan.does("create", set={"title": "Một"})["record"]
    province.db.write(lambda s: s.execute(update(ScopeHead).values(n=9, xor=b"x" * 32, counted=0)))
    assert lan.post("/v1/sync/pull", {"digests": True, "limit": 1000}).json()["count_digest"] == {}
    lan.does("patch", made["id"], base_ver=1, set={"title": "Hai"})
    page = lan.post("/v1/sync/pull", {"digests": True, "limit": 1000}).json()
    assert page["count_digest"] == {SCOPE: counted(province, SCOPE)}


def test_a_phone_that_lost_or_damaged_a_record_notices_and_reads_that_scope_anew(
    province: Province, tmp_path: Path
) -> None:
    lan, minh = province["lan"], province["minh"]
    kit = Kit(province, minh, tmp_path / "minh")
    made = [lan.does("create", set={"title": str(n)})["record"]["id"] for n in range(3)]
    assert kit.device.sync().reloaded == ()
    waiting = kit.replica.edit("patch", "minutes", SCOPE, made[2], set={"title": "ngoại tuyến"})
    for damage in ("delete from base where id = ?", "update base set ver = 7 where id = ?"):
        kit.connection.execute(damage, (made[0],))
        lan.does("create", set={"title": "thêm"})
        kit.weather.seen.clear()
        report = kit.device.sync()
        assert (report.reloaded, report.stopped) == ((SCOPE,), None)
        assert {d["id"]: d["ver"] for d in kit.replica.base(SCOPE)} == {
            r.id: r.ver
            for r in province.db.read(lambda s: s.exec(select(Record).where(col(Record.scope) == SCOPE)).all())
        }
        assert kit.device.sync().reloaded == ()
    assert waiting == made[2]
    assert len(kit.replica.records("unit")) == 131, "the other scopes were left alone"
    kit.close()


def test_a_phone_that_cannot_be_mended_is_not_sent_the_same_scope_for_ever(province: Province, tmp_path: Path) -> None:
    kit = Kit(province, province["minh"], tmp_path / "minh")
    province["lan"].does("create", set={"title": "Một"})
    kit.connection.execute("create trigger t after insert on base when new.ver = 1 and new.scope like '09187/%'"
                           " begin delete from base where id = new.id; end")  # fmt: skip
    assert kit.device.sync().reloaded == (SCOPE,)
    assert kit.device.sync().reloaded == ()
    kit.close()
