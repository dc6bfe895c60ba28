"""What the table of accesses asks about: units in which something has happened, and a request for each operation."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import access_probes
from access_probes import verdict
from auth import accounts
from auth.accounts import OPERATOR
from auth.principal import Grant, Role
from people import Person, Province, file_entry

PHOTO = b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(400)
SHA = file_entry(PHOTO)["sha256"]
LATER = "2026-10-01T00:00:00Z"


@dataclass
class Place:
    """A unit with a record that has a file, an account that works there, and its device."""

    unit: str
    record: dict[str, Any]
    officer: Person
    upload: str
    case: str
    refused: str


def listed(answer: Any, here: str) -> str:
    """Lists answer everybody; what counts is whether it is on them."""
    return "ok" if answer.status_code == 200 and here in answer.text else "absent"


def _push(who: Person, place: Place) -> str:
    result = who.does("create", unit=place.unit, set={"title": "Biên bản", "criteria": []})
    return result["code"] if result["status"] == "rejected" else "ok"


def _head_media(who: Person, place: Place) -> str:
    answer = who.province.http.head(f"/v1/media/{place.record['id']}/{SHA}", headers=who.headers)
    return {404: "record_unknown", 403: "original_restricted"}.get(answer.status_code, "ok")


def _kept_apart(action: str, body: dict[str, str] | None) -> Callable[[Person, Place], str]:
    def probe(who: Person, place: Place) -> str:
        """A file that the record does not name: to be told so is to be let through."""
        answer = verdict(who.post(f"/v1/media/{place.record['id']}/{'0' * 64}/{action}", body))
        return "ok" if answer == "media_unknown" else answer

    return probe


def _import(who: Person, _place: Place) -> str:
    headers = {"Content-Type": "application/yaml", **who.headers}
    return verdict(who.province.http.post("/v1/criteria-sets", content=b"a: 1", headers=headers))


def _new_account(who: Person, place: Place) -> str:
    grants = [{"unit": place.unit, "role": "auditor"}]
    return verdict(who.post("/v1/accounts", {"username": f"u{uuid.uuid4().hex}", "name": "Mới", "grants": grants}))


def _revoke_role(who: Person, place: Place) -> str:
    path = f"/v1/accounts/{place.officer.account_id}/grants/{place.unit}/press_editor"
    return verdict(who.province.http.delete(path, headers=who.headers))


def _set_active(who: Person, place: Place) -> str:
    url = f"/v1/accounts/{place.officer.account_id}/active"
    return verdict(who.province.http.put(url, json={"active": True}, headers=who.headers))


def _decide(who: Person, place: Place) -> str:
    return verdict(who.decides({**place.record, "content_digest": "0" * 64}, "rejected"))


def _upload(method: str) -> Callable[[Person, Place], str]:
    def probe(who: Person, place: Place) -> str:
        """Somebody else's upload: nobody's role opens it."""
        more = {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream", **who.headers}
        answer = who.province.http.request(method, place.upload, headers={"Tus-Resumable": "1.0.0", **more})
        return {404: "upload_unknown"}.get(answer.status_code, "ok")

    return probe


PROBES: dict[str, Callable[[Person, Place], str]] = {
    "importCriteriaSet": _import,
    "importTable": access_probes.import_table,
    "push": _push,
    "pull": lambda who, at: listed(who.post("/v1/sync/pull", {"limit": 1000}), at.record["id"]),
    "listRecords": lambda who, at: listed(who.get("/v1/records"), at.record["id"]),
    "readRecord": lambda who, at: verdict(who.get(f"/v1/records/{at.record['id']}")),
    "readHistory": lambda who, at: verdict(who.get(f"/v1/records/{at.record['id']}/history")),
    "readProof": lambda who, at: verdict(who.get("/v1/proofs", scope=f"{at.unit}/2026")),
    "proveRecord": lambda who, at: verdict(who.get(f"/v1/proofs/{at.record['id']}")),
    "getMedia": lambda who, at: verdict(who.get(f"/v1/media/{at.record['id']}/{SHA}")),
    "getMediaHead": _head_media,
    "getPreview": lambda who, at: verdict(who.get(f"/v1/media/{at.record['id']}/{SHA}/pictures/thumbnail")),
    "quarantineFile": _kept_apart("quarantine", {"reason": "other"}),
    "releaseFile": _kept_apart("release", None),
    "destroyFile": _kept_apart("destroy", {"officer": "Thiếu tá Hoà"}),
    "redactRecord": access_probes.redact,
    "readSignals": lambda who, at: verdict(who.get(f"/v1/records/{at.record['id']}/signals")),
    "unitProgress": lambda who, at: verdict(who.get(f"/v1/units/{at.unit}/progress")),
    "dossierState": lambda who, at: verdict(who.get(f"/v1/units/{at.unit}/dossier")),
    "askForPaper": access_probes.ask_for_paper,
    "listPapers": lambda who, at: verdict(who.get("/v1/papers", unit=at.unit)),
    "setQuotas": lambda who, _at: verdict(
        who.province.http.put("/v1/quotas/2030", json={"wanted": {"ward": 1}}, headers=who.headers)
    ),
    "decideMany": access_probes.decide_many,
    "openCase": access_probes.open_case,
    "listCases": lambda who, at: listed(who.get("/v1/cases", type="unit_year"), at.case),
    "caseMoves": lambda who, at: verdict(who.get(f"/v1/cases/{at.case}/moves")),
    "moveCase": access_probes.move,
    "moveCases": access_probes.move_list,
    "reviewQueue": lambda who, at: listed(who.get("/v1/reviews/queue"), at.record["id"]),
    "reviewItem": lambda who, at: verdict(who.get(f"/v1/reviews/{at.record['id']}")),
    "clearForPress": lambda who, at: verdict(
        who.put(f"/v1/press/items/{at.record['id']}", {"ver": 1, "content_digest": "0" * 64})
    ),
    "withdrawFromPress": lambda who, at: verdict(who.delete(f"/v1/press/items/{at.record['id']}")),
    "takeClaim": lambda who, at: verdict(who.put(f"/v1/reviews/{at.record['id']}/claim")),
    "giveUpClaim": lambda who, at: verdict(who.delete(f"/v1/reviews/{at.record['id']}/claim")),
    "decide": _decide,
    "listOps": lambda who, at: listed(who.get("/v1/ops"), at.refused),
    "readOp": lambda who, at: verdict(who.get(f"/v1/ops/{at.refused}")),
    "replayOp": lambda who, at: verdict(who.post(f"/v1/ops/{at.refused}/replay", None)),
    "acceptOp": lambda who, at: verdict(who.post(f"/v1/ops/{at.refused}/accept", None)),
    "destroyOp": access_probes.destroy_op,
    "refuseOp": lambda who, at: verdict(who.post(f"/v1/ops/{at.refused}/refuse", {"reason": "Không thuộc địa bàn"})),
    "getUploadOffset": _upload("HEAD"),
    "appendToUpload": _upload("PATCH"),
    "terminateUpload": _upload("DELETE"),
    "createAccount": _new_account,
    "listAccounts": lambda who, at: listed(who.get("/v1/accounts"), at.officer.account_id),
    "grantRole": lambda who, at: verdict(
        who.post(f"/v1/accounts/{at.officer.account_id}/grants", {"unit": at.unit, "role": "auditor"})
    ),
    "revokeRole": _revoke_role,
    "listClients": lambda who, at: verdict(who.get(f"/v1/accounts/{at.officer.account_id}/clients")),
    "openEnrolment": lambda who, at: verdict(who.post(f"/v1/accounts/{at.officer.account_id}/enrolments", None)),
    "revokeClient": lambda who, at: verdict(
        who.post(f"/v1/clients/{at.officer.client_id}/revoke", {"revoked_as": "retired"})
    ),
    "setAccountActive": _set_active,
    "untieIdentity": lambda who, at: verdict(who.delete(f"/v1/accounts/{at.officer.account_id}/identity")),
    "givePassword": lambda who, at: verdict(who.post(f"/v1/accounts/{at.officer.account_id}/password", None)),
    "resetSecondFactor": lambda who, at: verdict(
        who.province.http.delete(f"/v1/accounts/{at.officer.account_id}/second-factor", headers=who.headers)
    ),
    "listPhones": lambda who, at: verdict(who.get("/v1/clients", unit=at.unit, year=2026)),
    "clientHoldings": lambda who, at: verdict(who.get(f"/v1/clients/{at.officer.client_id}/holdings")),
    "delegateRole": lambda who, at: verdict(
        who.post("/v1/delegations", {"unit": at.unit, "role": "administrator", "username": "x", "until": LATER})
    ),
    **access_probes.PRIVACY,
    **access_probes.DIRECT,
    "registerApp": lambda who, _at: verdict(who.post("/v1/apps", {"name": "Ứng dụng", "scope": "none"})),
    "listApps": lambda who, _at: verdict(who.get("/v1/apps")),
    "shutOutApp": access_probes.shut_out_app,
    "readTrail": lambda who, _at: verdict(who.get("/v1/audit")),
    "signOffWeek": lambda who, _at: verdict(
        who.post("/v1/audit/week", {"until": "2026-01-01T00:00:00Z", "unusual": 0})
    ),
    "sensitiveReaders": lambda who, _at: verdict(who.get("/v1/audit/readers")),
    "auditWeek": lambda who, _at: verdict(who.get("/v1/audit/week")),
}
LAST = ("revokeClient",)  # what it does stays done


def hired(province: Province, name: str, *grants: Grant) -> Person:
    """A new account with its phone."""
    province.db.write(accounts.create_account, OPERATOR, name, name.title(), province.clock.now(), grants=grants)
    return Person(province, name, f"install-{name}")


def settled(province: Province, unit: str) -> Place:
    """A unit in which something has happened."""
    officer = hired(province, f"officer-{unit.lower()}", Grant(unit, Role.FIELD_OFFICER))
    assert officer.upload(PHOTO).status_code == 201
    values = {"title": "Ra quân", "criteria": ["CQ-A01"], "kind": "photo", "media": [file_entry(PHOTO)]}
    created = officer.does("create", unit=unit, type="photo", set=values)
    assert created["status"] == "applied", created
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "9", **officer.headers}
    upload = province.http.post("/v1/uploads", headers=headers).headers["Location"]
    case = officer.post("/v1/cases", {"move_id": str(uuid.uuid4()), "type": "unit_year", "unit": unit, "year": 2026})
    refused = officer.does("create", unit=unit, set={"title": 7})["op_id"]
    return Place(unit, created["record"], officer, upload, case.json()["id"], refused)
