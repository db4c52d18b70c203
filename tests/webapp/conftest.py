from collections.abc import Callable

import pytest
from rest_framework.test import APIClient

from webapp.accounts.models import User


@pytest.fixture
def client_of() -> Callable[[User | None], APIClient]:
    """A client signed in as a person; None for nobody."""

    def client_of(user: User | None) -> APIClient:
        client = APIClient()
        if user is not None:
            client.force_login(user)
        return client

    return client_of
