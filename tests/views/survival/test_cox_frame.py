"""The table of a model: what enters, under which name, in which units, and what is missing."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cohort.groupings import by_labels
from app.views.survival.cox.frame import (
    covariate_options,
    default_covariates,
    describe_covariate,
    model_frame,
    round_step,
)
from data_loaders import Endpoint, Variable, load_cohort
from tests.builders import AGE, DIAGNOSIS, OS, make_cohort

N = 12
SEX = Variable("sex", "Sex", "categorical", role="demographic", levels=("F", "M"))
RISK = Variable("risk", "Risk", "ordinal", role="disease", levels=("low", "middle", "high"))
SPLEEN = Variable("spleen", "Palpable spleen", "binary", role="clinical")
HB = Variable("hb", "Haemoglobin", "numeric", unit="g/L", role="laboratory")
TREATED = Variable("treated", "Transplant", "binary", role="treatment")
COHORT = make_cohort(
    {
        "age_years": [float(40 + 3 * i) for i in range(N)],
        "sex": ["F", "M"] * 6,
        "risk": ["low", "high", "middle", None] * 3,
        "diagnosis": ["MF", "ET", "MF"] * 4,
        "spleen": [1.0, 0.0, np.nan, 1.0] * 3,
        "hb": [float(80 + 7 * i) for i in range(N)],
        "treated": [0.0, 1.0] * 6,
        "os_months": [float(N - i) for i in range(N - 1)] + [np.nan],
        "os_event": [1.0, 0.0] * 6,
    },
    {"TP53": [1, 0, None] * 4, "del(5q)": [0, 1] * 6},
    (DIAGNOSIS, AGE, SEX, RISK, SPLEEN, HB, TREATED),
    (OS,),
    {"del(5q)": "cytogenetic"},
)
ALL = np.ones(N, dtype=bool)


def table(*specs, cohort=COHORT, **options):
    return model_frame(cohort, ALL[: cohort.n], "os", specs, **options)


def test_patients_without_outcome_are_counted_and_left_out():
    made = table("variable:age_years")
    assert len(made.frame) == N - 1
    assert made.outcome.left_out == {"overall survival not recorded": 1}
    assert made.entry is None


def test_rows_are_in_order_of_time_and_say_whose_they_are():
    made = table("variable:age_years", "alteration:TP53")
    assert made.frame["time"].is_monotonic_increasing
    used = COHORT.patients[made.outcome.used].iloc[made.frame.index]
    assert made.frame[
        "Age at diagnosis" if "Age at diagnosis" in made.frame else "Age"
    ].tolist() == (used["age_years"].tolist())
    assert made.frame["time"].tolist() == used["os_months"].tolist()


def test_an_untested_gene_is_missing_and_never_wild_type():
    made = table("alteration:TP53")
    covariate = made.covariates[0]
    assert (covariate.name, covariate.kind) == ("TP53 mutated", "binary")
    assert covariate.levels == ("TP53 wild type", "TP53 mutated")
    state = COHORT.feature_state("TP53")[made.outcome.used][made.frame.index].astype(float)
    np.testing.assert_array_equal(made.frame["TP53 mutated"], np.where(state < 0, np.nan, state))
    assert table("alteration:del(5q)").covariates[0].name == "del(5q) present"


def test_a_yes_no_variable_is_zero_and_one():
    made = table("variable:spleen")
    assert made.covariates[0].kind == "binary"
    assert made.covariates[0].name == "Palpable spleen"
    own = COHORT.patients["spleen"][made.outcome.used].iloc[made.frame.index]
    np.testing.assert_array_equal(made.frame["Palpable spleen"], own)


def test_levels_keep_their_order_and_missing_stays_missing():
    made = table("variable:risk")
    column = made.frame["Risk"]
    assert list(column.cat.categories) == ["low", "middle", "high"]
    assert column.isna().sum() == sum(
        value is None for value in COHORT.patients["risk"][made.outcome.used]
    )
    assert made.covariates[0].coefficients == 2


def test_numbers_have_units_that_read_well():
    made = table("variable:age_years", "variable:hb")
    assert made.units() == {"Age": 10.0, "Haemoglobin": 20.0}
    assert [c.unit for c in made.covariates] == ["years", "g/L"]


def test_grades_are_per_grade():
    cohort = make_cohort(
        {"grade": [0.0, 1.0, 2.0, 3.0], "os_months": [1.0] * 4, "os_event": [1.0] * 4},
        variables=(Variable("grade", "Fibrosis grade", "numeric", role="clinical"),),
        endpoints=(OS,),
    )
    assert table("variable:grade", cohort=cohort).units() == {"Fibrosis grade": 1.0}


def test_a_grouping_is_a_covariate_by_its_levels():
    groups = by_labels("Subgroup", ["a", "b", None] * 4, ["a", "b"], data_driven=True)
    made = table(groups)
    assert made.covariates[0].data_driven
    assert list(made.frame["Subgroup"].cat.categories) == ["a", "b"]
    assert made.frame["Subgroup"].isna().sum() == 3


def test_any_grouping_as_text_is_a_covariate():
    made = table("cut:age_years@50", "genes:TP53|del(5q)")
    assert [c.kind for c in made.covariates] == ["levels", "levels"]
    assert made.frame[made.covariates[0].name].nunique() == 2


def test_a_treatment_says_that_it_comes_later():
    assert table("variable:treated").covariates[0].after_baseline


def test_the_same_label_twice_is_told_apart():
    twin = Variable("sex_registry", "Sex", "categorical", role="study")
    patients = {name: list(COHORT.patients[name]) for name in COHORT.patients}
    cohort = make_cohort(
        patients | {"sex_registry": ["M", "F"] * 6, "time": ["x", "y"] * 6},
        variables=(SEX, twin, Variable("time", "time", "categorical")),
        endpoints=(OS,),
    )
    names = [
        c.name
        for c in table(
            "variable:sex", "variable:sex_registry", "variable:time", cohort=cohort
        ).covariates
    ]
    assert names == ["Sex", "Sex (sex_registry)", "time (time)"]


def test_entry_and_limit_come_from_the_endpoint():
    patients = {name: list(COHORT.patients[name]) for name in COHORT.patients}
    late = Endpoint("os", "Overall survival", "os_months", "os_event", entry="entry")
    cohort = make_cohort(patients | {"entry": [2.5] * N}, variables=(AGE,), endpoints=(late,))
    made = table("variable:age_years", cohort=cohort, limit=6.0)
    assert made.entry == "entry"
    assert (made.frame["time"] > 2.5).all()
    assert made.frame["time"].max() == 6.0
    assert made.frame.loc[made.frame["time"] == 6.0, "event"].sum() <= 1
    assert "not yet under observation when follow-up ended" in made.outcome.left_out


def test_strata_are_categories():
    made = table("variable:age_years", strata=["variable:sex"])
    assert [c.name for c in made.strata] == ["Sex"]
    assert made.frame["Sex"].nunique() == 2
    with pytest.raises(ValueError, match="strata need categories"):
        table("variable:sex", strata=["variable:age_years"])


@pytest.mark.parametrize("spec", ["variable:nothing", "alteration:NOGENE", "nonsense", "saved:x"])
def test_what_is_not_there_is_a_sentence(spec):
    with pytest.raises(ValueError, match=r"\w+ .*[.]$"):
        table(spec)


def test_options_hold_everything_once_and_nothing_of_the_outcome():
    options = covariate_options(COHORT)
    assert len(options) == len(set(options))
    assert options[:2] == ["variable:age_years", "variable:sex"]
    assert {"variable:hb", "variable:treated", "alteration:TP53"} <= set(options)
    assert not any("os_" in option for option in options)
    for option in options:
        assert describe_covariate(COHORT, option).name


def test_defaults_are_age_sex_and_the_risk_class_within_ten_events_a_term():
    events = [1.0] * 60
    rows = {
        "age_years": [float(40 + i) for i in range(60)],
        "sex": ["F", "M"] * 30,
        "diagnosis": ["MF", "ET", "PV"] * 20,
        "risk": ["low", "middle", "high"] * 20,
        "os_months": [float(i + 1) for i in range(60)],
    }
    variables = (DIAGNOSIS, AGE, SEX, RISK)
    many = make_cohort(rows | {"os_event": events}, variables=variables, endpoints=(OS,))
    chosen = ["variable:age_years", "variable:sex", "variable:risk"]
    assert default_covariates(many, "os") == chosen
    few = make_cohort(
        rows | {"os_event": [1.0] * 30 + [0.0] * 30}, variables=variables, endpoints=(OS,)
    )
    assert default_covariates(few, "os") == chosen[:2]
    none = make_cohort(rows | {"os_event": [0.0] * 60}, variables=variables, endpoints=(OS,))
    assert default_covariates(none, "os") == chosen[:1]


@pytest.mark.parametrize("key", ["demo:mpn", "demo:mds", "demo:aml"])
def test_defaults_of_the_demos_lead_with_age_and_sex(key):
    cohort = load_cohort(key)
    for endpoint in cohort.endpoints:
        chosen = default_covariates(cohort, endpoint)
        assert chosen[:2] == ["variable:age_years", "variable:sex"]
        assert len(chosen) == 3


@given(st.floats(1e-6, 1e9))
def test_steps_are_round_and_near(size):
    step = round_step(size)
    assert 1 / 1.6 < step / size < 1.6
    mantissa = step / 10 ** math.floor(math.log10(step) + 1e-9)
    assert round(mantissa, 6) in {1.0, 2.0, 5.0}


@pytest.mark.parametrize("size", [0.0, math.nan, math.inf, -1.0])
def test_no_spread_gives_steps_of_one(size):
    assert round_step(size) == 1.0


def test_only_the_selected_are_in_the_table():
    mask = (COHORT.patients["sex"] == "F").to_numpy()
    made = model_frame(COHORT, mask, "os", ["variable:sex"])
    assert set(made.frame["Sex"].dropna()) == {"F"}
    assert made.varying == ()
    assert isinstance(made.frame, pd.DataFrame)


def test_defaults_know_columns_by_what_they_hold_and_leave_out_what_is_the_same_in_all_followed():
    cohort = make_cohort(
        {
            "Age4Main": [float(40 + i) for i in range(60)],
            "Geschlecht": ["w", "m"] * 30,
            "Diagnosis": ["CLL"] * 40 + ["MCL"] * 20,
            "IGHV": ["Mutated", "Unmutated"] * 30,
            "os_months": [float(i + 1) for i in range(40)] + [np.nan] * 20,
            "os_event": [1.0] * 60,
        },
        variables=(
            Variable("Diagnosis", "Diagnosis", "categorical", role="disease"),
            Variable("IGHV", "IGHV status", "categorical", role="disease"),
            Variable("Geschlecht", "Sex", "categorical", role="demographic"),
            Variable("Age4Main", "Age", "numeric", "years", "demographic"),
        ),
        endpoints=(OS,),
    )
    assert default_covariates(cohort, "os") == [
        "variable:Age4Main", "variable:Geschlecht", "variable:IGHV",
    ]  # fmt: skip
