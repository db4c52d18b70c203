from django.urls import path

from webapp.jobs import api

urlpatterns = [
    path("jobs/", api.JobsView.as_view()),
    path("jobs/<uuid:job_id>/", api.JobView.as_view()),
    path("jobs/<uuid:job_id>/events/", api.JobEventsView.as_view()),
    path("jobs/<uuid:job_id>/cancel/", api.CancelJobView.as_view()),
    path("jobs/<uuid:job_id>/retry/", api.RetryJobView.as_view()),
]
