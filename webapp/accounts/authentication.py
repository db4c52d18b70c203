"""Who asks: a program with a token, a person with a session, or the local user."""

from typing import Any

from rest_framework import authentication, exceptions
from rest_framework.request import Request

from predictor.errors import UnauthenticatedError
from webapp.accounts.models import ApiToken, User
from webapp.accounts.services import find_token

_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


class ApiTokenAuthentication(authentication.BaseAuthentication):
    """`Authorization: Token alt_...`."""

    keyword = "Token"

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        words = authentication.get_authorization_header(request).decode("latin-1").split()
        if not words or words[0].lower() != self.keyword.lower():
            return None
        if len(words) != 2:
            raise exceptions.AuthenticationFailed(
                "The Authorization header is not understood; expected 'Token' and one token."
            )
        try:
            token = find_token(words[1])
        except UnauthenticatedError as error:
            raise exceptions.AuthenticationFailed(error.message) from error
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        # The first class's header makes DRF answer 401, not 403, to an anonymous request.
        return self.keyword


class BrowserAuthentication(authentication.SessionAuthentication):
    """A session with a CSRF token, or the local user of the embedded mode.

    The local user has no session that a foreign page could ride on, but the address alone signs
    it in, so a writing request must come from our own pages or from no page at all.
    """

    def authenticate(self, request: Request) -> tuple[Any, None] | None:
        if not getattr(request._request, "is_local_user", False):
            return super().authenticate(request)
        if request.method not in _SAFE_METHODS and not _from_own_page(request):
            raise exceptions.PermissionDenied(
                "This request comes from a page of another site; only Allelens' own pages may "
                "write here."
            )
        return request._request.user, None


def _from_own_page(request: Request) -> bool:
    site = request.headers.get("Sec-Fetch-Site", "none")
    origin = request.headers.get("Origin")
    own = f"{request.scheme}://{request.get_host()}"
    return site in {"none", "same-origin"} and origin in {None, own}
