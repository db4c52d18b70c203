"""Writes about people and tokens."""

import hashlib
import secrets
from datetime import timedelta

from django.utils import timezone

from predictor.errors import UnauthenticatedError
from webapp.accounts.models import ApiToken, User

_PREFIX = "alt_"
_LAST_USED_RESOLUTION = timedelta(minutes=5)


def local_user(*, username: str) -> User:
    """The one person of the embedded mode, made on first use; has no password."""
    user, created = User.objects.get_or_create(username=username)
    if created:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    return user


def digest_of(token: str) -> str:
    # A token has 256 random bits, so a fast hash without salt is safe, and can be looked up.
    return hashlib.sha256(token.encode()).hexdigest()


def create_token(
    *, user: User, name: str, lifetime: timedelta | None = None
) -> tuple[ApiToken, str]:
    """Makes a token; the second value is the only time that its text exists."""
    text = _PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user=user,
        name=name,
        prefix=text[:8],
        digest=digest_of(text),
        expires=timezone.now() + lifetime if lifetime else None,
    )
    return token, text


def find_token(text: str) -> ApiToken:
    """The token of a text, with its person; notes that it was used.

    Raises:
      UnauthenticatedError: there is none, it has expired, or its person is locked out.
    """
    token = ApiToken.objects.select_related("user").filter(digest=digest_of(text)).first()
    if token is None or not token.user.is_active:
        raise UnauthenticatedError("This API token does not exist or was deleted.")
    if token.expires is not None and token.expires <= timezone.now():
        raise UnauthenticatedError("This API token has expired; make a new one.")
    note_use(token=token)
    return token


def note_use(*, token: ApiToken) -> None:
    """Remembers that a token was used, at most every few minutes."""
    now = timezone.now()
    if token.last_used is None or now - token.last_used > _LAST_USED_RESOLUTION:
        ApiToken.objects.filter(pk=token.pk).update(last_used=now)
