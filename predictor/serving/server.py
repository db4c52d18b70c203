"""The service on a port: plain text on this machine, TLS beyond it, health, an orderly end."""

import asyncio
import logging
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import grpc
from alphagenome.protos.v1 import dna_model_service_pb2, dna_model_service_pb2_grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from predictor import errors
from predictor.serving import options
from predictor.serving.answers import Answers
from predictor.serving.authoriser import AnyoneOnLoopback, Authoriser, is_loopback
from predictor.serving.service import DnaModelService, Limits
from predictor.serving.versions import ModelVersions

SERVICE_NAME = dna_model_service_pb2.DESCRIPTOR.services_by_name["DnaModelService"].full_name

_log = logging.getLogger("allelens.serving")
_CHANNEL = [
    ("grpc.max_send_message_length", -1),
    # A taken port is an error, not a second server whose calls are dealt out by chance.
    ("grpc.so_reuseport", 0),
    # A client whose machine went away is noticed, and its work ended; clients may ask as well,
    # while they wait for their turn without any data.
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
]


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the service listens.

    Attributes:
      host: name or address; without a certificate one of this machine itself.
      port: 0 for any free one.
      certificate: file with the certificate chain (PEM); its names must be those that clients use.
      key: file with the private key of the certificate (PEM).
    """

    host: str = options.HOST
    port: int = options.PORT
    certificate: Path | None = None
    key: Path | None = None

    def check(self) -> None:
        """Refuses a place where keys and variants would travel readable.

        Raises:
          ServiceRefusedError: says what to give.
        """
        if (self.certificate is None) != (self.key is None):
            missing = "--key" if self.key is None else "--certificate"
            raise errors.ServiceRefusedError(
                f"A certificate and its key belong together; give {missing} FILE as well."
            )
        if self.certificate is None and not is_loopback(self.host):
            raise errors.ServiceRefusedError(
                f"{self.host} is not an address of this machine alone, and without TLS keys and "
                "variants would be readable on the way; give --certificate FILE and --key FILE, "
                "or serve on 127.0.0.1."
            )


@dataclass(frozen=True, kw_only=True)
class Service:
    """All that is needed to serve.

    Attributes:
      open_engines: opens them; called once, while calls wait already. Takes seconds.
      place: where.
      authoriser: who may call.
      limits: how much at once.
      grace: seconds that open calls have when the service is told to stop.
      report: is told one line for people when something happens.
    """

    open_engines: Callable[[], Mapping[str, Answers]]
    place: Place = field(default_factory=Place)
    authoriser: Authoriser = field(default_factory=AnyoneOnLoopback)
    limits: Limits = field(default_factory=Limits)
    grace: float = options.GRACE_SECONDS
    report: Callable[[str], None] = _log.info


def serve(service: Service) -> None:
    """Serves until the process is told to end (SIGTERM or SIGINT); then open calls may finish.

    Raises:
      ServiceRefusedError: the place is not safe, taken, or its certificate cannot be used.
      EngineNotInstalledError: and whatever else opening the engines raises.
    """
    service.place.check()
    asyncio.run(_serve(service))


async def _serve(service: Service) -> None:
    calls = DnaModelService(service.authoriser, service.limits)
    server = grpc.aio.server(options=_CHANNEL)
    dna_model_service_pb2_grpc.add_DnaModelServiceServicer_to_server(calls, server)
    states = health.aio.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(states, server)
    await _set_state(states, serving=False)
    address = _listen(server, service.place)
    stop = _stop_signal()
    await server.start()
    try:
        engines = await asyncio.to_thread(service.open_engines)
        calls.open(ModelVersions(engines))
        await _set_state(states, serving=True)
        service.report(f"Serving {', '.join(engines)} on {address}.")
        await stop.wait()
        service.report(f"Stopping; open calls have {service.grace:g} s to finish.")
        await _set_state(states, serving=False)
    finally:
        await server.stop(service.grace if stop.is_set() else None)
        calls.close()


def _listen(server: grpc.aio.Server, place: Place) -> str:
    host = f"[{place.host}]" if ":" in place.host else place.host
    target = f"{host}:{place.port}"
    try:
        if place.certificate is None or place.key is None:
            port = server.add_insecure_port(target)
        else:
            pair = (place.key.read_bytes(), place.certificate.read_bytes())
            port = server.add_secure_port(target, grpc.ssl_server_credentials([pair]))
    except OSError as error:
        raise errors.ServiceRefusedError(f"The certificate cannot be read: {error}.") from error
    except RuntimeError as error:
        raise errors.ServiceRefusedError(
            f"The service cannot listen on {target}: is the port taken, and do the certificate "
            "and its key belong together? Choose another port with --port."
        ) from error
    how = "plain text, this machine only" if place.certificate is None else "TLS"
    return f"{host}:{port} ({how})"


def _stop_signal() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop


async def _set_state(states: health.aio.HealthServicer, *, serving: bool) -> None:
    status = health_pb2.HealthCheckResponse
    for name in (health.OVERALL_HEALTH, SERVICE_NAME):
        await states.set(name, status.SERVING if serving else status.NOT_SERVING)
