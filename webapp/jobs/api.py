"""Jobs: ask, look, follow, cancel, try again."""

from typing import Any
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.accounts.models import User
from webapp.jobs import services
from webapp.jobs.models import Job
from webapp.jobs.selectors import events_after, readable_job, snapshot, summary
from webapp.jobs.serializers import (
    EventsSerializer,
    JobRequestSerializer,
    JobSerializer,
    JobSummaryPageSerializer,
    JobSummarySerializer,
)
from webapp.jobs.submission import JobRequest, plan_job
from webapp.projects.models import Project
from webapp.projects.selectors import readable_project, require_writer
from webapp.projects.services import default_project
from webapp.request_user import user_of
from webapp.results.models import StoredPart
from webapp.results.services import find_complete


def _page_number(parameter: str, description: str, *, default: int | None = None) -> Any:
    return OpenApiParameter(parameter, OpenApiTypes.INT, description=description, default=default)


class JobsView(APIView):
    @extend_schema(
        operation_id="jobs",
        parameters=[
            OpenApiParameter("project", OpenApiTypes.UUID, description="only of this project"),
            _page_number("page", "from 1", default=1),
        ],
        responses=JobSummaryPageSerializer,
    )
    def get(self, request: Request) -> Response:
        """Jobs of all projects of the person, newest first."""
        user = user_of(request)
        jobs = Job.objects.visible_to(user).select_related("project").order_by("-created", "-pk")
        if project := request.query_params.get("project"):
            jobs = jobs.filter(project=_project(user, project))
        paginator = PageNumberPagination()
        page = paginator.paginate_queryset(jobs, request, view=self) or []
        rows = JobSummarySerializer([summary(job) for job in page], many=True)
        return paginator.get_paginated_response(rows.data)

    @extend_schema(
        operation_id="create_job",
        request=JobRequestSerializer,
        responses={200: JobSerializer, 201: JobSerializer},
    )
    def post(self, request: Request) -> Response:
        """Asks for a prediction. With a known idempotency key: the job of that key."""
        given = JobRequestSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        values = dict(given.validated_data)
        user = user_of(request)
        project = _project(user, values.pop("project", None))
        require_writer(user=user, project=project)
        key = values.pop("idempotency_key", None)
        plan = plan_job(_job_request(values))
        found = find_complete(plan.keys())
        levels = dict(StoredPart.objects.filter(key__in=found).values_list("key", "levels"))
        job, created = services.create_job(
            user=user, project=project, plan=plan, complete_parts=levels, idempotency_key=key
        )
        return Response(
            JobSerializer(snapshot(job)).data,
            status=status.HTTP_201_CREATED if created else status.HTTP_200_OK,
        )


def _project(user: User, project_id: UUID | str | None) -> Project:
    if project_id is None:
        return default_project(user=user)
    return readable_project(user=user, project_id=project_id)


def _job_request(values: dict[str, Any]) -> JobRequest:
    interval = values.get("interval")
    output_types, curies = values.get("output_types"), values.get("ontology_curies")
    return JobRequest(
        engine=values["engine"],
        organism=values["organism"],
        variants=tuple(values["variants"]),
        combine=values["combine"],
        window=values.get("window"),
        interval=(interval["chromosome"], interval["start"], interval["end"]) if interval else None,
        output_types=None if output_types is None else tuple(output_types),
        ontology_curies=None if curies is None else tuple(curies),
        truth=values["truth"],
    )


class JobView(APIView):
    @extend_schema(operation_id="job", responses=JobSerializer)
    def get(self, request: Request, job_id: str) -> Response:
        """All about a job, as after its event number `last_seq`."""
        job = readable_job(user=user_of(request), job_id=job_id)
        return Response(JobSerializer(snapshot(job)).data)


class JobEventsView(APIView):
    @extend_schema(
        operation_id="job_events",
        parameters=[_page_number("after", "number of the last event that is known", default=0)],
        responses=EventsSerializer,
    )
    def get(self, request: Request, job_id: str) -> Response:
        """What happened after an event; the socket `/ws/jobs/{id}/` sends the same unasked."""
        job = readable_job(user=user_of(request), job_id=job_id)
        after = request.query_params.get("after", "0")
        number = int(after) if after.isascii() and after.isdigit() else 0
        return Response(EventsSerializer(events_after(job_pk=job.pk, after=number)).data)


class CancelJobView(APIView):
    @extend_schema(operation_id="cancel_job", request=None, responses=JobSerializer)
    def post(self, request: Request, job_id: str) -> Response:
        """Stops a job; what is finished stays."""
        user = user_of(request)
        job = readable_job(user=user, job_id=job_id)
        require_writer(user=user, project=job.project)
        return Response(JobSerializer(snapshot(services.cancel_job(job=job))).data)


class RetryJobView(APIView):
    @extend_schema(operation_id="retry_job", request=None, responses=JobSerializer)
    def post(self, request: Request, job_id: str) -> Response:
        """Computes the failed predictions of an ended job again."""
        user = user_of(request)
        job = readable_job(user=user, job_id=job_id)
        require_writer(user=user, project=job.project)
        return Response(JobSerializer(snapshot(services.retry_job(job=job))).data)
