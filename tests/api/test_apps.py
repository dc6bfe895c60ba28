"""Third-party apps get tokens by the RFCs, and what a scope opens is all that they reach."""

import re
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pyotp
from authlib.integrations.httpx_client import OAuth2Client
from joserfc import jwt
from joserfc.jwk import KeySet

from auth import accounts, audit
from auth.accounts import OPERATOR
from auth.apps import DEVICE, SERVICE
from auth.principal import Grant, Role
from outside_apps import BACK, EXAMPLE, READ, agreed, asked, bearer, described, outsider, refused, register, tokens
from people import KINH_BAC, PASSWORD
from service.__main__ import main


def test_lan_lets_an_app_read_and_takes_it_back(province):
    """Code with PKCE, ID token, userinfo, refresh, what the scope opens and what not, and the end of it."""
    app, lan = register(province), province["lan"]
    record = lan.does("create", set={"title": "Biên bản", "criteria": []})["record"]
    client, made, landed = tokens(province, app)
    assert parse_qs(urlsplit(landed).query)["iss"] == [province.settings.public_url], "RFC 9207"
    assert (made["token_type"], made["expires_in"], made["scope"]) == ("Bearer", 900, READ)
    keys = KeySet.import_key_set(province.http.get(described(province)["jwks_uri"]).json())
    told = jwt.decode(made["id_token"], keys, algorithms=["ES256"]).claims
    assert (told["iss"], told["aud"], told["sub"], told["nonce"]) == (
        province.settings.public_url, app.id, lan.account_id, "n-1",
    )  # fmt: skip
    assert client.get("/oauth/userinfo").json() == {
        "sub": lan.account_id, "name": "Lan", "preferred_username": "lan",
    }  # fmt: skip
    assert client.get(f"/v1/records/{record['id']}").status_code == 200
    for path, body in (
        ("/v1/sync/push", {"ops": [lan.op("create", set={"title": "Lén", "criteria": []})]}),
        ("/v1/auth/second-factor", None),
        ("/v1/delegations", {}),
    ):
        answer = client.post(path, json=body)
        assert (answer.status_code, answer.json()["code"]) == (403, "scope_insufficient"), path
    old = made["refresh_token"]
    again = EXAMPLE["go_on"](client, described(province))
    assert again["refresh_token"] != old
    assert client.get(f"/v1/records/{record['id']}").status_code == 200
    assert [(c["name"], c["scope"]) for c in lan.get("/v1/consents").json()] == [("Bản đồ <an ninh>", READ)]
    gone = province.http.delete(f"/v1/consents/{app.id}", headers=lan.headers)
    assert gone.status_code == 204
    assert client.get(f"/v1/records/{record['id']}").json()["code"] == "client_revoked"
    assert lan.get("/v1/consents").json() == []
    acts = [(e.act, e.actor) for e in province.db.read(audit.entries) if e.act.startswith("consent")]
    assert acts == [("consent_given", lan.account_id), ("consent_withdrawn", lan.account_id)]
    assert tokens(province, app)[1]["access_token"], "and she may let it in again"


def test_a_scope_never_gives_what_the_person_may_not(ward):
    """The app of a field officer reads her ward, not another; that of a reviewer who let it read does not review."""
    there = ward["nam"].does("create", unit="07228", set={"title": "Ở Đa Mai", "criteria": []})["record"]
    app = register(ward, scope="evidence.read evidence.push evidence.review")
    client, _, _ = tokens(ward, app, "evidence.read evidence.push")
    assert client.get(f"/v1/records/{there['id']}").json()["code"] == "record_unknown"
    op = ward["lan"].op("create", set={"title": "Qua ứng dụng", "criteria": []}) | {"dev_seq": 1}
    assert client.post("/v1/sync/push", json={"ops": [op]}).json()["results"][0]["status"] == "applied"
    reviewer, made, _ = tokens(ward, app, "evidence.read", name="tuan")
    on = {"ver": there["ver"], "content_digest": there["content_digest"]}
    body = {"review_id": op["op_id"], "record_id": there["id"], "on": on, "decision": "verified"}
    assert reviewer.post("/v1/reviews", json=body).json()["code"] == "scope_insufficient"
    may, _, _ = tokens(ward, app, "evidence.review", name="tuan")
    assert may.post("/v1/reviews", json=body).status_code == 200
    assert bearer(made)


def test_who_has_a_second_factor_shows_it_to_an_app(ward):
    app, quan = register(ward), ward["quan"]
    made = quan.post("/v1/auth/second-factor", None).json()
    code = pyotp.TOTP(made["key"])
    quan.post("/v1/auth/second-factor/confirm", {"code": code.at(ward.clock.now() // 1000)})
    ward.clock.advance(60_000)
    uri = asked(ward, outsider(ward, app))
    without = agreed(ward, uri, "quan")
    assert without.status_code == 400
    assert "xác thực lớp hai" in without.text
    landed = agreed(ward, uri, "quan", otp=code.at(ward.clock.now() // 1000))
    assert "code=" in landed.headers["location"]


def test_a_service_acts_as_itself_with_roles_of_its_own(ward):
    """RFC 6749 §4.4: no refresh token; introspection and revocation by the app that holds the token, and no other."""
    now = ward.clock.now()
    robot = ward.db.write(
        accounts.create_account, OPERATOR, "trung-tam", "Trung tâm", now, grants=(Grant(KINH_BAC, Role.UNIT_EDITOR),)
    )
    app = register(ward, grant_types=(SERVICE,), redirect_uris=(), account_id=robot.id, scope="evidence.read")
    client = OAuth2Client(client_id=app.id, client_secret=app.secret, scope="evidence.read")
    client._transport, client._mounts = ward.http._transport, {}
    client.base_url = ward.settings.public_url
    server = described(ward)
    made = client.fetch_token(server["token_endpoint"], grant_type=SERVICE)
    assert "refresh_token" not in made
    record = ward["lan"].does("create", set={"title": "Biên bản", "criteria": []})["record"]
    assert client.get(f"/v1/records/{record['id']}").status_code == 200
    told = client.introspect_token(server["introspection_endpoint"], token=made["access_token"]).json()
    assert (told["active"], told["sub"], told["scope"]) == (True, robot.id, "evidence.read")
    nosy = register(ward, name="Tò mò")
    asked_by = {"data": {"token": made["access_token"]}, "auth": (nosy.id, nosy.secret)}
    assert ward.http.post("/oauth/introspect", **asked_by).json() == {"active": False}
    assert ward.http.post("/oauth/revoke", **asked_by).status_code == 200
    assert client.get("/v1/records").status_code == 200, "another app's token is not theirs to revoke"
    client.revoke_token(server["revocation_endpoint"], token=made["access_token"])
    assert client.get("/v1/records").json()["code"] == "token_invalid"
    client.fetch_token(server["token_endpoint"], grant_type=SERVICE)
    off = ward.http.delete(f"/v1/apps/{app.id}", headers=ward["quan"].headers)
    assert off.json()["active"] is False
    assert client.get("/v1/records").json()["code"] == "client_revoked"


def test_a_screen_without_keys_is_let_in_from_elsewhere(province):
    """RFC 8628: pending, too fast, allowed, once; denied; expired; guessing codes is counted."""
    app = register(province, public=True, grant_types=(DEVICE,), redirect_uris=(), scope="evidence.read")

    def begin() -> dict:
        return province.http.post(
            described(province)["device_authorization_endpoint"], data={"client_id": app.id}
        ).json()

    def poll(device: dict):
        province.clock.advance(5000)
        form = {"grant_type": DEVICE, "client_id": app.id, "device_code": device["device_code"]}
        return province.http.post("/oauth/token", data=form)

    first = begin()
    assert re.fullmatch(r"[2-9A-Z]{4}-[2-9A-Z]{4}", first["user_code"])
    assert refused(poll(first)) == (400, "authorization_pending")
    province.clock.advance(-5000)
    assert refused(poll(first)) == (400, "slow_down")
    page = province.http.get(first["verification_uri_complete"])
    assert "Bản đồ &lt;an ninh&gt;" in page.text
    assert "Chỉ tiếp tục nếu chính bạn" in page.text
    typed = first["user_code"].lower().replace("-", " ")
    form = {"user_code": typed, "username": "lan", "password": PASSWORD, "answer": "allow"}
    assert "Xong" in province.http.post("/oauth/device", data=form).text
    province.clock.advance(5000)
    made = poll(first).json()
    assert province.http.get("/v1/records", headers=bearer(made)).status_code == 200
    assert refused(poll(first)) == (400, "invalid_grant")
    second = begin()
    province.http.post("/oauth/device", data={"user_code": second["user_code"], "answer": "deny"})
    assert refused(poll(second)) == (400, "access_denied")
    third = begin()
    province.clock.advance(15 * 60_000)
    assert refused(poll(third)) == (400, "expired_token")
    guesses = [province.http.get("/oauth/device", params={"user_code": f"AAAA-{n:04}"}) for n in range(101)]
    assert [g.status_code for g in guesses[-2:]] == [400, 429]


def test_an_administrator_registers_apps_and_others_do_not(ward):
    body = {"name": "Bản đồ", "redirect_uris": [BACK], "scope": "openid evidence.read"}
    made = ward["quan"].post("/v1/apps", body)
    assert made.status_code == 201
    assert made.headers["cache-control"] == "no-store"
    assert made.json()["secret"]
    assert ward["ha"].post("/v1/apps", body).json()["code"] == "not_permitted"
    assert [a["secret"] for a in ward["quan"].get("/v1/apps").json()] == [None]
    assert ward["quan"].post("/v1/apps", body | {"scope": "all"}).json()["code"] == "app_invalid"
    acts = [e.act for e in ward.db.read(audit.entries)]
    assert "oauth_client_changed" in acts


def test_an_operator_registers_an_app_by_command_and_shuts_it_out(ward, monkeypatch, capsys):
    monkeypatch.setenv("MINHCHUNG_DATA_DIR", str(ward.settings.data_dir))
    asked = ["app", "add", "Bản đồ an ninh", "--redirect", BACK, "--scope", "openid", "--scope", "evidence.read"]
    assert main(asked) == 0
    app_id, secret = re.findall(r"client_(?:id|secret) (\S+)", capsys.readouterr().out)
    _, made, _ = tokens(ward, SimpleNamespace(id=app_id, secret=secret), "openid evidence.read")
    assert ward.http.get("/v1/records", headers=bearer(made)).status_code == 200
    assert main(["app", "list"]) == 0
    assert capsys.readouterr().out.split("\t")[:2] == [app_id, "Bản đồ an ninh"]
    assert main(["app", "add", "Trạm", "--grant", SERVICE, "--account", "nobody"]) == 1
    assert main(["app", "add", "Xấu", "--redirect", "http://evil.example/ve"]) == 1
    assert main(["app", "off", app_id]) == 0
    assert ward.http.get("/v1/records", headers=bearer(made)).status_code == 403
    assert main(["app", "list"]) == 0
    assert capsys.readouterr().out.strip().endswith("off")
    facts = [e.facts for e in ward.db.read(audit.entries) if e.act == "oauth_client_changed" and e.actor == "operator"]
    assert [one["active"] for one in facts] == [True, False]
