"""The local user of the embedded mode: on this machine only, and for our own pages only."""

import pytest
from rest_framework.test import APIClient

from webapp.accounts.local_user import is_loopback

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def embedded(settings):
    settings.LOCAL_USERNAME = "local"


def client(**environment) -> APIClient:
    return APIClient(enforce_csrf_checks=True, **{"HTTP_HOST": "127.0.0.1:8000", **environment})


def test_this_machine_is_signed_in_without_asking():
    session = client().get("/api/session/").json()
    assert session["user"] == {"username": "local", "is_local": True}
    assert client().post("/api/projects/", {"title": "x"}).status_code == 201


@pytest.mark.parametrize(
    "environment",
    [
        {"REMOTE_ADDR": "10.0.0.5"},
        {"HTTP_HOST": "testserver"},
        {"HTTP_X_FORWARDED_FOR": "10.0.0.5"},
        {"HTTP_X_FORWARDED_FOR": "127.0.0.1"},
        {"HTTP_FORWARDED": "for=10.0.0.5"},
    ],
    ids=["another machine", "another name", "a proxy", "a lying proxy", "a standard proxy"],
)
def test_nobody_else_is_signed_in(environment):
    answer = client(**environment).get("/api/projects/")
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9000"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_page_of_another_site_cannot_write(headers):
    answer = client().post("/api/projects/", {"title": "x"}, headers=headers)
    assert answer.status_code == 403
    assert "another site" in answer.json()["message"]


def test_our_own_page_can_write():
    headers = {"Origin": "http://127.0.0.1:8000", "Sec-Fetch-Site": "same-origin"}
    answer = client().post("/api/projects/", {"title": "x"}, headers=headers)
    assert answer.status_code == 201


def test_a_form_cannot_write():
    """What a foreign form can send without asking the browser's leave is not read."""
    answer = client().post("/api/projects/", "title=x", content_type="text/plain")
    assert answer.status_code == 415


@pytest.mark.parametrize(
    ("address", "host", "expected"),
    [
        ("127.0.0.1", "localhost:8000", True),
        ("127.8.8.8", "127.0.0.1", True),
        ("::1", "[::1]:8000", True),
        ("::1", "[::1]", True),
        ("192.168.1.5", "localhost", False),
        ("127.0.0.1", "localhost.evil.example", False),
        ("127.0.0.1", "evil.example:8000", False),
        ("", "localhost", False),
        (None, "localhost", False),
        ("not an address", "localhost", False),
    ],
)
def test_what_counts_as_this_machine(address, host, expected):
    assert is_loopback(address=address, host=host, forwarded=False) is expected
    assert is_loopback(address=address, host=host, forwarded=True) is False
