"""Who may call the gRPC service beside the app: its people, by their API tokens, within a quota."""

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F

from predictor.errors import QuotaExceededError, UnauthenticatedError
from predictor.serving.authoriser import KEY_HEADER, Call, is_loopback
from webapp.accounts.models import ServiceUse, User
from webapp.accounts.services import find_token, local_user


class TokenAuthoriser:
    """The `Authoriser` of an installation with people and tokens."""

    def admit(self, call: Call) -> str:
        """The person's name.

        Raises:
          UnauthenticatedError: no token, or one that is not valid. On this machine the embedded
            mode needs none, whatever key a notebook brings.
        """
        return _person(call).username

    def charge(self, caller: str, call: Call) -> None:
        """Counts what the call costs.

        Raises:
          QuotaExceededError: the person has used up what is allowed for a day.
        """
        _count(User.objects.get(username=caller), call.windows)


def used_today(user: User) -> int:
    """Windows that a person had computed through the service since midnight UTC."""
    found = ServiceUse.objects.filter(user=user, day=_now().date()).first()
    return found.windows if found else 0


def _person(call: Call) -> User:
    try:
        if not call.key:
            raise UnauthenticatedError(
                f"This call has no key ({KEY_HEADER}); make an API token in the app and use it "
                "as the key."
            )
        return find_token(call.key).user
    except UnauthenticatedError:
        if settings.LOCAL_USERNAME is None or not is_loopback(call.address):
            raise
        return local_user(username=settings.LOCAL_USERNAME)


def _count(user: User, windows: int) -> None:
    now, limit = _now(), settings.SERVICE_WINDOWS_PER_DAY
    today = ServiceUse.objects.filter(user=user, day=now.date())
    with transaction.atomic():
        ServiceUse.objects.get_or_create(user=user, day=now.date())
        room = today if limit is None else today.filter(windows__lte=limit - windows)
        # In one statement, so that two calls at once cannot both take the last of it.
        if room.update(windows=F("windows") + windows) or not windows:
            return
    tomorrow = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), UTC)
    hours, minutes = divmod(int((tomorrow - now).total_seconds()) // 60, 60)
    raise QuotaExceededError(
        f"{user.username} has used {used_today(user):,} of {limit:,} windows today, and this call "
        f"needs {windows:,}; the next day begins at midnight UTC, in {hours} h {minutes} min."
    )


def _now() -> datetime:
    return datetime.now(UTC)
