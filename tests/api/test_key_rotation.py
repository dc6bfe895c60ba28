"""The keys of tokens change under a running service, and nobody is signed out by it."""

import shutil

from auth import audit
from auth.keyring import ANNOUNCED, FOLDER, OUTLIVED, Keyring, announce, forget_outlived, rotate
from auth.keys import load_keys
from auth.tokens import issue_access
from people import Province
from service.__main__ import main


def test_the_key_of_tokens_changes_while_the_service_runs(office, tmp_path):
    """Announced, then signing, then retired, then forgotten; a token works for as long as it lives."""
    folder, before = tmp_path / "keys" / FOLDER, office.sign_in("lan").json()
    old = office.keys.kid
    new = announce(folder, office.NOW)
    assert announce(folder, office.NOW + 1) == new, "announcing twice is once"
    published = office.http.get("/.well-known/jwks.json").json()["keys"]
    assert {old, new} <= {key["kid"] for key in published}
    assert office.keys.kid == old, "it does not sign yet"
    rotate(folder, office.NOW + ANNOUNCED)
    assert office.keys.kid == new
    assert office.me(before["access_token"]).status_code == 200, "a token of before"
    assert office.me(office.refresh(before["refresh_token"]).json()["access_token"]).status_code == 200
    assert forget_outlived(folder, office.NOW + ANNOUNCED + OUTLIVED - 1) == []
    assert forget_outlived(folder, office.NOW + ANNOUNCED + OUTLIVED) == [old]
    assert office.code_of(office.me(before["access_token"])) == (401, "token_invalid"), "its key is gone"
    assert [key["kid"] for key in office.keys.jwks()["keys"]] == [new]


def test_a_stranger_who_names_a_published_key_is_refused(office, tmp_path):
    """The kid is ours, the signature is not; and a kid that was never ours."""
    theirs = load_keys(tmp_path / "theirs")
    for kid in (office.keys.kid, office.evidence_keys.kid, theirs.kid):
        forged = type(theirs)(kid=kid, private=theirs.private, public=theirs.public)
        token = issue_access(forged, office.settings.public_url, office.lan, "phone", office.NOW)
        assert office.code_of(office.me(token)) == (401, "token_invalid")


def test_tokens_of_a_release_that_had_one_key_for_all_keep_working(tmp_path):
    """The key that signed both goes on counting for tokens, and is forgotten there when they are dead."""
    both = load_keys(tmp_path)
    ring = Keyring(tmp_path)
    assert ring.current().kid != both.kid
    assert both.kid in ring.current().public
    assert Keyring(tmp_path).current().kid == ring.current().kid
    shutil.rmtree(tmp_path)
    fresh = Keyring(tmp_path)
    assert len(fresh.current().public) == 1


def test_an_operator_rotates_by_command(tmp_path, migrated, monkeypatch, capsys):
    made = Province(tmp_path / "var", migrated, None)
    monkeypatch.setenv("MINHCHUNG_DATA_DIR", str(tmp_path / "var"))
    assert main(["keys", "rotate"]) == 1
    assert "announce" in capsys.readouterr().err
    assert main(["keys", "announce"]) == 0
    assert main(["keys", "rotate"]) == 1, "not an hour ago"
    assert main(["keys", "rotate", "--at-once"]) == 0
    capsys.readouterr()
    assert main(["keys", "list"]) == 0
    assert capsys.readouterr().out.split() == [k["kid"] for k in made.app.state.keyring.current().jwks()["keys"]]
    assert made["lan"].get("/v1/auth/me").status_code == 200
    assert main(["keys", "rotate", "--evidence", "--at-once"]) == 0
    kinds = [(e.act, e.facts) for e in made.db.read(audit.entries)]
    assert kinds == [("keys_rotated", {"of": "tokens"}), ("keys_rotated", {"of": "evidence"})]
    assert made.app.state.keys.kid in load_keys(tmp_path / "var" / "keys").public, "its receipts still count"
    made.close()
