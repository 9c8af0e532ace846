"""CSV files: marked, safe, readable."""

from __future__ import annotations

import io

import pandas as pd

from app.study.files.tables import file_stem, to_csv
from data_loaders import Provenance

SYNTHETIC = Provenance(source="demo:mpn", synthetic=True)
REAL = Provenance(source="patients.csv")
FRAME = pd.DataFrame({"group": ["CALR", "=HYPERLINK(1)", "+1", "-x", "@y"], "n": [1, 2, 3, -4, 5]})


def read(data: bytes) -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(data), encoding="utf-8-sig")


def test_every_row_names_its_source_and_synthetic_data_say_so():
    assert set(read(to_csv(FRAME, SYNTHETIC))["source"]) == {"SYNTHETIC: demo:mpn"}
    assert set(read(to_csv(FRAME, REAL))["source"]) == {"patients.csv"}


def test_no_cell_acts_as_a_formula_and_numbers_stay_numbers():
    back = read(to_csv(FRAME, REAL))
    assert back["group"].tolist() == ["CALR", "'=HYPERLINK(1)", "'+1", "'-x", "'@y"]
    assert back["n"].tolist() == [1, 2, 3, -4, 5]
    evil = pd.DataFrame({"=cmd|x": [1]})
    assert next(iter(read(to_csv(evil, REAL)).columns)) == "'=cmd|x"


def test_the_table_itself_is_not_changed():
    before = FRAME.copy()
    to_csv(FRAME, REAL)
    pd.testing.assert_frame_equal(FRAME, before)


def test_file_names_say_what_they_hold():
    assert file_stem("My cohort/2026", "os", "") == "My-cohort-2026_os"
    assert file_stem("x", synthetic=True) == "SYNTHETIC_x"
