"""Projects."""

from typing import Any

from django.db.models import F
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.accounts.models import User
from webapp.projects import services
from webapp.projects.models import Project, Role
from webapp.projects.selectors import readable_project, require_owner, require_writer, role_in
from webapp.request_user import user_of


class ProjectSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="uuid", read_only=True)
    title = serializers.CharField(max_length=200)
    created = serializers.DateTimeField(read_only=True)
    role = serializers.ChoiceField(choices=Role.choices, read_only=True)


def _described(project: Project, user: User) -> dict[str, Any]:
    role = role_in(user=user, project=project)
    values = {"uuid": project.uuid, "title": project.title, "created": project.created}
    return dict(ProjectSerializer({**values, "role": role}).data)


class ProjectsView(APIView):
    @extend_schema(operation_id="projects", responses=ProjectSerializer(many=True))
    def get(self, request: Request) -> Response:
        user = user_of(request)
        projects = (
            Project.objects.visible_to(user)
            .annotate(role=F("memberships__role"))
            .order_by("created", "pk")
        )
        return Response(ProjectSerializer(projects, many=True).data)

    @extend_schema(
        operation_id="create_project",
        request=ProjectSerializer,
        responses={201: ProjectSerializer},
    )
    def post(self, request: Request) -> Response:
        given = ProjectSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        user = user_of(request)
        project = services.create_project(user=user, title=given.validated_data["title"])
        return Response(_described(project, user), status=status.HTTP_201_CREATED)


class ProjectView(APIView):
    @extend_schema(operation_id="project", responses=ProjectSerializer)
    def get(self, request: Request, project_id: str) -> Response:
        user = user_of(request)
        return Response(_described(readable_project(user=user, project_id=project_id), user))

    @extend_schema(
        operation_id="rename_project", request=ProjectSerializer, responses=ProjectSerializer
    )
    def patch(self, request: Request, project_id: str) -> Response:
        user = user_of(request)
        project = readable_project(user=user, project_id=project_id)
        require_writer(user=user, project=project)
        given = ProjectSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        services.rename_project(project=project, title=given.validated_data["title"])
        return Response(_described(project, user))

    @extend_schema(operation_id="delete_project", responses={204: None})
    def delete(self, request: Request, project_id: str) -> Response:
        user = user_of(request)
        project = readable_project(user=user, project_id=project_id)
        require_owner(user=user, project=project)
        services.delete_project(project=project)
        return Response(status=status.HTTP_204_NO_CONTENT)
