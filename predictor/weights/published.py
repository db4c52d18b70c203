"""Fetches a released checkpoint from where it is published, with the publisher's own client.

The clients go on where they stopped: what has come once is not fetched again. They keep it in a
folder of ours, so that it can be deleted after the import.

Source: spec/model.md 10.4.
"""

import importlib.util
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from predictor.errors import AllelensError
from predictor.weights import release
from predictor.weights.disk import told_when_full

_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND = 401, 403, 404


class ClientMissingError(AllelensError):
    """The client library of a source is not installed."""

    code = "download_client_missing"


class UnknownSourceError(AllelensError):
    """There is no source of that name."""

    code = "unknown_source"


class DownloadRefusedError(AllelensError):
    """The source does not hand the weights out to this account, or has none of that name."""

    code = "download_refused"


class DownloadInterruptedError(AllelensError):
    """The source cannot be reached, or broke off."""

    code = "download_interrupted"


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where released weights are published.

    Attributes:
      title: name for people.
      module: of the client library.
      requirement: what pip installs.
      page: where a person accepts the terms; `{handle}` stands for the handle.
      login: the command or the variable that signs in.
      handle: of a version (hyphenated name) at this source.
      fetch: downloads a handle into a folder and returns the checkpoint's folder.
    """

    title: str
    module: str
    requirement: str
    page: str
    login: str
    handle: Callable[[str], str]
    fetch: Callable[[str, Path], Path]


def source_named(name: str) -> Source:
    """A source whose client library is installed.

    Raises:
      UnknownSourceError: lists the sources.
      ClientMissingError: names the command that installs the client.
    """
    if name not in SOURCES:
        raise UnknownSourceError(
            f'There is no source "{name}"; the sources are {", ".join(SOURCES)}.'
        )
    source = SOURCES[name]
    if importlib.util.find_spec(source.module) is None:
        raise ClientMissingError(
            f"{source.title} is reached through its client library, which is not installed; run: "
            f'python -m pip install "{source.requirement}"'
        )
    return source


def fetch(name: str, version: str, folder: Path) -> Path:
    """Downloads a version, or the rest of it, into `folder`.

    Args:
      name: of the source.
      version: with hyphens, such as `all-folds`.
      folder: for this source and version alone; what it holds is used again.

    Returns:
      The folder of the checkpoint, within `folder`.

    Raises:
      UnknownSourceError, ClientMissingError: see `source_named`.
      DownloadRefusedError: not signed in, terms not accepted, or no such version.
      DownloadInterruptedError: no connection, or it broke; what has come is kept.
      DiskFullError: while downloading.
    """
    source = source_named(name)
    folder.mkdir(parents=True, exist_ok=True)
    with told_when_full(folder):
        return source.fetch(version, folder)


def _refused(name: str, version: str, status: int) -> DownloadRefusedError:
    source = SOURCES[name]
    page = source.page.format(handle=source.handle(version))
    reasons = {
        _UNAUTHORIZED: f"nobody is signed in here; accept the terms at {page}, then {source.login}",
        _FORBIDDEN: (
            f"this account has not accepted the terms ({release.TERMS}), or is not signed in; "
            f"accept them at {page}, then {source.login}"
        ),
        _NOT_FOUND: f"it has no {source.handle(version)} (or shows it to no one not signed in)",
    }
    reason = reasons.get(status, f"it answered with the status {status}; try again later")
    return DownloadRefusedError(f"{source.title} does not hand out {version}: {reason}.")


def _interrupted(name: str, error: BaseException) -> DownloadInterruptedError:
    what = " ".join(str(error).split())[:200].rstrip(".") or type(error).__name__
    return DownloadInterruptedError(
        f"{SOURCES[name].title} cannot be reached, or broke off ({what}); what has come is kept: "
        "check the network and run the same command again."
    )


def _from_huggingface(version: str, folder: Path) -> Path:
    import httpx2
    import huggingface_hub
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        return Path(
            huggingface_hub.snapshot_download(
                _huggingface_handle(version),
                cache_dir=folder,
                # Asked for here, because the client reads the variable only when it is imported.
                endpoint=os.environ.get("HF_ENDPOINT"),
            )
        )
    except HfHubHTTPError as error:
        raise _refused("huggingface", version, error.response.status_code) from error
    except LocalEntryNotFoundError as error:
        # The client looked for an older copy after the real error, which is the cause.
        cause = error.__cause__
        if isinstance(cause, HfHubHTTPError):
            raise _refused("huggingface", version, cause.response.status_code) from error
        raise _interrupted("huggingface", cause or error) from error
    except (httpx2.HTTPError, ConnectionError, TimeoutError) as error:
        raise _interrupted("huggingface", error) from error


def _from_kaggle(version: str, folder: Path) -> Path:
    import kagglehub
    import requests
    from kagglehub.exceptions import DataCorruptionError

    # The client knows its folder from the environment alone; its argument `output_dir` would
    # refuse to go on with a download that broke off.
    before = os.environ.get("KAGGLEHUB_CACHE")
    os.environ["KAGGLEHUB_CACHE"] = str(folder)
    try:
        return Path(kagglehub.model_download(_kaggle_handle(version)))
    except requests.HTTPError as error:
        status = 0 if error.response is None else error.response.status_code
        raise _refused("kaggle", version, status) from error
    except (requests.RequestException, DataCorruptionError) as error:
        raise _interrupted("kaggle", error) from error
    finally:
        if before is None:
            del os.environ["KAGGLEHUB_CACHE"]
        else:
            os.environ["KAGGLEHUB_CACHE"] = before


def _huggingface_handle(version: str) -> str:
    return f"google/alphagenome-{version}"


def _kaggle_handle(version: str) -> str:
    return f"google/alphagenome/jax/{version.replace('-', '_')}"


SOURCES: Mapping[str, Source] = {
    "huggingface": Source(
        title="Hugging Face",
        module="huggingface_hub",
        requirement="huggingface-hub>=2.4,<3",
        page="https://huggingface.co/{handle}",
        login="sign in with: hf auth login",
        handle=_huggingface_handle,
        fetch=_from_huggingface,
    ),
    "kaggle": Source(
        title="Kaggle",
        module="kagglehub",
        requirement="kagglehub>=1.0,<2",
        page="https://www.kaggle.com/models/google/alphagenome",
        login="set KAGGLE_API_TOKEN to a token of your account",
        handle=_kaggle_handle,
        fetch=_from_kaggle,
    ),
}
