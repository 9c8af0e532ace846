"""Whatever is inferred can be stated otherwise, and only that changes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from data_loaders import Cohort, CohortError, load_table_bytes
from data_loaders.mapping.parts import named
from data_loaders.mapping.record import TableMapping

N = 80
RNG = np.random.default_rng(41)
FRAME = pd.DataFrame(
    {
        "ID": [f"K{i:03}" for i in range(N)],
        "code": [f"Z{N - i}" for i in range(N)],
        "age": RNG.integers(30, 80, N),
        "os_months": RNG.integers(3, 100, N),
        "os_event": RNG.integers(0, 2, N),
        "came_months": RNG.integers(0, 3, N),
        "JAK2": RNG.integers(0, 2, N),
        "L": RNG.choice(["pos", "none seen", "failed"], N),
        "Q9": RNG.integers(0, 2, N),
        "TET2": RNG.integers(0, 2, N),
        "q13": RNG.choice(["del", "gain", "no"], N),
        "clot_months": RNG.integers(3, 100, N),
        "clot_status": RNG.choice([0, 1, 2, 9], N),
        "grade": RNG.choice(["low", "mid", "high"], N),
    }
)


def load(mapping: dict[str, Any] | None = None, frame: pd.DataFrame = FRAME) -> Cohort:
    return load_table_bytes("made.csv", frame.to_csv(index=False).encode(), mapping)


def test_every_value_of_a_status_means_what_is_stated() -> None:
    codes = {"0": "censored", "1": "event", "2": "competing", "9": "unknown"}
    cohort = load(
        {"endpoints": {"clot": {"time": "clot_months", "event": "clot_status", "codes": codes}}}
    )
    endpoint = cohort.endpoints["clot"]
    status, event = FRAME["clot_status"], cohort.patients[endpoint.event].to_numpy()
    assert endpoint.competing is not None
    competing = cohort.patients[endpoint.competing].to_numpy()
    assert (event == 1).tolist() == (status == 1).tolist()
    assert (competing == 1).tolist() == (status == 2).tolist()
    assert np.isnan(event).tolist() == (status == 9).tolist()
    assert np.isnan(competing).tolist() == (status == 9).tolist()
    assert cohort.file_columns["clot_status"].meanings["clot"] == codes


def test_a_value_without_a_stated_meaning_is_unknown_and_counted() -> None:
    said = {
        "time": "clot_months",
        "event": "clot_status",
        "codes": {"1": "event", "0.0": "censored"},
    }
    cohort = load({"endpoints": {"clot": said}})
    unknown = FRAME["clot_status"].isin([2, 9])
    assert cohort.patients["clot_event"].isna().tolist() == unknown.tolist()
    assert any(
        issue.code == "event_coding" and issue.count == unknown.sum() for issue in cohort.issues
    )


def test_an_inferred_endpoint_is_amended_in_one_part_only() -> None:
    before = load()
    reverse = {"0": "event", "1": "censored"}
    cohort = load({"endpoints": {"os": {"codes": reverse, "label": "Life"}}})
    assert cohort.endpoints["os"].label == "Life"
    assert (cohort.patients["os_event"] + before.patients["os_event"]).eq(1).all()
    assert cohort.patients["os_months"].equals(before.patients["os_months"])
    days = load({"endpoints": {"os": {"unit": "days"}}})
    assert days.patients["os_months"].to_numpy() == pytest.approx(
        FRAME["os_months"].to_numpy() * 12 / 365.25
    )
    assert "days as stated" in days.variables["os_months"].reason
    assert days.patients["os_event"].equals(before.patients["os_event"])


def test_the_unit_of_a_time_may_be_stated_of_its_column() -> None:
    cohort = load({"columns": {"os_months": {"unit": "weeks"}}})
    assert cohort.patients["os_months"].to_numpy() == pytest.approx(
        FRAME["os_months"].to_numpy() * 7 * 12 / 365.25
    )
    assert "weeks as stated" in cohort.variables["os_months"].reason


def test_entry_and_competing_event_are_columns() -> None:
    frame = FRAME.assign(other_end=RNG.integers(0, 2, N))
    said = {"entry": "came_months", "competing": "other_end"}
    cohort = load({"endpoints": {"os": said}}, frame)
    endpoint = cohort.endpoints["os"]
    assert endpoint.entry is not None
    assert endpoint.competing is not None
    assert cohort.patients[endpoint.entry].tolist() == frame["came_months"].tolist()
    expected = (frame["other_end"] == 1) & (frame["os_event"] == 0)
    assert (cohort.patients[endpoint.competing] == 1).tolist() == expected.tolist()
    gone = frame.rename(columns={"came_months": "os_entry_months"})
    assert load(None, gone).endpoints["os"].entry is not None
    assert load({"endpoints": {"os": {"entry": False}}}, gone).endpoints["os"].entry is None


def test_death_is_no_competing_event_where_that_is_stated() -> None:
    frame = FRAME.assign(aml_months=FRAME["os_months"], aml_event=0)
    assert load(None, frame).endpoints["aml"].competing
    assert (
        load({"endpoints": {"aml": {"competing": False}}}, frame).endpoints["aml"].competing is None
    )


def test_an_inferred_endpoint_is_taken_out_and_its_columns_stay() -> None:
    assert "os" in load().endpoints
    cohort = load({"no_endpoints": ["OS"]})
    assert "os" not in cohort.endpoints
    assert {"os_months", "os_event"} <= set(cohort.variables)
    assert any(issue.code == "ignored" for issue in cohort.issues)


def test_an_alteration_has_its_gene_its_refinement_or_its_event() -> None:
    stated = {
        "L": {"gene": "CALR", "refinement": "type 1",
              "codes": {"pos": "altered", "none seen": "not altered", "failed": "not tested"}},
        "Q9": {"gene": "JAK2", "refinement": "V617F"},
        "q13": {"event": "13q-",
                "codes": {"del": "altered", "no": "not altered", "gain": "not altered"}},
    }  # fmt: skip
    cohort = load({"alterations": stated})
    features = cohort.features.set_index("source_column")
    assert features.loc["L", ["kind", "gene", "label"]].tolist() == [
        "refinement", "CALR", "CALR type 1",
    ]  # fmt: skip
    assert features.loc["Q9", "label"] == "JAK2 V617F"
    assert features.loc["q13", ["kind", "label"]].tolist() == ["cytogenetic", "del(13q)"]
    calls = cohort.alterations["CALR_type_1"]
    assert calls.isna().tolist() == (FRAME["L"] == "failed").tolist()
    assert calls.fillna(value=False).tolist() == (FRAME["L"] == "pos").tolist()
    assert (cohort.alterations["13q-"] == (FRAME["q13"] == "del").to_numpy()).all()
    assert "q13" in cohort.variables  # it says more than altered or not
    again = load(TableMapping.read({"alterations": stated}).to_dict())
    assert again.fingerprint == cohort.fingerprint


def test_a_value_of_an_alteration_without_a_meaning_is_not_tested() -> None:
    cohort = load({"alterations": {"q13": {"codes": {"del": "altered"}}}})
    assert cohort.alterations["q13"].notna().sum() == (FRAME["q13"] == "del").sum()
    (issue,) = [issue for issue in cohort.issues if issue.code == "codes"]
    assert issue.count == (FRAME["q13"] != "del").sum()


def test_the_label_of_a_stated_alteration_says_which_it_is() -> None:
    cohort = load({"alterations": ["Q9"], "columns": {"Q9": {"label": "ASXL1"}}})
    assert cohort.features.loc["ASXL1", "source_column"] == "Q9"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("asxl1", {"gene": "ASXL1"}),
        ("JAK2 V617F", {"gene": "JAK2", "refinement": "V617F"}),
        ("CALR type 2", {"gene": "CALR", "refinement": "type 2"}),
        ("FLT3-ITD", {"gene": "FLT3", "refinement": "ITD"}),
        ("13pUPD", {"event": "13pUPD"}),
        ("del(5q)", {"event": "del(5q)"}),
        ("NEWG7", {"gene": "NEWG7"}),
        ("anything else", {"event": "anything else"}),
        ("  ", {}),
    ],
)
def test_names_as_people_write_them(text: str, parts: dict[str, str]) -> None:
    assert named(text) == parts
    feature = TableMapping.read({"alterations": {"x": parts}}).alterations["x"].feature("x")
    if text == "FLT3-ITD":
        assert feature.label == "FLT3-ITD"
    assert feature.gene == parts.get("gene", None if parts else "x")


@pytest.mark.parametrize("stated", ["JAK2", "L", "Q9", "TET2", "age", "grade", "clot_status"])
@pytest.mark.parametrize("how", ["columns", "alterations", "ignore"])
def test_what_is_said_of_one_column_changes_no_other(stated: str, how: str) -> None:
    """Fault of old: naming one column made its neighbours alterations, or no longer."""
    codes = {str(value): "altered" for value in FRAME[stated].unique()}
    said: Any = {
        "columns": {stated: {"kind": "categorical"}},
        "alterations": {stated: {"codes": codes}},
        "ignore": [stated],
    }[how]

    def others(cohort: Cohort) -> tuple[set[str], set[str], set[str]]:
        return (
            {str(f) for f, c in cohort.features["source_column"].items() if c != stated},
            {v for v, known in cohort.variables.items() if stated not in {v, known.source_column}},
            {key for key in cohort.endpoints if key != "clot"},
        )

    assert others(load({how: said})) == others(load())


def test_a_column_may_serve_two_endpoints() -> None:
    frame = FRAME.assign(pfs_months=FRAME["os_months"] - 1)
    cohort = load({"endpoints": {"pfs": {"time": "pfs_months", "event": "os_event"}}}, frame)
    assert {"os", "pfs"} <= set(cohort.endpoints)
    moved = load({"endpoints": {"efs": {"time": "os_months", "event": "os_event"}}})
    assert set(moved.endpoints) == {"efs"} | (set(load().endpoints) - {"os"})


def test_another_column_identifies_the_patients() -> None:
    cohort = load({"patient_id": "code"})
    assert list(cohort.patients.index) == FRAME["code"].tolist()
    assert "ID" in cohort.variables


def test_the_columns_of_the_file_are_described_with_their_values() -> None:
    cohort = load({"ignore": ["grade"]})
    grade = cohort.file_columns["grade"]
    assert dict(grade.entries) == FRAME["grade"].value_counts().to_dict()
    assert cohort.file_columns["ID"].entries == ()
    assert (cohort.file_columns["ID"].different, cohort.file_columns["ID"].filled) == (N, N)
    age = cohort.file_columns["age"]
    assert (age.lowest, age.highest) == (FRAME["age"].min(), FRAME["age"].max())
    assert cohort.file_columns["JAK2"].meanings["JAK2"] == {"0": "not altered", "1": "altered"}


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ({"alterations": {"L": {"refinement": "x"}}}, 'needs the "gene"'),
        ({"alterations": {"L": {"gene": "x", "event": "y"}}}, "not both"),
        ({"alterations": {"L": {"codes": {"pos": "yes"}}}}, "altered, not altered or not tested"),
        ({"alterations": {"L": {"colour": "x"}}}, "unknown entry"),
        ({"alterations": ["grade"]}, '"codes"'),
        ({"endpoints": {"os": {"codes": {"1": "dead"}}}}, "event, competing, censored or unknown"),
        ({"endpoints": {"os": {"codes": {"1": "event"}, "event_value": 1}}}, "not both"),
        ({"endpoints": {"xyz": {"label": "X"}}}, "none is inferred"),
        ({"endpoints": {"os": {"entry": "nowhere"}}}, "does not have: nowhere"),
        ({"endpoints": {"os": {"entry": "grade"}}}, "time of entry"),
        ({"endpoints": {"os": {"competing": "age"}}}, "does not answer yes or no"),
        ({"endpoints": {"os": {"label": "X"}}, "no_endpoints": ["os"]}, "takes it out as well"),
    ],
)
def test_wrong_statements_get_one_sentence(mapping: dict[str, Any], words: str) -> None:
    with pytest.raises(CohortError, match=words) as caught:
        load(mapping)
    assert str(caught.value).endswith(".")
