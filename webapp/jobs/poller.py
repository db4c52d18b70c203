"""One look at the database for all open sockets of a process.

Each client knows how far it has read; the poller reads what came after, once for all clients of
a job, and hands it out. A wake-up only makes it look sooner.
"""

import asyncio
import json
import logging
import weakref
from collections.abc import Iterable
from typing import Protocol

from channels.db import database_sync_to_async  # type: ignore[import-untyped]
from django.conf import settings

from webapp.jobs.models import Job
from webapp.jobs.selectors import events_after

_log = logging.getLogger("allelens.live")

# Between two looks, so that many changes make one frame. With many clients it is the frames
# that cost.
_REST_SECONDS = 0.05
_REST_SECONDS_BUSY = 0.25
_BUSY_CLIENTS = 50
_SEND_TIMEOUT_SECONDS = 5.0
GONE = 4404
TOO_SLOW = 4408


class Client(Protocol):
    """An open socket.

    Attributes:
      job_pk: the job that it follows.
      user_pk: whose it is.
      position: number of the last event that it has.
    """

    job_pk: int
    user_pk: int
    position: int

    async def send_text(self, text: str) -> None: ...

    async def hang_up(self, code: int) -> None: ...


class Poller:
    """Runs while there are clients."""

    def __init__(self) -> None:
        self._clients: set[Client] = set()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def add(self, client: Client) -> None:
        self._clients.add(client)
        self._wake.set()
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())

    def remove(self, client: Client) -> None:
        self._clients.discard(client)
        self._wake.set()

    def wake(self) -> None:
        self._wake.set()

    def sockets_of(self, user_pk: int) -> int:
        return sum(client.user_pk == user_pk for client in self._clients)

    async def _run(self) -> None:
        while self._clients:
            try:
                async with asyncio.timeout(settings.EVENT_POLL_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()
            try:
                await self._look()
            except Exception:  # noqa: BLE001  it serves every open page; one look may fail
                _log.exception("The poller could not look; it tries again.")
                await asyncio.sleep(1)
            busy = len(self._clients) > _BUSY_CLIENTS
            await asyncio.sleep(_REST_SECONDS_BUSY if busy else _REST_SECONDS)

    async def _look(self) -> None:
        watched: dict[int, list[Client]] = {}
        for client in self._clients:
            watched.setdefault(client.job_pk, []).append(client)
        last_seqs = await database_sync_to_async(_last_seqs)(list(watched))
        for job_pk, clients in watched.items():
            if job_pk not in last_seqs:
                await asyncio.gather(*(self._drop(client, GONE) for client in clients))
                continue
            behind = [c for c in clients if c.position != last_seqs[job_pk]]
            positions = {client.position for client in behind}
            for position in sorted(positions):
                await self._tell(job_pk, position, [c for c in behind if c.position == position])

    async def _tell(self, job_pk: int, position: int, clients: list[Client]) -> None:
        try:
            answer = await database_sync_to_async(events_after)(job_pk=job_pk, after=position)
        except Job.DoesNotExist:
            return
        if answer["resync"]:
            text, reached = json.dumps({"resync": True}), int(answer["last_seq"])
        elif answer["events"]:
            text = json.dumps({"events": answer["events"]})
            reached = int(answer["events"][-1]["seq"])
            if reached < answer["last_seq"]:
                self._wake.set()
        else:
            return
        for client in clients:
            client.position = reached
        await asyncio.gather(*(self._send(client, text) for client in clients))

    async def _send(self, client: Client, text: str) -> None:
        try:
            async with asyncio.timeout(_SEND_TIMEOUT_SECONDS):
                await client.send_text(text)
        except Exception:  # noqa: BLE001  one broken socket must not stop the others
            await self._drop(client, TOO_SLOW)

    async def _drop(self, client: Client, code: int) -> None:
        self._clients.discard(client)
        try:
            async with asyncio.timeout(_SEND_TIMEOUT_SECONDS):
                await client.hang_up(code)
        except Exception:  # noqa: BLE001  it is gone already
            _log.debug("A socket was gone before it was closed.")


def _last_seqs(job_pks: Iterable[int]) -> dict[int, int]:
    return dict(Job.objects.filter(pk__in=job_pks).values_list("pk", "last_seq"))


_pollers: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Poller] = weakref.WeakKeyDictionary()


def poller() -> Poller:
    """The one poller of this process (of this event loop)."""
    loop = asyncio.get_running_loop()
    if loop not in _pollers:
        _pollers[loop] = Poller()
    return _pollers[loop]
