"""The key of the hosted service: set by an operator, kept encrypted, shown to nobody."""

import logging
from pathlib import Path

import pytest

from predictor.engines import hosted_connection, registry
from predictor.home import home
from tests.webapp.hosted.conftest import KEY
from webapp.accounts.models import User
from webapp.hosted.models import HostedAccount
from webapp.hosted.secret import decrypted
from webapp.hosted.selectors import stored_key

pytestmark = pytest.mark.django_db
URL = "/api/hosted-account/"


@pytest.fixture
def operator(client_of):
    return client_of(User.objects.create_user("ada", is_staff=True))


def test_a_key_is_tried_kept_encrypted_and_makes_the_engine_usable(
    at_service, operator, caplog, django_assert_max_num_queries
):
    caplog.set_level(logging.DEBUG)
    assert not registry.describe_engine("hosted").installed
    refused = operator.put(URL, {"key": KEY})
    assert (refused.status_code, refused.json()["code"]) == (409, "terms_not_accepted")
    assert refused.json()["field"] == "accept_terms"

    answer = operator.put(URL, {"key": KEY, "accept_terms": True})
    assert answer.status_code == 200, answer.json()
    found = answer.json()
    assert found["key_is_set"]
    assert not found["key_from_environment"]
    assert (found["accepted_by"], found["set_by"]) == ("ada", "ada")
    assert found["changed"] >= found["accepted"]
    assert found["problem"] == ""
    assert registry.describe_engine("hosted").installed
    assert hosted_connection.find_key() == KEY
    listed = next(e for e in operator.get("/api/engines/").json() if e["name"] == "hosted")
    assert listed["installed"]
    assert operator.get("/api/engines/hosted/tracks/").json()["tracks"]

    stored = HostedAccount.objects.get()
    assert KEY not in str(vars(stored))
    assert decrypted(stored.encrypted_key) == KEY
    texts = [path.read_text(errors="replace") for path in _files(home() / "weights")]
    assert not any(KEY in text for text in [*texts, caplog.text, answer.content.decode()])
    # The terms were accepted once; another key needs no more than itself.
    assert operator.put(URL, {"key": KEY}).status_code == 200

    assert operator.delete(URL).status_code == 204
    assert not registry.describe_engine("hosted").installed
    assert not operator.get(URL).json()["key_is_set"]


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_key_that_the_service_refuses_is_not_kept(at_service, operator):
    answer = operator.put(URL, {"key": "wrong-key", "accept_terms": True})
    assert (answer.status_code, answer.json()["code"]) == (502, "hosted_service")
    assert "does not accept the key" in answer.json()["message"]
    assert "wrong-key" not in answer.json()["message"]
    assert not HostedAccount.objects.exists()


def test_who_replaces_the_key_is_told_beside_who_accepted_the_terms(
    at_service, operator, client_of
):
    nobody = operator.get(URL).json()
    assert (nobody["set_by"], nobody["changed"], nobody["accepted_by"]) == (None, None, None)
    first = operator.put(URL, {"key": KEY, "accept_terms": True}).json()
    other = client_of(User.objects.create_user("grace", is_staff=True))
    second = other.put(URL, {"key": KEY}).json()
    assert (second["accepted_by"], second["set_by"]) == ("ada", "grace")
    assert second["accepted"] == first["accepted"]
    assert second["changed"] > first["changed"]


def test_a_key_of_the_environment_is_nobodys_and_terms_are_those_of_an_address(
    at_service, operator, monkeypatch
):
    operator.put(URL, {"key": KEY, "accept_terms": True})
    monkeypatch.setenv("ALPHAGENOME_API_KEY", KEY)
    found = operator.get(URL).json()
    assert found["key_from_environment"]
    assert (found["set_by"], found["accepted_by"]) == (None, "ada")
    monkeypatch.setenv("ALPHAGENOME_ADDRESS", "elsewhere.example.org:443")
    assert operator.get(URL).json()["accepted_by"] is None


def test_another_secret_key_cannot_read_it(at_service, operator, settings):
    operator.put(URL, {"key": KEY, "accept_terms": True})
    settings.SECRET_KEY = "another one that is just as long as it must be"
    assert stored_key() is None
    assert "No key" in registry.describe_engine("hosted").problem


def test_only_operators_change_it_and_everybody_signed_in_sees_whether_it_is_set(
    at_service, client_of, settings
):
    reader = client_of(User.objects.create_user("grace"))
    assert reader.get(URL).json()["may_change"] is False
    assert reader.put(URL, {"key": KEY, "accept_terms": True}).status_code == 403
    assert reader.delete(URL).status_code == 403
    assert client_of(None).get(URL).status_code == 401
    assert client_of(None).put(URL, {"key": KEY}).status_code == 401
    settings.LOCAL_USERNAME = "grace"
    assert reader.put(URL, {"key": KEY, "accept_terms": True}).status_code == 200
