"""What the service says while it runs: enough to find a fault, and not one word of anybody.

A unique word is planted in every place that a caller can write to; then everything that the process printed is read.
"""

import base64
import hashlib
import json
import logging
import sys

import httpx

from people import KINH_BAC, PASSWORD, YEAR
from service.logs import Lines

WORD = "Hoa-ngõ-12"  # a name and an address, with letters that are escaped on the way
LINE = {"at", "level", "logger", "event", "request", "principal", "method", "route", "status", "ms"}


class Planter:
    """Makes words that stand nowhere else, and remembers them."""

    def __init__(self) -> None:
        self.planted: list[str] = []

    def __call__(self, place: str) -> str:
        self.planted.append(f"canary{len(self.planted):02d}x{place}")
        return self.planted[-1]

    def found_in(self, text: str) -> list[str]:
        return [word for word in self.planted if word.rpartition("x")[0] in text]


def test_no_word_of_anybody_reaches_the_log(served) -> None:  # type: ignore[no-untyped-def]
    plant = Planter()
    lan = served.sign_in("lan", PASSWORD, plant("install"))
    url, token = served.url, lan.headers["Authorization"].removeprefix("Bearer ")
    me = lan.get(f"{url}/v1/auth/me").json()
    record, photo = _evidence(lan, url, plant)
    _odd_requests(lan, url, plant, record, photo)
    _strangers(url, plant)
    lan.close()
    served.kill()
    said = served.log.read_text()
    lines = [json.loads(line) for line in said.splitlines()]
    assert plant.found_in(said) == []
    words = (WORD, PASSWORD, token, token.split(".")[1], me["id"], me["client_id"], record, photo, "lan")
    assert [word for word in words if f'"{word}"' in said or (len(word) > 8 and word in said)] == []
    requests = [line for line in lines if line["event"] == "request"]
    assert all(set(line) == LINE for line in requests)
    pushes = [line for line in requests if line["route"] == "/v1/sync/push"]
    assert {line["status"] for line in pushes} >= {200, 422}
    assert len({line["principal"] for line in pushes} - {None}) == 1, "one caller, one pseudonym"
    assert {line["route"] for line in requests} >= {"/v1/records/{record_id}", None}, "addresses as their templates"
    assert len({line["request"] for line in requests}) == len(requests)


def _evidence(lan: httpx.Client, url: str, plant: Planter) -> tuple[str, str]:
    """A photo with words in its fields, a place, a file name; and an op that is refused."""
    photo = b"\xff\xd8\xff" + plant("bytes").encode()
    sha256 = hashlib.sha256(photo).hexdigest()
    record = "0198f2a4-7c1e-7d02-9a51-6f0c2b7e4d77"
    place = {"unit": KINH_BAC, "lat": plant("lat"), "lon": plant("lon"), "note": WORD}
    values = {
        "title": plant("title"), "note": f"{plant('note')} {WORD}\r\n\x1b[31m", "place": place,
        "people_told": False, "people_told_reason": plant("reason"), "tags": [plant("tag")],
    }  # fmt: skip
    file = {"sha256": sha256, "size": len(photo), "mime": plant("mime"), "name": plant("file") + ".jpg"}
    ops = [
        _op(1, "create", record, set=values, media=[file]),
        _op(2, "patch", record, set={"title": {"no": plant("refused")}}),
        {"op_id": plant("odd"), "dev_seq": plant("odd")},
    ]
    lan.post(f"{url}/v1/sync/push", json={"ops": ops, "app": plant("app")}).raise_for_status()
    words = {"filename": plant("name"), "filetype": "image/jpeg", "sha256": sha256, plant("key"): plant("value")}
    told = ",".join(f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in words.items())
    tus = {"Tus-Resumable": "1.0.0", "Upload-Length": str(len(photo)), "Upload-Metadata": told}
    tus["Content-Type"] = "application/offset+octet-stream"
    lan.post(f"{url}/v1/uploads", content=photo, headers=tus).raise_for_status()
    return record, sha256


def _op(dev_seq: int, action: str, record: str, **rest: object) -> dict[str, object]:
    place = {"type": "photo", "record_id": record, "scope": f"{KINH_BAC}/{YEAR}", "base_ver": 0}
    return {
        "op_id": f"0198f2a4-7c1e-7d02-9a51-00000000000{dev_seq}",
        "dev_seq": dev_seq,
        "action": action,
        **place,
        **rest,
    }


def _odd_requests(lan: httpx.Client, url: str, plant: Planter, record: str, sha256: str) -> None:
    """Words in queries, addresses, headers, methods, cursors and bodies that are no JSON."""
    lan.get(f"{url}/v1/records/{record}", params={"q": plant("query"), "as": plant("as")})
    lan.get(f"{url}/v1/records/{record}")
    lan.get(f"{url}/v1/records", params={"cursor": plant("cursor"), "scope": [plant("scope")]})
    lan.get(f"{url}/v1/units", params={"q": plant("search")})
    lan.get(f"{url}/v1/media/{record}/{sha256}", headers={"Range": plant("range"), "User-Agent": plant("agent")})
    lan.get(f"{url}/v1/{plant('path')}/{plant('path')}")
    lan.request(plant("METHOD"), f"{url}/v1/records")
    lan.post(f"{url}/v1/sync/push", content=f'{{"ops": [{plant("cut")}'.encode())
    lan.post(f"{url}/v1/sync/push", json={"ops": plant("no list")})
    lan.post(f"{url}/v1/sync/pull", json={"cursor": plant("cursor"), "types": [plant("type")]})
    lan.post(f"{url}/v1/sync/push", content=b"\x1f\x8b" + plant("gzip").encode(), headers={"Content-Encoding": "gzip"})
    lan.post(f"{url}/v1/delegations", json={"username": plant("colleague"), "unit": KINH_BAC, "role": plant("role")})
    lan.post(f"{url}/v1/cases", json={"move_id": plant("move"), "type": "obstacle", "fields": {"title": plant("case")}})


def _strangers(url: str, plant: Planter) -> None:
    """Names and passwords that are wrong, tokens that nobody gave, hosts and addresses that are made up."""
    device = {"install_id": plant("install"), "device_name": plant("device")}
    httpx.post(f"{url}/v1/auth/sign-in", json={"username": plant("user"), "password": plant("password"), **device})
    httpx.post(f"{url}/v1/auth/enrol", json={"code": "ABCDE-FGHJK", **device})
    httpx.post(
        f"{url}/v1/auth/refresh", json={"refresh_token": plant("refresh") + "A" * 40}, headers={"DPoP": plant("p")}
    )
    httpx.get(f"{url}/v1/auth/me", headers={"Authorization": f"Bearer {plant('token')}", "X-Request-Id": plant("id")})
    httpx.get(f"{url}/v1/health", headers={"Host": plant("host") + ".example", "X-Forwarded-For": plant("from")})
    httpx.get(f"{url}/v1/health", headers={"Accept-Language": plant("language"), "Cookie": plant("cookie")})


def test_of_a_failure_the_log_keeps_where_and_never_what() -> None:
    try:
        int(WORD)
    except ValueError:
        failed = logging.LogRecord(
            "service.worker", logging.ERROR, __file__, 1, "duty failed: %s", ("sweep",), sys.exc_info()
        )
    line = json.loads(Lines().format(failed))
    assert (line["event"], line["error"]) == ("duty failed: sweep", "ValueError")
    assert "test_logs.py" in line["where"][0]
    assert WORD not in Lines().format(failed)
    library = logging.LogRecord("botocore", logging.WARNING, __file__, 1, "cannot read %s", (WORD,), None)
    assert json.loads(Lines().format(library))["event"] == "cannot read %s"
