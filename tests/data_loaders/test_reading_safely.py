"""What a file, an archive or a database may cost: names, lines, pipes, odd members, wide texts."""

from __future__ import annotations

import io
import os
import threading
import time
import tracemalloc
import zipfile
from pathlib import Path

import duckdb
import pytest

from data_loaders import CohortError, databases, load_cohort, load_table_bytes
from data_loaders.databases import embedded
from data_loaders.uploads import load_upload

BODY = "a,5,1\nb,6,0\nc,7,1\nd,8,0\n"


def with_names(*names: str) -> bytes:
    quoted = ",".join('"' + name.replace('"', '""') + '"' for name in names)
    lines = [f"patient_id,os_months,os_event,{quoted}"]
    lines += [line + ",1" * len(names) for line in BODY.split()]
    return "\n".join(lines).encode()


@pytest.mark.parametrize(
    "piece", ["(", "-", "_", " ", "[", "a_", "1 ", "t(", "per ", "cells ", "p.", "R1", "/", "or "]
)
def test_a_name_of_thousands_of_characters_is_cut_at_once(piece: str) -> None:
    begin = time.process_time()
    cohort = load_table_bytes("n.csv", with_names(piece * (8_000 // len(piece)) + "x"))
    assert time.process_time() - begin < 2
    assert all(len(name) <= 200 for name in cohort.patients)
    if piece != " ":
        (issue,) = [issue for issue in cohort.issues if issue.code == "long_names"]
        assert "cut" in issue.sentence


def test_names_alike_as_far_as_they_are_kept_stay_apart() -> None:
    cohort = load_table_bytes("n.csv", with_names("q" * 300 + "1", "q" * 300 + "2"))
    names = [name for name in cohort.variables if name.startswith("q")]
    assert len(names) == 2
    assert names[1].endswith("(2)")


@pytest.mark.parametrize("piece", ["(", "-", "1,", "del(5)", "R1_", "p.A1B;", "a ", "46,XX,"])
def test_cells_of_thousands_of_characters_cost_little(piece: str) -> None:
    text = (piece * (8_000 // len(piece))).replace(",", "~")
    head = "patient_id,os_months,os_status,karyotype,TP53,diagnosis,date_of_diagnosis,hb"
    lines = [head, *(f"k{i},{i + 1}," + ",".join([f"{text}{i}"] * 6) for i in range(5))]
    begin = time.process_time()
    load_table_bytes("c.csv", "\n".join(lines).encode())
    assert time.process_time() - begin < 5


def test_what_is_no_regular_file_is_refused_without_waiting(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    raised: list[str] = []

    def read(path: Path, **more: object) -> None:
        with pytest.raises(CohortError) as caught:
            load_cohort(path, **more)  # type: ignore[arg-type]
        raised.append(str(caught.value))

    table = tmp_path / "t.csv"
    table.write_text("patient_id,os_months,os_event\n" + BODY)
    for path, more in (
        (pipe, {}), (Path("/dev/zero"), {}), (table, {"mapping": pipe}),
        (table, {"mutations": Path("/dev/zero")}),
    ):  # fmt: skip
        thread = threading.Thread(target=read, args=(path,), kwargs=more, daemon=True)
        thread.start()
        thread.join(10)
        assert not thread.is_alive(), "it waits for ever"
    assert len(raised) == 4
    assert all("is no file but a folder, device or pipe" in words for words in raised)
    with pytest.raises(CohortError, match="no file but"):
        databases.load_database(f"duckdb:///{pipe}", table="t")


def test_one_endless_line_is_refused_before_it_is_copied() -> None:
    data = b"patient_id,os_months,os_event\na,1,0\n" + b"x" * (120 * 2**20)
    tracemalloc.start()
    with pytest.raises(CohortError, match=r"a line of more than 16 MiB \(line 3\)"):
        load_table_bytes("one.csv", data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 40 * 2**20


def zipped(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, "patient_id,os_months,os_event\n" + BODY)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "names",
    [[".", "a.csv"], ["./", "x/.."], ["s", "s/meta_study.txt"], ["a" * 300 + "/meta_study.txt"],
     ["ü" * 200 + "/meta_study.txt"], ["/meta_study.txt"], ["C:/a.csv"]],
)  # fmt: skip
def test_odd_names_in_an_archive_get_a_sentence(names: list[str]) -> None:
    with pytest.raises(CohortError) as caught:
        load_upload({"odd.zip": zipped(*names)})
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize("name", ["s\0/meta_study.txt", ".", "a" * 300 + "/meta_study.txt"])
def test_odd_names_of_uploads_get_a_sentence(name: str) -> None:
    files = {name: b"x", "meta_study.txt": b"cancer_study_identifier: a\n"}
    with pytest.raises(CohortError) as caught:
        load_upload(files)
    assert str(caught.value).endswith(".")


@pytest.fixture
def database(tmp_path: Path) -> str:
    path = tmp_path / "d.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "CREATE TABLE t AS SELECT 'p' || i AS patient_id, i + 1 AS os_months, i % 2 AS "
            "os_event, i / 7.0 AS x FROM range(3000) r(i)"
        )
    return f"duckdb:///{path}"


def test_wide_texts_of_a_database_are_bounded(database: str) -> None:
    wide = "SELECT *, repeat('x', ?) AS a FROM t"
    for width in (1_000_000, embedded.LONGEST_TEXT + 1):
        with pytest.raises(CohortError, match="a text of more than 32,767 characters"):
            load_cohort(database, query=wide.replace("?", str(width)))
    query = wide.replace("?", str(embedded.LONGEST_TEXT)) + " LIMIT 20"
    cohort = load_cohort(database, query=query)
    assert len(cohort.patients["a"].iloc[0]) == embedded.LONGEST_TEXT
    assert list(cohort.patients["x"].head(2)) == [0, 1 / 7]
