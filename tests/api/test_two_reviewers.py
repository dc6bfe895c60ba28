"""Two reviewers on one piece at the same moment, each in a thread: one outcome, and the other hears what is true now.

The rules themselves are in `test_review_desk.py`, one after another; here nobody waits for anybody (invariant 13).
"""

from typing import Any

from httpx import Response

from casework import colleague, verifies
from people import Person, Province, at_once

LEASE = 30 * 60_000  # ms


def test_two_reviewers_on_one_piece_at_once_give_one_outcome_and_both_know_it(province: Province) -> None:
    lan, tuan, hoa = province["lan"], province["tuan"], colleague(province, "hoa")
    for n in range(2):
        taken = captured(lan, f"Họp {n}")
        one_takes_it_in_hand(province, taken, tuan, hoa)
        one_takes_it_before_the_other_decides(lan, tuan, hoa)
        one_decides(lan, tuan, hoa)
        one_decides_beside_an_edit_from_a_phone(lan, tuan, hoa)
    each_of_a_list_is_decided_once(lan, tuan, hoa)


def captured(lan: Person, title: str) -> dict[str, Any]:
    return dict(lan.does("create", set={"title": title, "body": "Nội dung"})["record"])


def one_of(answers: list[Response], *people: Person) -> tuple[Person, Response]:
    """Who was served, and the answer to the other one, which is a refusal."""
    assert sorted(a.status_code for a in answers) == [200, 409], [a.text for a in answers]
    served = [a.status_code for a in answers].index(200)
    return people[served], answers[1 - served]


def one_takes_it_in_hand(province: Province, made: dict[str, Any], *two: Person) -> None:
    """At first, and again when the time has run out, whoever had it before."""
    address = f"/v1/reviews/{made['id']}/claim"
    for _ in range(2):
        holder, refused = one_of(at_once(*(lambda p=p: p.put(address) for p in two)), *two)
        held = two[0].get(f"/v1/reviews/{made['id']}").json()["claim"]
        assert held["holder"] == holder.account_id
        assert refused.json()["code"] == "claimed_by_another"
        assert refused.json()["current"] == {"holder": holder.account_id, "until": held["until"]}
        province.clock.advance(LEASE)


def one_takes_it_before_the_other_decides(lan: Person, tuan: Person, hoa: Person) -> None:
    """Either it was in the other one's hands, and no decision was made; or it was decided before."""
    made = captured(lan, "Chưa ai nhận")
    taken, decided = at_once(lambda: tuan.put(f"/v1/reviews/{made['id']}/claim"), lambda: hoa.decides(made, "verified"))
    assert taken.status_code == 200
    if decided.status_code == 200:
        assert lan.record(made["id"])["state"] == "verified"
    else:
        assert (decided.json()["code"], decided.json()["current"]["holder"]) == ("claimed_by_another", tuan.account_id)
        assert lan.record(made["id"])["state"] == "pending"


def one_decides(lan: Person, tuan: Person, hoa: Person) -> None:
    """One confirms, one sends back; nobody overrules what they have not seen."""
    made = captured(lan, "Hai ý kiến")
    answers = at_once(
        lambda: tuan.decides(made, "verified"), lambda: hoa.decides(made, "rejected", reason_code="incomplete")
    )
    winner, refused = one_of(answers, tuan, hoa)
    now = lan.record(made["id"])
    assert now["state"] == ("verified" if winner is tuan else "rejected")
    assert refused.json()["code"] == "decided_meanwhile"
    told = refused.json()["current"]
    assert told["by"] == now["review"]["by"] == winner.account_id
    assert (told["state"], told["ver"], told["content_digest"]) == (now["state"], now["ver"], now["content_digest"])
    assert len(tuan.get(f"/v1/reviews/{made['id']}").json()["decisions"]) == 1


def one_decides_beside_an_edit_from_a_phone(lan: Person, tuan: Person, hoa: Person) -> None:
    """Written offline from version 1, it comes while both decide on version 1."""
    made = captured(lan, "Họp tổ")
    edit = lan.op("patch", made["id"], base_ver=1, set={"title": "Họp tổ 3"})
    pushed, *answers = at_once(
        lambda: lan.push(edit)["results"][0], *(lambda p=p: p.decides(made, "verified") for p in (tuan, hoa))
    )
    now = lan.record(made["id"])
    assert (pushed["status"], now["data"]["title"]) == ("applied", "Họp tổ 3"), "a phone waits for no reviewer"
    refused = [a.json() for a in answers if a.status_code == 409]
    assert len(refused) in (1, 2)
    for told in refused:
        moved = told["code"] == "content_changed"
        assert told["current"]["content_digest"] == (now if moved else made)["content_digest"]
        assert moved or told["code"] == "decided_meanwhile"
    if len(refused) == 2:
        assert [told["code"] for told in refused] == ["content_changed"] * 2
        assert [told["errors"][0]["after"] for told in refused] == ["Họp tổ 3"] * 2
        assert (now["state"], now["ver"]) == ("pending", 2)
    else:
        assert (now["state"], now["ver"]) == ("changed", 3)
        verified = lan.record(made["id"], **{"as": "verified"})
        assert (verified["content_digest"], verified["data"]["title"]) == (made["content_digest"], "Họp tổ")


def each_of_a_list_is_decided_once(lan: Person, tuan: Person, hoa: Person) -> None:
    """Both send the list that stands on their screens; every piece is confirmed by one, and the other hears by whom."""
    made = [captured(lan, f"Danh sách {n}") for n in range(5)]
    two = (tuan, hoa)
    answers = at_once(*(lambda p=p: verifies(p, made) for p in two))
    for record, *found in zip(made, *answers, strict=True):
        assert sorted(r["status"] for r in found) == ["done", "refused"]
        place = [r["status"] for r in found].index("done")
        refused = found[1 - place]
        assert (refused["code"], refused["current"]["by"]) == ("decided_meanwhile", two[place].account_id)
        assert lan.record(record["id"])["review"]["reviewers"] == [two[place].account_id]
