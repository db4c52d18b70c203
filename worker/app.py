"""The Celery application of the worker. JAX is loaded in its child process only."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings.embedded")

import django
from celery import Celery
from django.conf import settings

from webapp.jobs import broker

django.setup()
broker.register()
if hasattr(settings, "BROKER_DIR"):
    broker.make_folders(settings.BROKER_DIR)

app = Celery("allelens")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.imports = ("worker.tasks", "worker.slot")
