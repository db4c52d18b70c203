from django.contrib import admin

from webapp.jobs.models import Job, WorkerSlot


@admin.register(Job)
class JobAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["uuid", "state", "engine", "created_by", "created", "finished"]
    list_filter = ["state", "engine"]
    readonly_fields = [field.name for field in Job._meta.fields]


@admin.register(WorkerSlot)
class WorkerSlotAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["name", "state", "engines", "device", "beat"]
