"""R data files: what is read, what is refused, and that nothing grows beyond its bounds."""

from __future__ import annotations

import bz2
import gzip
import lzma
import struct
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data_loaders import CohortError, load_cohort, load_files, load_table_bytes
from data_loaders.files import _r_data as r_data

rdata = pytest.importorskip("rdata")

FRAME = pd.DataFrame(
    {
        "PDID": ["a", "b", "c"],
        "OS": np.array([100.0, 2000.0, 30.5]),
        "Status": np.array([1, 0, 1], dtype=np.int32),
        "gender": pd.Categorical(["F", "F", "M"]),
        "NPM1": pd.array([True, False, None], dtype="boolean"),
    }
)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., bytes]:
    folder = tmp_path_factory.mktemp("r")

    def save(**objects: object) -> bytes:
        rdata.write_rda(folder / "x.rda", objects, compression=None)
        return (folder / "x.rda").read_bytes()

    return save


def test_a_data_frame_is_a_table(saved: Callable[..., bytes]) -> None:
    data = saved(clinical=FRAME)
    cohorts = [
        load_table_bytes(name, content)
        for name, content in (
            ("x.RData", data),
            ("x.RData", gzip.compress(data)),
            ("x.RData", bz2.compress(data)),
            ("x.rda", lzma.compress(data)),
            ("named_otherwise.csv", data),
        )
    ]
    assert len({cohort.fingerprint for cohort in cohorts}) == 1
    cohort = cohorts[0]
    assert list(cohort.patients.index) == ["a", "b", "c"]
    np.testing.assert_allclose(cohort.patients["os_months"], FRAME["OS"] / 30.4375)
    assert cohort.patients["os_event"].tolist() == [1, 0, 1]
    assert cohort.patients["gender"].tolist() == ["F", "F", "M"]
    assert cohort.feature_state("NPM1").tolist() == [1, 0, -1]


def test_the_largest_of_several_tables_is_read_or_the_one_named(
    saved: Callable[..., bytes],
) -> None:
    small = pd.DataFrame({"ID": ["x", "y"], "age": [50.0, 60.0]})
    data = saved(small=small, clinical=FRAME, number=np.array([1.0]))
    cohort = load_table_bytes("x.RData", data)
    assert cohort.n == 3
    (issue,) = [issue for issue in cohort.issues if issue.code == "other_tables"]
    assert (
        issue.sentence == "x.RData holds 2 tables; clinical, the largest, was read, and not small."
    )
    assert load_table_bytes("x.RData", data, sheet="small").n == 2
    assert load_table_bytes("x.RData", data, sheet=0).n == 2
    for sheet in ("other", 5, -1):
        with pytest.raises(CohortError, match=r"has no table .* it has small and clinical"):
            load_table_bytes("x.RData", data, sheet=sheet)


def test_row_names_identify_the_patients(saved: Callable[..., bytes]) -> None:
    frame = FRAME.drop(columns="PDID").set_axis(["p1", "p2", "p3"])
    assert list(load_table_bytes("x.RData", saved(d=frame)).patients.index) == ["p1", "p2", "p3"]


def test_joined_with_text_files(saved: Callable[..., bytes]) -> None:
    cohort = load_files(
        {"a.RData": saved(clinical=FRAME), "genes.txt": b"ID\tTP53\tASXL1\ra\t1\t0\rb\t0\t1\r"}
    )
    assert cohort.feature_state("TP53").tolist() == [1, 0, -1]


def test_no_data_frame_inside(saved: Callable[..., bytes]) -> None:
    with pytest.raises(CohortError, match=r"holds no data frame; in R, save .* write\.csv"):
        load_table_bytes("x.RData", saved(number=np.array([1.0, 2.0])))


def test_without_the_library_the_sentence_says_what_to_install(
    saved: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "rdata", None)
    with pytest.raises(
        CohortError, match="needs the library rdata; run pip install rdata, or in R"
    ):
        load_table_bytes("x.RData", saved(clinical=FRAME))


@pytest.mark.parametrize("compress", [bz2.compress, lzma.compress, gzip.compress])
def test_decompression_is_bounded(
    compress: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("data_loaders.files._r_data.MAX_FILE_BYTES", 1000)
    monkeypatch.setattr("data_loaders.files.formats.MAX_FILE_BYTES", 1000)
    with pytest.raises(CohortError, match="once decompressed"):
        load_table_bytes("x.RData", compress(bytes(100_000)))
    with pytest.raises(CohortError, match="cut off or damaged"):
        load_table_bytes("x.RData", compress(b"RDX3\nX\n" * 90)[:-10])


def compact_sequence(length: float) -> bytes:
    """An R file that holds the sequence 1:length in a hundred bytes."""

    def integer(value: int) -> bytes:
        return struct.pack(">i", value)

    def symbol(name: bytes) -> bytes:
        return integer(1) + integer(0x00040009) + integer(len(name)) + name

    info = integer(2) + symbol(b"compact_intseq") + integer(2) + symbol(b"base")
    info += integer(2) + integer(13) + integer(1) + integer(13) + integer(254)
    state = integer(14) + integer(3) + struct.pack(">ddd", length, 1.0, 1.0)
    header = b"X\n" + integer(3) + integer(0x00040301) + integer(0x00030500)
    return header + integer(5) + b"UTF-8" + integer(238) + info + state + integer(254)


def test_a_short_file_cannot_ask_for_endless_memory() -> None:
    # The bytes are right: a short sequence is read, and is no table.
    with pytest.raises(CohortError, match="holds no data frame"):
        load_table_bytes("x.rds", compact_sequence(10))
    with pytest.raises(CohortError, match="cannot be read outside R") as caught:
        load_table_bytes("x.rds", compact_sequence(1e12))
    assert isinstance(caught.value.__cause__, ValueError)
    assert r_data._LARGEST_SEQUENCE < 1e9


def test_tables_beside_are_named(tmp_path: Path) -> None:
    (tmp_path / "model.RData").write_bytes(b"RDX3\nX\nnothing that R wrote")
    with pytest.raises(CohortError, match=r"write\.csv\(\.\.\.\) and load that\.$"):
        load_cohort(tmp_path / "model.RData")
    (tmp_path / "patients.csv").write_text("ID,age\na,50\n")
    with pytest.raises(CohortError, match=r"or load patients\.csv beside it instead\.$"):
        load_cohort(tmp_path / "model.RData")
