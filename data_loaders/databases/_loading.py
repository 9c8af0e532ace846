"""A cohort from a table or query of a database."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from data_loaders.databases.address import Address, parse_address
from data_loaders.databases.result import Request
from data_loaders.files.tables import RawTable
from data_loaders.joining.from_table import cohort_from_table
from data_loaders.mapping.record import TableMapping
from data_loaders.meaning.quality import quality_issues
from data_loaders.model import Cohort, CohortError, Loading, Provenance
from data_loaders.variants.columns import variant_columns
from data_loaders.wording import listed

SECONDS = 120.0
_MAX_QUERY = 100_000


@dataclass(frozen=True, eq=False)
class DatabaseTable:
    """What a database gave: read once, it can be understood under one mapping after another.

    Attributes
    ----------
    raw
        The table. Neither address nor password is kept.
    asked
        ``query`` or ``table``, as asked for.
    """

    raw: RawTable = field(repr=False)
    asked: Mapping[str, str] = field(repr=False)
    provenance: Provenance
    default_name: str

    def cohort(
        self, mapping: Mapping[str, Any] | str | Path | None = None, name: str | None = None
    ) -> Cohort:
        """The cohort that the table is under a mapping; see :func:`load_database`."""
        stated = TableMapping.read(mapping)
        cohort = cohort_from_table(self.raw, stated, name or self.default_name)
        loading = Loading("database", (), dict(self.asked), stated.to_dict())
        return replace(
            cohort,
            provenance=replace(self.provenance, loaded=loading),
            issues=(*cohort.issues, *quality_issues(cohort)),
        )


def read_database(
    url: str, query: str | None = None, table: str | None = None, *, seconds: float = SECONDS
) -> DatabaseTable:
    """Read a table, or what one SELECT statement gives, without understanding it.

    Parameters and errors are those of :func:`load_database`.
    """
    address = parse_address(url)
    request = _request(address, query, table, seconds)
    raw = _read(address, request)
    if variant_columns(raw.columns, raw.filename):
        raise CohortError(
            f"{request.label} lists variants, one row a mutation; join it to one row a patient in "
            "a query."
        )
    asked = {key: said for key, said in (("query", query), ("table", table)) if said}
    return DatabaseTable(raw, asked, _provenance(address, request), table or address.database)


def load_database(
    url: str,
    query: str | None = None,
    table: str | None = None,
    mapping: Mapping[str, Any] | str | Path | None = None,
    name: str | None = None,
    *,
    seconds: float = SECONDS,
) -> Cohort:
    """Load a cohort from a table, or from what one SELECT statement gives.

    Nothing is changed: PostgreSQL reads in a read-only transaction, DuckDB opens its file
    read-only and reaches for no other. Columns are understood as those of a file.

    Parameters
    ----------
    url
        ``postgresql://user:password@host:port/database``, where a password may be left to the file
        ``.pgpass`` and ``?sslmode=`` may follow; or ``duckdb:///folder/file.duckdb``.
    query
        One SELECT statement with one row a patient; instead of ``table``.
    table
        Name of a table or view, exactly as it is spelt, with its schema in front if need be
        (``registry.patients``); instead of ``query``.
    mapping
        What the columns are: plain data or the path of a JSON file.

    Raises
    ------
    CohortError
        With one sentence, whatever went wrong. It never holds the password.
    """
    TableMapping.read(mapping)  # before anybody waits for the query
    return read_database(url, query, table, seconds=seconds).cohort(mapping, name)


def _request(address: Address, query: str | None, table: str | None, seconds: float) -> Request:
    query, table = (query or "").strip(), (table or "").strip()
    if query and table:
        raise CohortError("Both a table and a query are named; name one of them.")
    if not query and not table:
        tables = _tables(address)
        has = f"the database has {listed(tables)}" if tables else "the database has no tables"
        raise CohortError(f"Name a table or a query; {has}.")
    if "\x00" in query + table or len(query) > _MAX_QUERY:
        raise CohortError("The query or table is no text that a database takes; check it.")
    if not seconds > 0:
        raise CohortError("The time that a query may take needs to be more than 0 seconds.")
    return Request(query, tuple(table.split(".", 1)) if table else (), seconds)


def _read(address: Address, request: Request) -> RawTable:
    if address.kind == "duckdb":
        from data_loaders.databases.embedded import read_duckdb  # each library only where needed

        return read_duckdb(address, request)
    from data_loaders.databases.postgresql import read_postgresql

    return read_postgresql(address, request)


def _tables(address: Address) -> list[str]:
    if address.kind == "duckdb":
        from data_loaders.databases.embedded import tables_of_duckdb

        return tables_of_duckdb(address)
    from data_loaders.databases.postgresql import tables_of_postgresql

    return tables_of_postgresql(address)


def _provenance(address: Address, request: Request) -> Provenance:
    """Where it came from; a query is named by its hash, because it may name a patient."""
    day = dt.datetime.now(tz=dt.UTC).date().isoformat()
    if request.table:
        return Provenance(source=f"{address.label}, table {request.label}", version=f"read {day}")
    digest = hashlib.sha256(request.query.encode()).hexdigest()
    return Provenance(
        source=f"{address.label}, a query", version=f"read {day}, SHA-256 of the query {digest}"
    )
