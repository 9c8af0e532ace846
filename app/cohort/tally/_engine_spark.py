"""Apache Spark, as an engine asks it: one connection of this process, a session for each engine."""

from __future__ import annotations

import threading
from typing import Any
from uuid import uuid4

from app.cohort.tally._tally import TallyError

_OWN = {
    "spark.app.name": "CALR Explorer",
    # Its page would show every question to whoever finds the port.
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}
_lock = threading.Lock()
_open: set[str] = set()


class Spark:
    """What is asked of an Ibis backend, in a session that is stopped without stopping others.

    Parameters
    ----------
    ibis
        The package.
    master
        ``spark://host:port``; blank for what Spark's own configuration says.
    folder
        Where tables are folders of Parquet files, as each worker sees it; blank where the
        catalogue of Spark has them.

    Raises
    ------
    TallyError
        If this process already asks another cluster.
    """

    def __init__(self, ibis: Any, master: str, folder: str) -> None:
        from pyspark.sql import SparkSession

        self._name = uuid4().hex
        self._folder = folder.rstrip("/")
        with _lock:
            builder = SparkSession.builder.config(map=_OWN)
            spark = (builder.master(master) if master else builder).getOrCreate()
            self._context = spark.sparkContext
            if master not in {"", self._context.master}:
                raise TallyError(
                    "This server already asks another cluster of Spark, and asks one at a time."
                )
            session = spark.newSession()
            # What stands in the place of a table's name is never taken for the path of a file.
            session.conf.set("spark.sql.runSQLOnFiles", "false")
            self._ibis = ibis.pyspark.connect(session)
            _open.add(self._name)

    def table(self, name: str, database: str | None) -> Any:
        """A table as an Ibis expression."""
        if not self._folder:
            return self._ibis.table(name, database=database)
        whole = f"{database}.{name}" if database else name
        if "/" in whole or whole.startswith("."):
            raise TallyError("A table in a folder is named by its own name alone.")
        return self._ibis.read_parquet(f"{self._folder}/{whole}")

    def to_pyarrow(self, expression: Any) -> Any:
        """What an expression gives, as an Arrow table."""
        self._context.setJobGroup(self._name, "", interruptOnCancel=True)  # of this thread
        found = self._ibis.raw_sql(self._ibis.compile(expression)).toArrow()
        return found.cast(expression.as_table().schema().to_pyarrow())

    def interrupt(self) -> None:
        """Stop what this session asks, from any thread."""
        self._context.cancelJobGroup(self._name)

    def disconnect(self) -> None:
        """Let go of the session, and of Spark with the last."""
        with _lock:
            _open.discard(self._name)
            if not _open:
                self._ibis.disconnect()
