"""Guessing, flooding, forged addresses and names, and settings that must not be served."""

from collections.abc import Iterator
from copy import copy

import pytest

from auth import audit
from people import PASSWORD, Province
from service.app import assemble, create_app, furnish
from service.boot import unsafe
from service.clock import ManualClock
from service.db import Database
from service.settings import Settings

MINUTE = 60_000
GOOD = {"public_url": "https://minhchung.example", "secret": "k9Xw2-Qz7Lm4_Rt8Vb3Nc6Hy1Jd5Fg0Sa"}


def guess(province: Province, name: str, password: str = "sai", address: str = "203.0.113.7"):
    province.app.state.settings = province.settings
    body = {"username": name, "password": password, "install_id": "somebody-else", "device_name": "Máy"}
    client = province.http
    client._transport.client = (address, 1)  # what the network says of the peer
    return client.post("/v1/auth/sign-in", json=body)


def test_whoever_guesses_is_slowed_down_and_lan_is_not(province):
    codes = [guess(province, "lan").json()["code"] for _ in range(12)]
    assert codes == ["credentials_invalid"] * 10 + ["too_many_requests"] * 2
    refused = guess(province, "lan", PASSWORD)
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0
    assert refused.headers["ratelimit"].startswith('"guesses";r=0;t=')
    assert refused.headers["ratelimit-policy"] == '"guesses";q=10;w=900'
    assert guess(province, "lan", PASSWORD, address="198.51.100.9").status_code == 200, "from her own network"
    assert province["lan"].get("/v1/records").status_code == 200, "and her session goes on"
    province.clock.advance(15 * MINUTE)
    assert guess(province, "lan", PASSWORD).status_code == 200


def test_one_address_that_tries_many_names_is_stopped_whether_they_exist_or_not(province):
    answers = [guess(province, f"name-{n}") for n in range(101)]
    assert {a.json()["code"] for a in answers[:100]} == {"credentials_invalid"}
    assert answers[100].json()["code"] == "too_many_requests"
    assert guess(province, "lan", PASSWORD, address="198.51.100.9").status_code == 200


@pytest.fixture
def twin(province: Province) -> Iterator[Province]:
    """A second process of the same service: another application, which shares the database and no memory."""
    second = copy(province)
    second.app = assemble(province.settings)
    furnish(second.app.state, province.settings, province.clock, Database(province.settings.db_url))
    second.http = type(province.http)(second.app, raise_server_exceptions=False)
    yield second
    second.http.close()
    second.app.state.database.close()


def test_two_processes_count_wrong_guesses_together(province, twin):
    codes = [guess((province, twin)[n % 2], "lan").json()["code"] for n in range(10)]
    assert set(codes) == {"credentials_invalid"}
    for process in (province, twin):
        refused = guess(process, "lan", PASSWORD)
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "90")
        assert refused.headers["ratelimit"] == '"guesses";r=0;t=90'
    province.clock.advance(90_000)
    assert guess(twin, "lan").json()["code"] == "credentials_invalid", "one more, and whoever takes it"
    assert guess(province, "lan").json()["code"] == "too_many_requests"


def test_each_of_two_processes_allows_a_device_its_part(province, twin):
    headers = province["lan"].headers
    for process in (province, twin):
        more = {"client_requests_per_minute": 10, "processes": 2}
        process.app.state.settings = province.settings.model_copy(update=more)
        answers = [process.http.get("/v1/auth/me", headers=headers) for _ in range(6)]
        assert [a.status_code for a in answers] == [200] * 5 + [429]
        assert answers[0].headers["ratelimit-policy"] == '"client";q=5;w=60'
        assert answers[5].headers["retry-after"] == "12"


def test_right_passwords_are_not_counted(province):
    assert {guess(province, "lan", PASSWORD).status_code for _ in range(15)} == {200}


def test_a_device_that_floods_waits_and_its_neighbour_does_not(province):
    province.app.state.settings = province.settings.model_copy(update={"client_requests_per_minute": 5})
    answers = [province["lan"].get("/v1/auth/me") for _ in range(6)]
    assert [a.status_code for a in answers] == [200] * 5 + [429]
    assert answers[0].headers["ratelimit"] == '"client";r=4;t=12'
    assert answers[5].json()["action"] == "wait"
    assert province["minh"].get("/v1/auth/me").status_code == 200
    province.clock.advance(MINUTE // 5)
    assert province["lan"].get("/v1/auth/me").status_code == 200


@pytest.mark.parametrize("host", ["a/?", "a#", "", "a b", "user@host", "ế.example", "a:port"])
def test_a_host_that_is_no_name_is_refused(province, host):
    answer = province.http.get("/v1/health", headers={"Host": host.encode()})
    assert (answer.status_code, answer.json()["code"]) == (421, "host_unknown")


def test_in_production_the_service_goes_by_its_own_name(tmp_path, migrated):
    made = Province(tmp_path / "var", migrated, None)
    settings = Settings(data_dir=tmp_path / "var", **GOOD)
    app = create_app(settings, ManualClock(made.clock.now()))
    made.http.close()
    made.http = type(made.http)(app, base_url="https://minhchung.example")
    good = made.http.get("/v1/problems")
    assert good.status_code == 200
    assert good.headers["strict-transport-security"] == "max-age=31536000"
    assert good.headers["x-content-type-options"] == "nosniff"
    assert made.http.get("/v1/problems", headers={"Host": "evil.example"}).json()["code"] == "host_unknown"
    app.state.database.close()
    made.close()


def test_only_a_trusted_proxy_says_where_a_request_came_from(tmp_path, migrated):
    made = Province(tmp_path / "var", migrated, None)
    told = {"X-Forwarded-For": "6.6.6.6, 203.0.113.50, 10.0.0.9"}
    for trusted, peer, seen in (
        ((), "10.0.0.8", "10.0.0.8"),
        (("10.0.0.0/8",), "10.0.0.8", "203.0.113.50"),
        (("10.0.0.0/8",), "192.0.2.1", "192.0.2.1"),
    ):
        settings = made.settings.model_copy(update={"trusted_proxies": trusted})
        app = create_app(settings, made.clock)
        http = type(made.http)(app, client=(peer, 1))
        body = {"username": "x", "password": "x", "install_id": "somebody-else", "device_name": "Máy"}
        http.post("/v1/auth/sign-in", json=body, headers=told)
        assert app.state.database.read(audit.entries)[-1].source == seen
        http.close()
        app.state.database.close()
    made.close()


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"public_url": "http://minhchung.example"}, "https"),
        ({"secret": "changeme" * 5}, "random"),
        ({"secret": "a" * 40}, "random"),
        ({"cors_origins": ("*",)}, "cors_origins"),
        ({"trusted_proxies": ("0.0.0.0/0",)}, "trusted_proxies"),
    ],
)
def test_unsafe_settings_are_not_served_outside_the_demo(tmp_path, changes, word):
    bad = Settings(data_dir=tmp_path, **(GOOD | changes))
    assert word in " ".join(unsafe(bad))
    with pytest.raises(ValueError, match=word):
        create_app(bad)
    assert unsafe(bad.model_copy(update={"environment": "demo"})) == []
    assert unsafe(Settings(data_dir=tmp_path, **GOOD)) == []
    assert Settings(data_dir=tmp_path, **GOOD).second_factor_asked
    assert not Settings(data_dir=tmp_path).production
