"""Who may call the gRPC service beside the app, and how much."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from predictor import errors
from predictor.serving.authoriser import Call
from webapp.accounts import service_access
from webapp.accounts.models import ApiToken, ServiceUse, User
from webapp.accounts.service_access import TokenAuthoriser, used_today
from webapp.accounts.services import create_token

pytestmark = pytest.mark.django_db
FAR, NEAR = "10.0.0.7", "127.0.0.1"


@pytest.fixture
def ada():
    return User.objects.create_user("ada")


@pytest.fixture
def key(ada):
    return create_token(user=ada, name="notebook")[1]


def admit(key: str = "", *, address: str = FAR, windows: int = 1) -> str:
    """Both steps of a call that can be answered."""
    call = Call(key=key, address=address, method="PredictInterval", windows=windows)
    authoriser = TokenAuthoriser()
    caller = authoriser.admit(call)
    authoriser.charge(caller, call)
    return caller


def test_a_token_of_the_app_is_a_key_of_the_service(ada, key):
    assert admit(key) == "ada"
    assert ApiToken.objects.get().last_used is not None


def test_no_token_or_a_wrong_one_is_refused(ada, key):
    with pytest.raises(errors.UnauthenticatedError, match="make an API token"):
        admit()
    with pytest.raises(errors.UnauthenticatedError, match="does not exist"):
        admit(key + "x")
    # Being on this machine is no key where people sign in.
    with pytest.raises(errors.UnauthenticatedError):
        admit(address=NEAR)
    ApiToken.objects.update(expires=timezone.now() - timedelta(seconds=1))
    with pytest.raises(errors.UnauthenticatedError, match="expired"):
        admit(key)


def test_the_embedded_mode_needs_no_token_on_this_machine(settings, ada, key):
    settings.LOCAL_USERNAME = "local"
    assert admit("a key of the official service", address=NEAR) == "local"
    assert admit(key, address=NEAR) == "ada"
    with pytest.raises(errors.UnauthenticatedError):
        admit("a key of the official service", address=FAR)


def test_what_is_computed_is_counted_and_limited_by_the_day(settings, ada, key, monkeypatch):
    settings.SERVICE_WINDOWS_PER_DAY = 10
    night = datetime(2026, 3, 1, 22, 15, tzinfo=UTC)
    monkeypatch.setattr(service_access, "_now", lambda: night)
    admit(key, windows=7)
    with pytest.raises(errors.QuotaExceededError) as caught:
        admit(key, windows=4)
    assert caught.value.message == (
        "ada has used 7 of 10 windows today, and this call needs 4; the next day begins at "
        "midnight UTC, in 1 h 45 min."
    )
    # What was refused costs nothing, and what costs nothing is never refused.
    admit(key, windows=3)
    admit(key, windows=0)
    assert used_today(ada) == 10
    monkeypatch.setattr(service_access, "_now", lambda: night + timedelta(hours=2))
    admit(key, windows=10)
    assert ServiceUse.objects.count() == 2


def test_who_a_person_is_costs_nothing(settings, ada, key):
    settings.SERVICE_WINDOWS_PER_DAY = 10
    call = Call(key=key, address=FAR, method="ScoreIsmVariant", windows=1_000)
    assert TokenAuthoriser().admit(call) == "ada"
    assert used_today(ada) == 0
    with pytest.raises(errors.QuotaExceededError, match="this call needs 1,000"):
        TokenAuthoriser().charge("ada", call)


def test_people_see_what_they_have_used(settings, client_of, ada, key):
    admit(key, windows=5)
    assert client_of(ada).get("/api/service-use/").json() == {
        "windows_today": 5,
        "windows_per_day": None,
    }
    settings.SERVICE_WINDOWS_PER_DAY = 100
    other = User.objects.create_user("grace")
    assert client_of(other).get("/api/service-use/").json() == {
        "windows_today": 0,
        "windows_per_day": 100,
    }
    assert client_of(None).get("/api/service-use/").status_code == 401
