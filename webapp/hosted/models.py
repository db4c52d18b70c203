"""The key of the hosted service, and who accepted its terms."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class HostedAccount(models.Model):
    """The one account of this installation with the hosted service; there is at most one row."""

    only = models.BooleanField(default=True, unique=True, editable=False)
    # Encrypted with a key that is derived from SECRET_KEY; never shown anywhere.
    encrypted_key = models.TextField(editable=False)
    address = models.CharField(max_length=300)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    accepted = models.DateTimeField(help_text="when the terms of the service were accepted")
    # None: by whoever accepted the terms, before this was kept.
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    changed = models.DateTimeField(auto_now=True, help_text="when the key was set")

    def __str__(self) -> str:
        return f"hosted service at {self.address}"
