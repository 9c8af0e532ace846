"""Analyses recover what was planted, each truth found through its own details alone."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pandas as pd
import pytest

from app.cohort.scores import score
from data_loaders import Cohort, PlantedTruth
from data_loaders.demo import load_demo
from data_loaders.demo._mds_figures import PUBLISHED_MEDIAN_YEARS

# Many truths are looked at, so single ones may be far off; a wrong one would be further.
TOLERANCE = 4.0
SIZES = {"mpn": 16_000, "mds": 12_000, "aml": 10_000} | dict.fromkeys(
    ("cll", "dlbcl", "cml"), 10_000
)


@cache
def large(key: str) -> Cohort:
    return load_demo(key, n=SIZES[key], seed=99)


def truths(cohort: Cohort, analysis: str, endpoint: str | None = None) -> list[PlantedTruth]:
    return [
        truth
        for truth in cohort.provenance.truths
        if truth.details["analysis"] == analysis
        and (endpoint is None or truth.details["endpoint"] == endpoint)
    ]


def group(cohort: Cohort, truth: PlantedTruth) -> np.ndarray:
    mask = np.ones(cohort.n, dtype=bool)
    for column, levels in truth.details.get("within", {}).items():
        mask &= cohort.patients[column].isin(levels).to_numpy()
    for column, limit in truth.details.get("at_most", {}).items():
        mask &= (cohort.patients[column] <= limit).to_numpy()
    return mask


def covariate(cohort: Cohort, truth: PlantedTruth) -> np.ndarray:
    details = truth.details
    if "feature" in details:
        state = cohort.feature_state(details["feature"]).astype(float)
        values = np.where(state < 0, np.nan, state)
    else:
        column = cohort.patients[details["column"]]
        if "level" in details:
            values = (column == details["level"]).to_numpy(dtype=float)
        elif "at_least" in details:
            values = (column >= details["at_least"]).astype(float).where(column.notna())
        elif "below" in details:
            values = (column < details["below"]).astype(float).where(column.notna())
        else:
            values = column / details["per"]
    return np.where(group(cohort, truth), np.asarray(values, dtype=float), 0.0)


def times(cohort: Cohort, truth: PlantedTruth) -> pd.DataFrame:
    """Time, event and competing event, ended at the treatment if the truth says so."""
    endpoint = cohort.endpoints[truth.details["endpoint"]]
    patients = cohort.patients
    frame = pd.DataFrame(
        {
            "time": patients[endpoint.time],
            "event": patients[endpoint.event],
            "competing": patients[endpoint.competing] if endpoint.competing else 0.0,
        }
    )
    if "before" in truth.details:
        treated = patients[truth.details["before"]]
        cut = treated < frame["time"]
        frame.loc[cut, "time"] = treated[cut]
        frame.loc[cut, ["event", "competing"]] = 0.0
    return frame


def kaplan_meier(time: np.ndarray, event: np.ndarray, at: float) -> tuple[float, float]:
    """Survival at a time and Greenwood's standard error."""
    order = np.argsort(time)
    time, event = time[order], event[order]
    risk = np.arange(len(time), 0, -1)
    use = (time <= at) & (event == 1)
    survival = float(np.prod(1 - 1 / risk[use]))
    variance = float(np.sum(1 / (risk[use] * (risk[use] - 1))))
    return survival, survival * math.sqrt(variance)


@pytest.mark.parametrize("key", SIZES)
def test_frequencies_are_within_sampling_error(key):
    cohort = large(key)
    scores = {}
    for truth in truths(cohort, "frequency"):
        state = cohort.feature_state(truth.details["feature"])[group(cohort, truth)]
        tested = state[state >= 0]
        p = truth.value
        if p == 1:
            assert tested.all()
        else:
            scores[truth.key] = (tested.mean() - p) / math.sqrt(p * (1 - p) / len(tested))
    assert len(scores) > 40
    assert max(map(abs, scores.values())) < TOLERANCE, scores
    assert np.mean(np.square(list(scores.values()))) < 1.6


@pytest.mark.parametrize("key", SIZES)
def test_odds_ratios_are_recovered(key):
    """Mantel-Haenszel over the strata, with the variance of Robins, Breslow and Greenland."""
    cohort = large(key)
    found = truths(cohort, "odds_ratio")
    assert len(found) >= 4
    scores = {}
    for truth in found:
        a, b = (cohort.feature_state(name) for name in truth.details["features"])
        use = group(cohort, truth) & (a >= 0) & (b >= 0)
        strata = cohort.patients.get(truth.details.get("strata", ""), pd.Series("all", range(1)))
        labels = strata.to_numpy() if len(strata) == cohort.n else np.full(cohort.n, "all")
        r = s = pr = ps_qr = qs = 0.0
        for label in np.unique(labels[use]):
            here = use & (labels == label)
            n = here.sum()
            n11, n10 = ((a == 1) & (b == 1) & here).sum(), ((a == 1) & (b == 0) & here).sum()
            n01, n00 = ((a == 0) & (b == 1) & here).sum(), ((a == 0) & (b == 0) & here).sum()
            p, q = (n11 + n00) / n, (n10 + n01) / n
            u, v = n11 * n00 / n, n10 * n01 / n
            r, s = r + u, s + v
            pr, ps_qr, qs = pr + p * u, ps_qr + p * v + q * u, qs + q * v
        error = math.sqrt(pr / (2 * r * r) + ps_qr / (2 * r * s) + qs / (2 * s * s))
        scores[truth.key] = (math.log(r / s) - math.log(truth.value)) / error
    assert max(map(abs, scores.values())) < TOLERANCE, scores


HAZARDS = [
    ("mpn", "os"),
    ("mpn", "aml"),
    ("mpn", "mf"),
    ("mpn", "thrombosis"),
    ("mds", "os"),
    ("mds", "aml"),
    ("aml", "os"),
    ("cll", "os"),
    ("cll", "ttt"),
    ("cll", "richter"),
    ("dlbcl", "os"),
    ("dlbcl", "ttp"),
    ("cml", "os"),
    ("cml", "mmr"),
    ("cml", "ap_bp"),
]


@pytest.mark.parametrize(("key", "endpoint"), HAZARDS)
def test_cox_recovers_the_hazard_ratios(key, endpoint):
    from lifelines import CoxPHFitter

    cohort = large(key)
    planted = truths(cohort, "cox", endpoint)
    frame = pd.DataFrame(
        {truth.key: covariate(cohort, truth) for truth in planted}, index=cohort.patients.index
    )
    frame[["time", "event"]] = times(cohort, planted[0])[["time", "event"]]
    strata = planted[0].details.get("strata")
    if strata:
        frame["strata"] = cohort.patients[strata]
    model = CoxPHFitter(penalizer=0.0).fit(
        frame.dropna(), "time", "event", strata=["strata"] if strata else None
    )
    fit = model.summary.loc[[truth.key for truth in planted]]
    value = np.log([truth.value for truth in planted])
    score = (fit["coef"] - value) / fit["se(coef)"]
    assert score.abs().max() < TOLERANCE, score
    assert (score**2).mean() < 2.5
    for truth in planted:
        expected = {other.key.split(":", 2)[2] for other in planted if other is not truth}
        assert set(truth.details["adjusted_for"]) == expected


@pytest.mark.parametrize("key", SIZES)
def test_planted_medians_are_where_half_have_died(key):
    cohort = large(key)
    found = truths(cohort, "median")
    assert len(found) > 5
    for truth in found:
        frame = times(cohort, truth)[group(cohort, truth)]
        if frame["time"].max() < truth.value or len(frame) < 100:
            continue
        survival, error = kaplan_meier(
            frame["time"].to_numpy(), frame["event"].to_numpy(), truth.value
        )
        # In AML transplant lengthens some survivals a little beyond what was planted without it.
        slack = 0.03 if key == "aml" else 0.0
        assert abs(survival - 0.5) < TOLERANCE * error + slack, truth.key


@pytest.mark.parametrize(("key", "number"), [("mpn", 5), ("cll", 1), ("cml", 1)])
def test_planted_cumulative_incidences(key, number):
    """Inverse probability of censoring weights, which equal Aalen-Johansen."""
    cohort = large(key)
    found = truths(cohort, "cumulative_incidence")
    assert len(found) == number
    for truth in found:
        frame = times(cohort, truth)[group(cohort, truth)].sort_values("time")
        time, month = frame["time"].to_numpy(), truth.details["month"]
        censored = (frame["event"] + frame["competing"] == 0).to_numpy()
        risk = np.arange(len(time), 0, -1)
        kept = np.concatenate([[1.0], np.cumprod(np.where(censored, 1 - 1 / risk, 1.0))[:-1]])
        weight = np.where((frame["event"] == 1) & (time <= month), 1 / kept, 0.0)
        error = weight.std() / math.sqrt(len(weight))
        assert abs(weight.mean() - truth.value) < TOLERANCE * error, truth.key


def test_published_medians_come_out_about_right():
    mpn = {t.key: t.value / 12 for t in truths(load_demo("mpn"), "median")}
    assert mpn["median:os@ET"] == pytest.approx(19.8)
    assert mpn["median:os@PV"] == pytest.approx(13.5)
    assert mpn["median:os@MF"] == pytest.approx(5.9)
    # Rumi 2014: CALR 17.7, JAK2 9.2, MPL 9.1, triple-negative 3.2 years, in that order.
    by_driver = [mpn[f"median:os@MF:{name}"] for name in ("CALR", "JAK2", "Triple-negative")]
    assert by_driver == sorted(by_driver, reverse=True)
    assert by_driver[0] > 1.7 * by_driver[1] > 2.5 * by_driver[2]
    mds = {t.key.split("@")[1]: t.value / 12 for t in truths(load_demo("mds"), "median")}
    for level, years in PUBLISHED_MEDIAN_YEARS.items():
        assert mds[level] == pytest.approx(years, rel=0.3), level
    aml = {t.key: t.value for t in truths(load_demo("aml"), "median")}
    assert aml["median:os@Favourable"] > 48
    assert aml["median:os@Intermediate"] == pytest.approx(16.8, rel=0.3)
    assert aml["median:os@Adverse"] == pytest.approx(9.7, rel=0.3)


def test_risk_groups_of_cll_ipi_survive_as_published():
    """Within the 95% intervals of the training set, Lancet Oncol 2016;17:779."""
    cohort = large("cll")
    classes = score(cohort, "cll_ipi").table["category"].to_numpy()
    published = {
        "Low": (0.905, 0.960), "Intermediate": (0.755, 0.832), "High": (0.579, 0.688),
        "Very high": (0.125, 0.341),
    }  # fmt: skip
    for name, (lower, upper) in published.items():
        patients = cohort.patients[classes == name]
        survival, _ = kaplan_meier(
            patients["os_months"].to_numpy(), patients["os_event"].to_numpy(), 60
        )
        assert lower < survival < upper, name


def test_genes_of_dlbcl_are_as_frequent_as_published():
    """Least and most in per cent of Reddy 2017, Schmitz 2018, Chapuy 2018 and genomes (LLMPP)."""
    cohort = load_demo("dlbcl", n=40_000, seed=5)
    published = {
        "KMT2D": (22, 35), "MYD88": (13, 26), "PIM1": (18, 28), "TP53": (11, 22),
        "CREBBP": (12, 21), "BCL2": (11, 22), "EZH2": (6, 12), "CD79B": (8, 15),
        "TNFRSF14": (10, 17), "SGK1": (11, 13), "SOCS1": (5, 17), "TET2": (6, 12),
        "NOTCH1": (2.5, 9), "NOTCH2": (4, 11), "SPEN": (3, 10), "B2M": (12, 16),
        "EP300": (7, 10), "MEF2B": (5.6, 12), "CD70": (5.6, 9.4), "H1-4": (11.5, 18),
        "GNA13": (8.5, 12), "TNFAIP3": (6, 17), "CARD11": (8, 15), "PRDM1": (5, 10),
    }  # fmt: skip
    for gene, (least, most) in published.items():
        state = cohort.feature_state(gene)
        share = 100 * (state[state >= 0] == 1).mean()
        assert least - 0.5 < share < most + 0.5, (gene, share)


def test_risk_groups_of_nccn_ipi_survive_near_what_is_published():
    """Lowest and highest at 5 years: 96 and 33% (Blood 123:837), 92 and 49% (Blood 135:2041)."""
    cohort = large("dlbcl")
    classes = score(cohort, "nccn_ipi").table["category"].to_numpy()
    at_five = []
    for name in ("Low", "Low-intermediate", "High-intermediate", "High"):
        patients = cohort.patients[classes == name]
        times = patients["os_months"].to_numpy()
        at_five.append(kaplan_meier(times, patients["os_event"].to_numpy(), 60)[0])
    assert at_five == sorted(at_five, reverse=True)
    assert 0.90 < at_five[0] < 0.96
    assert 0.28 < at_five[-1] < 0.49


def test_major_molecular_responses_come_about_as_in_dasision():
    """By 24 and 60 months 64 and 76% with dasatinib, 46 and 64% with imatinib (Blood 119:1123)."""
    patients = large("cml").patients
    for tki, at_two, at_five in (("Dasatinib", 0.64, 0.76), ("Imatinib", 0.46, 0.64)):
        some = patients[patients["tki_first_line"] == tki]
        free = [
            kaplan_meier(some["mmr_months"].to_numpy(), some["mmr_event"].to_numpy(), month)[0]
            for month in (24, 60)
        ]
        assert free == pytest.approx([1 - at_two, 1 - at_five], abs=0.07), tki


def test_remission_rates():
    cohort = large("aml")
    found = truths(cohort, "proportion")
    assert len(found) == 3
    for truth in found:
        reached = cohort.patients.loc[group(cohort, truth), truth.details["column"]].notna()
        error = math.sqrt(truth.value * (1 - truth.value) / len(reached))
        assert abs(reached.mean() - truth.value) < TOLERANCE * error


def counting_process(cohort: Cohort) -> pd.DataFrame:
    """Follow-up split at transplant and six months after it, with the baseline confounders."""
    patients = cohort.patients.dropna(subset=["ipssm_score"])
    transplant = patients["transplant_months"].fillna(np.inf)
    higher = patients["ipssm"].isin(["Moderate High", "High", "Very High"])
    end, died = patients["os_months"], patients["os_event"]
    pieces = []
    for period, since, until in (
        ("never", pd.Series(0.0, end.index), transplant),
        ("early", transplant, transplant + 6),
        ("late", transplant + 6, pd.Series(np.inf, end.index)),
    ):
        here = since < end
        piece = pd.DataFrame(
            {
                "start": since[here],
                "stop": np.minimum(end, until)[here],
                "died": np.where(until < end, 0.0, died)[here],
                "score": patients.loc[here, "ipssm_score"],
                "age": patients.loc[here, "age_years"] / 10,
                "male": (patients.loc[here, "sex"] == "M").astype(float),
                "higher": higher[here].astype(float),
            }
        )
        for name in ("early", "late"):
            piece[f"{name}@lower"] = float(period == name) * (1 - piece["higher"])
            piece[f"{name}@higher"] = float(period == name) * piece["higher"]
        pieces.append(piece)
    return pd.concat(pieces, ignore_index=True)


def test_time_dependent_cox_recovers_the_transplant_and_the_naive_one_does_not():
    from lifelines import CoxPHFitter

    cohort = large("mds")
    rows = counting_process(cohort)
    confounders = ["score", "age", "male"]
    periods = [f"{when}@{half}" for half in ("lower", "higher") for when in ("early", "late")]
    model = CoxPHFitter(penalizer=0.0).fit(
        rows[["start", "stop", "died", *confounders, *periods]],
        "stop", "died", entry_col="start",
    )  # fmt: skip
    planted = {t.key.rsplit("transplant:", 1)[1]: t for t in truths(cohort, "cox_time_dependent")}
    assert set(planted) == set(periods)
    for name in periods:
        fit = model.summary.loc[name]
        score = (fit["coef"] - math.log(planted[name].value)) / fit["se(coef)"]
        assert abs(score) < TOLERANCE, (name, score)

    # Ever against never, with the same confounders: immortal time makes transplant look better.
    for half, number in (("lower", 0.0), ("higher", 1.0)):
        some = rows[rows["higher"] == number].copy()
        some["treated"] = some[f"early@{half}"] + some[f"late@{half}"]
        honest = CoxPHFitter(penalizer=0.0).fit(
            some[["start", "stop", "died", "treated", *confounders]],
            "stop", "died", entry_col="start",
        )  # fmt: skip
        patients = cohort.patients.dropna(subset=["ipssm_score"])
        higher = patients["ipssm"].isin(["Moderate High", "High", "Very High"])
        patients = patients[higher == bool(number)]
        naive = CoxPHFitter(penalizer=0.0).fit(
            pd.DataFrame(
                {
                    "time": patients["os_months"],
                    "died": patients["os_event"],
                    "treated": patients["transplant_months"].notna().astype(float),
                    "score": patients["ipssm_score"],
                    "age": patients["age_years"] / 10,
                    "male": (patients["sex"] == "M").astype(float),
                }
            ),
            "time", "died",
        )  # fmt: skip
        error = honest.summary.loc["treated", "se(coef)"]
        assert naive.params_["treated"] < honest.params_["treated"] - 3 * error


def test_planted_gain_by_risk_and_the_naive_comparison_that_misses_it():
    cohort = large("mds")
    gain = {t.details["within"]["ipssm"][0]: t for t in truths(cohort, "rmst_difference")}
    for level in ("Very Low", "Low", "Moderate Low"):
        assert gain[level].value < -5
    for level in ("Moderate High", "High", "Very High"):
        assert gain[level].value > 3
    # Naive: restricted mean survival of the ever and the never transplanted in lower risk.
    patients = cohort.patients
    lower = patients["ipssm"].isin(["Very Low", "Low", "Moderate Low"])
    young = patients["age_years"] <= 70
    grid = np.linspace(0, 96, 97)

    def restricted_mean(mask: pd.Series) -> float:
        time = patients.loc[mask, "os_months"].to_numpy()
        event = patients.loc[mask, "os_event"].to_numpy()
        return float(np.trapezoid([kaplan_meier(time, event, at)[0] for at in grid], grid))

    ever = patients["transplant_months"].notna()
    naive = restricted_mean(lower & young & ever) - restricted_mean(lower & young & ~ever)
    truth = np.average(
        [gain[level].value for level in ("Very Low", "Low", "Moderate Low")],
        weights=[
            (patients["ipssm"] == level).sum() for level in ("Very Low", "Low", "Moderate Low")
        ],
    )
    assert naive > truth + 3


def test_planted_aml_classes_can_be_told_from_the_alterations():
    """Agglomerative clustering of Jaccard distances, nothing tuned; chance would be near 0."""
    from sklearn.cluster import AgglomerativeClustering
    from sklearn.metrics import adjusted_mutual_info_score

    cohort = load_demo("aml")
    matrix = (cohort.states == 1).astype(float)
    both = matrix @ matrix.T
    either = matrix.sum(axis=1)[:, None] + matrix.sum(axis=1)[None, :] - both
    distance = 1 - np.divide(both, either, out=np.ones_like(both), where=either > 0)
    labels = AgglomerativeClustering(
        n_clusters=15, metric="precomputed", linkage="average"
    ).fit_predict(distance)
    assert adjusted_mutual_info_score(cohort.patients["planted_class"], labels) > 0.5
