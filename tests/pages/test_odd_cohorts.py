"""Uploaded tables that lack something: every page still opens and says what it cannot show."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from data_loaders import Cohort, load_table_bytes
from tests.pages.conftest import PAGES, calm, open_upload, words


def table(header: str, rows: list[str]) -> bytes:
    return "\n".join([header, *rows]).encode()


TABLES = {
    "no_endpoint": table(
        "patient_id,age_years,CALR", [f"A{i},{40 + i},{i % 2}" for i in range(30)]
    ),
    "no_alteration": table(
        "patient_id,os_months,os_event", [f"A{i},{i + 1},{i % 2}" for i in range(30)]
    ),
    "one_patient": table("patient_id,diagnosis,os_months,os_event,CALR", ["A1,MF,12,1,1"]),
    "no_event": table(
        "patient_id,diagnosis,os_months,os_event,CALR",
        [f"A{i},{'MF' if i % 3 else 'ET'},{i + 1},0,{i % 2}" for i in range(30)],
    ),
    "negative_time": table(
        "patient_id,diagnosis,os_months,os_event,CALR",
        [f"A{i},MF,{i - 3},{i % 2},{i % 2}" for i in range(30)],
    ),
    "coded_1_2": table(
        "patient_id,os_months,os_event,CALR",
        [f"A{i},{i + 1},{1 + i % 2},{i % 2}" for i in range(30)],
    ),
    "text_for_numbers": table(
        "patient_id,age_years,hb_g_per_l,os_months,os_event,CALR",
        [f"A{i},{'n/a' if i % 5 == 0 else 50 + i},ND,{i + 1},{i % 2},{i % 2}" for i in range(30)],
    ),
    "a_group_of_one": table(
        "patient_id,diagnosis,os_months,os_event,CALR",
        [f"A{i},{'ET' if i == 0 else 'MF'},{i + 1},{i % 2},{i % 2}" for i in range(30)],
    ),
}


def counts_everyone(at: AppTest, cohort: Cohort, *, beside_example: bool = False) -> None:
    """Nobody of an uploaded table is lost, and it is no demonstration."""
    assert f"{cohort.n} of {cohort.n} patient" in words(at)
    assert ("SYNTHETIC" in words(at)) == beside_example


# The tests of these pages open each of their views on these tables, and ask the same and more.
IN_EACH_VIEW = {"cohort", "survival", "compare"}


@pytest.mark.parametrize("page", [page for page in PAGES if page not in IN_EACH_VIEW])
@pytest.mark.parametrize("name", TABLES)
def test_no_page_breaks_on_what_a_table_lacks(name: str, page: str):
    cohort = load_table_bytes(f"{name}.csv", TABLES[name])
    at = calm(open_upload(cohort, page))
    # Where no site's files are open, Pooled shows an example of a demonstration, and says so.
    counts_everyone(at, cohort, beside_example=page == "pooled")


@pytest.mark.parametrize(
    ("name", "words_expected"),
    [
        ("no_endpoint", "no endpoint"),
        ("no_event", "No death was observed"),
        ("a_group_of_one", "fewer than 10 patients"),
    ],
)
def test_the_survival_page_says_what_is_missing(name: str, words_expected: str):
    cohort = load_table_bytes(f"{name}.csv", TABLES[name])
    at = open_upload(cohort, "survival")
    assert words_expected in words(at)
