"""Pages that are not the API: the single-page application and the two health checks."""

import logging
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from webapp.jobs.doorbell import broker_answers
from webapp.jobs.selectors import ready_engines

_log = logging.getLogger("allelens.web")

_NOT_BUILT = "The front end is not built yet: run 'make run' once, or 'npm run build' in frontend/."


@require_safe
@never_cache
@ensure_csrf_cookie
def application(request: HttpRequest, path: str = "") -> HttpResponse:
    """The page of the application; what it shows is the client's reading of the address."""
    try:
        return HttpResponse((settings.FRONTEND_DIST / "index.html").read_bytes())
    except FileNotFoundError:
        return HttpResponse(_NOT_BUILT, status=503, content_type="text/plain; charset=utf-8")


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Alive: the process answers."""
    return JsonResponse({"alive": True})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """Ready: the database and the queue answer, and a worker has a model."""
    checks: dict[str, Any] = {"database": False, "queue": False, "worker": False, "engines": []}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        checks["database"] = True
        checks["engines"] = ready_engines()
        checks["worker"] = bool(checks["engines"])
    except DatabaseError:
        _log.exception("readyz: the database does not answer")
    checks["queue"] = broker_answers()
    ready = all((checks["database"], checks["queue"], checks["worker"]))
    response = JsonResponse(checks, status=200 if ready else 503)
    # "Not yet" is an answer, not an error to write into the log at every question.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response
