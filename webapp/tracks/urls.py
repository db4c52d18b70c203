from django.urls import path

from webapp.tracks import api, report

urlpatterns = [
    path("engines/", api.EnginesView.as_view()),
    path("engines/<str:name>/", api.EngineView.as_view()),
    path("engines/<str:name>/report/", report.EngineReportView.as_view()),
    path("engines/<str:name>/tracks/", api.TracksView.as_view()),
    path("examples/", api.ExamplesView.as_view()),
]
