"""Signs the local user in by itself, for requests that certainly come from this machine."""

import ipaddress
from collections.abc import Callable, Mapping

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from webapp.accounts.models import User
from webapp.accounts.services import local_user

_LOOPBACK_NAMES = {"localhost", "127.0.0.1", "[::1]", "::1"}


def is_loopback(*, address: str | None, host: str, forwarded: bool) -> bool:
    """Whether a request comes from this machine.

    Args:
      address: the peer's address.
      host: the Host header. A name other than a loopback one means that a page of another site
        made its own name point here.
      forwarded: whether a proxy passed the request on; then the peer is the proxy, and who is
        behind it is unknown.
    """
    if forwarded or not address:
        return False
    name = host.rsplit(":", 1)[0] if host.count(":") == 1 or host.startswith("[") else host
    if host.startswith("["):
        name = host[: host.find("]") + 1]
    try:
        return name.lower() in _LOOPBACK_NAMES and ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def user_of(*, address: str | None, headers: Mapping[str, str]) -> User | None:
    """The local user where the mode has one and the request comes from this machine."""
    if settings.LOCAL_USERNAME is None:
        return None
    forwarded = any(name in headers for name in ("x-forwarded-for", "forwarded", "x-real-ip"))
    if not is_loopback(address=address, host=headers.get("host", ""), forwarded=forwarded):
        return None
    return local_user(username=settings.LOCAL_USERNAME)


class LocalUserMiddleware:
    """Sets `request.user` to the local user; `request.is_local_user` tells that it did."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.is_local_user = False  # type: ignore[attr-defined]
        if settings.LOCAL_USERNAME is not None and not request.user.is_authenticated:
            headers = {name.lower(): value for name, value in request.headers.items()}
            user = user_of(address=request.META.get("REMOTE_ADDR"), headers=headers)
            if user is not None:
                request.user = user
                request.is_local_user = True  # type: ignore[attr-defined]
        return self.get_response(request)
