"""Reads of the account with the hosted service. The key leaves this file for the engine only."""

import logging
import os
from typing import Any

from django.conf import settings

from predictor.engines import hosted_connection
from webapp.accounts.models import User
from webapp.hosted.models import HostedAccount
from webapp.hosted.secret import decrypted

_log = logging.getLogger("allelens.web")


def stored_key() -> str | None:
    """The key that was set in the app; None without one, or if SECRET_KEY has changed since."""
    account = HostedAccount.objects.first()
    if account is None:
        return None
    key = decrypted(account.encrypted_key)
    if key is None:
        _log.warning("SECRET_KEY has changed; the key of the hosted service must be set again.")
    return key


def account() -> dict[str, Any]:
    """What people may know about it."""
    stored = HostedAccount.objects.select_related("accepted_by").first()
    return {
        "address": hosted_connection.address(),
        "terms": hosted_connection.TERMS,
        "key_is_set": hosted_connection.find_key() is not None,
        "key_from_environment": bool(os.environ.get(hosted_connection.KEY_VARIABLE)),
        "problem": hosted_connection.problem(),
        "accepted_by": stored.accepted_by.username if stored else None,
        "accepted": stored.accepted if stored else None,
    }


def may_change(user: User) -> bool:
    """The operator: staff, or the one person of the embedded mode."""
    return user.is_staff or user.username == settings.LOCAL_USERNAME
