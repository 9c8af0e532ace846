"""One patient's findings and standing, against counts made by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import percentileofscore

from app.views.patient.analysis import (
    clinical_values,
    patient_alterations,
    patient_name,
    set_aside_variants,
    value_in_words,
)
from data_loaders import Cohort, CohortError, Variable, load_cohort
from tests.builders import AGE, DIAGNOSIS, make_cohort


@pytest.fixture(scope="module")
def aml() -> Cohort:
    return load_cohort("demo:aml")


def everyone(cohort: Cohort) -> np.ndarray:
    return np.ones(cohort.n, dtype=bool)


def test_what_was_found_absent_and_not_tested_add_up(aml: Cohort):
    for position in range(0, aml.n, 173):
        found = patient_alterations(aml, everyone(aml), position)
        states = aml.states[position]
        told = len(set(found.table["alteration"])) + len(found.absent) + len(found.not_tested)
        assert told == len(aml.features)
        assert len(found.absent) == (states == 0).sum()
        assert len(found.not_tested) == (states < 0).sum()
        assert set(found.table["alteration"]) == set(aml.features["label"][states == 1])


def test_how_common_is_of_the_selected_who_were_tested(aml: Cohort):
    mask = np.arange(aml.n) % 3 == 0
    found = patient_alterations(aml, mask, 16).table.set_index("alteration")
    for label, row in found.iterrows():
        name = aml.features.index[aml.features["label"] == label][0]
        state = aml.alterations.loc[mask, name]
        assert row["altered"] == state.sum()
        assert row["tested"] == state.notna().sum()


def test_allele_fractions_are_those_of_the_variants(aml: Cohort):
    found = patient_alterations(aml, everyone(aml), 16).table
    own = aml.mutations[aml.mutations["patient_id"] == aml.patients.index[16]]
    told = found.dropna(subset=["vaf"])
    assert len(told)
    for row in told.itertuples():
        assert row.vaf in own.loc[own["gene"] == row.alteration, "vaf"].to_numpy()
    aside, why = set_aside_variants(aml, 16)
    assert bool(aside) == bool(why)


def test_a_number_stands_at_its_mid_centile(aml: Cohort):
    values = clinical_values(aml, everyone(aml), 16).set_index("variable")
    for name in ("age_years", "hb_g_per_l", "ldh_u_per_l"):
        if name not in values.index:
            continue
        column = aml.patients[name].dropna().astype(float)
        expected = percentileofscore(column, float(aml.patients[name].iloc[16]), kind="mean")
        assert values.loc[name, "centile"] == pytest.approx(expected)
        assert values.loc[name, "known"] == len(column)


def test_a_class_is_counted_among_the_selected():
    toy = make_cohort(
        {"age_years": [50.0, None, 60.0], "diagnosis": ["MF", "MF", "PV"]},
        {"JAK2": [True, None, False]},
        (AGE, DIAGNOSIS),
    )
    values = clinical_values(toy, np.array([True, True, False]), 0).set_index("variable")
    assert values.loc["diagnosis", "alike"] == 2
    assert values.loc["age_years", "known"] == 1
    assert values.loc["age_years", "centile"] == 50
    assert "age_years" not in clinical_values(toy, everyone(toy), 1)["variable"].tolist()
    nothing = patient_alterations(toy, everyone(toy), 1)
    assert nothing.not_tested == ("JAK2",)
    assert nothing.table.empty


def test_outcomes_are_not_among_the_values(aml: Cohort):
    told = set(clinical_values(aml, everyone(aml), 16)["variable"])
    for endpoint in aml.endpoints.values():
        assert not told & {endpoint.time, endpoint.event}
    assert not any(aml.variables[name].role in ("outcome", "treatment") for name in told)


def test_names_values_and_classes_in_words(aml: Cohort):
    assert patient_name(16) == "Patient 17"
    number = Variable("hb", "Haemoglobin", "numeric", unit="g/L")
    assert value_in_words(number, 98.0) == "98 g/L"
    assert value_in_words(Variable("p", "Platelets", "numeric", unit="10⁹/L"), 12_345.0) == (
        "12,345 × 10⁹/L"
    )
    assert value_in_words(Variable("b", "Blasts", "numeric", unit="%"), 4.25) == "4.25%"
    assert value_in_words(Variable("s", "Spleen", "binary"), 1) == "yes"
    with pytest.raises(CohortError, match="patients 1 to 1,500"):
        patient_alterations(aml, everyone(aml), aml.n)
