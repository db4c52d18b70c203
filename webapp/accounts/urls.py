from django.urls import path

from webapp.accounts.api import ApiTokensView, ApiTokenView, ServiceUseView, SessionView

urlpatterns = [
    path("session/", SessionView.as_view()),
    path("service-use/", ServiceUseView.as_view()),
    path("tokens/", ApiTokensView.as_view()),
    path("tokens/<uuid:token_id>/", ApiTokenView.as_view()),
]
