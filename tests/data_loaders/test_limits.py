"""Limits are stated, and a deployment may set them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest

from data_loaders import CohortError, load_table_bytes
from data_loaders.cohort_folder import read_cohort, write_cohort
from data_loaders.demo import load_demo
from data_loaders.files.parquet import read_parquet
from data_loaders.limits import limit
from data_loaders.settings import MAX_ROWS
from tests.conftest import ROOT


def test_a_limit_is_the_default_or_what_the_deployment_says(monkeypatch: pytest.MonkeyPatch):
    assert limit(MAX_ROWS) == 2_000_000
    monkeypatch.setenv("CALR_EXPLORER_MAX_ROWS", " 12 ")
    assert limit(MAX_ROWS) == 12


@pytest.mark.parametrize("text", ["0", "-3", "many", "1e6", "2.5"])
def test_what_is_no_limit_is_refused_in_a_sentence(monkeypatch: pytest.MonkeyPatch, text: str):
    monkeypatch.setenv("CALR_EXPLORER_MAX_ROWS", text)
    with pytest.raises(CohortError, match="needs a whole number above zero, such as 2000000"):
        limit(MAX_ROWS)


def test_a_text_that_a_small_file_repeats_is_not_written_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    folder = write_cohort(load_demo("mpn", n=60), tmp_path / "cohort")
    file = folder / "patients.parquet"
    table = pyarrow.parquet.read_table(file)
    place = table.column_names.index("diagnosis")
    long = table.set_column(place, "diagnosis", pa.array(["x" * 200_000] * 60))
    pyarrow.parquet.write_table(long, file)
    assert file.stat().st_size < 200_000
    monkeypatch.setattr("data_loaders.files.parquet.MAX_BYTES", 2**20)
    with pytest.raises(CohortError, match=r"patients\.parquet holds more than 1 MiB"):
        read_cohort(folder)
    with pytest.raises(CohortError, match=r"a\.parquet holds more than 1 MiB"):
        load_table_bytes("a.parquet", file.read_bytes())
    # As they were where there is room.
    monkeypatch.setattr("data_loaders.files.parquet.MAX_BYTES", 2**30)
    back = read_parquet(file, "long")
    assert back.schema.types == long.schema.types
    texts = ["patient_id", "diagnosis", "driver"]
    assert back.select(texts).equals(long.select(texts))


def test_a_table_beyond_the_limit_set_is_refused_and_the_limit_is_stated():
    program = (
        "from data_loaders import CohortError, load_table_bytes\n"
        "rows = 'patient_id,os_months,os_event\\n' + ''.join(f'P{i},{i},1\\n' for i in range(9))\n"
        "try: load_table_bytes('a.csv', rows.encode())\n"
        "except CohortError as error: print(error)\n"
    )
    done = subprocess.run(  # noqa: S603  (our own program)
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=os.environ | {"CALR_EXPLORER_MAX_ROWS": "5"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "rows; at most 5 are read" in done.stdout
