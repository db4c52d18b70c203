import pytest
from rest_framework.test import APIClient

from webapp.accounts.models import User
from webapp.projects.models import Project

pytestmark = pytest.mark.django_db


@pytest.fixture
def person():
    return User.objects.create_user("ada", password="a long password 1")


@pytest.fixture
def browser():
    """A browser that must send its CSRF token, as real ones must."""
    client = APIClient(enforce_csrf_checks=True)
    client.get("/api/session/")
    return client


def token(client) -> str:
    return client.cookies["csrftoken"].value


def sign_in(client, password="a long password 1"):
    return client.post(
        "/api/session/",
        {"username": "ada", "password": password},
        headers={"X-CSRFToken": token(client)},
    )


def test_nobody_is_signed_in_at_first(browser):
    session = browser.get("/api/session/").json()
    assert session["user"] is None
    assert session["default_project"] is None


def test_signing_in_gives_a_session_and_a_first_project(browser, person):
    answer = sign_in(browser)
    assert answer.status_code == 200
    session = browser.get("/api/session/").json()
    assert session["user"] == {"username": "ada", "is_local": False}
    assert session["default_project"] == str(Project.objects.get(default_of=person).uuid)
    assert browser.get("/api/session/").json()["default_project"] == session["default_project"]


def test_a_wrong_password_is_one_sentence(browser, person):
    answer = sign_in(browser, "wrong")
    assert answer.status_code == 401
    assert answer.json()["message"] == "The user name or the password is wrong."


def test_guessing_passwords_is_slowed_down(browser, person):
    from django.core.cache import cache

    cache.clear()
    answers = [sign_in(browser, "wrong") for _ in range(12)]
    assert answers[0].status_code == 401
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["Retry-After"]) > 0
    cache.clear()


def test_signing_out_ends_the_session(browser, person):
    sign_in(browser)
    answer = browser.delete("/api/session/", headers={"X-CSRFToken": token(browser)})
    assert answer.status_code == 204
    assert browser.get("/api/session/").json()["user"] is None


def test_a_session_cannot_write_without_its_csrf_token(browser, person):
    sign_in(browser)
    answer = browser.post("/api/projects/", {"title": "x"})
    assert answer.status_code == 403
    assert set(answer.json()) == {"code", "message", "field"}
    headers = {"X-CSRFToken": token(browser)}
    assert browser.post("/api/projects/", {"title": "x"}, headers=headers).status_code == 201
