"""The signed-in person of a request, with its type."""

from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request

from webapp.accounts.models import User


def user_of(request: Request) -> User:
    """The person who asks.

    Raises:
      NotAuthenticated: nobody is signed in.
    """
    if not isinstance(request.user, User):
        raise NotAuthenticated
    return request.user
