"""A published file: from the mirror, from the cache, or downloaded once from its publisher.

Whatever the way, the bytes that are handed on have the SHA-256 that the catalogue states.
"""

from __future__ import annotations

import errno
import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import platformdirs
import pooch
import requests
import urllib3

from data_loaders.catalogue.entries import CatalogueEntry, PublishedFile
from data_loaders.files.folder import read_file
from data_loaders.model import CohortError
from data_loaders.settings import CACHE, MIRROR
from data_loaders.wording import shown

PUBLISHER = "https://raw.githubusercontent.com"

Progress = Callable[[str, float], None]

_CHUNK = 2**16
_SILENCE = 30.0  # seconds without a byte
_TOTAL = 600.0  # seconds for one file
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_OFFLINE = f"or set {MIRROR.name} to a folder that holds a copy of the catalogue's files"


def cache_folder() -> Path:
    """Where downloads are kept: ``CALR_EXPLORER_CACHE``, or else the user's cache folder."""
    stated = CACHE.read()
    if stated and stated.lower() != "off":
        return Path(stated).expanduser()
    return Path(platformdirs.user_cache_dir("calr-explorer", appauthor=False))


def fetch(
    entry: CatalogueEntry,
    progress: Progress | None = None,
    *,
    host: str = PUBLISHER,
    silence: float = _SILENCE,
    total: float = _TOTAL,
) -> dict[str, bytes]:
    """The files of an entry, by name, hash-checked.

    Parameters
    ----------
    progress
        Called with what is being done and the share that is done, from 0 to 1.
    host
        Who serves the repositories.
    silence, total
        Seconds without a sign of life, and for one file altogether, after which a download is
        given up.

    Raises
    ------
    CohortError
        With one sentence, whatever went wrong.
    """
    mirror = MIRROR.read()
    whole = sum(file.bytes for file in entry.files)
    done = 0
    contents: dict[str, bytes] = {}
    for file in entry.files:
        tell = _teller(progress, f"Fetching {shown(file.name)}", done, whole)
        tell(0)
        if mirror:
            contents[file.name] = _from_mirror(Path(mirror).expanduser(), entry, file)
        else:
            download = _Download(file, host, silence, total, tell)
            contents[file.name] = _from_cache(entry, file, download)
        done += file.bytes
    return contents


def is_cached(entry: CatalogueEntry) -> bool:
    """Whether every file of an entry is in the cache already."""
    if not entry.files:
        return False
    return all((_folder(entry) / file.name).is_file() for file in entry.files)


def _teller(progress: Progress | None, what: str, done: int, whole: int) -> Callable[[int], None]:
    def tell(received: int) -> None:
        if progress is not None:
            progress(what, min((done + received) / whole, 1.0))

    return tell


def _folder(entry: CatalogueEntry) -> Path:
    return cache_folder() / "catalogue" / entry.name / entry.files[0].commit[:12]


def _from_mirror(mirror: Path, entry: CatalogueEntry, file: PublishedFile) -> bytes:
    name = shown(f"{entry.name}/{file.name}")
    path = mirror / entry.name / file.name
    try:
        inside = path.resolve(strict=True).is_relative_to(mirror.resolve(strict=True))
    except (OSError, RuntimeError) as error:
        raise CohortError(
            f"The mirror ({MIRROR.name}) does not hold {name}; copy it there, or unset "
            f"{MIRROR.name} to download it."
        ) from error
    if not inside:
        raise CohortError(
            f"{name} in the mirror ({MIRROR.name}) is a link that leads out of it, which is "
            "not followed; put the file itself there."
        )
    if path.stat().st_size != file.bytes:
        raise _other_file(f"{name} in the mirror ({MIRROR.name})")
    return _checked(read_file(path), file, f"{name} in the mirror ({MIRROR.name})")


def _from_cache(entry: CatalogueEntry, file: PublishedFile, download: _Download) -> bytes:
    """The file of the cache; it is downloaded if it is not there, or is not what it should be."""
    pooch.get_logger().setLevel("WARNING")  # it would say on standard error what progress says
    store = pooch.create(
        path=_folder(entry),
        base_url="",
        registry={file.name: f"sha256:{file.sha256}"},
        urls={file.name: file.url(download.host)},
    )
    try:
        path = Path(store.fetch(file.name, downloader=download))
        return _checked(path.read_bytes(), file, shown(file.name))
    except CohortError:
        raise
    except ValueError as error:
        raise _other_file(f"What was downloaded as {shown(file.name)}") from error
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise CohortError(
                f"There is no room to keep {shown(file.name)}; free some space, or set "
                f"{CACHE.name} to a folder on another disk."
            ) from error
        raise CohortError(
            f"{shown(file.name)} cannot be written to the cache folder; set {CACHE.name} to a "
            "folder that may be written to."
        ) from error


def _checked(data: bytes, file: PublishedFile, what: str) -> bytes:
    if hashlib.sha256(data).hexdigest() != file.sha256:
        raise _other_file(what)
    return data


def _other_file(what: str) -> CohortError:
    return CohortError(
        f"{what} is not the published file: its SHA-256 differs from the catalogue's, so it was "
        "not read; it may be cut off, changed, or a login page; fetch it again."
    )


class _Download:
    """How pooch downloads one file: bounded in size and time, nothing sent but the question.

    Parameters
    ----------
    silence, total
        Seconds without a byte and altogether.
    """

    def __init__(
        self,
        file: PublishedFile,
        host: str,
        silence: float,
        total: float,
        tell: Callable[[int], None],
    ) -> None:
        self.file = file
        self.host = host
        self.silence = silence
        self.total = total
        self.tell = tell

    def __call__(self, url: str, output_file: str | BinaryIO, _: Any) -> None:
        """Download; the signature is pooch's, which names a file that exists already."""
        name, host = shown(self.file.name), shown(self.host.partition("//")[2])
        try:
            with (
                requests.get(
                    url,
                    stream=True,
                    timeout=(min(self.silence, 15.0), self.silence),
                    allow_redirects=False,
                    # Not compressed on the way, so that its size is known; nothing from .netrc.
                    headers={"Accept-Encoding": "identity", "User-Agent": "calr-explorer"},
                    auth=lambda request: request,
                ) as response,
                Path(str(output_file)).open("wb") as stream,
            ):
                _check_status(response.status_code, name, host)
                self._receive(response, stream)
        except requests.exceptions.ProxyError as error:
            raise CohortError(
                f"The proxy does not let this machine reach {host}; ask for it to be allowed, "
                f"{_OFFLINE}."
            ) from error
        except requests.exceptions.SSLError as error:
            raise CohortError(
                f"The certificate of {host} cannot be verified; set REQUESTS_CA_BUNDLE to the file "
                f"of your hospital's certificates, {_OFFLINE}."
            ) from error
        except requests.exceptions.Timeout as error:
            raise self._too_slow() from error
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError) as error:
            if "timed out" in str(error).lower():
                raise self._too_slow() from error
            raise CohortError(
                f"{name} cannot be downloaded: {host} cannot be reached, or it broke off; check "
                f"the network and try again, {_OFFLINE}."
            ) from error

    def _receive(self, response: requests.Response, stream: BinaryIO) -> None:
        received, start = 0, time.monotonic()
        # What has come is taken at once: waiting for a full chunk would defeat the limit of time.
        while chunk := response.raw.read1(_CHUNK):
            received += len(chunk)
            if received > self.file.bytes:
                raise _other_file(f"What was downloaded as {shown(self.file.name)}")
            if time.monotonic() - start > self.total:
                raise self._too_slow()
            stream.write(chunk)
            self.tell(received)

    def _too_slow(self) -> CohortError:
        return CohortError(
            f"{shown(self.file.name)} cannot be downloaded: "
            f"{shown(self.host.partition('//')[2])} does not answer, or too slowly; try again "
            f"later, {_OFFLINE}."
        )


def _check_status(status: int, name: str, host: str) -> None:
    if status == 200:
        return
    if status == 407:
        raise CohortError(
            f"The proxy asks for a password before it lets this machine reach {host} (407); put it "
            f"into HTTPS_PROXY, {_OFFLINE}."
        )
    if status == 404:
        raise CohortError(
            f"{host} no longer has {name} at the catalogue's commit (404); ask its authors, "
            f"{_OFFLINE}."
        )
    if 300 <= status < 400:
        raise CohortError(
            f"{host} sends the download of {name} on to another address, as the login page of a "
            f"network does, which is not followed; log in to the network, {_OFFLINE}."
        )
    raise CohortError(f"{host} does not hand out {name} ({status}); try again later, {_OFFLINE}.")
