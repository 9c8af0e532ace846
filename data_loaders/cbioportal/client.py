"""Talking to a cBioPortal instance: one request at a time, bounded, patient and discreet.

Nothing is sent before a function is called, and only to the host that was given. Redirects are not
followed, so that a token never reaches another host.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

import requests

from data_loaders.model import CohortError
from data_loaders.wording import shown

PAGE_SIZE = 100_000
MAX_RESPONSE_BYTES = 512 * 2**20
MAX_ROWS = 20_000_000
ATTEMPTS = 4

_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
_TRANSIENT = frozenset({429, 500, 502, 503, 504})
_LONGEST_WAIT = 30.0
_CHUNK = 2**16

Json = dict[str, Any]


@dataclass(frozen=True)
class Address:
    """Where an instance is.

    Parameters
    ----------
    root
        Scheme, host and path, without ``/api`` and without a slash at the end.
    host
        Host and port, for messages and for the cache.
    """

    root: str
    host: str

    @classmethod
    def parse(cls, base_url: str) -> Address:
        """Take an address apart; ``www.cbioportal.org`` alone will do.

        Raises
        ------
        CohortError
            If it is no web address, holds a password, or would be spoken to without encryption.
        """
        text = base_url.strip()
        text = text if "://" in text else f"https://{text}"
        try:
            parts = urlsplit(text)
            host, port = parts.hostname, parts.port
        except ValueError:
            host, port, parts = None, None, urlsplit("")
        if not host or parts.scheme not in {"http", "https"}:
            raise CohortError(
                "That is no web address of a cBioPortal instance; give one such as "
                "https://www.cbioportal.org."
            )
        if parts.username or parts.password:
            raise CohortError(
                "The address holds a user name or password; leave it out and give the token apart."
            )
        if parts.scheme == "http" and host not in _LOCAL:
            raise CohortError(
                f"http:// would send patient data and the token unprotected; use https://{host}."
            )
        path = parts.path.rstrip("/")
        path = path.removesuffix("/api").rstrip("/")
        named = f"[{host}]" if ":" in host else host
        name = named if port is None else f"{named}:{port}"
        return cls(f"{parts.scheme}://{name}{path}", f"{name}{path}")


class _Bearer(requests.auth.AuthBase):
    """The token, and nothing from the machine's files of passwords in its place."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


@dataclass
class Client:
    """A connection to one instance.

    Parameters
    ----------
    token
        Data access token; never written, logged or repeated in a message.
    timeout
        Seconds without a sign of life after which a request is given up.
    total
        Seconds that one answer may take altogether.
    attempts
        How often a request that fails in passing is tried.
    pause
        Seconds before the second attempt; doubled before each further one.
    page_size
        Rows asked for at once.
    """

    address: Address
    token: str | None = field(default=None, repr=False)
    timeout: float = 60.0
    total: float = 600.0
    attempts: int = ATTEMPTS
    pause: float = 0.5
    page_size: int = PAGE_SIZE

    def __post_init__(self) -> None:
        token = self.token
        if token is not None and (not token.strip() or not token.isascii() or "\n" in token):
            raise CohortError("The token is not one: it is empty or holds signs no token has.")
        self.token = token.strip() if token else None
        self._session = requests.Session()
        self._session.headers["Accept"] = "application/json"
        self._session.headers["User-Agent"] = "calr-explorer"

    def close(self) -> None:
        """End the connection."""
        self._session.close()

    def get(self, path: str, **query: str | int) -> Any:
        """The answer to a GET request.

        Parameters
        ----------
        path
            Below ``/api/``; identifiers in it have to be quoted with :func:`quoted`.
        **query
            Parameters of the address.

        Raises
        ------
        CohortError
            With one sentence, whatever went wrong.
        NotFoundError
            If there is no such thing.
        """
        return self._ask("GET", path, query, None)

    def post(self, path: str, body: Json | None, **query: str | int) -> Any:
        """The answer to a POST request; as :meth:`get`."""
        return self._ask("POST", path, query, body)

    def pages(
        self, method: str, path: str, body: Json | None = None, **query: str | int
    ) -> Iterator[list[Json]]:
        """Page after page of a list, until one is not full.

        Raises
        ------
        CohortError
            As :meth:`get`, or if an answer is no list, or the list has no end.
        """
        total, number = 0, 0
        while True:
            page = self._ask(
                method, path, {**query, "pageSize": self.page_size, "pageNumber": number}, body
            )
            if not isinstance(page, list) or not all(isinstance(row, dict) for row in page):
                raise CohortError(
                    f"{shown(self.address.host)} answers in a form that is not cBioPortal's; check "
                    "that the address is that of a cBioPortal instance."
                )
            yield page
            total += len(page)
            number += 1
            if len(page) < self.page_size:
                return
            if total > MAX_ROWS:
                raise CohortError(
                    f"{shown(self.address.host)} sends more than {MAX_ROWS:,} rows, the most that "
                    "is read; choose a smaller study."
                )

    def rows(
        self, method: str, path: str, body: Json | None = None, **query: str | int
    ) -> list[Json]:
        """All pages of a list together."""
        return [row for page in self.pages(method, path, body, **query) for row in page]

    def _ask(
        self, method: str, path: str, query: Mapping[str, str | int], body: Json | None
    ) -> Any:
        """One answer, after as many attempts as it takes and is sensible."""
        problem: CohortError | None = None
        for attempt in range(self.attempts):
            try:
                return self._attempt(method, path, query, body)
            except _PassingError as error:
                problem = error
                if attempt + 1 < self.attempts:
                    self._wait(max(error.wait, self.pause * 2**attempt))
        raise CohortError(str(problem)) from problem

    def _attempt(
        self, method: str, path: str, query: Mapping[str, str | int], body: Json | None
    ) -> Any:
        host = shown(self.address.host)
        try:
            with self._session.request(
                method,
                f"{self.address.root}/api/{path}",
                params={key: str(value) for key, value in query.items()},
                json=body,
                auth=_Bearer(self.token),
                timeout=(min(self.timeout, 15.0), self.timeout),
                allow_redirects=False,
                stream=True,
            ) as response:
                self._check_status(response)
                data = self._content(response)
                kind = response.headers.get("Content-Type", "")
        except requests.exceptions.SSLError as error:
            raise CohortError(
                f"The certificate of {host} cannot be verified, so nothing was sent; ask its "
                "operator, or set REQUESTS_CA_BUNDLE to the file of your hospital's certificates."
            ) from error
        except requests.exceptions.Timeout as error:
            raise _PassingError(
                f"{host} did not answer within {self.timeout:g} seconds; try again later."
            ) from error
        except (requests.exceptions.ConnectionError, requests.exceptions.ChunkedEncodingError) as e:
            if "timed out" in str(e).lower():
                raise _PassingError(
                    f"{host} did not answer within {self.timeout:g} seconds; try again later."
                ) from e
            raise _PassingError(
                f"{host} cannot be reached, or it broke off; check the address and the network."
            ) from e
        except requests.exceptions.RequestException as error:
            raise CohortError(f"{host} cannot be asked; check the address.") from error
        return self._decoded(data, kind)

    def _check_status(self, response: requests.Response) -> None:
        host, status = shown(self.address.host), response.status_code
        if status == 200:
            return
        if 300 <= status < 400:
            raise CohortError(
                f"{host} sends requests on to another address, which is not followed because of "
                "the token; give the instance's own address."
            )
        if status in {401, 403}:
            raise CohortError(
                f"{host} asks for a data access token ({status}); get one from the instance's menu "
                "and give it as token."
                if not self.token
                else f"{host} does not accept the token ({status}); it may have expired, or its "
                "owner may not see this study."
            )
        if status == 404:
            raise NotFoundError(f"{host} has nothing at that address (404).")
        if status in _TRANSIENT:
            raise _PassingError(
                f"{host} has a problem of its own ({status}); try again later.",
                _seconds(response.headers.get("Retry-After", "")),
            )
        raise CohortError(f"{host} refuses the request ({status}); check the address.")

    def _content(self, response: requests.Response) -> bytes:
        """The body, piece by piece, so that neither its size nor its slowness has no bound."""
        host = shown(self.address.host)
        pieces, size, start = [], 0, time.monotonic()
        for piece in response.iter_content(_CHUNK):
            size += len(piece)
            if size > MAX_RESPONSE_BYTES:
                raise CohortError(
                    f"{host} sends more than {MAX_RESPONSE_BYTES // 2**20} MiB at once, the most "
                    "that is read."
                )
            if time.monotonic() - start > self.total:
                raise CohortError(
                    f"{host} took longer than {self.total:g} seconds for one answer; try again "
                    "later."
                )
            pieces.append(piece)
        return b"".join(pieces)

    def _decoded(self, data: bytes, kind: str) -> Any:
        host = shown(self.address.host)
        if data.lstrip()[:1] == b"<" or "html" in kind.lower():
            raise CohortError(
                f"{host} answers with a web page instead of data (a login or error page); check "
                "that the address is that of a cBioPortal instance, and the token."
            )
        try:
            return json.loads(data)
        except (ValueError, RecursionError) as error:
            raise _PassingError(
                f"{host} sent an answer that is cut off or damaged; try again."
            ) from error

    def _wait(self, seconds: float) -> None:
        """Pause, a little unevenly so that many clients do not return together."""
        time.sleep(min(seconds, _LONGEST_WAIT) * random.uniform(1.0, 1.2))  # noqa: S311


class NotFoundError(CohortError):
    """The instance has no such study, profile or panel."""


class _PassingError(CohortError):
    """Something that may be better at the next attempt; ``wait`` is the host's wish in seconds."""

    def __init__(self, sentence: str, wait: float = 0.0) -> None:
        super().__init__(sentence)
        self.wait = wait


def quoted(identifier: str) -> str:
    """An identifier as part of an address."""
    return quote(identifier, safe="")


def chunks(items: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """A sequence in parts of at most ``size``."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _seconds(text: str) -> float:
    return float(text) if text.isdigit() else 0.0
