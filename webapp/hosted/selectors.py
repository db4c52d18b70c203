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


def account(user: User) -> dict[str, Any]:
    """What people may know about it.

    Args:
      user: who asks.
    """
    address = hosted_connection.address()
    stored = (
        HostedAccount.objects.filter(address=address)
        .select_related("accepted_by", "set_by")
        .first()
    )
    from_environment = bool(os.environ.get(hosted_connection.KEY_VARIABLE))
    found = {
        "address": address,
        "terms": hosted_connection.TERMS,
        "key_is_set": hosted_connection.find_key() is not None,
        "key_from_environment": from_environment,
        "problem": hosted_connection.problem(),
        "connect_command": hosted_connection.CONNECT_COMMAND,
        "may_change": may_change(user),
        "accepted_by": None,
        "accepted": None,
        "set_by": None,
        "changed": None,
    }
    if stored is not None:
        found |= {"accepted_by": stored.accepted_by.username, "accepted": stored.accepted}
        if not from_environment:
            setter = stored.set_by or stored.accepted_by
            found |= {"set_by": setter.username, "changed": stored.changed}
    return found


def may_change(user: User) -> bool:
    """The operator: staff, or the one person of the embedded mode."""
    return user.is_staff or user.username == settings.LOCAL_USERNAME
