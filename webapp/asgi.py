"""The web process: pages and API over HTTP, a job's story over a socket."""

import os
import warnings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings.embedded")

from channels.auth import AuthMiddlewareStack  # type: ignore[import-untyped]
from channels.routing import ProtocolTypeRouter, URLRouter  # type: ignore[import-untyped]
from channels.security.websocket import (  # type: ignore[import-untyped]
    AllowedHostsOriginValidator,
)
from django.core.asgi import get_asgi_application

# First: the imports below need the app registry.
_http = get_asgi_application()

from django.urls import path  # noqa: E402

from webapp.jobs.socket import JobEventsConsumer, LocalUserForSockets  # noqa: E402

# WhiteNoise streams files with a synchronous iterator; our files are small, and threads serve them.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous")

application = ProtocolTypeRouter(
    {
        "http": _http,
        "websocket": AllowedHostsOriginValidator(
            AuthMiddlewareStack(
                LocalUserForSockets(
                    URLRouter([path("ws/jobs/<uuid:job_id>/", JobEventsConsumer.as_asgi())])
                )
            )
        ),
    }
)
