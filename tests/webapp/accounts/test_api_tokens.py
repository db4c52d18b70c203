from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from webapp.accounts.models import ApiToken, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada():
    return User.objects.create_user("ada")


@pytest.fixture
def token(client_of, ada):
    answer = client_of(ada).post("/api/tokens/", {"name": "notebook"})
    assert answer.status_code == 201
    return answer.json()


def program(text: str) -> APIClient:
    return APIClient(headers={"Authorization": f"Token {text}"})


def test_a_program_with_a_token_may_do_what_its_person_may(token):
    client = program(token["token"])
    assert client.post("/api/projects/", {"title": "From a notebook"}).status_code == 201
    assert client.get("/api/session/").json()["user"]["username"] == "ada"


def test_only_the_hash_is_kept_and_the_text_shown_once(token, client_of, ada):
    stored = ApiToken.objects.get()
    assert token["token"] not in str(stored.__dict__)
    assert len(stored.digest) == 64
    (listed,) = client_of(ada).get("/api/tokens/").json()
    assert "token" not in listed
    assert token["token"].startswith(listed["prefix"])


def test_a_deleted_token_opens_nothing(token, client_of, ada):
    assert client_of(ada).delete(f"/api/tokens/{token['id']}/").status_code == 204
    answer = program(token["token"]).get("/api/projects/")
    assert answer.status_code == 401
    assert answer.json()["code"] == "authentication_failed"


def test_an_expired_token_opens_nothing(token):
    ApiToken.objects.update(expires=timezone.now() - timedelta(seconds=1))
    answer = program(token["token"]).get("/api/projects/")
    assert (answer.status_code, "expired" in answer.json()["message"]) == (401, True)


def test_a_token_of_a_person_who_was_locked_out_opens_nothing(token, ada):
    ada.is_active = False
    ada.save()
    assert program(token["token"]).get("/api/projects/").status_code == 401


@pytest.mark.parametrize("header", ["Token", "Token a b", "Token wrong"])
def test_a_wrong_header_opens_nothing(header):
    client = APIClient(headers={"Authorization": header})
    assert client.get("/api/projects/").status_code == 401


def test_a_token_belongs_to_its_person_alone(token, client_of):
    other = client_of(User.objects.create_user("grace"))
    assert other.get("/api/tokens/").json() == []
    assert other.delete(f"/api/tokens/{token['id']}/").status_code == 404
    assert ApiToken.objects.count() == 1


def test_tokens_are_not_for_everybody():
    assert APIClient().get("/api/tokens/").status_code == 401
    assert APIClient().post("/api/tokens/", {"name": "x"}).status_code == 401
