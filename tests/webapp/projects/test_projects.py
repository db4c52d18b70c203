import pytest

from webapp.accounts.models import User
from webapp.projects.models import Membership, Project, Role
from webapp.projects.services import create_project, default_project

pytestmark = pytest.mark.django_db

PEOPLE = ["anonymous", "stranger", "viewer", "editor", "owner"]


@pytest.fixture
def project():
    return create_project(user=User.objects.create_user("owner"), title="Blood")


@pytest.fixture(params=PEOPLE)
def person(request, project, client_of):
    role = request.param
    user = None
    if role == "owner":
        user = User.objects.get(username="owner")
    elif role != "anonymous":
        user = User.objects.create_user(role)
        if role != "stranger":
            Membership.objects.create(user=user, project=project, role=role)
    client = client_of(user)
    client.role = role
    return client


def statuses(anonymous, stranger, viewer, editor, owner):
    return dict(zip(PEOPLE, (anonymous, stranger, viewer, editor, owner), strict=True))


def test_who_may_see_a_project(person, project):
    answer = person.get(f"/api/projects/{project.uuid}/")
    assert answer.status_code == statuses(401, 404, 200, 200, 200)[person.role]
    if answer.status_code == 200:
        assert answer.json()["role"] == person.role


def test_who_may_rename_a_project(person, project):
    answer = person.patch(f"/api/projects/{project.uuid}/", {"title": "Bone"})
    assert answer.status_code == statuses(401, 404, 403, 200, 200)[person.role]
    project.refresh_from_db()
    assert (project.title == "Bone") == (answer.status_code == 200)


def test_who_may_delete_a_project(person, project):
    answer = person.delete(f"/api/projects/{project.uuid}/")
    assert answer.status_code == statuses(401, 404, 403, 403, 204)[person.role]
    assert Project.objects.filter(pk=project.pk).exists() == (answer.status_code != 204)


def test_who_sees_a_project_in_the_list(person, project):
    answer = person.get("/api/projects/")
    if person.role == "anonymous":
        assert answer.status_code == 401
        return
    roles = [row["role"] for row in answer.json()]
    assert roles == ([] if person.role == "stranger" else [person.role])


def test_who_makes_a_project_owns_it(client_of):
    ada = User.objects.create_user("ada")
    made = client_of(ada).post("/api/projects/", {"title": "Mine"})
    assert (made.status_code, made.json()["role"]) == (201, "owner")
    assert Membership.objects.get(user=ada).role == Role.OWNER


@pytest.mark.parametrize("title", ["", " ", "x" * 201])
def test_a_project_needs_a_title_of_bearable_length(client_of, title):
    answer = client_of(User.objects.create_user("ada")).post("/api/projects/", {"title": title})
    assert answer.status_code == 400
    assert (answer.json()["code"], answer.json()["field"]) == ("invalid", "title")


def test_a_wrong_method_is_refused(client_of):
    ada = client_of(User.objects.create_user("ada"))
    assert ada.put("/api/projects/", {}).status_code == 405


def test_the_default_project_is_made_once():
    ada = User.objects.create_user("ada")
    assert default_project(user=ada) == default_project(user=ada)
    assert Membership.objects.get(user=ada).role == Role.OWNER


def test_the_deleted_default_project_is_replaced_by_a_new_one():
    ada = User.objects.create_user("ada")
    default_project(user=ada).delete()
    assert default_project(user=ada).title == "My project"
