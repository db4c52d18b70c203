from django.urls import path

from webapp.projects.api import ProjectsView, ProjectView

urlpatterns = [
    path("projects/", ProjectsView.as_view()),
    path("projects/<uuid:project_id>/", ProjectView.as_view()),
]
