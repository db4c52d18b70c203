"""Session and API tokens."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import authenticate, login, logout
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_protect, ensure_csrf_cookie
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, serializers, status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import ScopedRateThrottle
from rest_framework.views import APIView

from webapp.accounts.models import ApiToken, User
from webapp.accounts.service_access import used_today
from webapp.accounts.services import create_token
from webapp.api_errors import NotFound
from webapp.projects.services import default_project
from webapp.request_user import user_of


class SessionUserSerializer(serializers.Serializer[Any]):
    username = serializers.CharField()
    is_local = serializers.BooleanField()


class SessionSerializer(serializers.Serializer[Any]):
    user = SessionUserSerializer(allow_null=True)
    mode = serializers.ChoiceField(choices=["embedded", "production"])
    default_project = serializers.UUIDField(allow_null=True)
    version = serializers.CharField()


class LoginSerializer(serializers.Serializer[Any]):
    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=500, trim_whitespace=False)


class ApiTokenSerializer(serializers.ModelSerializer[ApiToken]):
    id = serializers.UUIDField(source="uuid", read_only=True)

    class Meta:
        model = ApiToken
        fields = ["id", "name", "prefix", "created", "last_used", "expires"]
        read_only_fields = ["id", "prefix", "created", "last_used", "expires"]


class NewApiTokenSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=100)
    days = serializers.IntegerField(min_value=1, max_value=3650, required=False, allow_null=True)


class CreatedApiTokenSerializer(ApiTokenSerializer):
    token = serializers.CharField(read_only=True, help_text="shown only this once")

    class Meta(ApiTokenSerializer.Meta):
        fields = [*ApiTokenSerializer.Meta.fields, "token"]


def _session(request: Request) -> dict[str, Any]:
    user = request.user if request.user.is_authenticated else None
    local = getattr(request._request, "is_local_user", False)
    return {
        "user": {"username": user.username, "is_local": local} if user else None,
        "mode": settings.MODE,
        "default_project": default_project(user=user).uuid if isinstance(user, User) else None,
        "version": settings.VERSION,
    }


class SessionView(APIView):
    """Who is signed in; sign in (POST) and out (DELETE)."""

    permission_classes = [AllowAny]
    throttle_scope = "login"

    def get_throttles(self) -> list[Any]:
        return [ScopedRateThrottle()] if self.request.method == "POST" else []

    @extend_schema(operation_id="session", responses=SessionSerializer)
    @method_decorator(ensure_csrf_cookie)
    def get(self, request: Request) -> Response:
        return Response(SessionSerializer(_session(request)).data)

    @extend_schema(operation_id="sign_in", request=LoginSerializer, responses=SessionSerializer)
    @method_decorator(csrf_protect)
    def post(self, request: Request) -> Response:
        given = LoginSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        user = authenticate(request._request, **given.validated_data)
        if user is None:
            raise exceptions.AuthenticationFailed("The user name or the password is wrong.")
        login(request._request, user)
        request.user = user
        return Response(SessionSerializer(_session(request)).data)

    @extend_schema(operation_id="sign_out", responses={204: None})
    def delete(self, request: Request) -> Response:
        logout(request._request)
        return Response(status=status.HTTP_204_NO_CONTENT)


class ApiTokensView(APIView):
    """Tokens of the person who asks."""

    @extend_schema(operation_id="api_tokens", responses=ApiTokenSerializer(many=True))
    def get(self, request: Request) -> Response:
        tokens = ApiToken.objects.filter(user=user_of(request)).order_by("-created")
        return Response(ApiTokenSerializer(tokens, many=True).data)

    @extend_schema(
        operation_id="create_api_token",
        request=NewApiTokenSerializer,
        responses={201: CreatedApiTokenSerializer},
    )
    def post(self, request: Request) -> Response:
        given = NewApiTokenSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        days = given.validated_data.get("days")
        token, text = create_token(
            user=user_of(request),
            name=given.validated_data["name"],
            lifetime=timedelta(days=days) if days else None,
        )
        answer = {**ApiTokenSerializer(token).data, "token": text}
        return Response(answer, status=status.HTTP_201_CREATED)


class ServiceUseSerializer(serializers.Serializer[Any]):
    windows_today = serializers.IntegerField(help_text="since midnight UTC")
    windows_per_day = serializers.IntegerField(allow_null=True, help_text="null for no limit")


class ServiceUseView(APIView):
    @extend_schema(operation_id="service_use", responses=ServiceUseSerializer)
    def get(self, request: Request) -> Response:
        """What the person who asks had computed through the gRPC service, and the limit."""
        use = {
            "windows_today": used_today(user_of(request)),
            "windows_per_day": settings.SERVICE_WINDOWS_PER_DAY,
        }
        return Response(ServiceUseSerializer(use).data)


class ApiTokenView(APIView):
    @extend_schema(operation_id="delete_api_token", responses={204: None})
    def delete(self, request: Request, token_id: str) -> Response:
        deleted, _ = ApiToken.objects.filter(user=user_of(request), uuid=token_id).delete()
        if not deleted:
            raise NotFound("You have no such API token.")
        return Response(status=status.HTTP_204_NO_CONTENT)
