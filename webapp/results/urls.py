from django.urls import path

from webapp.results import api, changes_api

urlpatterns = [
    path("chunks/<uuid:chunk_id>/signal/", api.SignalView.as_view()),
    path("chunks/<uuid:chunk_id>/contact-map/", api.ContactMapView.as_view()),
    path("chunks/<uuid:chunk_id>/junctions/", api.JunctionsView.as_view()),
    path("chunks/<uuid:chunk_id>/changes/", changes_api.ChangesView.as_view()),
]
