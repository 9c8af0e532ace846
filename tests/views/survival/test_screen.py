"""The screen of a cohort: against loops of Cox models, planted effects, and its accounting."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from app.analysis.regression import cox
from app.study.adjustment import adjustment_options, age_and_sex, covariate_frame
from app.views.survival.screen.analysis import (
    CohortScreen,
    screen_cohort,
    screen_notes,
    screen_reading,
)
from data_loaders import Cohort, CohortError, Variable, load_cohort
from tests.builders import AGE, OS, make_cohort

SEX = Variable("sex", "Sex", "categorical", role="demographic")


@pytest.fixture(scope="module")
def mds() -> Cohort:
    return load_cohort("demo:mds")


def everyone(cohort: Cohort) -> np.ndarray:
    return np.ones(cohort.n, dtype=bool)


def screened(cohort: Cohort, endpoint: str = "os", *args, limit=None, **options) -> CohortScreen:
    return screen_cohort(cohort, everyone(cohort), endpoint, *args, limit=limit, **options)


def simulated(n: int = 600, genes: int = 20, seed: int = 3) -> Cohort:
    """G0 doubles the hazard; nothing else does anything."""
    rng = np.random.default_rng(seed)
    altered = rng.random((n, genes)) < rng.uniform(0.06, 0.4, genes)
    hazard = 0.02 * np.exp(0.9 * altered[:, 0])
    death, end = rng.exponential(1 / hazard), rng.uniform(5, 100, n)
    columns = {f"G{i}": list(altered[:, i]) for i in range(genes)}
    patients = {
        "os_months": list(np.minimum(death, end)),
        "os_event": list((death <= end).astype(float)),
        "age_years": list(rng.normal(60, 10, n)),
        "sex": ["F"] * n,
    }
    return make_cohort(patients, columns, (AGE, SEX), (OS,), {"G1": "cytogenetic"})


@pytest.mark.parametrize("adjust", [[], ["age_years", "sex"]])
def test_equals_a_loop_of_cox_models(mds, adjust):
    table = screened(mds, "os", adjust).table
    assert len(table) == 52
    frame = mds.patients[["os_months", "os_event", "age_years", "sex"]]
    for row in table.iloc[::5].itertuples():
        state = mds.alterations[row.feature].astype("Float64").to_numpy(float, na_value=np.nan)
        own = frame.assign(x=state).dropna()
        model = cox(own, "os_months", "os_event", ["x", *adjust])
        expected = model.summary.iloc[0]
        ours = [row.hr, row.lower, row.upper]
        np.testing.assert_allclose(ours, expected[["hr", "lower", "upper"]].tolist(), rtol=1e-7)
        assert row.p_value == pytest.approx(expected["p_value"], rel=1e-6)
        assert (row.n, row.altered) == (len(own), own["x"].sum())
        assert (row.events, row.events_altered) == (model.events, expected["events"])
        assert row.frequency == row.altered / row.n


def test_agrees_with_lifelines(mds):
    from lifelines import CoxPHFitter

    table = screened(mds, "os", ["age_years"], limit=36.0).table.set_index("feature")
    for feature in ("TP53", "SF3B1", "ASXL1", "RUNX1"):
        frame = pd.DataFrame(
            {
                "t": mds.patients["os_months"].clip(upper=36.0),
                "e": mds.patients["os_event"] * (mds.patients["os_months"] <= 36.0),
                "x": mds.alterations[feature].astype("Float64").astype(float),
                "age": mds.patients["age_years"],
            }
        ).dropna()
        fit = CoxPHFitter().fit(frame, "t", "e", fit_options={"precision": 1e-11})
        theirs = fit.summary.loc["x", ["exp(coef)", "exp(coef) lower 95%", "p"]].tolist()
        ours = table.loc[feature, ["hr", "lower", "p_value"]].tolist()
        np.testing.assert_allclose(ours, theirs, rtol=1e-4)


@pytest.mark.parametrize(
    ("name", "endpoint", "adjust"),
    [("aml", "os", ["age_years", "ecog"]), ("mpn", "aml", ["age_years", "diagnosis"])],
)
def test_planted_hazard_ratios_have_their_sign(name, endpoint, adjust):
    cohort = load_cohort(f"demo:{name}")
    table = screened(cohort, endpoint, adjust, 1).table.set_index("feature")
    truths = [
        truth
        for truth in cohort.provenance.truths
        if truth.key.startswith(f"hr:{endpoint}:")
        and "feature" in truth.details
        and "within" not in truth.details
    ]
    assert len(truths) >= 4
    rows = table.loc[[truth.details["feature"] for truth in truths]]
    planted = np.array([truth.value for truth in truths])
    np.testing.assert_array_equal(rows["hr"] > 1, planted > 1)
    # Alterations that occur together share their effects, so only the order of size is kept.
    strong = (np.abs(np.log(planted)) > np.log(2)) & (rows["altered"] >= 30).to_numpy()
    assert strong.sum() >= 3
    assert (rows.loc[strong, "q_value"] < 0.05).mean() >= 0.75
    assert np.corrcoef(np.log(planted), np.log(rows["hr"]))[0, 1] > 0.8


def test_a_planted_gene_is_found_and_noise_is_not():
    false = 0
    for seed in range(8):
        screen = screened(simulated(seed=seed))
        assert screen.hits["feature"].iloc[0] == "G0"
        assert screen.table["feature"].iloc[0] == "G0"
        false += len(screen.hits) - 1
    assert false <= 3


def test_adjusted_for_the_number_tested():
    cohort = load_cohort("demo:aml")
    bh, holm = (screened(cohort, adjustment=method) for method in ("bh", "holm"))
    p, family = bh.table["p_value"].to_numpy(), bh.table["family"].to_numpy()
    # Alterations that overlap share one place among those tested.
    m, sizes = len(set(family)), pd.Series(family).map(pd.Series(family).value_counts())
    assert m == bh.n_families < len(p)
    ranked = p * m / np.cumsum(1 / sizes.to_numpy())
    np.testing.assert_allclose(bh.table["q_value"], np.minimum.accumulate(ranked[::-1])[::-1])
    stepped = np.maximum.accumulate(p * [len(set(family[i:])) for i in range(len(p))])
    np.testing.assert_allclose(holm.table["q_value"], np.minimum(stepped, 1))
    assert 0 < len(holm.hits) < len(bh.hits)
    assert "Holm over all" in " ".join(screen_reading(holm))
    assert holm.table.attrs["method"].endswith("; Holm")


def test_everything_looked_at_is_tested_or_has_a_reason(mds):
    screen = screened(mds, min_altered=60)
    names = [*screen.table["feature"], *screen.not_tested["feature"]]
    assert sorted(names) == sorted(mds.alterations.columns)
    assert (screen.table["altered"] >= 60).all()
    assert screen.not_tested["reason"].str.contains("fewer than 60").all()
    assert f"{screen.n_tested} of 55 alterations" in screen_reading(screen)[0]


def test_kinds_choose_what_is_tested_and_what_is_adjusted_for(mds):
    assert mds.feature_kinds == ["gene", "refinement", "cytogenetic"]
    screen = screened(mds, "os", (), 1, kinds=["cytogenetic"])
    assert set(screen.table["kind"]) == {"cytogenetic"}
    every = screened(mds, "os", (), 1).table.set_index("feature")
    own = screen.table.set_index("feature")
    np.testing.assert_allclose(own["p_value"], every.loc[own.index, "p_value"])
    assert (own["q_value"] <= every.loc[own.index, "q_value"] * (1 + 1e-9)).any()
    assert len(own) == screen.n_features == 10


def test_patients_lacking_a_covariate_are_left_out_and_counted(mds):
    screen = screened(mds, "os", ["ipssm_score"])
    missing = int(mds.patients["ipssm_score"].isna().sum())
    assert screen.accounting.left_out == {"a covariate not recorded": missing}
    assert screen.accounting.analysed == mds.n - missing
    known = mds.patients["ipssm_score"].notna()
    assert screen.events == mds.patients.loc[known, "os_event"].sum()
    assert screen.adjusted_for == ("IPSS-M score",)


def test_a_covariate_that_is_the_same_in_everyone_is_left_out_and_named():
    screen = screened(simulated(), "os", ["age_years", "sex"])
    assert screen.adjusted_for == ("Age",)
    assert screen.constant == ("Sex",)
    assert any("Sex is the same in all" in note for note in screen_notes(screen))
    alone = screened(simulated(), "os", ["age_years"])
    np.testing.assert_allclose(screen.table["hr"], alone.table["hr"])


def test_a_competing_endpoint_is_called_cause_specific():
    cohort = load_cohort("demo:mpn")
    assert any("cause-specific" in note for note in screen_notes(screened(cohort, "aml")))
    assert not any("cause-specific" in note for note in screen_notes(screened(cohort)))


def test_entry_times_are_respected():
    cohort = simulated()
    entry = cohort.patients["os_months"] * 0.3
    late = replace(
        cohort,
        patients=cohort.patients.assign(entry=entry),
        endpoints={"os": replace(OS, entry="entry")},
    )
    table = screened(late).table.set_index("feature")
    frame = late.patients.assign(x=late.alterations["G0"].astype(float))
    expected = cox(frame, "os_months", "os_event", ["x"], "entry").summary.iloc[0]
    assert table.loc["G0", "hr"] == pytest.approx(expected["hr"], rel=1e-7)
    assert table.loc["G0", "hr"] != pytest.approx(screened(cohort).table["hr"][0], rel=1e-4)


def test_without_any_event_among_the_altered_the_ratio_is_firths():
    cohort = simulated()
    event = np.where(cohort.alterations["G3"], 0.0, cohort.patients["os_event"])
    screen = screened(replace(cohort, patients=cohort.patients.assign(os_event=event)))
    row = screen.table.set_index("feature").loc["G3"]
    assert row["firth"]
    assert 0 < row["hr"] < 1
    assert any("Firth" in note for note in screen_notes(screen))
    assert not screened(cohort).table["firth"].any()


def test_row_order_changes_nothing(mds):
    order = np.random.default_rng(1).permutation(mds.n)
    shuffled = replace(
        mds, patients=mds.patients.iloc[order], alterations=mds.alterations.iloc[order]
    )
    columns = ["feature", "hr", "p_value", "q_value"]
    pd.testing.assert_frame_equal(
        screened(mds).table[columns], screened(shuffled).table[columns], rtol=1e-8
    )


def test_what_cannot_be_screened_is_said():
    cohort = simulated()
    nobody = np.zeros(cohort.n, dtype=bool)
    with pytest.raises(ValueError, match="Nobody of the patients selected"):
        screen_cohort(cohort, nobody, "os")
    alive = replace(cohort, patients=cohort.patients.assign(os_event=0.0))
    with pytest.raises(ValueError, match="No event was observed"):
        screened(alive)
    with pytest.raises(ValueError, match="choose another kind"):
        screened(cohort, kinds=["refinement"])
    with pytest.raises(CohortError, match="no variable called weight"):
        screened(cohort, "os", ["weight"])
    bare = make_cohort({"os_months": [1.0, 2.0], "os_event": [1.0, 0.0]}, endpoints=(OS,))
    with pytest.raises(ValueError, match="needs a column for each gene"):
        screened(bare)


def test_nothing_common_enough_is_an_empty_screen_with_words():
    screen = screened(simulated(n=40, genes=3), min_altered=1000)
    assert screen.n_tested == 0
    assert len(screen.not_tested) == 3
    assert "Lower the number" in screen_reading(screen)[-1]


def test_covariates_come_in_order_and_with_their_levels(mds):
    options = adjustment_options(mds)
    assert options[:2] == age_and_sex(mds) == ["age_years", "sex"]
    assert "transplant_months" not in options
    assert "os_months" not in options
    frame, constant = covariate_frame(mds, everyone(mds), ["ipssm", "age_years"])
    assert list(frame.columns) == ["IPSS-M class", "Age at diagnosis"]
    assert frame["IPSS-M class"].cat.categories[0] == "Very Low"
    assert constant == []
