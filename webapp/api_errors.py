"""One shape for every error under /api/: {"code", "message", "field", "details"?}.

The message is one sentence for people: what was found, what was expected, what to do.
"""

import logging
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from rest_framework import exceptions, status
from rest_framework.response import Response

from predictor.errors import AllelensError, ReferenceMismatchError

_log = logging.getLogger("allelens.web")

_DEFAULT_STATUS = status.HTTP_400_BAD_REQUEST
# Everything that is not listed is a fault of the input: 400.
_STATUS_OF_CODE = {
    "not_found": status.HTTP_404_NOT_FOUND,
    "conflict": status.HTTP_409_CONFLICT,
    "too_many": status.HTTP_429_TOO_MANY_REQUESTS,
    "not_ready": status.HTTP_409_CONFLICT,
    "engine_not_installed": status.HTTP_409_CONFLICT,
    "terms_not_accepted": status.HTTP_409_CONFLICT,
    "hosted_service": status.HTTP_502_BAD_GATEWAY,
}


class NotFound(AllelensError):
    """Nothing of that name, or nothing that this person may see."""

    code = "not_found"


class Conflict(AllelensError):
    """The request contradicts what is stored."""

    code = "conflict"


class TooMany(AllelensError):
    """The person has asked for more than the limit; later it will work."""

    code = "too_many"


def body(
    *, code: str, message: str, field: str | None = None, details: Any = None
) -> dict[str, Any]:
    answer: dict[str, Any] = {"code": code, "message": message, "field": field}
    if details is not None:
        answer["details"] = details
    return answer


def exception_handler(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Turns what a view raised into an answer; None lets Django answer 500."""
    if isinstance(error, AllelensError):
        return Response(
            body(
                code=error.code,
                message=error.message,
                field=error.field,
                details=_details(error),
            ),
            status=_STATUS_OF_CODE.get(error.code, _DEFAULT_STATUS),
        )
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, DjangoPermissionDenied):
        error = exceptions.PermissionDenied()
    if isinstance(error, exceptions.ValidationError):
        field, message = first_problem(error.detail)
        return Response(
            body(code="invalid", message=message, field=field), status=error.status_code
        )
    if not isinstance(error, exceptions.APIException):
        return None
    headers: dict[str, str] = {}
    if isinstance(error, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
        headers["WWW-Authenticate"] = getattr(error, "auth_header", "Token")
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait) + 1)
    codes = error.get_codes()
    message = str(error.detail)
    if isinstance(error, exceptions.ParseError):
        message = "The body of the request is not JSON; send JSON as the schema says."
    return Response(
        body(code=codes if isinstance(codes, str) else "error", message=message),
        status=error.status_code,
        headers=headers,
    )


def _details(error: AllelensError) -> dict[str, Any] | None:
    if isinstance(error, ReferenceMismatchError):
        return {"expected": error.expected, "found": error.found, "swap": error.swap}
    return None


def first_problem(detail: Any, path: str = "") -> tuple[str | None, str]:
    """The first message of a nested DRF error, and its field such as `variants[0]`."""
    if isinstance(detail, Mapping):
        name, inner = next(iter(detail.items()))
        if name == "non_field_errors":
            return first_problem(inner, path)
        if isinstance(name, int):
            return first_problem(inner, f"{path}[{name}]")
        return first_problem(inner, f"{path}.{name}" if path else str(name))
    if isinstance(detail, list):
        for index, item in enumerate(detail):
            if isinstance(item, Mapping | list):
                if item:
                    return first_problem(item, f"{path}[{index}]")
            elif item:
                return path or None, str(item)
    return path or None, str(detail)


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def _answer(request: HttpRequest, *, status_code: int, code: str, message: str) -> HttpResponse:
    if _is_api(request):
        return JsonResponse(body(code=code, message=message), status=status_code)
    return HttpResponse(message, status=status_code, content_type="text/plain; charset=utf-8")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(
        request, status_code=400, code="bad_request", message="The request is not understood."
    )


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(
        request, status_code=403, code="permission_denied", message="You may not do this."
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _answer(
        request,
        status_code=403,
        code="csrf_failed",
        message="The page is out of date; reload it and try again.",
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(
        request, status_code=404, code="not_found", message="There is nothing at this address."
    )


def server_error(request: HttpRequest) -> HttpResponse:
    return _answer(
        request,
        status_code=500,
        code="server_error",
        message="Something went wrong on our side; it is written down in the log.",
    )
