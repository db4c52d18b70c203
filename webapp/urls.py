"""Addresses: /api/, health checks, admin; the application for all the rest."""

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from webapp import pages


def _no_such_endpoint(request: HttpRequest) -> HttpResponse:
    raise Http404


urlpatterns = [
    path("api/", include("webapp.accounts.urls")),
    path("api/", include("webapp.projects.urls")),
    path("api/", include("webapp.jobs.urls")),
    path("api/", include("webapp.genomes.urls")),
    path("api/", include("webapp.tracks.urls")),
    path("api/", include("webapp.results.urls")),
    path("api/", include("webapp.hosted.urls")),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
    re_path(r"^api/", _no_such_endpoint),
    path("admin/", admin.site.urls),
    path("healthz", pages.healthz),
    path("readyz", pages.readyz),
    re_path(r"^(?!static/|ws/)(?P<path>.*)$", pages.application),
]

handler400 = "webapp.api_errors.bad_request"
handler403 = "webapp.api_errors.forbidden"
handler404 = "webapp.api_errors.not_found"
handler500 = "webapp.api_errors.server_error"
