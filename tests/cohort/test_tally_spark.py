"""Apache Spark, a cluster of two workers: the same numbers as DuckDB and as rows, to 1e-12."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from app.cohort.filters import Filter
from app.cohort.tally import EngineTally, TallyError, connect, tally_of
from data_loaders import load_cohort
from data_loaders.allowed import Allowed
from tests.cohort.test_tally_engine import GROUPS, endless, in_duckdb, registry, same_switches

pytest.importorskip("pyspark", reason="PySpark is not installed (make spark)")

# PySpark leaves sockets to the garbage collector.
pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

CLUSTER = """spark.master local-cluster[2,1,1024]
spark.driver.host 127.0.0.1
spark.driver.bindAddress 127.0.0.1
spark.sql.shuffle.partitions 4
spark.log.level ERROR
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of two Parquet files, as every worker sees it; the same rows for DuckDB."""
    folder = tmp_path_factory.mktemp("registry")
    (folder / "patients").mkdir()
    table = registry(400, 1)
    for part, rows in enumerate((table[:150], table[150:])):
        rows.to_parquet(folder / "patients" / f"part{part}.parquet")
    table.to_parquet(folder / "whole.parquet")
    in_duckdb(table, folder)
    return folder


@pytest.fixture(scope="module")
def spark(folder: Path) -> Iterator[EngineTally]:
    if shutil.which("java") is None:
        pytest.skip("There is no Java for Spark (make spark)")
    (folder / "conf").mkdir()
    (folder / "conf" / "spark-defaults.conf").write_text(CLUSTER)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARK_CONF_DIR", str(folder / "conf"))
        engine = connect(f"pyspark://{folder}", "patients")
    yield engine
    engine.close()


def test_spark_counts_as_duckdb_and_as_rows(spark, folder):
    duck = connect(f"duckdb://{folder / 'registry.duckdb'}", "patients")
    rows = tally_of(load_cohort(folder / "whole.parquet"))
    assert spark._engine._backend._context._jsc.sc().getExecutorMemoryStatus().size() == 3
    chosen = Filter.from_dict({"not": {"altered": "TP53"}})
    assert spark.refused.keys() == duck.refused.keys()
    for group in GROUPS[::3]:
        found = spark.events(chosen, "aml", group)
        for other in (duck, rows):
            expected = other.events(chosen, "aml", group)
            pd.testing.assert_frame_equal(found, expected, rtol=1e-12, atol=0)
            assert found.attrs == expected.attrs
    by = ["sex", "TP53", "cut:age@60,70"]
    moments = (chosen, ["age", "platelets"], {"age": [50, 60, 70]})
    grid = (chosen, "os", "variable:diagnosis", [*range(0, 132, 6)])
    for other in (duck, rows):
        for ask, asked in (
            ("counts", (chosen, by)), ("features", (chosen,)), ("moments", moments),
            ("events", grid), ("pairs", (chosen, ["TP53", "ASXL1", "JAK2"])),
        ):  # fmt: skip
            pd.testing.assert_frame_equal(
                getattr(spark, ask)(*asked), getattr(other, ask)(*asked), rtol=1e-12, atol=0
            )


def test_spark_counts_two_times_as_duckdb(spark, folder):
    duck = connect(f"duckdb://{folder / 'registry.duckdb'}", "patients")
    same_switches(spark, duck)


def test_spark_is_interrupted_for_one_and_goes_on_for_the_other(spark, folder):
    stop = threading.Timer(0.5, spark.cancel)
    stop.start()
    with pytest.raises(TallyError, match="was cancelled"):
        spark._engine.ask(endless(spark))
    short = connect(f"pyspark://{folder}", "patients", seconds=15)
    slow, short_engine = endless(short), short._engine
    object.__setattr__(short_engine, "seconds", 0.5)
    with pytest.raises(TallyError, match=r"Apache Spark did not answer within 0\.5 seconds"):
        short_engine.ask(slow)
    short.close()
    assert int(spark.counts(None)["n"].iloc[0]) == 400
    for url, table, allowed, said in (
        ("spark://127.0.0.1:7077", "patients", Allowed(None), "already asks another cluster"),
        (f"pyspark://{folder}", "../whole.parquet", Allowed(None), "has no table"),
        ("pyspark://", f"parquet.`{folder}/patients`", Allowed(None), "has no table"),
        (f"pyspark://{folder}", "patients", Allowed(("/srv/registry",)), "reads only from"),
        (f"spark://h:7077{folder}", "patients", Allowed((str(folder),)), "reads only from"),
        ("pyspark://", "patients", Allowed((str(folder),)), "reads only from"),
    ):
        with pytest.raises(TallyError, match=said) as refusal:
            connect(url, table, allowed=allowed)
        assert refusal.value.__cause__ is None
