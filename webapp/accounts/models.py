"""People and the tokens of their programs."""

from __future__ import annotations

import uuid

from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    """A person. `uuid` is the name used outside."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)


class ServiceUse(models.Model):
    """How much a person had computed through the gRPC service on a day."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="service_uses")
    day = models.DateField(help_text="UTC")
    windows = models.PositiveBigIntegerField(default=0, help_text="windows read by the network")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "day"], name="one_use_per_day")]

    def __str__(self) -> str:
        return f"{self.user} on {self.day}: {self.windows}"


class ApiToken(models.Model):
    """A program's key to a person's projects; only its hash is kept."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=8, help_text="the first characters, to recognise it")
    digest = models.CharField(max_length=64, unique=True)
    created = models.DateTimeField(auto_now_add=True)
    last_used = models.DateTimeField(null=True, blank=True)
    expires = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
