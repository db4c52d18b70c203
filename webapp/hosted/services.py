"""Writes about the account with the hosted service."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from predictor.engines import hosted_connection
from predictor.errors import AllelensError
from webapp.accounts.models import User
from webapp.hosted.models import HostedAccount
from webapp.hosted.secret import encrypted


class TermsNotAccepted(AllelensError):
    """Nobody has accepted the terms of the hosted service."""

    code = "terms_not_accepted"


def set_key(*, user: User, key: str, accept_terms: bool) -> HostedAccount:
    """Tries a key at the service, and keeps it encrypted if the service accepts it.

    Args:
      user: the operator.
      key: of the service.
      accept_terms: the operator accepts its terms; needed once for each address.

    Raises:
      TermsNotAccepted: neither now nor before.
      HostedServiceError: the service does not answer, or does not accept the key.
    """
    address = hosted_connection.address()
    before = HostedAccount.objects.filter(address=address).first()
    if before is None and not accept_terms:
        raise TermsNotAccepted(
            f"{hosted_connection.TERMS}. Accept them to use the service.", field="accept_terms"
        )
    person = user.username if before is None else before.accepted_by.username
    hosted_connection.connect(person=person, key=key)
    values: dict[str, Any] = {
        "encrypted_key": encrypted(key),
        "address": address,
        "set_by": user,
    }
    if before is None:
        values |= {"accepted_by": user, "accepted": timezone.now()}
    with transaction.atomic():
        account, _ = HostedAccount.objects.update_or_create(only=True, defaults=values)
    return account


def forget_key() -> None:
    """Deletes the key and the record of the connection."""
    HostedAccount.objects.all().delete()
    hosted_connection.disconnect()
