"""ClickHouse's SQL of every question, run by its engine within this process: as of rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from app.cohort.filters import Filter
from app.cohort.tally import EngineTally, connect, tally_of
from app.cohort.tally._engine_connection import Engine
from app.cohort.tally._engine_reading import understand
from data_loaders import load_cohort
from data_loaders.mapping.record import TableMapping
from tests.cohort.test_tally_engine import GROUPS, in_duckdb, registry, same_switches

ibis = pytest.importorskip("ibis", reason="Ibis is not installed (make engine)")
pytest.importorskip("clickhouse_connect", reason="ClickHouse's client is missing (make engine)")
session = pytest.importorskip("chdb.session", reason="ClickHouse's engine is missing (chdb)")


class Compiled:
    """Stands for a connection: compiles, and has chdb run what ClickHouse would be sent."""

    def __init__(self, table: pd.DataFrame, folder: Path) -> None:
        self.schema = ibis.memtable(table).schema()
        self.session = session.Session()
        self.session.query("CREATE DATABASE registry ENGINE = Atomic")
        table.to_parquet(folder / "patients.parquet")
        made = "CREATE TABLE registry.patients ENGINE = MergeTree ORDER BY tuple() AS "
        file = f"file('{folder}/patients.parquet', Parquet)"
        self.session.query(f"{made} SELECT * FROM {file}")  # noqa: S608

    def table(self, name: str, database: str | None) -> Any:
        return ibis.table(self.schema, name=name, database=database)

    def to_pyarrow(self, expression: Any) -> Any:
        sql = str(ibis.to_sql(expression, dialect="clickhouse"))
        found = pa.ipc.open_file(self.session.query(sql, "Arrow").bytes()).read_all()
        return found.cast(expression.as_table().schema().to_pyarrow())


def test_clickhouse_counts_as_of_rows(tmp_path: Path):
    table = registry(400, 1)
    backend = Compiled(table, tmp_path)
    engine = Engine("ClickHouse", "registry.patients", 60, backend, lambda: None)
    stated = TableMapping.read(None)
    found = EngineTally(engine, understand(engine, stated), stated)
    rows = tally_of(load_cohort(tmp_path / "patients.parquet"))
    chosen = Filter.from_dict({"not": {"altered": "TP53"}})
    asks: list[tuple[str, tuple[Any, ...]]] = [
        ("counts", (chosen, ["sex", "TP53", "cut:age@60,70"])), ("features", (chosen,)),
        ("moments", (chosen, ["age", "platelets"], {"age": [50, 60, 70]})),
        ("pairs", (chosen, ["TP53", "ASXL1", "JAK2"])),
        ("events", (chosen, "os", "variable:diagnosis", [*range(0, 132, 6)])),
        *[("events", (chosen, "aml", group)) for group in GROUPS],
    ]  # fmt: skip
    for ask, asked in asks:
        own, expected = (getattr(tally, ask)(*asked) for tally in (found, rows))
        pd.testing.assert_frame_equal(own, expected, rtol=1e-12, atol=0)
        assert own.attrs == expected.attrs
    same_switches(found, connect(in_duckdb(table, tmp_path), "patients"))
