"""The calls of the service: who asks, whose turn it is, how a call ends.

A call is checked first, then counted, then answered. Calls wait on the event loop, which costs
nothing; a few threads do the work, in the order of arrival. A client that leaves ends its work at
the next message or network pass.
"""

import asyncio
import contextlib
import logging
import secrets
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import grpc
from alphagenome.protos.v1 import dna_model_service_pb2_grpc

from predictor import errors
from predictor.serving import terms
from predictor.serving.answers import Answers
from predictor.serving.authoriser import KEY_HEADER, Authoriser, Call, address_of
from predictor.serving.options import AT_ONCE
from predictor.serving.requests import windows
from predictor.serving.status import status_of
from predictor.serving.versions import ModelVersions

WARNING_HEADER, ERROR_HEADER = "allelens-warning", "allelens-error"

_log = logging.getLogger("allelens.serving")
_LONGEST_DETAILS = 2_000

Answer = Callable[[Answers, Any, Callable[[str], None]], Iterator[Any]]


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much the service does at once.

    What is beyond the first limit waits its turn; what is beyond the others is refused.

    Attributes:
      at_once: calls that are worked on, which bounds memory.
      open_calls: calls that are open altogether.
      open_calls_of_one: calls that one caller may have open.
    """

    at_once: int = AT_ONCE
    open_calls: int = 1_000
    open_calls_of_one: int = 100


class DnaModelService(dna_model_service_pb2_grpc.DnaModelServiceServicer):  # type: ignore[misc]
    """The official service in front of engines; all calls wait until `open` is called."""

    def __init__(self, authoriser: Authoriser, limits: Limits):
        """Serves nothing yet."""
        self._authoriser = authoriser
        self._limits = limits
        self._threads = ThreadPoolExecutor(limits.at_once, thread_name_prefix="answer")
        self._engines: asyncio.Future[ModelVersions[Answers]] = asyncio.Future()
        self._open: Counter[str] = Counter()

    def open(self, engines: ModelVersions[Answers]) -> None:
        """From now on calls are answered, those that wait first."""
        self._engines.set_result(engines)

    def close(self) -> None:
        """Drops what has not been begun; called when no call is open any more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    # The names of these methods are those of the protocol.

    async def PredictSequence(self, asked: Any, context: Any) -> None:
        """See `Answers.predict_sequence`."""
        await self._serve(Answers.predict_sequence, asked, context)

    async def PredictInterval(self, asked: Any, context: Any) -> None:
        """See `Answers.predict_interval`."""
        await self._serve(Answers.predict_interval, asked, context)

    async def PredictVariant(self, asked: Any, context: Any) -> None:
        """See `Answers.predict_variant`."""
        await self._serve(Answers.predict_variant, asked, context)

    async def ScoreInterval(self, asked: Any, context: Any) -> None:
        """See `Answers.score_interval`."""
        await self._serve(Answers.score_interval, asked, context)

    async def ScoreVariant(self, asked: Any, context: Any) -> None:
        """See `Answers.score_variant`."""
        await self._serve(Answers.score_variant, asked, context)

    async def ScoreIsmVariant(self, asked: Any, context: Any) -> None:
        """See `Answers.score_ism_variant`."""
        await self._serve(Answers.score_ism_variant, asked, context)

    async def GetMetadata(self, request: Any, context: Any) -> None:
        """See `Answers.get_metadata`."""
        await self._serve(Answers.get_metadata, _only(request), context)

    async def _serve(self, answer: Answer, asked: AsyncIterator[Any], context: Any) -> None:
        warnings: list[str] = []
        try:
            async for request in asked:
                call = _call(request, context)
                caller = await asyncio.to_thread(self._authoriser.admit, call)
                with self._counted(caller):
                    engines = await asyncio.shield(self._engines)
                    found = engines.find(getattr(request, "model_version", ""))
                    # Refuses bad input, which costs nobody anything; computes nothing yet.
                    messages = await asyncio.to_thread(answer, found, request, warnings.append)
                    await asyncio.to_thread(self._authoriser.charge, caller, call)
                    await self._send(messages, context)
        except errors.AllelensError as error:
            message = terms.as_spoken_on_wire(error.message)
            await _abort(context, status_of(error), message, error.code)
        except Exception:  # noqa: BLE001
            if context.cancelled() or context.done():
                return
            number = secrets.token_hex(4)
            _log.exception("A call failed (%s).", number)
            await _abort(
                context,
                grpc.StatusCode.INTERNAL,
                "Something went wrong in the service; its operator finds the details in the log "
                f"under {number}.",
                "internal",
            )
        if warnings:
            context.set_trailing_metadata([(WARNING_HEADER, _ascii(text)) for text in warnings])

    async def _send(self, messages: Iterator[Any], context: Any) -> None:
        """Lets a thread make and send the messages; waits until it has ended."""
        loop = asyncio.get_running_loop()
        left = threading.Event()

        def work() -> None:
            with contextlib.closing(messages):  # type: ignore[type-var]
                for message in messages:
                    if left.is_set():
                        return
                    # Waits for the client, so that a slow one does not fill the memory.
                    asyncio.run_coroutine_threadsafe(_write(context, message), loop).result()

        try:
            await loop.run_in_executor(self._threads, work)
        finally:
            # Only matters where the call was cancelled: the thread cannot be, but looks here.
            left.set()

    @contextlib.contextmanager
    def _counted(self, caller: str) -> Iterator[None]:
        if self._open.total() >= self._limits.open_calls:
            raise errors.QuotaExceededError(
                f"{self._open.total():,} calls are open already, the most that this service "
                "takes; try again in a minute."
            )
        if self._open[caller] >= self._limits.open_calls_of_one:
            raise errors.QuotaExceededError(
                f"{caller} has {self._open[caller]:,} calls open already, the most that one "
                "caller may have; try again when one of them has ended."
            )
        self._open[caller] += 1
        try:
            yield
        finally:
            self._open[caller] -= 1
            self._open += Counter()


def _call(request: Any, context: Any) -> Call:
    keys = [value for name, value in context.invocation_metadata() or () if name == KEY_HEADER]
    key = keys[0] if keys else ""
    return Call(
        key=key if isinstance(key, str) else key.decode("latin-1"),
        address=address_of(context.peer()),
        method=request.DESCRIPTOR.name.removesuffix("Request"),
        windows=windows(request),
    )


async def _only(request: Any) -> AsyncIterator[Any]:
    yield request


async def _write(context: Any, message: Any) -> None:
    await context.write(message)


async def _abort(context: Any, status: grpc.StatusCode, message: str, code: str) -> None:
    await context.abort(status, message[:_LONGEST_DETAILS], ((ERROR_HEADER, code),))


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode()
