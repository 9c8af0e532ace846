"""Addresses of databases, taken apart so that the password goes nowhere but to the server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from data_loaders.model import CohortError
from data_loaders.wording import listed, shown

_POSTGRESQL = ("postgresql", "postgres")
_DUCKDB = "duckdb"
_OPTIONS = ("host", "sslmode", "sslrootcert")
_LOCAL = frozenset({"", "localhost", "127.0.0.1", "::1"})
_EXAMPLES = "postgresql://user@host/database or duckdb:///folder/file.duckdb"


@dataclass(frozen=True)
class Address:
    """Where a database is.

    Parameters
    ----------
    label
        For messages and provenance; it holds neither user nor password.
    database
        Its name, or that of its file without the ending.
    settings
        What is needed to connect; not part of the representation.
    """

    kind: Literal["postgresql", "duckdb"]
    label: str
    database: str
    settings: Mapping[str, str] = field(repr=False)


def is_address(source: object) -> bool:
    """Whether a source is the address of a database, rather than a file."""
    scheme, separator, _ = str(source).partition("://")
    return bool(separator) and scheme.strip().lower() in {*_POSTGRESQL, _DUCKDB}


def parse_address(url: str) -> Address:
    """Take an address apart.

    Raises
    ------
    CohortError
        If it is none; the message repeats nothing of it that may be a password.
    """
    scheme, _, rest = url.strip().partition("://")
    if not is_address(url) or not rest:
        raise CohortError(f"That is no address of a database; give one such as {_EXAMPLES}.")
    return _duckdb(rest) if scheme.lower() == _DUCKDB else _postgresql(url.strip())


def _duckdb(rest: str) -> Address:
    path = unquote(rest.partition("?")[0])
    if "\x00" in path or path.strip("/") == "":
        raise CohortError(f"The address names no file; give one such as {_EXAMPLES}.")
    file = PurePath(path)
    return Address("duckdb", f"DuckDB {shown(file.name)}", file.stem, {"path": path})


def _postgresql(url: str) -> Address:
    malformed = CohortError(
        "The address cannot be taken apart; write it as postgresql://user:password@host/"
        "database, with the signs @ : / ? # of a password as %40 %3A %2F %3F %23."
    )
    try:
        parts = urlsplit(url)
        host, port = unquote(parts.hostname or ""), parts.port
    except ValueError:
        # Not chained: the error repeats what stands where the port should, a piece of a password.
        raise malformed from None
    if "@" in parts.path + parts.query or parts.fragment:
        # A sign in the password that was not escaped ends it: the rest would pass for a name.
        raise malformed
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if not set(options) <= set(_OPTIONS):
        raise CohortError(
            f"The address has a setting that is not taken; it takes {listed(_OPTIONS)}."
        )
    database = unquote(parts.path.strip("/"))
    if not database:
        raise CohortError(f"The address names no database; give one such as {_EXAMPLES}.")
    host = options.pop("host", host)
    settings = {
        "host": host,
        "port": "" if port is None else str(port),
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "dbname": database,
        # Patients' data cross a network only encrypted, unless the address says otherwise.
        "sslmode": "prefer" if host in _LOCAL or host.startswith("/") else "require",
        **options,
    }
    if any("\x00" in value for value in settings.values()):
        raise CohortError(f"That is no address of a database; give one such as {_EXAMPLES}.")
    where = "this machine" if host in _LOCAL or host.startswith("/") else shown(host)
    return Address(
        "postgresql",
        f"PostgreSQL database {shown(database)} on {where}",
        database,
        {key: value for key, value in settings.items() if value},
    )
