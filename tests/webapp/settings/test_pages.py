"""Pages, health, headers and errors, as any visitor meets them."""

import pytest
from django.test import Client
from django.utils import timezone

from webapp.jobs.models import WorkerSlot

pytestmark = pytest.mark.django_db


@pytest.fixture
def visitor():
    return Client()


@pytest.mark.parametrize("path", ["/", "/view?locus=demo1", "/jobs/1", "/deep/er/path"])
def test_every_page_is_the_application(visitor, settings, tmp_path, path):
    (tmp_path / "index.html").write_text("<title>Allelens</title>")
    settings.FRONTEND_DIST = tmp_path
    answer = visitor.get(path)
    assert answer.status_code == 200
    assert b"Allelens" in answer.content
    assert "csrftoken" in answer.cookies


def test_a_missing_front_end_says_what_to_do(visitor, settings, tmp_path):
    settings.FRONTEND_DIST = tmp_path
    answer = visitor.get("/")
    assert answer.status_code == 503
    assert b"make run" in answer.content


def test_the_policy_lets_no_outside_host_in(visitor):
    policy = visitor.get("/healthz").headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "http" not in policy
    assert "script-src 'self';" in f"{policy};"


def test_the_api_pages_load_nothing_from_outside(visitor):
    page = visitor.get("/api/docs/").content.decode()
    assert "/static/drf_spectacular_sidecar/" in page
    assert "https://" not in page
    assert "<script>" not in page


def test_an_unknown_api_address_is_an_error_in_the_one_shape(visitor):
    answer = visitor.get("/api/nothing/")
    assert answer.status_code == 404
    assert answer.json() == {
        "code": "not_found",
        "message": "There is nothing at this address.",
        "field": None,
    }


def test_a_crash_in_the_api_is_an_error_in_the_one_shape(visitor, monkeypatch):
    from webapp.accounts import api

    def crash(request):
        raise RuntimeError("secret detail")

    monkeypatch.setattr(api, "_session", crash)
    visitor.raise_request_exception = False
    answer = visitor.get("/api/session/")
    assert answer.status_code == 500
    assert answer.json()["code"] == "server_error"
    assert "secret" not in answer.content.decode()


def test_alive_does_not_mean_ready(visitor):
    assert visitor.get("/healthz").json() == {"alive": True}
    answer = visitor.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"database": True, "queue": True, "worker": False, "engines": []}


@pytest.mark.parametrize(
    ("state", "age", "ready"),
    [("ready", 0, True), ("ready", 60, False), ("starting", 0, False), ("empty", 0, False)],
)
def test_ready_means_a_living_worker_with_a_model(visitor, state, age, ready):
    beat = timezone.now() - timezone.timedelta(seconds=age)
    WorkerSlot.objects.create(name="a", state=state, engines=["demo"], pid=1, beat=beat)
    assert (visitor.get("/readyz").status_code == 200) is ready
