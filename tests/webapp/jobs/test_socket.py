import asyncio
import json

import pytest
from asgiref.sync import sync_to_async

from tests.webapp.jobs.socket_client import SocketCommunicator
from tests.webapp.jobs.test_claims import claim, complete
from webapp.asgi import application
from webapp.jobs.selectors import events_after
from webapp.projects.models import Membership

pytestmark = pytest.mark.django_db(transaction=True)


def cookie_of(client_of, user) -> bytes:
    return f"sessionid={client_of(user).cookies['sessionid'].value}".encode()


def socket(job, cookie: bytes = b"", *, after: int = 0, origin: bytes = b"http://testserver"):
    headers = [(b"host", b"testserver"), (b"cookie", cookie)]
    if origin:
        headers.append((b"origin", origin))
    return SocketCommunicator(application, f"/ws/jobs/{job.uuid}/?after={after}", headers)


async def read(communicator, number: int) -> list[dict]:
    events: list[dict] = []
    while len(events) < number:
        frame = json.loads(await communicator.receive_from(timeout=10))
        events += frame.get("events", [])
    return events


async def close_code(communicator) -> int:
    connected, _ = await communicator.connect(timeout=10)
    assert connected
    message = await communicator.receive_output(timeout=10)
    assert message["type"] == "websocket.close"
    return message["code"]


async def test_a_socket_sends_what_came_after_and_then_what_happens(client_of, members, submit):
    job = await sync_to_async(submit)(2)
    cookie = await sync_to_async(cookie_of)(client_of, members["viewer"])
    await sync_to_async(lambda: complete(claim()))()
    known = (await sync_to_async(events_after)(job_pk=job.pk, after=0))["events"]
    follower = socket(job, cookie, after=3)
    assert (await follower.connect(timeout=10))[0]
    assert await read(follower, len(known) - 3) == known[3:]
    await sync_to_async(lambda: complete(claim()))()
    rest = (await sync_to_async(events_after)(job_pk=job.pk, after=len(known)))["events"]
    assert await read(follower, len(rest)) == rest
    assert rest[-1]["type"] == "job.finished"
    await follower.disconnect()


async def test_all_sockets_of_a_job_get_every_event_once(client_of, members, submit):
    job = await sync_to_async(submit)(3)
    cookie = await sync_to_async(cookie_of)(client_of, members["owner"])
    followers = [socket(job, cookie) for _ in range(5)]
    for follower in followers:
        assert (await follower.connect(timeout=10))[0]
    for _ in range(3):
        await sync_to_async(lambda: complete(claim()))()
    expected = (await sync_to_async(events_after)(job_pk=job.pk, after=0))["events"]
    received = await asyncio.gather(*(read(f, len(expected)) for f in followers))
    assert all(events == expected for events in received)
    for follower in followers:
        await follower.disconnect()


async def test_a_number_from_another_life_means_fetch_anew(client_of, members, submit):
    job = await sync_to_async(submit)(1)
    cookie = await sync_to_async(cookie_of)(client_of, members["owner"])
    follower = socket(job, cookie, after=99)
    assert (await follower.connect(timeout=10))[0]
    assert json.loads(await follower.receive_from(timeout=10)) == {"resync": True}
    await follower.disconnect()


async def test_nobody_and_strangers_are_turned_away(client_of, members, submit):
    job = await sync_to_async(submit)(1)
    assert await close_code(socket(job)) == 4401
    cookie = await sync_to_async(cookie_of)(client_of, members["stranger"])
    assert await close_code(socket(job, cookie)) == 4404


@pytest.mark.parametrize("origin", [b"http://evil.example", b""])
async def test_pages_of_other_sites_cannot_connect(client_of, members, submit, origin):
    job = await sync_to_async(submit)(1)
    cookie = await sync_to_async(cookie_of)(client_of, members["owner"])
    connected, _ = await socket(job, cookie, origin=origin).connect(timeout=10)
    assert not connected


async def test_a_member_who_is_removed_loses_the_socket(client_of, members, submit, settings):
    settings.EVENT_PING_SECONDS = 0.1
    job = await sync_to_async(submit)(1)
    cookie = await sync_to_async(cookie_of)(client_of, members["viewer"])
    follower = socket(job, cookie)
    assert (await follower.connect(timeout=10))[0]
    await read(follower, 1)
    assert json.loads(await follower.receive_from(timeout=10)) == {"ping": True}
    await Membership.objects.filter(user=members["viewer"]).adelete()
    while (message := await follower.receive_output(timeout=10))["type"] != "websocket.close":
        assert json.loads(message["text"]) == {"ping": True}
    assert message["code"] == 4403


async def test_sockets_of_one_person_are_limited(client_of, members, submit, settings):
    settings.EVENT_MAX_SOCKETS_PER_USER = 1
    job = await sync_to_async(submit)(1)
    cookie = await sync_to_async(cookie_of)(client_of, members["owner"])
    first = socket(job, cookie)
    assert (await first.connect(timeout=10))[0]
    await read(first, 1)
    assert await close_code(socket(job, cookie)) == 4429
    await first.disconnect()


async def test_the_local_user_needs_no_session_but_our_own_page(user, submit, settings):
    settings.LOCAL_USERNAME = user.username
    job = await sync_to_async(submit)(1)

    def local(host: bytes, origin: bytes, peer: str) -> SocketCommunicator:
        headers = [(b"host", host), (b"origin", origin)]
        return SocketCommunicator(application, f"/ws/jobs/{job.uuid}/", headers, peer=peer)

    own = local(b"127.0.0.1", b"http://127.0.0.1", "127.0.0.1")
    assert (await own.connect(timeout=10))[0]
    await read(own, 1)
    await own.disconnect()
    assert await close_code(local(b"127.0.0.1", b"http://localhost", "127.0.0.1")) == 4401
    assert await close_code(local(b"127.0.0.1", b"http://127.0.0.1", "10.0.0.5")) == 4401
