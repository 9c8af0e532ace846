"""Cox models: against R on published cohorts, lifelines, the definition, and planted truths."""

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.analysis.competing_risks import fine_gray
from app.analysis.likelihood import RiskSets
from app.analysis.regression import cox, cox_time_varying
from app.analysis.regression._concordance import concordance_index
from app.analysis.survival_input import group_codes, survival_data
from tests.analysis import published


@pytest.fixture(scope="module")
def mpn(public_cohorts: Path) -> pd.DataFrame:
    return published.mpn(public_cohorts)


@pytest.fixture(scope="module")
def mds(public_cohorts: Path) -> pd.DataFrame:
    return published.mds(public_cohorts)


def assert_equals_r(model, oracle):
    assert (model.n, model.events) == (oracle["n"], oracle["events"])
    summary = model.summary.set_index("term").loc[oracle["terms"]]
    np.testing.assert_allclose(summary["coef"], oracle["coef"], rtol=1e-7)
    for ours, theirs in (("hr", "hr"), ("se", "se"), ("lower", "lower"), ("upper", "upper")):
        np.testing.assert_allclose(summary[ours], oracle[theirs], rtol=1e-7)
    np.testing.assert_allclose(summary["p_value"], oracle["p"], rtol=1e-6)
    assert model.log_likelihood == pytest.approx(oracle["loglik"], rel=1e-10)
    assert model.concordance == pytest.approx(oracle["concordance"], rel=1e-9)
    assert model.ph_test["term"].tolist() == oracle["zph_terms"]
    np.testing.assert_allclose(model.ph_test["p_value"], oracle["zph_p"], rtol=1e-7)


@pytest.mark.shared
def test_mpn_model_equals_r(mpn, r_survival):
    oracle = r_survival["mpn_grinfeld_2018"]["cox_os"]
    assert_equals_r(cox(mpn, "time", "event", oracle["terms"]), oracle)


@pytest.mark.shared
def test_mds_model_equals_r(mds, r_survival):
    oracle = r_survival["mds_iwg_2022"]["cox_os"]
    assert_equals_r(cox(mds, "OS_YEARS", "OS_STATUS", oracle["terms"]), oracle)


@pytest.mark.shared
def test_concordance_of_scores_equals_r(mds, r_survival, known_answers):
    known = {answer["id"]: answer["value"] for answer in known_answers}
    mds = mds.dropna(subset=["IPSSM_SCORE"])
    oracle = r_survival["mds_iwg_2022"]
    for name in ("IPSSM", "IPSSR"):
        own = mds.dropna(subset=["OS_YEARS", f"{name}_SCORE"])
        index = concordance_index(own["OS_YEARS"], own["OS_STATUS"], own[f"{name}_SCORE"])
        assert index == pytest.approx(oracle[f"cindex_{name.lower()}_os"], rel=1e-9)
    both = mds.dropna(subset=["IPSSR_SCORE"])
    for key, endpoint in (("KA012", "OS"), ("KA014", "LFS"), ("KA016", "AMLt")):
        own = both.dropna(subset=[f"{endpoint}_YEARS", f"{endpoint}_STATUS"])
        for name in ("IPSSM", "IPSSR"):
            index = concordance_index(
                own[f"{endpoint}_YEARS"], own[f"{endpoint}_STATUS"], own[f"{name}_SCORE"]
            )
            expected = known[key][f"{name}_score"]
            assert len(own) == expected["n"]
            assert index == pytest.approx(expected["C"], abs=5.1e-5)
            assert index.std_error == pytest.approx(expected["se"], abs=5.1e-5)


@pytest.mark.shared
def test_known_hazard_ratios_of_the_mds_cohort(mds, known_answers):
    known = {answer["id"]: answer["value"] for answer in known_answers}
    for key, endpoint in (("KA013", "OS"), ("KA015", "LFS"), ("KA017", "AMLt")):
        frame = mds.dropna(subset=["AMLt_STATUS"]) if endpoint == "AMLt" else mds
        model = cox(frame, f"{endpoint}_YEARS", f"{endpoint}_STATUS", ["IPSSM_SCORE"])
        row, expected = model.summary.iloc[0], known[key]
        found = row[["hr", "lower", "upper"]].tolist()
        assert found == pytest.approx([expected[x] for x in ("HR", "lcl", "ucl")], abs=5.1e-5)
        assert row["p_value"] == pytest.approx(expected["wald_p"], rel=1e-3)
    model = cox(mds, "OS_YEARS", "OS_STATUS", ["IPSSM_SCORE"])
    assert model.ph_test["chi2"][0] == pytest.approx(known["KA028"]["chisq"], abs=5.1e-4)

    order = ["Very-Low", *known["KA018"]]
    grouped = mds.assign(IPSSM=pd.Categorical(mds["IPSSM"], order))
    summary = cox(grouped, "OS_YEARS", "OS_STATUS", ["IPSSM"]).summary.set_index("level")
    for level, expected in known["KA018"].items():
        found = summary.loc[level, ["hr", "lower", "upper"]].tolist()
        assert found == pytest.approx(expected, abs=5.1e-4)

    state = np.select([mds["TP53multi"] == 1, mds["TP53mono"] == 1], ["multi", "mono"], "WT")
    summary = cox(
        mds.assign(state=state), "OS_YEARS", "OS_STATUS", ["state"], references={"state": "WT"}
    ).summary.set_index("level")
    for level, expected in known["KA033"].items():
        found = summary.loc[level, ["hr", "lower", "upper"]].tolist()
        assert found == pytest.approx(expected, abs=5.1e-4)
    for key, gene in (("KA034", "SF3B1"), ("KA035", "RUNX1"), ("KA036", "ASXL1")):
        row = cox(mds, "OS_YEARS", "OS_STATUS", [gene]).summary.iloc[0]
        expected = [known[key][x] for x in ("HR", "lcl", "ucl")]
        assert row[["hr", "lower", "upper"]].tolist() == pytest.approx(expected, abs=5.1e-5)


@pytest.mark.shared
def test_known_hazard_ratios_of_the_mpn_cohort(mpn, known_answers):
    known = {answer["id"]: answer["value"] for answer in known_answers}
    mf = mpn[mpn["diagnosis"] == "MF"]
    for key, gene in (
        ("KA051", "ASXL1"),
        ("KA052", "SRSF2"),
        ("KA053", "EZH2"),
        ("KA054", "TP53"),
        ("KA055", "U2AF1"),
    ):
        row = cox(mf, "time", "event", [gene]).summary.iloc[0]
        expected = [known[key][x] for x in ("HR", "lcl", "ucl")]
        assert row[["hr", "lower", "upper"]].tolist() == pytest.approx(expected, abs=5.1e-5)
        assert row["n"] == known[key]["n_mut"]
    classic = mpn[mpn["diagnosis"] != "Other"]
    grouped = classic.assign(subgroup=published.mpn_subgroups(classic))
    reference = {"subgroup": "6 JAK2 heterozygous"}
    summary = cox(grouped, "time", "event", ["subgroup"], references=reference).summary
    for level, values in known["KA065"].items():
        found = summary.set_index("level").loc[level, ["hr", "lower", "upper"]].tolist()
        assert found == pytest.approx(values, abs=5.1e-4)
    # Patients with one driver only; JAK2 exon 12 is not among the four groups.
    single = mf[(mf[["JAK2", "CALR", "MPL"]].sum(axis=1) <= 1) & (mf["JAK2e12"] != 1)]
    single = single[(single["driver"] != "TN") | (single[["JAK2", "CALR", "MPL"]].sum(axis=1) == 0)]
    expected = known["KA049"]
    plain = cox(single, "time", "event", ["driver"]).summary.set_index("level")
    for level, values in expected["unadjusted"].items():
        found = plain.loc[level, ["hr", "lower", "upper"]].tolist()
        assert found == pytest.approx(values, abs=5.1e-4)
    adjusted = cox(
        single, "time", "event", ["driver", "age_years"], units={"age_years": 10}
    ).summary.set_index("term")
    for level, values in expected["age_adjusted"].items():
        term = "age_years" if level == "Age_per_10y" else f"driver={level}"
        found = adjusted.loc[term, ["hr", "lower", "upper"]].tolist()
        assert found == pytest.approx(values, abs=5.1e-4)


def efron_by_definition(columns, x, beta):
    """Efron's log partial likelihood, one event time after the other."""
    time, event, entry, strata = columns
    total, eta = 0.0, x @ beta
    for layer in np.unique(strata):
        own = strata == layer
        for t in np.unique(time[own & event]):
            risk = own & (entry < t) & (time >= t)
            died = own & event & (time == t)
            d = died.sum()
            for place in range(d):
                share = np.exp(eta[risk]).sum() - place / d * np.exp(eta[died]).sum()
                total -= np.log(share)
            total += eta[died].sum()
    return total


rows = st.lists(
    st.tuples(
        st.integers(1, 10).map(float),
        st.booleans(),
        st.integers(0, 3).map(lambda v: v / 4),
        st.integers(0, 1),
        st.integers(-2, 2).map(float),
        st.booleans(),
    ),
    min_size=4,
    max_size=40,
).filter(lambda values: any(row[1] for row in values))


@given(rows, st.tuples(st.floats(-1, 1), st.floats(-1, 1)))
@settings(max_examples=60)
def test_likelihood_score_and_information_follow_the_definition(rows, beta):
    time, event, entry, strata, *x = np.array(rows, dtype=float).T
    x, beta, event = np.column_stack(x), np.array(beta), event == 1
    data = survival_data(time, event, entry)
    sets = RiskSets(data, group_codes(strata, len(time)))
    at = sets.evaluate(x, beta)

    def likelihood(b):
        return efron_by_definition((time, event, entry, strata), x, b)

    assert at.log_likelihood == pytest.approx(likelihood(beta), abs=1e-9)
    step = 1e-4
    for j, k in product(range(2), range(2)):
        u, v = np.eye(2)[j] * step, np.eye(2)[k] * step
        slope = (likelihood(beta + u) - likelihood(beta - u)) / (2 * step)
        assert at.score[j] == pytest.approx(slope, abs=1e-5)
        bend = likelihood(beta + u + v) - likelihood(beta + u - v)
        bend -= likelihood(beta - u + v) - likelihood(beta - u - v)
        assert at.information[j, k] == pytest.approx(-bend / (4 * step**2), abs=1e-4)


@given(rows)
def test_concordance_follows_the_definition(rows):
    time, event, entry, strata, score, _ = np.array(rows, dtype=float).T
    ours = concordance_index(time, event, score, entry, strata)
    n = len(time)
    wins = np.zeros((n, n))
    pairs = np.zeros((n, n))
    for i, j in product(range(n), range(n)):
        later = time[j] > time[i] or (time[j] == time[i] and not event[j])
        if event[i] and later and entry[j] < time[i] and strata[i] == strata[j] and i != j:
            pairs[i, j] = 1
            wins[i, j] = (score[i] > score[j]) + (score[i] == score[j]) / 2
    if not pairs.any():
        assert np.isnan(ours)
        assert ours.note.startswith("No two patients")
        return
    index = wins.sum() / pairs.sum()
    assert ours == pytest.approx(index, abs=1e-12)
    part = (wins - index * pairs).sum(axis=0) + (wins - index * pairs).sum(axis=1)
    error = np.sqrt((part**2).sum()) / pairs.sum()
    assert ours.std_error == pytest.approx(error, abs=1e-12)


@pytest.fixture(scope="module")
def cohort() -> pd.DataFrame:
    """Six hundred patients with planted effects, tied times, delayed entry and strata."""
    rng = np.random.default_rng(21)
    n = 600
    frame = pd.DataFrame(
        {
            "age": rng.normal(60, 10, n),
            "mutated": rng.random(n) < 0.3,
            "stage": pd.Categorical(rng.choice(["I", "II", "III"], n), ["I", "II", "III"]),
            "centre": rng.choice(["x", "y"], n),
        }
    )
    risk = 0.03 * (frame["age"] - 60) + 0.7 * frame["mutated"] + 0.5 * (frame["stage"] == "III")
    time = rng.exponential(60 * np.exp(-risk)) + 1
    end = rng.uniform(10, 120, n)
    frame["event"] = (time <= end).astype(int)
    frame["time"] = np.ceil(np.minimum(time, end))
    frame["entry"] = frame["time"] * rng.uniform(0, 0.6, n)
    return frame


@pytest.mark.parametrize(
    "options", [{}, {"strata": "centre"}, {"entry": "entry"}, {"penalizer": 0.1}]
)
def test_agrees_with_lifelines(cohort, options):
    from lifelines import CoxPHFitter

    ours = cox(cohort, "time", "event", ["age", "mutated", "stage"], **options)
    coded = cohort.assign(
        mutated=cohort["mutated"] * 1.0, II=cohort["stage"] == "II", III=cohort["stage"] == "III"
    )
    columns = ["time", "event", "age", "mutated", "II", "III"]
    extra = {"strata": "centre", "entry": "entry"}
    columns += [extra[name] for name in options if name in extra]
    fitter = CoxPHFitter(penalizer=options.get("penalizer", 0.0))
    theirs = fitter.fit(
        coded[columns] * 1 if "strata" not in options else coded[columns],
        "time",
        "event",
        strata=["centre"] if "strata" in options else None,
        entry_col=options.get("entry"),
        fit_options={"precision": 1e-11},
    )
    np.testing.assert_allclose(ours.summary["coef"], theirs.params_, rtol=1e-5)
    np.testing.assert_allclose(ours.summary["se"], theirs.standard_errors_, rtol=1e-5)
    if "penalizer" not in options:
        assert ours.log_likelihood == pytest.approx(theirs.log_likelihood_, rel=1e-8)
    if "entry" not in options:  # lifelines compares patients who were never at risk together
        assert ours.concordance == pytest.approx(theirs.concordance_index_, rel=1e-3)


def test_baseline_and_predictions_agree_with_lifelines(cohort):
    from lifelines import CoxPHFitter

    ours = cox(cohort, "time", "event", ["age"]).baseline
    theirs = CoxPHFitter().fit(cohort[["time", "event", "age"]], "time", "event")
    expected = theirs.baseline_cumulative_hazard_.loc[ours["time"], "baseline cumulative hazard"]
    # lifelines' baseline is Breslow's, ours Efron's: close, and larger with ties.
    np.testing.assert_allclose(ours["cumulative_hazard"], expected, rtol=0.02)


def test_recidivism_data_as_published():
    """Fox & Weisberg's analysis of Rossi's data in R: coefficients to the digits printed."""
    from lifelines.datasets import load_rossi

    frame = load_rossi()
    terms = ["fin", "age", "race", "wexp", "mar", "paro", "prio"]
    model = cox(frame, "week", "arrest", terms)
    printed = [-0.37942, -0.05744, 0.31390, -0.14980, -0.43370, -0.08487, 0.09150]
    np.testing.assert_allclose(model.summary["coef"], printed, atol=6e-6)
    errors = [0.19138, 0.02200, 0.30799, 0.21222, 0.38187, 0.19576, 0.02865]
    np.testing.assert_allclose(model.summary["se"], errors, atol=6e-6)
    assert model.likelihood_ratio[0] == pytest.approx(33.27, abs=0.005)


def test_units_references_interactions_and_their_names(cohort):
    base = cox(cohort, "time", "event", ["age", "stage"])
    changed = cox(
        cohort, "time", "event", ["age", "stage"], units={"age": 10}, references={"stage": "III"}
    )
    a, b = base.summary.set_index("term"), changed.summary.set_index("term")
    assert b.loc["age", "coef"] == pytest.approx(10 * a.loc["age", "coef"])
    assert b.loc["age", "per"] == 10
    assert b.loc["stage=I", "coef"] == pytest.approx(-a.loc["stage=III", "coef"])
    assert b.loc["stage=I", "reference"] == "III"
    assert changed.log_likelihood == pytest.approx(base.log_likelihood)
    crossed = cox(cohort, "time", "event", ["age", "stage"], interactions=[("age", "stage")])
    assert crossed.summary["term"].tolist() == [
        "age",
        "stage=II",
        "stage=III",
        "age:stage=II",
        "age:stage=III",
    ]
    assert crossed.log_likelihood > base.log_likelihood


def test_row_order_and_shifts_of_covariates_change_nothing(cohort):
    expected = cox(cohort, "time", "event", ["age", "mutated"])
    moved = cohort.sample(frac=1, random_state=1).assign(age=lambda frame: frame["age"] + 1e4)
    model = cox(moved, "time", "event", ["age", "mutated"])
    np.testing.assert_allclose(model.summary["coef"], expected.summary["coef"], rtol=1e-8)
    np.testing.assert_allclose(model.ph_test["chi2"], expected.ph_test["chi2"], rtol=1e-6)


def test_planted_hazard_ratios_are_recovered():
    rng = np.random.default_rng(22)
    estimates, covered = [], []
    for _ in range(150):
        n = 300
        x, z = rng.integers(0, 2, n).astype(float), rng.normal(size=n)
        time = rng.exponential(np.exp(-(0.8 * x - 0.4 * z)))
        end = rng.exponential(1.5, n)
        entry = rng.uniform(0, 0.3, n)
        frame = pd.DataFrame(
            {"time": np.minimum(time, end), "event": time <= end, "x": x, "z": z, "entry": entry}
        )
        frame = frame[frame["time"] > frame["entry"]]
        summary = cox(frame, "time", "event", ["x", "z"], "entry").summary
        estimates.append(summary["coef"].to_numpy())
        truth = np.exp([0.8, -0.4])
        covered.append((summary["lower"] < truth) & (summary["upper"] > truth))
    np.testing.assert_allclose(np.mean(estimates, axis=0), [0.8, -0.4], atol=0.03)
    assert (np.mean(covered, axis=0) > 0.9).all()


def test_proportional_hazards_test_finds_what_was_planted_and_only_that():
    rng = np.random.default_rng(23)
    rejected = {"constant": 0, "fading": 0}
    for _ in range(60):
        x, z = rng.integers(0, 2, (2, 400)).astype(float)
        # The hazard of x is tripled before time 0.3 and the same afterwards.
        early = rng.exponential(np.exp(-np.log(3) * x - 0.5 * z))
        late = 0.3 + rng.exponential(np.exp(-0.5 * z))
        time = np.where(early < 0.3, early, late)
        for name, times in (("fading", time), ("constant", early)):
            frame = pd.DataFrame({"time": times, "event": 1, "x": x, "z": z})
            test = cox(frame, "time", "event", ["x", "z"]).ph_test.set_index("term")
            rejected[name] += test.loc["x", "p_value"] < 0.05
    assert rejected["fading"] > 50
    assert rejected["constant"] < 9


def test_schoenfeld_residuals_scatter_about_the_coefficient(cohort):
    model = cox(cohort, "time", "event", ["age", "mutated"])
    residuals = model.schoenfeld
    assert len(residuals) == model.events
    np.testing.assert_allclose(
        residuals[["age", "mutated"]].mean(), model.summary["coef"], rtol=1e-6
    )
    assert residuals["transformed_time"].is_monotonic_increasing


def test_missing_values_are_counted_and_left_out(cohort):
    holes = cohort.copy()
    holes.loc[:4, "age"] = np.nan
    holes.loc[3:9, "event"] = np.nan
    model = cox(holes, "time", "event", ["age"])
    assert (model.n, model.n_given) == (590, 600)
    assert model.missing == {"age": 5, "event": 7}


def penalised_by_definition(data, x, beta):
    sets = RiskSets(data)
    at = sets.evaluate(x, beta)
    return at.log_likelihood + 0.5 * np.linalg.slogdet(at.information)[1]


def test_firth_maximises_the_penalised_likelihood_with_profile_limits():
    from scipy.optimize import minimize, minimize_scalar

    rng = np.random.default_rng(24)
    n = 80
    frame = pd.DataFrame({"time": np.ceil(rng.exponential(10, n)), "x": rng.normal(size=n)})
    frame["rare"] = (np.arange(n) < 8).astype(int)
    frame["event"] = np.where(frame["rare"] == 1, 0, rng.integers(0, 2, n))
    model = cox(frame, "time", "event", ["x", "rare"])
    assert any(note.startswith("Firth's correction") for note in model.notes)
    assert "rare" in model.notes[-1]
    assert "profile" in model.method
    data = survival_data(frame["time"], frame["event"])
    x = frame[["x", "rare"]].to_numpy(float)
    best = minimize(lambda b: -penalised_by_definition(data, x, b), [0, 0], tol=1e-10)
    np.testing.assert_allclose(model.summary["coef"], best.x, atol=1e-4)

    def profile(value):
        rest = minimize_scalar(lambda b: -penalised_by_definition(data, x, np.array([b, value])))
        return 2 * (rest.fun - best.fun)

    row = model.summary.iloc[1]
    assert profile(np.log(row["upper"])) == pytest.approx(3.8415, abs=1e-2)
    assert profile(np.log(row["lower"])) == pytest.approx(3.8415, abs=1e-2)
    from scipy.special import chdtrc

    assert row["p_value"] == pytest.approx(chdtrc(1, profile(0.0)), rel=1e-3)
    with pytest.raises(ValueError, match="'rare' is infinite"):
        cox(frame, "time", "event", ["x", "rare"], firth=False)


def test_firth_is_close_to_plain_where_plain_works(cohort):
    plain = cox(cohort, "time", "event", ["age", "mutated"])
    firth = cox(cohort, "time", "event", ["age", "mutated"], firth=True)
    np.testing.assert_allclose(firth.summary["coef"], plain.summary["coef"], rtol=0.02)
    np.testing.assert_allclose(firth.summary["upper"], plain.summary["upper"], rtol=0.02)


def test_few_events_for_each_term_are_said(cohort):
    model = cox(cohort.head(30), "time", "event", ["age", "mutated", "stage"])
    assert any("events for each of the 4 terms" in note for note in model.notes)
    assert not cox(cohort, "time", "event", ["age"]).notes


@pytest.mark.parametrize(
    ("change", "covariates", "sentence"),
    [
        ({"event": 0}, ["age"], "No event was observed among the 600"),
        ({"age": 5.0}, ["age"], "'age' is the same in all 600"),
        ({"copy": lambda f: 2 * f["age"] + 1}, ["age", "copy"], "'copy' is determined by"),
        ({"age": np.nan}, ["age"], "No patient has all"),
        ({"age": np.inf}, ["age"], "infinite values"),
        ({"event": 2}, ["age"], "only 0 .* and 1"),
        ({"time": -1.0}, ["age"], "must not be negative"),
        ({}, ["weight"], "no column 'weight'"),
        ({}, ["age", "age"], "only once"),
        ({}, ["event"], "part of the outcome"),
        ({}, [], "at least one covariate"),
        ({"late": lambda f: f["time"].rank() - 1.0}, ["late"], "'late' is infinite"),
    ],
)
def test_what_cannot_be_modelled_is_answered_with_a_sentence(cohort, change, covariates, sentence):
    with pytest.raises(ValueError, match=sentence) as caught:
        cox(cohort.assign(**change), "time", "event", covariates, firth=False)
    assert str(caught.value).endswith(".")


def test_covariate_that_is_the_stratum_is_said(cohort):
    twin = cohort.assign(twin=(cohort["centre"] == "x") * 1.0)
    with pytest.raises(ValueError, match="'twin' does not vary among the patients at risk"):
        cox(twin, "time", "event", ["twin", "age"], strata="centre")


def test_one_patient_is_too_few_and_three_are_said_to_be_few(cohort):
    with pytest.raises(ValueError, match="known for 1 patient only"):
        cox(cohort.head(1).assign(event=1), "time", "event", ["age"])
    few = pd.DataFrame({"time": [1, 2, 3, 4], "event": 1, "age": [50, 70, 40, 60]})
    model = cox(few, "time", "event", ["age"])
    assert np.isfinite(model.summary["hr"]).all()
    assert "Only 4.0 events" in model.notes[0]


tiny = st.lists(
    st.tuples(
        st.integers(0, 4).map(float),
        st.integers(0, 2),
        st.integers(0, 1).map(float),
        st.sampled_from([-3e8, -1.0, 0.0, 1e-7, 2.0]),
        st.sampled_from("abc"),
    ),
    min_size=1,
    max_size=14,
)


@given(tiny)
@settings(max_examples=40)
def test_tiny_cohorts_give_finite_models_or_a_sentence(rows):
    frame = pd.DataFrame(rows, columns=["t", "cause", "x", "y", "g"])
    frame["e"] = (frame["cause"] == 1).astype(int)
    for fit in (
        lambda: cox(frame, "t", "e", ["x", "y"]),
        lambda: cox(frame, "t", "e", ["x", "g"], firth=False),
        lambda: cox(frame, "t", "e", ["y"], strata="g"),
        lambda: fine_gray(frame, "t", "cause", ["x", "y"]),
    ):
        answer = _answer(fit)
        if isinstance(answer, str):
            assert answer.endswith(".")
            continue
        numeric = answer.summary[["coef", "se", "hr", "lower", "upper", "p_value"]]
        assert not numeric.isna().any(axis=None)
        infinite = np.isinf(answer.summary["hr"]).any()
        assert infinite == any("too large to write" in note for note in answer.notes)


def _answer(fit):
    try:
        return fit()
    except ValueError as error:
        return str(error)


def test_strata_on_different_scales_do_not_disturb_each_other(cohort):
    """Only differences within a stratum count, however far apart the strata are."""
    expected = cox(cohort, "time", "event", ["age"], strata="centre", entry="entry")
    moved = cohort.assign(age=cohort["age"] + 2000 * (cohort["centre"] == "x"))
    model = cox(moved, "time", "event", ["age"], strata="centre", entry="entry")
    np.testing.assert_allclose(model.summary["coef"], expected.summary["coef"], rtol=1e-7)
    np.testing.assert_allclose(model.summary["se"], expected.summary["se"], rtol=1e-7)


def test_all_times_tied_and_times_of_zero():
    tied = pd.DataFrame({"time": 0.0, "event": [1, 0] * 20, "x": np.arange(40) % 7})
    model = cox(tied, "time", "event", ["x"])
    assert np.isfinite(model.summary["se"]).all()
    assert np.isnan(model.concordance) or 0 <= model.concordance <= 1


def test_a_covariate_with_forty_levels():
    rng = np.random.default_rng(25)
    frame = pd.DataFrame({"time": rng.exponential(1, 2000), "event": 1})
    frame["centre"] = [f"c{i % 40:02}" for i in range(2000)]
    model = cox(frame, "time", "event", ["centre"])
    assert len(model.summary) == 39
    assert model.ph_test["df"].tolist() == [39, 39]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"strata": "centre"},
        {"references": {"stage": "III"}, "units": {"age": 10}, "conf_level": 0.9},
    ],
    ids=str,
)
def test_splitting_follow_up_changes_nothing(cohort, options):
    covariates = ["age", "mutated", *(["stage"] if "references" in options else [])]
    expected = cox(cohort, "time", "event", covariates, **options)
    cut = cohort["time"] * 0.4
    first = cohort.assign(start=0.0, stop=cut, event=0)
    second = cohort.assign(start=cut, stop=cohort["time"])
    both = pd.concat([first, second]).reset_index(names="patient")
    model = cox_time_varying(
        both, "start", "stop", "event", covariates, patient="patient", **options
    )
    assert (model.n, model.patients, model.events) == (1200, 600, expected.events)
    np.testing.assert_allclose(model.summary["coef"], expected.summary["coef"], rtol=1e-8)
    for column in ("se", "lower", "upper"):
        np.testing.assert_allclose(model.summary[column], expected.summary[column], rtol=1e-8)
    np.testing.assert_allclose(model.ph_test["chi2"], expected.ph_test["chi2"], rtol=1e-6)
    assert model.concordance == pytest.approx(expected.concordance, rel=1e-9)


def test_intervals_that_contradict_each_other_are_refused():
    frame = pd.DataFrame(
        {"p": [1, 1, 2, 2], "a": [0, 3, 0, 4], "b": [4, 6, 4, 8], "e": [0, 1, 0, 1], "x": range(4)}
    )
    with pytest.raises(ValueError, match="intervals of 1 patients overlap"):
        cox_time_varying(frame, "a", "b", "e", ["x"], patient="p")
    after = frame.assign(a=[0, 4, 0, 4], e=[1, 0, 0, 1])
    with pytest.raises(ValueError, match="begin after their patient's event"):
        cox_time_varying(after, "a", "b", "e", ["x"], patient="p")
