"""Waiting for a service that is busy or has a quota, and what people read meanwhile."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import grpc

from predictor import errors
from predictor.engines import waiting

T = TypeVar("T")

_LATER = {grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.UNAVAILABLE}
_NOT_THE_KEY = {grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED}
_LONGEST_DETAILS = 300


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long to wait for a service that is busy or has a quota, beyond the client's own tries.

    Attributes:
      first: seconds before the first repetition.
      factor: by which each pause is longer than the last.
      longest: of a pause, in seconds.
      total: of all pauses, in seconds.
    """

    first: float = 5.0
    factor: float = 2.0
    longest: float = 60.0
    # Whoever waits longer gives others their turn in between; see `ServiceBusyError`.
    total: float = 60.0

    def pauses(self) -> Iterator[float]:
        """The pauses; jittered, so that many who wait do not come back together."""
        spent, pause = 0.0, self.first
        while spent < self.total:
            # No secret depends on it.
            jittered = min(pause * random.uniform(0.8, 1.2), self.total - spent)
            yield jittered
            spent += jittered
            pause = min(pause * self.factor, self.longest)


def patiently(call: Callable[[], T], patience: Patience, key: str) -> T:
    """Calls a service; waits and repeats where it is busy or its quota used up.

    Args:
      call: to the service; may be repeated.
      patience: how long to wait.
      key: only to keep it out of messages.

    Raises:
      ServiceBusyError: its quota was used up for longer than that.
      HostedServiceError: it refuses, or cannot be reached.
    """
    pauses = patience.pauses()
    waited = False
    while True:
        try:
            found = call()
        except grpc.RpcError as error:
            if error.code() not in _LATER:
                raise refusal(error, key) from error
            message = _busy(error, key)
            pause = next(pauses, None)
            if pause is None:
                raise _given_up(error, message) from error
            waiting.tell(message)
            waited = True
            waiting.pause(pause)
        else:
            if waited:
                waiting.tell("")
            return found


def refusal(error: grpc.RpcError, key: str) -> errors.HostedServiceError:
    """What a person reads when the service refuses for good."""
    said = _details(error, key)
    if error.code() in _NOT_THE_KEY:
        return errors.HostedServiceError(
            f"The hosted service does not accept the key; check it. It says: {said}"
        )
    return errors.HostedServiceError(
        f"The hosted service refuses ({error.code().name}). It says: {said}"
    )


def _busy(error: grpc.RpcError, key: str) -> str:
    why = (
        "its quota is used up"
        if error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        else "it cannot be reached"
    )
    return f"Waiting for the hosted service: {why}. It says: {_details(error, key)}"


def _given_up(error: grpc.RpcError, message: str) -> errors.AllelensError:
    # A quota comes back by itself; what cannot be reached may need a person.
    if error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED:
        return errors.ServiceBusyError(message)
    said = message.removeprefix("Waiting")
    return errors.HostedServiceError(f"Waited in vain{said}")


def _details(error: grpc.RpcError, key: str) -> str:
    text = (error.details() or "nothing").replace(key, "...")[:_LONGEST_DETAILS].strip()
    return text if text.endswith((".", "?", "!")) else f"{text}."
