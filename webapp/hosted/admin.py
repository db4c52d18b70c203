from django.contrib import admin
from django.http import HttpRequest

from webapp.hosted.models import HostedAccount


@admin.register(HostedAccount)
class HostedAccountAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Shows who accepted what and when; the key is set through the API and shown nowhere."""

    list_display = ["address", "accepted_by", "accepted", "set_by", "changed"]
    fields = ["address", "accepted_by", "accepted", "set_by", "changed"]
    readonly_fields = ["address", "accepted_by", "accepted", "set_by", "changed"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
