"""Staying signed in over a bad network, and what a thief gets for an old token."""

from concurrent.futures import ThreadPoolExecutor

from auth import own_password, sessions
from auth.accounts import OPERATOR
from auth.passwords import hash_password

HOUR = 60 * 60_000
DAY = 24 * HOUR


def test_a_lost_refresh_answer_is_given_again_a_hundred_times(office):
    token = office.sign_in("lan").json()["refresh_token"]
    answers = {office.refresh(token).json()["refresh_token"] for _ in range(100)}
    assert len(answers) == 1
    (successor,) = answers
    assert successor != token
    again = office.refresh(successor)
    assert again.status_code == 200
    assert office.me(again.json()["access_token"]).status_code == 200


def test_a_phone_that_loses_every_first_answer_is_never_locked_out(office):
    token = office.sign_in("lan").json()["refresh_token"]
    for _ in range(100):
        office.clock.advance(HOUR)
        office.refresh(token)  # lost on the way back
        token = office.refresh(token).json()["refresh_token"]
    assert office.refresh(token).status_code == 200


def test_two_requests_at_once_get_one_successor(office):
    token = office.sign_in("lan").json()["refresh_token"]
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda _: office.db.write(sessions.refresh, token, office.secret, office.NOW), range(16))
        )
    assert len({answer.refresh_token for answer in answers}) == 1


def test_a_thief_with_an_old_token_closes_the_session_for_both(office):
    stolen = office.sign_in("lan").json()["refresh_token"]
    second = office.refresh(stolen).json()["refresh_token"]
    third = office.refresh(second).json()["refresh_token"]
    assert office.code_of(office.refresh(stolen)) == (401, "refresh_reused")
    assert office.code_of(office.refresh(third)) == (401, "refresh_invalid")
    assert office.code_of(office.refresh(second)) == (401, "refresh_invalid")
    assert office.sign_in("lan").status_code == 200


def test_reuse_closes_one_session_and_no_other(office):
    other = office.sign_in("lan", install="another-phone").json()["refresh_token"]
    first = office.sign_in("lan").json()["refresh_token"]
    office.refresh(office.refresh(first).json()["refresh_token"])
    assert office.code_of(office.refresh(first)) == (401, "refresh_reused")
    assert office.refresh(other).status_code == 200


def test_an_answer_can_be_lost_for_a_day_and_no_longer(office):
    token = office.sign_in("lan").json()["refresh_token"]
    successor = office.refresh(token).json()["refresh_token"]
    office.clock.advance(DAY)
    assert office.refresh(token).json()["refresh_token"] == successor
    office.clock.advance(1)
    assert office.code_of(office.refresh(token)) == (401, "refresh_reused")


def test_a_session_lives_ninety_days_from_its_last_use(office):
    token = office.sign_in("lan").json()["refresh_token"]
    office.clock.advance(89 * DAY)
    token = office.refresh(token).json()["refresh_token"]
    office.clock.advance(89 * DAY)
    token = office.refresh(token).json()["refresh_token"]
    office.clock.advance(90 * DAY)
    assert office.code_of(office.refresh(token)) == (401, "refresh_invalid")


def test_sweeping_forgets_only_what_is_past_its_time(office):
    old = office.sign_in("ha").json()["refresh_token"]
    office.clock.advance(60 * DAY)
    token = office.sign_in("lan").json()["refresh_token"]
    office.clock.advance(40 * DAY)
    office.db.write(sessions.sweep, office.clock.now())
    assert office.refresh(token).status_code == 200
    assert office.code_of(office.refresh(old)) == (401, "refresh_invalid")


def test_signing_out_may_be_said_twice(office):
    token = office.sign_in("lan").json()["refresh_token"]
    for _ in range(2):
        assert office.http.post("/v1/auth/sign-out", json={"refresh_token": token}).status_code == 204
    assert office.code_of(office.refresh(token)) == (401, "refresh_invalid")
    assert office.http.post("/v1/auth/sign-out", json={"refresh_token": "x" * 43}).status_code == 204


def test_a_new_password_closes_the_old_sessions(office):
    session = office.sign_in("lan").json()
    office.db.write(own_password.give, OPERATOR, office.lan, hash_password("Moi-2026-kb", office.CHEAP), office.NOW)
    assert office.code_of(office.refresh(session["refresh_token"])) == (401, "refresh_invalid")
    assert office.code_of(office.sign_in("lan")) == (401, "credentials_invalid")
    assert office.sign_in("lan", password="Moi-2026-kb").status_code == 200
