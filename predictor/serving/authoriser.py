"""Who may call the service, and how much."""

import hmac
import ipaddress
from pathlib import Path
from typing import NamedTuple, Protocol

from predictor import errors

KEY_HEADER = "x-goog-api-key"


class Call(NamedTuple):
    """What a decision is made on.

    Attributes:
      key: as the client sent it; empty for none.
      address: of the peer, without its port; empty where it is not an internet address.
      method: such as PredictInterval.
      windows: how many windows the network must read for the answer.
    """

    key: str
    address: str
    method: str
    windows: int


class Authoriser(Protocol):
    """Lets calls in. May block; is asked from several threads."""

    def admit(self, call: Call) -> str:
        """Names the caller, for the log and for limits per caller.

        Raises:
          UnauthenticatedError: the key is not valid.
        """

    def charge(self, caller: str, call: Call) -> None:
        """Counts a call that can be answered, before anything is computed.

        Raises:
          QuotaExceededError: the caller has used up what is allowed; says when it ends.
        """


class Unlimited:
    """Nobody is counted."""

    def charge(self, caller: str, call: Call) -> None:
        """As `Authoriser`."""


class AnyoneOnLoopback(Unlimited):
    """Everybody on this machine, whatever their key; nobody else."""

    def admit(self, call: Call) -> str:
        """As `Authoriser`."""
        if is_loopback(call.address):
            return "local"
        raise errors.UnauthenticatedError(
            "This service is for the machine that it runs on; to open it to others, its operator "
            "starts it with a list of keys or beside the app."
        )


class KeyFile(Unlimited):
    """Everybody who has one of the keys of a file."""

    def __init__(self, path: Path):
        """Reads a file with a name and a key on each line; lines that begin with # are skipped.

        Raises:
          ServiceRefusedError: the file cannot be read, or a line has another form.
        """
        try:
            text = path.read_text()
        except OSError as error:
            raise errors.ServiceRefusedError(
                f"The file of keys cannot be read: {error}."
            ) from error
        self._keys: list[tuple[str, bytes]] = []
        for number, line in enumerate(text.splitlines(), start=1):
            words = line.split()
            if not words or words[0].startswith("#"):
                continue
            if len(words) != 2:
                raise errors.ServiceRefusedError(
                    f"Line {number} of {path} has {len(words)} words; expected a name and a key."
                )
            self._keys.append((words[0], words[1].encode()))
        if not self._keys:
            raise errors.ServiceRefusedError(
                f"{path} holds no key; write a name and a key on a line."
            )

    def admit(self, call: Call) -> str:
        """As `Authoriser`."""
        given = call.key.encode()
        # All are compared, each in constant time, so that the time tells nothing about a key.
        found = [name for name, key in self._keys if hmac.compare_digest(key, given)]
        if found:
            return found[0]
        raise errors.UnauthenticatedError(
            f"The key of this call ({KEY_HEADER}) is "
            f"{'not known here' if call.key else 'missing'}; ask the operator of the service for "
            "one."
        )


def address_of(peer: str) -> str:
    """The address in gRPC's name of a peer, such as 127.0.0.1 in `ipv4:127.0.0.1:4242`."""
    family, _, rest = peer.partition(":")
    if family not in {"ipv4", "ipv6"}:
        return ""
    host = rest.rpartition(":")[0]
    return host.replace("%5B", "").replace("%5D", "").strip("[]")


def is_loopback(address: str) -> bool:
    """Whether an address, or the name localhost, is that of this machine itself."""
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
