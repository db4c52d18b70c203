"""What a worker's slot does about time that is over and about memory that was used up."""

import pytest

from tests.webapp.jobs.conftest import plan
from webapp.accounts.models import User
from webapp.jobs import services
from webapp.jobs.claims import claim_chunk
from webapp.jobs.sweeper import release_leases
from webapp.projects.services import default_project
from worker import time_limit, want_of_memory
from worker.slot import Slot

WINDOW = 131_072


@pytest.fixture
def slot():
    return Slot("slot")


@pytest.fixture
def job(db):
    user = User.objects.create_user("ada")
    found, _ = services.create_job(
        user=user, project=default_project(user=user), plan=plan(1), complete_parts={}
    )
    return found


def claim(slot):
    return claim_chunk(owner=slot.name, engines=["demo"], lease_seconds=30)


def test_a_longer_window_may_take_longer(settings):
    settings.JOB_CHUNK_SECONDS = 600
    assert time_limit.seconds(4_096) == time_limit.seconds(16_384) == 600
    assert time_limit.seconds(WINDOW) == 4_800
    assert "within 80 minutes, the limit for a window of 131,072 bp" in time_limit.message(WINDOW)


def test_a_chunk_in_time_is_left_alone(slot, job):
    slot.hold(claim(slot), WINDOW)
    assert not slot.end_late_chunk()
    slot.let_go()
    assert not slot.end_late_chunk()


def test_a_chunk_whose_time_is_over_fails_with_a_sentence_and_is_not_tried_again(
    slot, job, settings
):
    settings.JOB_CHUNK_SECONDS = 0
    slot.hold(claim(slot), WINDOW)
    assert slot.end_late_chunk()
    job.refresh_from_db()
    assert job.state == "failed"
    assert job.chunks.get().error_code == time_limit.CODE
    assert "choose a shorter window" in job.message
    assert release_leases(owner=slot.name) == 0


def test_a_chunk_that_used_up_the_memory_is_not_tried_again(slot, job):
    assert claim(slot) is not None
    release_leases(owner=slot.name, out_of_memory=True)
    job.refresh_from_db()
    assert job.state == "failed"
    assert job.chunks.get().error_code == "not_enough_memory"
    assert "memory was used up" in job.message
    assert "shorter window" in job.message


def test_the_next_process_learns_that_the_last_one_was_ended_for_memory(tmp_path, monkeypatch):
    """The kernel's file has one line for each count."""
    events = tmp_path / "memory.events"
    monkeypatch.setattr(want_of_memory, "_OF_CONTAINER", events)
    monkeypatch.setattr(want_of_memory, "_before", None)
    monkeypatch.setenv(want_of_memory.VARIABLE, "")
    told = []
    for ends in (3, 3, 4, 4):
        events.write_text(f"low 0\noom 9\noom_kill {ends}\noom_group_kill 0\n")
        want_of_memory.look_back()
        told.append(want_of_memory.ended_the_last_process())
    assert told == [False, False, True, False]


def test_the_kernel_of_this_machine_counts():
    assert want_of_memory.ends() >= 0
