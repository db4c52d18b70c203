"""How calls and the service end, who waits, who is let in, and TLS."""

import datetime
import ipaddress
import socket
import subprocess
import sys
import time

import grpc
import pytest
from alphagenome.data.genome import Interval
from alphagenome.models import variant_scorers
from alphagenome.protos.v1 import dna_model_pb2
from alphagenome.protos.v1 import dna_model_service_pb2 as messages
from alphagenome.protos.v1.dna_model_service_pb2_grpc import DnaModelServiceStub
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from grpc_health.v1 import health_pb2, health_pb2_grpc

from predictor import errors
from predictor.cli import main
from predictor.serving import server
from predictor.serving.authoriser import AnyoneOnLoopback, Call, KeyFile, address_of
from tests.predictor.serving import running_service
from tests.predictor.serving.framing_model import MOST_BASES, SECONDS_PER_BASE
from tests.until import until

ATAC = variant_scorers.RECOMMENDED_VARIANT_SCORERS["ATAC"]
HUMAN = 9606


def mutate(service, bases: int):
    """Starts a call that takes `SECONDS_PER_BASE` for each base."""
    request = messages.ScoreIsmVariantRequest(
        interval=Interval("chr1", 0, 16_384).to_proto(),
        ism_interval=dna_model_pb2.Interval(chromosome="chr1", start=100, end=100 + bases),
        organism=HUMAN,
        variant_scorers=[ATAC.to_proto()],
    )
    return DnaModelServiceStub(service.channel()).ScoreIsmVariant(iter([request]))


def bases_begun(service) -> int:
    return len(service.story.read_text().splitlines())


def health(service) -> int:
    stub = health_pb2_grpc.HealthStub(service.channel())
    asked = health_pb2.HealthCheckRequest(service=server.SERVICE_NAME)
    return stub.Check(asked, timeout=5).status


@pytest.fixture(scope="module")
def stepping(tmp_path_factory, installed):
    """As `framing`, with an engine that gives one result after the other, like our own."""
    story = tmp_path_factory.mktemp("stepping") / "story"
    running = running_service.start_framing(story, installed, "--steps")
    yield running
    running.stop()


@pytest.mark.parametrize("how", ["framing", "stepping"])
def test_a_client_that_leaves_ends_the_work(how, request):
    service = request.getfixturevalue(how)
    call = mutate(service, bases=200)
    next(call)
    call.cancel()
    begun = bases_begun(service)
    time.sleep(5 * SECONDS_PER_BASE)
    # The base that was being computed, and at most one that had just begun.
    assert bases_begun(service) <= begun + 2
    # The place is free again.
    assert len(list(mutate(service, bases=1))) == 2 * 3


def test_a_call_is_counted_when_it_can_be_answered_and_not_before(stepping):
    charges = stepping.story.with_suffix(".charges")
    charges.write_text("")
    begun = bases_begun(stepping)
    # Refused by the service itself, and by the engine before it computes anything.
    for bases, sentence in [(-2, "ends before it starts"), (MOST_BASES + 1, "are too many")]:
        with pytest.raises(grpc.RpcError, match=sentence):
            list(mutate(stepping, bases))
    assert charges.read_text() == ""
    assert len(list(mutate(stepping, bases=2))) == 2 * 3 * 2
    assert charges.read_text() == "7\n"
    assert bases_begun(stepping) == begun + 2


def test_what_a_quota_refuses_is_never_begun(start_framing):
    service = start_framing("--refuse", "1")
    with pytest.raises(grpc.RpcError, match="is used up for a moment") as caught:
        list(mutate(service, bases=1))
    assert caught.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert bases_begun(service) == 0


def test_a_waiting_call_that_is_cancelled_is_never_begun(framing):
    before = bases_begun(framing)
    first = mutate(framing, bases=5)
    next(first)
    waiting = mutate(framing, bases=100)
    time.sleep(SECONDS_PER_BASE)
    waiting.cancel()
    assert len(list(first)) == 2 * 3 * 5 - 1
    time.sleep(3 * SECONDS_PER_BASE)
    assert bases_begun(framing) == before + 5


def test_a_busy_service_lets_calls_wait_and_still_tells_its_health(framing):
    calls = [mutate(framing, bases=2) for _ in range(3)]
    assert health(framing) == health_pb2.HealthCheckResponse.SERVING
    assert [len(list(call)) for call in calls] == [12, 12, 12]


def test_a_caller_with_too_many_open_calls_is_told_so(start_framing):
    service = start_framing("--open-calls", "1")
    first = mutate(service, bases=20)
    next(first)
    with pytest.raises(grpc.RpcError) as caught:
        next(mutate(service, bases=1))
    assert caught.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "local has 1 calls open already" in caught.value.details()
    first.cancel()


def test_told_to_stop_it_finishes_open_calls_and_takes_no_new_ones(start_framing):
    service = start_framing()
    call = mutate(service, bases=6)
    next(call)
    service.process.terminate()
    until(lambda: any("Stopping" in line for line in service.lines), timeout=30)
    with pytest.raises(grpc.RpcError) as caught:
        list(mutate(service, bases=1))
    assert caught.value.code() == grpc.StatusCode.UNAVAILABLE
    assert len(list(call)) == 2 * 3 * 6 - 1
    assert service.stop() == 0


def test_what_takes_longer_than_the_grace_is_ended(start_framing):
    service = start_framing("--grace", "0.5")
    call = mutate(service, bases=500)
    next(call)
    started = time.monotonic()
    assert service.stop() == 0
    assert time.monotonic() - started < 20
    with pytest.raises(grpc.RpcError):
        list(call)
    assert bases_begun(service) < 50


def test_a_taken_port_is_refused(framing, tmp_path):
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            *running_service.FRAMING,
            str(tmp_path / "other"),
            "--port",
            str(framing.port),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=running_service.START_SECONDS,
    )
    assert done.returncode != 0
    assert "is the port taken" in done.stderr


# Who is let in


def test_plain_text_is_served_on_this_machine_only(tmp_path):
    server.Place(host="127.0.0.1").check()
    server.Place(host="::1").check()
    for host in ("0.0.0.0", "::", socket.gethostname() + ".example", "10.0.0.7"):
        with pytest.raises(errors.ServiceRefusedError, match="--certificate FILE and --key FILE"):
            server.Place(host=host).check()
    with pytest.raises(errors.ServiceRefusedError, match="give --key FILE"):
        server.Place(certificate=tmp_path / "chain.pem").check()


def test_the_command_refuses_an_unsafe_place_and_an_unknown_engine(installed, monkeypatch, capsys):
    monkeypatch.setenv("ALLELENS_HOME", str(installed))
    assert main(["serve", "--engine", "demo", "--host", "0.0.0.0"]) == 2
    assert "or serve on 127.0.0.1." in capsys.readouterr().err
    assert main(["serve", "--engine", "demo", "enformer"]) == 2
    assert 'no engine "enformer"' in capsys.readouterr().err
    assert main(["serve", "--engine", "demo", "--api-keys", "/nowhere"]) == 2
    assert "The file of keys cannot be read" in capsys.readouterr().err


def test_without_keys_only_this_machine_may_call():
    anyone = AnyoneOnLoopback()
    assert anyone.admit(_call(address="127.0.0.1")) == "local"
    assert anyone.admit(_call(address="::1")) == "local"
    for address in ("10.0.0.7", "2001:db8::1", ""):
        with pytest.raises(errors.UnauthenticatedError, match="for the machine that it runs on"):
            anyone.admit(_call(address=address))


def test_a_file_of_keys_lets_their_owners_in(tmp_path):
    file = tmp_path / "keys"
    file.write_text("# name key\nada k-1\n\ngrace k-2\n")
    keys = KeyFile(file)
    assert keys.admit(_call(key="k-2", address="10.0.0.7")) == "grace"
    with pytest.raises(errors.UnauthenticatedError, match="not known here"):
        keys.admit(_call(key="k-3", address="127.0.0.1"))
    with pytest.raises(errors.UnauthenticatedError, match="missing"):
        keys.admit(_call(address="127.0.0.1"))
    file.write_text("ada k 1\n")
    with pytest.raises(errors.ServiceRefusedError, match=r"Line 1 of .* has 3 words"):
        KeyFile(file)


@pytest.mark.parametrize(
    ("peer", "address"),
    [
        ("ipv4:127.0.0.1:4242", "127.0.0.1"),
        ("ipv6:%5B::1%5D:4242", "::1"),
        ("ipv6:[2001:db8::1]:4242", "2001:db8::1"),
        ("unix:/tmp/socket", ""),
    ],
)
def test_the_address_of_a_peer_is_read(peer, address):
    assert address_of(peer) == address


def _call(key="", address=""):
    return Call(key=key, address=address, method="PredictInterval", windows=1)


# TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for localhost that signs itself: (chain, key)."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Allelens test")])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    chain, private = folder / "chain.pem", folder / "key.pem"
    chain.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return chain, private


def test_the_usual_create_reaches_a_service_with_a_certificate(
    certificate, start_framing, framing, tmp_path
):
    chain, private = certificate
    keys = tmp_path / "keys"
    keys.write_text("ada right\n")
    secure = start_framing(
        *("--certificate", str(chain), "--key", str(private), "--api-keys", str(keys))
    )
    # In a process of its own: gRPC reads the roots once, before its first channel.
    code = f"""
import grpc
from alphagenome.models import dna_client
client = dna_client.create("right", address="localhost:{secure.port}", timeout=60)
print(len(client.output_metadata().dnase))
try:
    dna_client.create("wrong", address="127.0.0.1:{secure.port}", timeout=60).output_metadata()
except grpc.RpcError as error:
    print(error.code().name, error.details())
try:
    dna_client.create("right", address="localhost:{framing.port}", timeout=1)
except grpc.FutureTimeoutError:
    print("plain text is not TLS")
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": str(chain), "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
        timeout=running_service.START_SECONDS,
    )
    tracks, refusal, plain = done.stdout.splitlines()
    assert tracks == "3"
    assert refusal.startswith("UNAUTHENTICATED The key of this call (x-goog-api-key) is not known")
    assert plain == "plain text is not TLS"


def test_a_key_that_does_not_belong_to_the_certificate_is_refused(certificate, tmp_path):
    chain, _ = certificate
    other = tmp_path / "other.pem"
    other.write_bytes(
        ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    place = server.Place(port=0, certificate=chain, key=other)
    with pytest.raises(errors.ServiceRefusedError, match="belong together"):
        server.serve(server.Service(open_engines=dict, place=place))
