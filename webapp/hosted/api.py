"""The account with the hosted service: what is set, set a key (write-only), forget it."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.hosted import selectors, services
from webapp.request_user import user_of


class HostedAccountSerializer(serializers.Serializer[Any]):
    address = serializers.CharField()
    terms = serializers.CharField(help_text="what is accepted, in words")
    key_is_set = serializers.BooleanField()
    key_from_environment = serializers.BooleanField(help_text="then it cannot be changed here")
    problem = serializers.CharField(allow_blank=True, help_text="why it cannot be used; or empty")
    connect_command = serializers.CharField(
        help_text="accepts the terms where the key comes from the environment"
    )
    may_change = serializers.BooleanField(help_text="whether the person who asks is an operator")
    accepted_by = serializers.CharField(allow_null=True, help_text="of the terms, at this address")
    accepted = serializers.DateTimeField(allow_null=True)
    set_by = serializers.CharField(
        allow_null=True, help_text="who set the key; null without one, or from the environment"
    )
    changed = serializers.DateTimeField(allow_null=True, help_text="when")


class NewHostedKeySerializer(serializers.Serializer[Any]):
    key = serializers.CharField(max_length=500, write_only=True, help_text="never given back")
    accept_terms = serializers.BooleanField(default=False, help_text="needed once")


class HostedAccountView(APIView):
    @extend_schema(operation_id="hosted_account", responses=HostedAccountSerializer)
    def get(self, request: Request) -> Response:
        """Whether a key is set, by whom, and who accepted the terms; never the key."""
        return Response(HostedAccountSerializer(selectors.account(user_of(request))).data)

    @extend_schema(
        operation_id="set_hosted_key",
        request=NewHostedKeySerializer,
        responses=HostedAccountSerializer,
    )
    def put(self, request: Request) -> Response:
        """Tries a key at the service and keeps it encrypted; for operators."""
        user = user_of(request)
        _check_operator(request)
        given = NewHostedKeySerializer(data=request.data)
        given.is_valid(raise_exception=True)
        services.set_key(user=user, **given.validated_data)
        return Response(HostedAccountSerializer(selectors.account(user)).data)

    @extend_schema(operation_id="forget_hosted_key", responses={204: None})
    def delete(self, request: Request) -> Response:
        """Forgets the key; for operators."""
        _check_operator(request)
        services.forget_key()
        return Response(status=status.HTTP_204_NO_CONTENT)


def _check_operator(request: Request) -> None:
    if not selectors.may_change(user_of(request)):
        raise exceptions.PermissionDenied(
            "Only the operator of this installation may change its account with the hosted "
            "service; ask a person with staff rights."
        )
