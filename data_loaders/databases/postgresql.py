"""Reading from PostgreSQL: one SELECT in a read-only transaction, every value as the server's text.

The query runs as a server-side cursor. The server takes nothing but one SELECT for it, and hands it
out in batches. Its messages may repeat patients' values, so sentences are made from its error codes
and from names alone, and its errors are not chained.
"""

from __future__ import annotations

import contextlib
from typing import Any

import psycopg
import pyarrow as pa
from psycopg.abc import AdaptContext
from psycopg.adapt import AdaptersMap
from psycopg.conninfo import make_conninfo
from psycopg.types.numeric import IntDumper
from psycopg.types.string import TextLoader

from data_loaders.databases.address import Address
from data_loaders.databases.result import BATCH, Collected, Kind, Request
from data_loaders.files.tables import RawTable
from data_loaders.model import CohortError
from data_loaders.wording import listed

_CONNECT_SECONDS = 10
_LOCK_SECONDS = 5
_BOOLEAN, _INSTANT = 16, 1184  # the types' numbers are part of the protocol
_CURSOR = "result"
_PREFIX = len(f'DECLARE "{_CURSOR}" CURSOR FOR ')
_TABLES = (
    "SELECT CASE table_schema WHEN 'public' THEN '' ELSE table_schema || '.' END || table_name "
    "FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog', 'information_schema') "
    "ORDER BY 1 LIMIT 100"
)


def read_postgresql(address: Address, request: Request) -> RawTable:
    """The table of a request.

    Raises
    ------
    CohortError
        With one sentence, whatever went wrong.
    """
    with contextlib.closing(_connected(address)) as connection:
        try:
            return _read(connection, request)
        except psycopg.Error as error:
            raise _query_error(error, address, request, connection) from None
        except UnicodeDecodeError:
            raise CohortError(
                f"{request.label} holds text that is not in the encoding which {address.label} "
                "states; ask its administrator."
            ) from None


def tables_of_postgresql(address: Address) -> list[str]:
    """Names of the tables and views that the user may see.

    Raises
    ------
    CohortError
        If the database cannot be reached.
    """
    with contextlib.closing(_connected(address)) as connection:
        return _table_names(connection)


def _connected(address: Address) -> psycopg.Connection[Any]:
    text = AdaptersMap(types=psycopg.adapters.types)
    text.register_loader(0, TextLoader)  # for every type: nothing is converted on this side
    text.register_dumper(int, IntDumper)
    return open_postgresql(address, _Context(text))


def open_postgresql(
    address: Address, context: AdaptContext | None = None
) -> psycopg.Connection[Any]:
    """A connection whose transactions are read-only.

    Parameters
    ----------
    context
        How values are converted; None for Python's types.

    Raises
    ------
    CohortError
        If the database cannot be reached.
    """
    try:
        connection = psycopg.connect(
            make_conninfo(**address.settings),
            context=context,
            connect_timeout=_CONNECT_SECONDS,
            application_name="calr-explorer",
            client_encoding="UTF8",
            keepalives_idle=10,
            keepalives_interval=5,
            keepalives_count=3,
        )
    except psycopg.Error as error:
        raise _connect_error(str(error), address, error) from None
    connection.read_only = True
    return connection


class _Context:
    """How values are converted, in the form in which psycopg takes it."""

    connection = None

    def __init__(self, adapters: AdaptersMap) -> None:
        self.adapters = adapters


def _read(connection: psycopg.Connection[Any], request: Request) -> RawTable:
    connection.execute(f"SET statement_timeout = {int(request.seconds * 1000)}")
    connection.execute(f"SET lock_timeout = {_LOCK_SECONDS * 1000}")
    connection.execute("SET datestyle = 'ISO'")
    connection.execute("SET timezone = 'UTC'")
    with connection.cursor(_CURSOR) as cursor:
        cursor.execute(request.statement.encode())
        described = cursor.description or []
        collected = Collected(
            request,
            [column.name for column in described],
            [_kind(column.type_code) for column in described],
        )
        while rows := cursor.fetchmany(BATCH):
            collected.add([pa.array(cells, pa.string()) for cells in zip(*rows, strict=True)])
    return collected.table()


def _kind(type_code: int) -> Kind:
    if type_code == _BOOLEAN:
        return "boolean"
    return "instant" if type_code == _INSTANT else "other"


def _table_names(connection: psycopg.Connection[Any]) -> list[str]:
    with contextlib.suppress(psycopg.Error):
        connection.rollback()
        return [name for (name,) in connection.execute(_TABLES).fetchall()]
    return []


def _connect_error(text: str, address: Address, error: psycopg.Error) -> CohortError:
    """A sentence for a connection that failed; the protocol gives no code, only words."""
    label = address.label
    if isinstance(error, psycopg.errors.ConnectionTimeout) or "timeout expired" in text:
        return CohortError(
            f"{label} does not answer within {_CONNECT_SECONDS} seconds; check the host, the port "
            "and whether a firewall lets you through."
        )
    for words, sentence in (
        (
            ("resolve host", "translate host name"),
            f"There is no host of that name for the {label}; check the address.",
        ),
        (
            ("refused", "No such file or directory", "could not connect"),
            f"Nothing answers at the address of the {label}; check the host and the port, and that "
            "the server runs.",
        ),
        (
            ("no password supplied",),
            f"{label} asks for a password; put it into the address or into the file .pgpass.",
        ),
        (
            ("password authentication failed", "authentication failed"),
            f"{label} does not accept this user and password; check both.",
        ),
        (
            ("SSL",),
            f"{label} cannot be reached over an encrypted connection; have it set up, or, inside a "
            "network that you trust, add ?sslmode=prefer to the address.",
        ),
        (
            ("pg_hba.conf",),
            f"{label} does not let this user in from this machine; ask its administrator.",
        ),
        (
            ("database",),
            f"There is no {label}, or this user may not see it; check the database's name.",
        ),
    ):
        if any(word in text for word in words):
            return CohortError(sentence)
    return CohortError(
        f"{label} cannot be connected to; check host, port, database, user and password."
    )


def _query_error(
    error: psycopg.Error,
    address: Address,
    request: Request,
    connection: psycopg.Connection[Any],
) -> CohortError:
    """A sentence for a query that failed, by the code of the standard."""
    code = error.sqlstate or ""
    if code == "57014":
        return request.too_slow()
    if code == "55P03":
        return CohortError(
            f"{request.label} is locked by another program that changes it; try again later."
        )
    if code in {"42P01", "3F000"}:
        return _no_table(error, request, _table_names(connection))
    if code == "42703":
        return CohortError(
            f"{request.label} names a column that does not exist{_place(error, request)}; check "
            "the query."
        )
    if code == "42501":
        return CohortError(
            f"This user may not read {request.label if request.table else 'what the query names'}; "
            "ask the database's administrator for the right to SELECT."
        )
    if code == "42601" and "multiple commands" in str(error):
        return CohortError("The query holds several statements; give one SELECT statement alone.")
    if code in {"0A000", "25006"} or code.startswith("42"):
        return CohortError(
            f"The query is not one SELECT statement in the SQL of PostgreSQL"
            f"{_place(error, request)}; nothing else is run."
        )
    if code.startswith("22"):
        return CohortError(
            f"The query asks for a conversion or calculation that a value does not allow ({code}); "
            "check the query."
        )
    if code.startswith(("08", "57")) or connection.broken:
        return CohortError(f"The connection to the {address.label} broke off; try again.")
    return CohortError(f"{address.label} refuses the query ({code or 'no code'}); check it.")


def _no_table(error: psycopg.Error, request: Request, tables: list[str]) -> CohortError:
    has = f"it has {listed(tables)}" if tables else "it has none that this user may see"
    if request.table:
        return CohortError(f"The database has no table {request.label}; {has}.")
    return CohortError(
        f"The query names a table that the database does not have{_place(error, request)}; {has}."
    )


def _place(error: psycopg.Error, request: Request) -> str:
    """Where in the query the error is; the query's own words may name a patient."""
    position = error.diag.statement_position
    if request.table or position is None or not position.isdigit():
        return ""
    before = request.query[: max(int(position) - _PREFIX - 1, 0)]
    line = before.count("\n") + 1
    character = len(before) - (before.rfind("\n") + 1) + 1
    return f" (line {line}, character {character})"
