from django.urls import path

from webapp.hosted.api import HostedAccountView

urlpatterns = [path("hosted-account/", HostedAccountView.as_view())]
