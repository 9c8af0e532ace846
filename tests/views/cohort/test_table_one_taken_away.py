"""Table one taken away: what is printed equals the table, Markdown stays a table."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd

from app.analysis.associations import table_one
from app.cohort.groupings import by_variable
from app.study.files.workbook import to_xlsx
from app.views.cohort.table_one.words import legend, numbers, printed, to_markdown
from data_loaders import load_cohort
from tests.builders import DIAGNOSIS, make_cohort

COHORT = load_cohort("demo:mpn")
TABLE = table_one(COHORT, by_variable(COHORT, "diagnosis"), features=["ASXL1"])


def test_the_printed_table_says_what_pandas_counts():
    frame = printed(TABLE)
    et = COHORT.patients["diagnosis"] == "ET"
    head = f"ET ({et.sum():,})"
    assert head in frame.columns
    rows = frame.set_index("Variable")
    ages = COHORT.patients.loc[et, "age_years"]
    low, middle, high = np.percentile(ages, [25, 50, 75])
    assert rows.loc["Age at diagnosis, years", head] == f"{middle:.3g} ({low:.3g}–{high:.3g})"
    women = (COHORT.patients["sex"] == "F") & et
    assert (
        rows.loc["\N{EM SPACE}F", head] == f"{women.sum():,} ({100 * women.sum() / et.sum():.0f}%)"
    )
    altered = COHORT.alterations.loc[et, "ASXL1"]
    share = 100 * altered.sum() / altered.notna().sum()
    assert rows.loc["ASXL1, altered", head] == f"{altered.sum()} ({share:.0f}%)"


def test_numbers_hold_every_group_and_the_workbook_opens():
    frame = numbers(TABLE)
    assert set(frame["group"]) == {"All", *TABLE.names}
    sheets = {"Table one": printed(TABLE), "Numbers": frame}
    held = to_xlsx(sheets, COHORT.provenance, "all patients")
    back = pd.read_excel(io.BytesIO(held), sheet_name=None)
    assert len(back["Numbers"]) == len(frame)
    assert back["Table one"]["Source"].str.startswith("SYNTHETIC").all()


def test_markdown_is_a_table_whatever_names_hold():
    cohort = make_cohort(
        {"diagnosis": ["a|b"] * 12 + ["c"] * 12, "x": ["p|q", "r"] * 12},
        variables=(DIAGNOSIS, DIAGNOSIS.__class__("x", "X | Y", "categorical")),
    )
    table = table_one(cohort, by_variable(cohort, "diagnosis"))
    text = to_markdown(table, "SYNTHETIC: test", "All patients")
    lines = [line for line in text.splitlines() if line.startswith("|")]
    bars = {line.replace("\\|", "").count("|") for line in lines}
    assert len(bars) == 1
    assert "SYNTHETIC: test" in text
    assert legend(table) in text
