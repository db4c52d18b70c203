"""Reads about projects, and the one place that turns a role into a permission."""

from uuid import UUID

from rest_framework.exceptions import PermissionDenied

from webapp.accounts.models import User
from webapp.api_errors import NotFound
from webapp.projects.models import WRITERS, Membership, Project, Role


def role_in(*, user: User, project: Project) -> Role | None:
    role = (
        Membership.objects.filter(user=user, project=project).values_list("role", flat=True).first()
    )
    return Role(role) if role else None


def readable_project(*, user: User, project_id: UUID | str) -> Project:
    """The project, for a member.

    Raises:
      NotFound: there is none, or the person is a stranger to it.
    """
    project = Project.objects.visible_to(user).filter(uuid=project_id).first()
    if project is None:
        raise NotFound("There is no such project, or you are not a member of it.")
    return project


def require_writer(*, user: User, project: Project) -> None:
    """Raises PermissionDenied for a viewer, NotFound for a stranger."""
    role = role_in(user=user, project=project)
    if role is None:
        raise NotFound("There is no such project, or you are not a member of it.")
    if role not in WRITERS:
        raise PermissionDenied(
            f"You are a {role.label} of '{project.title}'; only editors and owners may do this."
        )


def require_owner(*, user: User, project: Project) -> None:
    """Raises PermissionDenied for editors and viewers, NotFound for a stranger."""
    role = role_in(user=user, project=project)
    if role is None:
        raise NotFound("There is no such project, or you are not a member of it.")
    if role is not Role.OWNER:
        raise PermissionDenied(
            f"You are {role.label} of '{project.title}'; only its owner may do this."
        )
