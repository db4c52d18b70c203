import uuid
from collections.abc import Callable

import pytest

from webapp.accounts.models import User
from webapp.jobs import services
from webapp.jobs.models import Job
from webapp.jobs.plan import ChunkPlan, JobPlan, PartPlan
from webapp.projects.models import Membership, Project, Role
from webapp.projects.services import create_project

OUTPUT_TYPES = ("DNASE", "RNA_SEQ")


def plan(chunks: int = 1, *, engine: str = "demo", salt: str = "") -> JobPlan:
    """A plan as `plan_job` would make it, without reading a genome."""
    salt = salt or uuid.uuid4().hex
    variant = {"reference_bases": "C", "alternate_bases": "A", "chromosome": "demo1"}
    return JobPlan(
        engine=engine,
        weights_digest="digest",
        organism="human",
        assembly="demoH1",
        window=4096,
        request={
            "engine": engine,
            "organism": "human",
            "variants": [f"demo1:{5000 + index}:C>A" for index in range(chunks)],
            "combine": False,
            "window": 4096,
            "interval": None,
            "output_types": list(OUTPUT_TYPES),
            "ontology_curies": None,
        },
        chunks=tuple(
            ChunkPlan(
                chromosome="demo1",
                start=5000 + index - 2048,
                end=5000 + index + 2048,
                variants=(
                    {**variant, "position": 5000 + index, "text": f"demo1:{5000 + index}:C>A"},
                ),
                parts=tuple(
                    PartPlan(
                        output_type=name,
                        key=f"{salt}-{index}-{name}"[-64:],
                        resolution=1,
                        tracks=(f"{name}/0",),
                    )
                    for name in OUTPUT_TYPES
                ),
            )
            for index in range(chunks)
        ),
    )


@pytest.fixture
def user(db) -> User:
    return User.objects.create_user("ada")


@pytest.fixture
def project(user: User) -> Project:
    return create_project(user=user, title="Blood")


@pytest.fixture
def members(user: User, project: Project) -> dict[str, User]:
    """One person for each role, and a stranger."""
    people = {"owner": user, "stranger": User.objects.create_user("stranger")}
    for role in (Role.VIEWER, Role.EDITOR):
        people[role] = User.objects.create_user(role.value)
        Membership.objects.create(user=people[role], project=project, role=role)
    return people


@pytest.fixture
def submit(user: User, project: Project) -> Callable[..., Job]:
    """Stores a job of some chunks and returns it."""

    def submit(chunks: int = 1, **options) -> Job:
        by = options.pop("by", user)
        where = options.pop("project", project)
        job, _ = services.create_job(
            user=by, project=where, plan=plan(chunks, **options), complete_parts={}
        )
        return job

    return submit
