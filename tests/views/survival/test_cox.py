"""Cox models of a cohort, by the page's path: R's numbers, planted truths, degenerate data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.analysis.regression import cox
from app.cohort.groupings import by_labels
from app.views.survival.cox.analysis import fit_models
from app.views.survival.cox.checks import (
    adjustable,
    adjusted_view,
    natural_spline,
    residual_trend,
    subgroup_forest,
)
from app.views.survival.cox.frame import model_frame
from app.views.survival.cox.words import (
    accounting,
    adjusted_sentences,
    adjusted_table,
    hazards_sentence,
    interaction_sentences,
    model_line,
    notes,
    reading,
)
from app.views.survival.cox.words_rows import forest_rows, numbers_table, summary_table
from data_loaders import Cohort, Variable, load_cohort
from data_loaders.demo import load_demo
from tests.analysis import published
from tests.builders import AGE, OS, make_cohort

SEX = Variable("sex", "Sex", "categorical", role="demographic", levels=("F", "M"))
RISK = Variable("risk", "Risk", "ordinal", role="disease", levels=("low", "middle", "high"))


def fitted(cohort: Cohort, *specs: str, **options: Any):
    mask = options.pop("mask", np.ones(cohort.n, dtype=bool))
    return fit_models(cohort, mask, "os", specs, **options)


def simulated(n: int = 4_000, seed: int = 5) -> Cohort:
    """Exponential survival: TP53 2.5, risk 1.6 and 3.0, age 1.5 per 10 years; a fifth untested."""
    rng = np.random.default_rng(seed)
    age, sex = rng.normal(65, 10, n), rng.choice(["F", "M"], n)
    risk = rng.choice(["low", "middle", "high"], n)
    tp53 = rng.random(n) < 0.2
    log_hazard = (
        np.log(2.5) * tp53
        + np.select([risk == "middle", risk == "high"], [np.log(1.6), np.log(3.0)], 0.0)
        + np.log(1.5) * (age - 65) / 10
    )
    time = rng.exponential(60 / np.exp(log_hazard))
    end = rng.uniform(0, 150, n)
    tested = rng.random(n) < 0.8
    return make_cohort(
        {
            "age_years": list(age),
            "sex": list(sex),
            "risk": list(risk),
            "os_months": list(np.minimum(time, end) + 1e-6),
            "os_event": list((time <= end).astype(float)),
        },
        {"TP53": [bool(x) if known else None for x, known in zip(tp53, tested, strict=True)]},
        (AGE, SEX, RISK),
        (OS,),
    )


COHORT = simulated()
SPECS = ("variable:age_years", "variable:sex", "variable:risk", "alteration:TP53")
BOTH = fitted(COHORT, *SPECS, kinds="both")


def assert_equals_r(model, oracle):
    assert (model.n, model.events) == (oracle["n"], oracle["events"])
    for ours, theirs in (("coef", "coef"), ("se", "se"), ("lower", "lower"), ("upper", "upper")):
        np.testing.assert_allclose(model.summary[ours], oracle[theirs], rtol=1e-7)
    np.testing.assert_allclose(model.summary["p_value"], oracle["p"], rtol=1e-6)
    assert model.log_likelihood == pytest.approx(oracle["loglik"], rel=1e-10)
    assert model.concordance == pytest.approx(oracle["concordance"], rel=1e-9)
    np.testing.assert_allclose(model.ph_test["p_value"], oracle["zph_p"], rtol=1e-7)


@pytest.mark.shared
def test_the_mpn_file_gives_the_model_of_r(public_cohorts: Path, r_survival):
    oracle = r_survival["mpn_grinfeld_2018"]["cox_os"]
    cohort = load_cohort(public_cohorts / "mpn_grinfeld_2018" / "mpn_patients.csv")
    genes = [f"alteration:{gene}" for gene in oracle["terms"][1:]]
    per_year = (("variable:age_years", 1.0),)
    models = fitted(cohort, "variable:age_years", *genes, units=per_year)
    assert_equals_r(models.model, oracle)
    per_ten = fitted(cohort, "variable:age_years", *genes).model.summary["hr"][0]
    assert per_ten == pytest.approx(oracle["hr"][0] ** 10, rel=1e-7)


@pytest.mark.shared
def test_the_mds_file_gives_the_model_of_r(public_cohorts: Path, r_survival, tmp_path: Path):
    oracle = r_survival["mds_iwg_2022"]["cox_os"]
    frame = published.mds(public_cohorts)
    genes = ["SF3B1", "ASXL1", "RUNX1"]
    table = frame[["ID", "AGE", "SEX", "TP53multi", *genes]].rename(
        columns={
            "ID": "patient_id",
            "AGE": "age_years",
            "SEX": "sex",
            "TP53multi": "TP53_multi_hit",
        }
    )
    table = table.assign(os_months=frame["OS_YEARS"] * 12, os_event=frame["OS_STATUS"])
    table.to_csv(tmp_path / "mds.csv", index=False)
    cohort = load_cohort(tmp_path / "mds.csv")
    models = fitted(
        cohort,
        "variable:age_years",
        "variable:sex",
        *(f"alteration:{gene}" for gene in ("TP53_multi_hit", *genes)),
        units=(("variable:age_years", 1.0),),
    )
    assert_equals_r(models.model, oracle)


def test_planted_effects_of_the_aml_demo_are_recovered():
    cohort = load_demo("aml", n=6_000, seed=11)
    truths = {
        truth.key: truth
        for truth in cohort.provenance.truths
        if truth.details.get("analysis") == "cox" and truth.details.get("endpoint") == "os"
    }
    expected, covariates = [], []
    for truth in truths.values():
        details = truth.details
        if "feature" in details:
            covariates.append(f"alteration:{details['feature']}")
        elif "at_least" in details:
            above = cohort.patients[details["column"]] >= details["at_least"]
            words = [
                None if pd.isna(x) else "b" if up else "a"
                for x, up in zip(cohort.patients[details["column"]], above, strict=True)
            ]
            covariates.append(by_labels(truth.key, words, ["a", "b"]))
        else:
            covariates.append(f"variable:{details['column']}")
        expected.append(np.log(truth.value))
    assert len(expected) > 15
    table = model_frame(cohort, np.ones(cohort.n, dtype=bool), "os", covariates)
    assert table.units()["Age at diagnosis"] == 10
    names = [covariate.name for covariate in table.covariates]
    summary = cox(table.frame, "time", "event", names, units=table.units()).summary
    z = (summary["coef"] - expected) / summary["se"]
    assert np.abs(z).max() < 4
    assert np.mean(z**2) < 2


def test_planted_effects_with_untested_patients_are_recovered():
    model = BOTH.model
    assert model is not None
    untested = int(COHORT.alterations["TP53"].isna().sum())
    assert model.n == COHORT.n - untested
    assert model.missing == {"TP53 mutated": untested}
    expected = np.log([1.5, 1.0, 1.6, 3.0, 2.5])
    z = (model.summary["coef"] - expected) / model.summary["se"]
    assert np.abs(z).max() < 4
    assert f"TP53 mutated in {untested}" in accounting(BOTH).caption()


def test_each_model_is_cox_of_its_columns():
    frame = BOTH.table.frame
    for name, alone in BOTH.alone.items():
        direct = cox(
            frame, "time", "event", [name], units=BOTH.table.units() if "Age" in name else None
        )
        pd.testing.assert_frame_equal(alone.summary, direct.summary)
    assert BOTH.alone["Age"].n == COHORT.n


def test_models_side_by_side_are_those_one_after_the_other(monkeypatch):
    monkeypatch.setattr("app.views.survival.cox.analysis._LARGE", 10)
    again = fitted(COHORT, *SPECS, kinds="both")
    pd.testing.assert_frame_equal(numbers_table(again), numbers_table(BOTH))


def test_the_rows_of_the_forest_count_everyone_once():
    rows = forest_rows(BOTH)
    assert list(rows["series"].dropna().unique()) == ["Univariable", "Multivariable"]
    risk = rows[(rows["group"] == "Risk") & (rows["series"] != "Univariable")]
    assert risk["label"].tolist() == ["low", "middle", "high"]
    assert risk["reference"].tolist() == [True, False, False]
    assert risk["n"].sum() == BOTH.model.n
    assert risk["events"].sum() == BOTH.model.events
    labels = set(rows["label"])
    assert {"Age, per 10 years", "Sex: M vs F", "TP53 mutated"} <= labels
    shown = rows[rows["series"] == "Multivariable"]
    np.testing.assert_array_equal(shown["hr"], BOTH.model.summary["hr"])
    summary = summary_table(BOTH)
    assert len(summary) == 6
    assert summary["Multivariable hazard ratio (95% CI)"].tolist()[2] == "reference"


def test_reference_and_unit_can_be_chosen():
    models = fitted(
        COHORT,
        *SPECS,
        units=(("variable:age_years", 1.0),),
        references=(("variable:risk", "high"),),
    )
    ours = models.model.summary.set_index("term")
    usual = BOTH.model.summary.set_index("term")
    assert ours.loc["Age", "hr"] ** 10 == pytest.approx(usual.loc["Age", "hr"], rel=1e-9)
    assert ours.loc["Risk=low", "hr"] == pytest.approx(1 / usual.loc["Risk=high", "hr"], rel=1e-6)
    assert forest_rows(models).query("reference")["label"].tolist() == ["high"]
    assert models.model.log_likelihood == pytest.approx(BOTH.model.log_likelihood, rel=1e-12)


def test_interactions_and_strata_enter():
    pair = ("alteration:TP53", "variable:age_years")
    models = fitted(COHORT, *SPECS[:2], SPECS[3], strata=("variable:risk",), interactions=(pair,))
    assert models.problem == ""
    assert "3 strata" in models.model.method
    assert models.model.summary["term"].iloc[-1] == "TP53 mutated:Age"
    assert forest_rows(models)["label"].iloc[-1] == "TP53 mutated × Age, per 10 years"
    said = " ".join(reading(models))
    assert "The effect of TP53 mutated" in said
    assert "as high with TP53" not in said, "a main effect beside its interaction is not read alone"


def test_the_words_say_the_numbers():
    said = reading(BOTH)
    assert said[0].startswith("Holding the others fixed, the hazard of death is")
    assert "for each 10 years more of age" in said[0]
    row = BOTH.model.summary.set_index("term").loc["TP53 mutated"]
    hr, lower, upper = (f"{row[name]:.1f}" for name in ("hr", "lower", "upper"))
    assert f"It is {hr} times ({lower} to {upper}) as high with TP53 mutated." in said
    assert "No clear effect of M against F (sex): its interval includes 1." in said
    assert "Nothing speaks against proportional hazards" in hazards_sentence(BOTH.model)
    line = model_line(BOTH.model, concordance=True)
    assert f"{BOTH.model.concordance:.3f}" in line
    assert "concordance" not in model_line(BOTH.model, concordance=False)


def test_an_effect_that_fades_is_called_doubtful():
    rng = np.random.default_rng(3)
    n = 3_000
    exposed = rng.random(n) < 0.5
    early = rng.exponential(np.where(exposed, 8.0, 40.0))
    time = np.where(early < 12, early, 12 + rng.exponential(np.where(exposed, 80.0, 40.0)))
    cohort = make_cohort(
        {"os_months": list(time + 1e-6), "os_event": [1.0] * n},
        {"TP53": [bool(x) for x in exposed]},
        endpoints=(OS,),
    )
    model = fitted(cohort, "alteration:TP53").model
    assert "doubtful for TP53 mutated (p < 0.0001): its ratio averages" in hazards_sentence(model)
    trend = residual_trend(model, "TP53 mutated")
    assert trend.smooth["value"].iloc[2] > trend.coefficient + 0.3
    assert trend.smooth["value"].iloc[-3] < trend.coefficient - 0.3


# Residuals ----------------------------------------------------------------------------------


def test_the_smooth_covers_a_constant_effect_and_the_points_average_to_it():
    trend = residual_trend(BOTH.model, "TP53 mutated")
    assert len(trend.points) == BOTH.model.events
    assert trend.points["residual"].mean() == pytest.approx(trend.coefficient, abs=1e-6)
    inside = (trend.smooth["lower"] < trend.coefficient) & (
        trend.coefficient < trend.smooth["upper"]
    )
    assert inside.mean() > 0.8
    with pytest.raises(ValueError, match="no term called"):
        residual_trend(BOTH.model, "nothing")


def test_the_spline_is_straight_outside_and_fits_lines_exactly():
    knots = np.array([1.0, 2.0, 4.0, 5.0, 9.0])
    x = np.linspace(-3, 14, 200)
    basis = natural_spline(x, knots)
    assert basis.shape == (200, 5)
    assert np.linalg.matrix_rank(basis) == 5
    for outside in (x < 1, x > 9):
        bend = np.diff(basis[outside], n=2, axis=0)
        np.testing.assert_allclose(bend, 0, atol=1e-9)
    for degree in (0, 1):
        line = x**degree
        found = basis @ np.linalg.lstsq(basis, line, rcond=None)[0]
        np.testing.assert_allclose(found, line, atol=1e-9)


# Adjusted curves and subgroups --------------------------------------------------------------


def test_adjusted_curves_take_confounding_away():
    rng = np.random.default_rng(12)
    n = 6_000
    old = rng.random(n) < 0.5
    altered = rng.random(n) < np.where(old, 0.7, 0.2)
    time = rng.exponential(np.where(old, 20.0, 80.0))
    cohort = make_cohort(
        {
            "risk": list(np.where(old, "high", "low")),
            "os_months": list(np.minimum(time, 100) + 1e-6),
            "os_event": list((time < 100).astype(float)),
        },
        {"TP53": [bool(x) for x in altered]},
        (RISK,),
        (OS,),
    )
    models = fitted(cohort, "variable:risk", "alteration:TP53")
    options = {c.name: c for c in adjustable(models)}
    assert list(options) == ["Risk", "TP53 mutated"]
    view = adjusted_view(models, options["TP53 mutated"])
    assert view.names == ("TP53 wild type", "TP53 mutated")
    at = {
        name: view.adjusted.table.query("group == @name and time <= 36")["survival"].iloc[-1]
        for name in view.names
    }
    observed = {
        name: float(km.at([36])["survival"].iloc[0]) for name, km in view.unadjusted.items()
    }
    truth = (np.exp(-36 / 20) + np.exp(-36 / 80)) / 2
    for name in view.names:
        assert at[name] == pytest.approx(truth, abs=0.03)
    assert observed["TP53 wild type"] - observed["TP53 mutated"] > 0.15
    assert adjusted_table(view).columns.tolist()[-1] == "5-year observed"
    assert "TP53 mutated: at 5 years" in adjusted_sentences(view)[1]


def test_a_subgroup_forest_finds_the_planted_interaction_only():
    rng = np.random.default_rng(4)
    n = 5_000
    sex, risk = rng.choice(["F", "M"], n), rng.choice(["low", "high"], n)
    altered = rng.random(n) < 0.3
    hazard = np.where(altered, np.where(sex == "M", 4.0, 1.0), 1.0)
    time = rng.exponential(40 / hazard)
    cohort = make_cohort(
        {
            "sex": list(sex),
            "risk": list(risk),
            "os_months": list(np.minimum(time, 90) + 1e-6),
            "os_event": list((time < 90).astype(float)),
        },
        {"TP53": [bool(x) for x in altered]},
        (SEX, RISK),
        (OS,),
    )
    by = ["variable:sex", "variable:risk"]
    everyone = np.ones(n, dtype=bool)
    forest = subgroup_forest(cohort, everyone, "os", "alteration:TP53", by, adjusted=False)
    rows = forest.rows
    assert rows["label"].tolist() == ["All patients", "F", "M", "low", "high"]
    assert rows["n"].tolist()[0] == n == rows["n"].tolist()[1] + rows["n"].tolist()[2]
    own = rows.set_index("label")
    assert own.loc["M", "lower"] < 4 < own.loc["M", "upper"]
    assert own.loc["F", "lower"] < 1 < own.loc["F", "upper"]
    assert own.loc["M", "interaction_p"] < 1e-6
    assert own.loc["low", "interaction_p"] > 0.01
    said = " ".join(interaction_sentences(forest))
    assert "differs with sex (interaction p < 0.0001)" in said
    assert "2 interactions were tested" in said


# Degenerate data ----------------------------------------------------------------------------


def small(**changes: list[object]) -> Cohort:
    rows: dict[str, list[object]] = {
        "age_years": [float(40 + i) for i in range(30)],
        "sex": ["F", "M"] * 15,
        "risk": ["low", "middle", "high"] * 10,
        "os_months": [float(i + 1) for i in range(30)],
        "os_event": [1.0, 1.0, 0.0] * 10,
    }
    altered = {"TP53": changes.pop("TP53", [0, 0, 1, 1, 0] * 6)}
    return make_cohort(rows | changes, altered, (AGE, SEX, RISK), (OS,))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"os_event": [0.0] * 30}, "No event was observed"),
        ({"os_months": [np.nan] * 30}, "Nobody is left to follow"),
        ({"TP53": [None] * 30, "sex": ["F"] * 30}, "the same in all 30 patients|Nothing to model"),
        ({"age_years": [np.inf] + [1.0] * 29}, "infinite values"),
    ],
)
def test_what_cannot_be_modelled_is_a_sentence(changes, words):
    models = fitted(
        small(**changes),
        "variable:age_years" if "age" in str(changes) else "alteration:TP53",
        "variable:sex",
    )
    assert models.model is None
    assert pd.Series([models.problem]).str.contains(words).all(), models.problem
    assert accounting(models).caption().endswith(".")
    assert reading(models) == []


def test_collinear_covariates_are_named():
    cohort = small(sex=["F", "M"] * 15, TP53=[0, 1] * 15)
    models = fitted(cohort, "variable:sex", "alteration:TP53", kinds="both")
    assert "'TP53 mutated' is determined by the other terms" in models.problem
    rows = forest_rows(models)
    assert rows.query("series == 'Univariable'")["hr"].notna().all()
    assert rows.query("series == 'Multivariable'")["note"].tolist() == ["no estimate"] * 2


def test_a_constant_covariate_is_left_out_and_named():
    cohort = small()
    men = (cohort.patients["sex"] == "M").to_numpy()
    models = fitted(cohort, "variable:age_years", "variable:sex", mask=men)
    assert [c.name for c in models.constant] == ["Sex"]
    assert models.model.summary["term"].tolist() == ["Age"]
    assert any(note.startswith("Sex is left out of the model") for note in notes(models))


def test_separation_is_answered_by_firth_or_by_a_sentence():
    altered = [i % 5 == 0 for i in range(30)]
    event = [0.0 if x else 1.0 for x in altered]
    cohort = small(TP53=altered, os_event=event)
    auto = fitted(cohort, "alteration:TP53")
    assert np.isfinite(auto.model.summary["hr"][0])
    assert any("Firth" in note for note in notes(auto))
    assert "infinite" in fitted(cohort, "alteration:TP53", firth=False).problem


@pytest.mark.parametrize(("carriers", "shown"), [(9, False), (10, True), (20, True), (21, False)])
def test_a_side_of_fewer_than_ten_patients_has_no_ratio_anywhere(carriers, shown):
    cohort = small(TP53=[i < carriers for i in range(30)])
    models = fitted(cohort, "alteration:TP53", "variable:age_years", kinds="both")
    rows = forest_rows(models)
    own = rows[rows["variable"] == "TP53 mutated"]
    assert len(own) == 2
    assert np.isfinite(own["hr"]).eq(shown).all()
    assert own["note"].eq("" if shown else "fewer than 10 patients").all()
    assert rows.loc[rows["variable"] == "Age", "hr"].notna().all()
    printed = summary_table(models).set_index("Covariate").loc["TP53 mutated"]
    numbers = numbers_table(models).set_index("term").loc["TP53 mutated"]
    columns = ["coef", "se", "hr", "lower", "upper", "p_value"]
    assert numbers[columns].notna().all(axis=None) == shown
    if not shown:
        assert printed["Multivariable hazard ratio (95% CI)"] == "fewer than 10 patients"
        assert printed["Multivariable p"] == ""
        assert not any("TP53" in sentence for sentence in reading(models))


def test_a_level_whose_reference_is_too_small_has_no_ratio():
    risk = ["low"] * 9 + ["middle"] * 11 + ["high"] * 10
    cohort = small(risk=risk)
    rows = forest_rows(fitted(cohort, "variable:risk")).set_index("label")
    assert rows["hr"].isna().all()
    found = fitted(cohort, "variable:risk", references=(("variable:risk", "middle"),))
    rows = forest_rows(found).set_index("label")
    assert np.isfinite(rows.loc["high", "hr"])
    assert (rows.loc["low", "n"], rows.loc["low", "note"]) == (9, "fewer than 10 patients")


def test_an_interaction_with_a_level_that_is_too_small_is_not_read():
    rng = np.random.default_rng(12)
    cohort = small(TP53=[i in (2, 5, 8, 11, 14, 17, 20, 23) for i in range(30)],
                   os_months=list(rng.exponential(20, 30)))  # fmt: skip
    models = fitted(
        cohort, "alteration:TP53", "variable:age_years",
        interactions=(("alteration:TP53", "variable:age_years"),),
    )  # fmt: skip
    assert models.model is not None
    assert any("cannot be said: too few" in sentence for sentence in reading(models))


def test_few_events_are_warned_of():
    models = fitted(small(), "variable:age_years", "variable:sex", "variable:risk")
    assert any("events for each" in note for note in notes(models))


def test_one_patient_and_no_covariate():
    cohort = small()
    one = np.arange(30) == 0
    assert "the same in all 1 patient" in fitted(cohort, "variable:sex", mask=one).problem
    assert "Choose at least one covariate" in fitted(cohort).problem


def test_row_order_changes_nothing():
    order = np.random.default_rng(1).permutation(COHORT.n)
    patients = {name: list(COHORT.patients[name].iloc[order]) for name in COHORT.patients}
    tp53 = [None if pd.isna(x) else bool(x) for x in COHORT.alterations["TP53"].iloc[order]]
    shuffled = make_cohort(patients, {"TP53": tp53}, (AGE, SEX, RISK), (OS,))
    ours = fitted(shuffled, *SPECS).model.summary
    np.testing.assert_allclose(ours["coef"], BOTH.model.summary["coef"], rtol=1e-9)
