"""A job's story over a WebSocket: `/ws/jobs/{id}/?after=N`.

Frames: {"events": [...]}, {"resync": true} (events are missing: fetch the job anew), and
{"ping": true}. The client sends nothing. Close codes: 4401 nobody is signed in, 4403 no longer a
member, 4404 no such job, 4408 too slow, 4429 too many sockets.
"""

import asyncio
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

from channels.db import database_sync_to_async  # type: ignore[import-untyped]
from channels.generic.websocket import AsyncWebsocketConsumer  # type: ignore[import-untyped]
from django.conf import settings

from webapp.accounts.local_user import user_of
from webapp.accounts.models import User
from webapp.api_errors import NotFound
from webapp.jobs.doorbell import group_of
from webapp.jobs.models import Job
from webapp.jobs.poller import GONE, poller
from webapp.jobs.selectors import readable_job

NOT_SIGNED_IN = 4401
NO_LONGER_MEMBER = 4403
TOO_MANY_SOCKETS = 4429


class LocalUserForSockets:
    """ASGI layer: the local user of the embedded mode, for sockets that our own pages open."""

    def __init__(self, inner: Any):
        self.inner = inner

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> Any:
        user = scope.get("user")
        if settings.LOCAL_USERNAME is not None and not getattr(user, "is_authenticated", False):
            headers = {
                name.decode("latin-1").lower(): value.decode("latin-1")
                for name, value in scope["headers"]
            }
            address = scope["client"][0] if scope.get("client") else None
            own_page = urlsplit(headers.get("origin", "")).netloc == headers.get("host", "")
            if own_page:
                local = await database_sync_to_async(user_of)(address=address, headers=headers)
                if local is not None:
                    scope = {**scope, "user": local}
        return await self.inner(scope, receive, send)


class JobEventsConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    """One socket; the process's poller writes to it."""

    job_pk: int
    user_pk: int
    position: int

    async def connect(self) -> None:
        self._ping: asyncio.Task[None] | None = None
        self._job: Job | None = None
        await self.accept()
        user = self.scope.get("user")
        if not isinstance(user, User):
            await self.close(NOT_SIGNED_IN)
            return
        self._user = user
        job = await self._readable()
        if job is None:
            await self.close(GONE)
            return
        if poller().sockets_of(user.pk) >= settings.EVENT_MAX_SOCKETS_PER_USER:
            await self.close(TOO_MANY_SOCKETS)
            return
        self._job = job
        self.job_pk, self.user_pk, self.position = job.pk, user.pk, self._after()
        # Listen first, then look: what happens in between is found by the look.
        if self.channel_layer is not None:
            await self.channel_layer.group_add(group_of(job.uuid), self.channel_name)
        poller().add(self)
        self._ping = asyncio.create_task(self._keep_alive())

    async def disconnect(self, code: int) -> None:
        if self._ping is not None:
            self._ping.cancel()
        if self._job is not None:
            poller().remove(self)
            if self.channel_layer is not None:
                await self.channel_layer.group_discard(group_of(self._job.uuid), self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """What clients say is not for us."""

    async def job_changed(self, message: dict[str, Any]) -> None:
        """A wake-up from the channel layer."""
        poller().wake()

    async def send_text(self, text: str) -> None:
        await self.send(text_data=text)

    async def hang_up(self, code: int) -> None:
        await self.close(code)

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(settings.EVENT_PING_SECONDS)
            # Who may read was asked at the start only; it may have changed.
            if await self._readable() is None:
                await self.close(NO_LONGER_MEMBER)
                return
            await self.send_text(json.dumps({"ping": True}))

    async def _readable(self) -> Job | None:
        job_id = self.scope["url_route"]["kwargs"]["job_id"]
        try:
            job: Job = await database_sync_to_async(readable_job)(user=self._user, job_id=job_id)
        except NotFound:
            return None
        return job

    def _after(self) -> int:
        values = parse_qs(self.scope["query_string"].decode("latin-1")).get("after", ["0"])
        return int(values[0]) if values[0].isascii() and values[0].isdigit() else 0
