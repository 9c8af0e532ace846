"""Corrections in the table become a mapping, and the mapping does what the table said."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from data_loaders import CohortError, load_table_bytes
from data_loaders.mapping import TableMapping
from data_loaders.mapping_table import (
    ABOUT,
    ALTERATION,
    COLUMN,
    EVENT,
    KEY,
    LABEL,
    LEFT_OUT,
    LEVELS,
    TIME,
    TIME_UNIT,
    UNIT,
    USE,
    VALUES,
    column_table,
    corrected,
    endpoint_rows,
)

RNG = np.random.default_rng(2)
N = 60
CONTENT = (
    pd.DataFrame(
        {
            "patient_id": [f"P{i}" for i in range(N)],
            "grade": RNG.choice(["mild", "bad", "worst"], N),
            "flag": RNG.integers(0, 2, N),
            "hb": RNG.normal(110, 15, N).round(),
            "comment": [f"note {i}" for i in range(N)],
            "t": RNG.integers(30, 900, N),
            "outcome": RNG.choice(["home", "gone"], N),
            "TP53": RNG.integers(0, 2, N),
        }
    )
    .to_csv(index=False)
    .encode()
)


def load(mapping=None):
    return load_table_bytes("odd.csv", CONTENT, mapping)


def tables():
    cohort = load()
    return column_table(cohort), endpoint_rows(cohort)


def edited(table: pd.DataFrame, column: str, **changes: str) -> pd.DataFrame:
    after = table.copy()
    for name, value in changes.items():
        after.loc[after[COLUMN] == column, name] = value
    return after


def test_every_column_of_the_file_has_its_row():
    columns, _ = tables()
    assert {"grade", "flag", "hb", "comment", "TP53"} <= set(columns[COLUMN])
    assert columns.set_index(COLUMN).loc["TP53", USE] == ALTERATION
    assert not columns[COLUMN].duplicated().any()


def test_nothing_changed_is_an_empty_mapping():
    columns, endpoints = tables()
    assert corrected((columns, columns.copy()), (endpoints, endpoints.copy())) == {}


def test_corrections_do_what_they_say():
    columns, endpoints = tables()
    after = edited(columns, "grade", **{LEVELS: "mild < bad < worst", ABOUT: "clinical"})
    after = edited(after, "flag", **{USE: ALTERATION})
    after = edited(after, "comment", **{USE: LEFT_OUT})
    after = edited(after, "hb", **{LABEL: "Haemoglobin at start", UNIT: "g/L"})
    new = pd.DataFrame(
        [
            {
                KEY: "os", LABEL: "Overall survival", TIME: "t", TIME_UNIT: "days",
                EVENT: "outcome", VALUES: "gone",
            }
        ]
    )  # fmt: skip
    mapping = corrected((columns, after), (endpoints, pd.concat([endpoints, new])))
    TableMapping.read(mapping)
    cohort = load(mapping)
    assert "flag" in cohort.alterations.columns
    assert "comment" not in cohort.variables
    assert cohort.variables["grade"].levels == ("mild", "bad", "worst")
    assert cohort.variables["grade"].role == "clinical"
    assert (
        next(
            v.label for v in cohort.variables.values() if v.source_column == "hb" or v.name == "hb"
        )
        == "Haemoglobin at start"
    )
    frame = pd.read_csv(__import__("io").BytesIO(CONTENT))
    endpoint = cohort.endpoints["os"]
    assert cohort.patients[endpoint.time].to_numpy(float) == pytest.approx(
        frame["t"].to_numpy() / 30.4375
    )
    assert cohort.patients[endpoint.event].sum() == (frame["outcome"] == "gone").sum()


def test_a_second_round_keeps_the_first():
    columns, endpoints = tables()
    first = corrected(
        (columns, edited(columns, "comment", **{USE: LEFT_OUT})), (endpoints, endpoints)
    )
    cohort = load(first)
    columns, endpoints = column_table(cohort), endpoint_rows(cohort)
    second = corrected(
        (columns, edited(columns, "flag", **{USE: ALTERATION})), (endpoints, endpoints), first
    )
    assert second == {"ignore": ["comment"], "alterations": ["flag"]}
    assert first == {"ignore": ["comment"]}


def test_a_column_can_change_its_mind():
    columns, endpoints = tables()
    out = corrected((columns, edited(columns, "flag", **{USE: ALTERATION})), (endpoints, endpoints))
    cohort = load(out)
    columns = column_table(cohort)
    back = corrected(
        (columns, edited(columns, "flag", **{USE: "yes or no"})), (endpoints, endpoints), out
    )
    assert back == {"columns": {"flag": {"kind": "binary"}}}
    assert "flag" in load(back).variables


def test_an_endpoint_without_its_columns_is_refused_in_a_sentence():
    columns, endpoints = tables()
    new = pd.DataFrame(
        [{KEY: "os", LABEL: "", TIME: "t", TIME_UNIT: None, EVENT: None, VALUES: ""}]
    )
    with pytest.raises(CohortError, match="needs a short name"):
        corrected((columns, columns), (endpoints, pd.concat([endpoints, new])))


def test_an_alteration_keeps_its_name_and_says_so():
    columns, endpoints = tables()
    after = edited(columns, "TP53", **{LABEL: "p53"})
    with pytest.raises(CohortError, match="TP53 is an alteration and keeps its name"):
        corrected((columns, after), (endpoints, endpoints))
