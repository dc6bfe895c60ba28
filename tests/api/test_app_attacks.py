"""What is tried against apps and their tokens (RFC 9700): each leads nowhere."""

from urllib.parse import parse_qs, urlsplit

import pytest
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from auth import apps
from auth.app_models import App
from auth.apps import CODE, SERVICE
from auth.errors import AppInvalid
from outside_apps import BACK, EXAMPLE, VERIFIER, agreed, asked, bearer, described, outsider, refused, register, tokens
from people import PASSWORD, Province


@pytest.fixture(scope="module")
def open_province(tmp_path_factory, migrated):
    made = Province(tmp_path_factory.mktemp("apps"), migrated, None)
    yield made, register(made)
    made.close()


def test_the_same_app_does_not_make_two_people_the_same_hands(ward):
    """Devices are shared, apps are not: who lets in the same app as the author may still review."""
    app, lan = register(ward), ward["lan"]
    tokens(ward, app), tokens(ward, app, name="tuan")
    record = lan.does("create", set={"title": "Biên bản", "criteria": []})["record"]
    assert ward["tuan"].decides(record, "rejected", reason_code="other", note="Mờ").status_code != 403


def test_the_page_runs_nothing_and_says_what_it_gives_in_two_languages(ward):
    app = register(ward)
    uri = asked(ward, outsider(ward, app))
    page = ward.http.get(uri)
    assert "<script" not in page.text
    assert "Bản đồ &lt;an ninh&gt;" in page.text
    assert "Đọc minh chứng mà bạn được đọc" in page.text
    assert "https://ung-dung.example" in page.text
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert page.headers["x-frame-options"] == "DENY"
    assert "set-cookie" not in page.headers, "nothing that a forged form could ride on"
    english = ward.http.get(uri, headers={"Accept-Language": "en"}).text
    assert "Read the evidence that you may read" in english
    wrong = agreed(ward, uri, password="sai")
    assert (wrong.status_code, "Tên đăng nhập hoặc mật khẩu không đúng" in wrong.text) == (400, True)
    landed = agreed(ward, uri, answer="deny", username="", password="").headers["location"]
    assert parse_qs(urlsplit(landed).query)["error"] == ["access_denied"]


def test_a_code_counts_once_and_its_second_use_ends_the_session(province):
    """Injection and replay (RFC 9700 §4.5): another app, another address, no verifier, another verifier, twice."""
    app, thief = register(province), register(province, name="Kẻ gian")
    client, made, landed = tokens(province, app)
    code = parse_qs(urlsplit(landed).query)["code"][0]
    fresh = parse_qs(urlsplit(agreed(province, asked(province, client)).headers["location"]).query)["code"][0]
    right = {"grant_type": CODE, "code": fresh, "redirect_uri": BACK, "code_verifier": VERIFIER}

    def exchange(who: apps.AppView, **change):
        form = {k: v for k, v in (right | change).items() if v is not None}
        return province.http.post("/oauth/token", data=form, auth=(who.id, who.secret))

    assert refused(exchange(thief)) == (400, "invalid_grant")
    assert refused(exchange(app, redirect_uri=BACK + "/x")) == (400, "invalid_grant")
    assert refused(exchange(app, code_verifier="w" * 50)) == (400, "invalid_grant")
    assert refused(exchange(app, code_verifier=None)) == (400, "invalid_request")
    assert exchange(app).status_code == 200, "none of them spent it"
    assert client.get("/oauth/userinfo").status_code == 200
    assert refused(exchange(app, code=code)) == (400, "invalid_grant")
    assert client.get("/oauth/userinfo").json()["code"] == "token_invalid", "its access token ended too"
    assert refused(exchange(app, grant_type="refresh_token", refresh_token=made["refresh_token"])) == (
        400, "invalid_grant",
    )  # fmt: skip
    late = parse_qs(urlsplit(agreed(province, asked(province, client)).headers["location"]).query)["code"][0]
    province.clock.advance(60_000)
    assert refused(exchange(app, code=late)) == (400, "invalid_grant")


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "evidence.push"}, "invalid_scope"),
        ({"scope": "everything"}, "invalid_scope"),
        ({"request_uri": "https://evil.example/r"}, "invalid_request"),
        ({"prompt": "none"}, "login_required"),
        ({"redirect_uri": "https://ung-dung.example/ve/"}, None),
        ({"redirect_uri": "https://ung-dung.example.evil.example/ve"}, None),
        ({"redirect_uri": "https://ung-dung.example/ve?next=//evil"}, None),
        ({"redirect_uri": "https://ung-dung.example@evil.example/ve"}, None),
        ({"redirect_uri": "HTTPS://ung-dung.example/ve"}, None),
        ({"redirect_uri": None}, None),
        ({"client_id": "00000000-0000-0000-0000-000000000000"}, None),
    ],
)
def test_a_request_that_is_not_right_goes_back_to_the_app_or_nowhere(open_province, change, error):
    """PKCE downgrade, redirect tricks, unknown apps: no browser is sent where the app is not (RFC 6749 §4.1.2.1)."""
    province, app = open_province
    right = {
        "response_type": "code", "client_id": app.id, "redirect_uri": BACK, "scope": "openid", "state": "s&t",
        "code_challenge": create_s256_code_challenge(VERIFIER), "code_challenge_method": "S256",
    }  # fmt: skip
    query = {k: v for k, v in (right | change).items() if v is not None}
    answer = province.http.get("/oauth/authorize", params=query, follow_redirects=False)
    if error is None:
        assert answer.status_code == 400
        assert "location" not in answer.headers
    else:
        said = parse_qs(urlsplit(answer.headers["location"]).query)
        assert (said["error"], said["state"]) == ([error], ["s&t"])
        assert said["iss"] == [province.settings.public_url]
    posted = province.http.post(
        "/oauth/authorize", data={**query, "username": "lan", "password": PASSWORD, "answer": "allow"},
        follow_redirects=False,
    )  # fmt: skip
    assert "code=" not in posted.headers.get("location", ""), "the form is trusted no more than the address"


def test_an_app_shows_its_secret_and_strangers_learn_nothing(open_province):
    """Wrong secret, unknown app, no secret, two ways at once, a parameter twice: RFC 6749 §2.3, §5.2."""
    province, app = open_province
    public = register(province, public=True)
    form = {"grant_type": SERVICE}
    wrong = province.http.post("/oauth/token", data=form, auth=(app.id, "sai"))
    unknown = province.http.post("/oauth/token", data=form, auth=("khong-co", "sai"))
    none = province.http.post("/oauth/token", data=form | {"client_id": app.id})
    posing = province.http.post("/oauth/token", data=form | {"client_id": public.id, "client_secret": "x"})
    assert {refused(a) for a in (wrong, unknown, none, posing)} == {(401, "invalid_client")}
    assert wrong.content == unknown.content
    assert wrong.headers["www-authenticate"].startswith("Basic")
    both = province.http.post("/oauth/token", data=form | {"client_secret": app.secret}, auth=(app.id, app.secret))
    assert refused(both) == (400, "invalid_request")
    twice = f"grant_type={SERVICE}&grant_type={CODE}"
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert refused(province.http.post("/oauth/token", content=twice, headers=kind)) == (400, "invalid_request")
    assert refused(province.http.post("/oauth/token", json=form)) == (400, "invalid_request")
    assert refused(province.http.post("/oauth/token", data=form, auth=(app.id, app.secret))) == (
        400, "unauthorized_client",
    )  # fmt: skip
    assert refused(province.http.post("/oauth/token", data={"grant_type": "password"}, auth=(app.id, app.secret))) == (
        400, "unsupported_grant_type",
    )  # fmt: skip
    stored = str(province.db.read(lambda session: session.connection().execute(App.__table__.select()).all()))
    assert app.id in stored
    assert app.secret not in stored


def test_a_stolen_refresh_token_of_an_app_is_worth_nothing(ward):
    """Not at the door of phones, not for another app, and its replay closes the session (RFC 9700 §4.14)."""
    app, other = register(ward), register(ward, name="Khác")
    client, made, _ = tokens(ward, app)
    stolen = made["refresh_token"]
    phone = ward.http.post("/v1/auth/refresh", json={"refresh_token": stolen})
    assert phone.json()["code"] == "refresh_invalid"
    form = {"grant_type": "refresh_token", "refresh_token": stolen}
    assert refused(ward.http.post("/oauth/token", data=form, auth=(other.id, other.secret)))[1] == "invalid_grant"
    less = ward.http.post("/oauth/token", data=form | {"scope": "openid"}, auth=(app.id, app.secret)).json()
    assert less["scope"] == "openid"
    assert ward.http.get("/v1/records", headers=bearer(less)).json()["code"] == "scope_insufficient"
    form["refresh_token"] = less["refresh_token"]
    assert ward.http.post("/oauth/token", data=form, auth=(app.id, app.secret)).status_code == 200
    form["refresh_token"] = stolen
    assert refused(ward.http.post("/oauth/token", data=form, auth=(app.id, app.secret)))[1] == "invalid_grant"
    assert client.get("/oauth/userinfo").json()["code"] == "token_invalid"


@pytest.mark.parametrize(
    "uri",
    ["http://ung-dung.example/ve", "https://a@b.example/", "https://b.example/#x", "javascript:alert(1)", "app:/ve",
     "https://*.example/ve", "https:///ve", "https://b.example/\\@evil.example", "http://localhost/ve", "//b.example"],
)  # fmt: skip
def test_an_address_that_is_not_the_apps_own_cannot_be_registered(open_province, uri):
    with pytest.raises(AppInvalid):
        register(open_province[0], redirect_uris=(uri,))


def test_an_app_on_this_machine_listens_where_it_can(open_province):
    """RFC 8252 §7.3: the port is free, the rest is not; and a scheme of the app's own."""
    province, _ = open_province
    app = register(province, redirect_uris=("http://127.0.0.1/ve", "vn.gov.ung-dung:/ve"), public=True)
    query = {
        "response_type": "code", "client_id": app.id, "code_challenge": create_s256_code_challenge(VERIFIER),
        "code_challenge_method": "S256",
    }  # fmt: skip
    found = [
        province.http.get("/oauth/authorize", params={**query, "redirect_uri": uri}).status_code
        for uri in (
            "http://127.0.0.1:51004/ve",
            "vn.gov.ung-dung:/ve",
            "http://127.0.0.1:51004/khac",
            "http://[::1]/ve",
        )
    ]
    assert found == [200, 200, 400, 400]


def test_an_answer_of_another_server_is_told_apart(ward):
    """Mix-up (RFC 9700 §4.4): the answer names its issuer, and the app of docs/oauth.md looks."""
    app = register(ward)
    client = outsider(ward, app)
    landed = agreed(ward, asked(ward, client)).headers["location"]
    mixed = landed.partition("iss=")[0] + "iss=https%3A%2F%2Fkhac.example"
    with pytest.raises(ValueError, match="another server"):
        EXAMPLE["come_back"](client, described(ward), mixed, VERIFIER, "s")
