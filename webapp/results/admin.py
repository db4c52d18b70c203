from django.contrib import admin

from webapp.results.models import StoredPart


@admin.register(StoredPart)
class StoredPartAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["key", "output_type", "state", "chromosome", "start", "end", "bytes", "created"]
    list_filter = ["output_type", "state"]
    search_fields = ["key"]
