"""Writes about projects."""

from django.db import IntegrityError, transaction

from webapp.accounts.models import User
from webapp.projects.models import Membership, Project, Role

DEFAULT_TITLE = "My project"


@transaction.atomic
def create_project(*, user: User, title: str) -> Project:
    project = Project.objects.create(title=title)
    Membership.objects.create(user=user, project=project, role=Role.OWNER)
    return project


def default_project(*, user: User) -> Project:
    """The person's first project, made on first use."""
    found = Project.objects.filter(default_of=user).first()
    if found is not None:
        return found
    try:
        with transaction.atomic():
            project = Project.objects.create(title=DEFAULT_TITLE, default_of=user)
            Membership.objects.create(user=user, project=project, role=Role.OWNER)
            return project
    except IntegrityError:
        # Another request made it in between.
        return Project.objects.get(default_of=user)


def rename_project(*, project: Project, title: str) -> Project:
    project.title = title
    project.save(update_fields=["title"])
    return project


def delete_project(*, project: Project) -> None:
    """Deletes a project with its jobs; stored parts stay until the store is tidied."""
    project.delete()
