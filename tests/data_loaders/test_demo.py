"""The demo cohorts as data: the same every time, well described, and possible."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from app.cohort.scores import score
from data_loaders import DAYS_PER_MONTH, Cohort, CohortError
from data_loaders.demo import DEMO_COHORTS, load_demo
from data_loaders.demo._mds_figures import IPSSM_COEFFICIENTS, IPSSM_RESIDUAL_GENES
from data_loaders.demo._mds_scores import ipssm, ipssr
from data_loaders.model import FEATURE_COLUMNS, MUTATION_COLUMNS

KEYS = tuple(DEMO_COHORTS)
CORE_CENTRE = {"mds": "Centre D", "aml": "Centre F"}
# Looked for in some patients only, for a reason that the cohort tells.
AT_RESISTANCE = {"ABL1", "ABL1_T315I"}


@pytest.fixture(scope="module", params=KEYS)
def key(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def cohort(key) -> Cohort:
    return load_demo(key)


def test_the_list_of_demos_tells_the_size_they_have(key, cohort):
    info = DEMO_COHORTS[key]
    assert (info.key, info.n) == (key, cohort.n)
    assert "synthetic" in info.title
    assert info.description.endswith(".")


def test_same_cohort_every_time_and_another_one_for_another_seed(key, cohort):
    assert load_demo(key).fingerprint == cohort.fingerprint
    assert load_demo(key, seed=1).fingerprint != cohort.fingerprint


def test_random_state_of_the_process_does_not_matter(key, cohort):
    np.random.seed(4)  # noqa: NPY002 - the legacy global state is what must not matter
    assert load_demo(key).fingerprint == cohort.fingerprint


@pytest.mark.parametrize("n", [1, 2, 7, 60])
def test_any_size_works(key, n):
    small = load_demo(key, n=n)
    assert small.n == n
    assert small.patients.index.is_unique
    assert all(np.isfinite(truth.value) for truth in small.provenance.truths)


def test_large_cohorts_keep_unique_identifiers():
    large = load_demo("mpn", n=20_000)
    assert large.patients.index[0] == "MPN-00001"
    assert large.patients.index.is_unique


@pytest.mark.parametrize(
    ("key", "n", "words"),
    [("all", None, "mpn, mds, aml, cll"), ("mpn", 0, "at least one"), ("mpn", -3, "at least one")],
)
def test_what_cannot_be_made_is_said_in_a_sentence(key, n, words):
    with pytest.raises(CohortError, match=words) as caught:
        load_demo(key, n=n)
    assert str(caught.value).endswith(".")


def test_marked_as_synthetic(key, cohort):
    provenance = cohort.provenance
    assert provenance.synthetic
    assert provenance.source == f"demo:{key}"
    assert provenance.note.startswith("SYNTHETIC")
    assert "synthetic" in cohort.name


def test_every_truth_has_a_sentence_a_source_and_its_own_key(cohort):
    truths = cohort.provenance.truths
    assert len({truth.key for truth in truths}) == len(truths) > 50
    for truth in truths:
        assert truth.statement.endswith((".", ")")), truth.key
        # A citation with a year, and how the figure is known.
        assert any(f" {year} " in truth.source for year in range(1984, 2025)), truth.key
        assert truth.source.endswith(")"), truth.key


def test_identifiers(key, cohort):
    assert cohort.patients.index[0] == f"{key.upper()}-0001"


def test_data_dictionary_describes_the_columns(cohort):
    for name, variable in cohort.variables.items():
        values = cohort.patients[name]
        assert variable.name == name
        if variable.kind in ("categorical", "ordinal"):
            assert set(values.dropna()) == set(variable.levels), name
        elif variable.kind == "binary":
            assert set(values.dropna()) == {0.0, 1.0}, name
        else:
            assert pd.api.types.is_numeric_dtype(values), name
    outcome = {
        column
        for endpoint in cohort.endpoints.values()
        for column in (endpoint.time, endpoint.event, endpoint.competing)
    }
    assert set(cohort.patients.columns) <= set(cohort.variables) | outcome


def test_features_are_described(cohort):
    assert list(cohort.features.columns) == list(FEATURE_COLUMNS)
    genes = set(cohort.features.index[cohort.features["kind"] == "gene"])
    events = cohort.features[cohort.features["kind"] == "cytogenetic"]
    assert events["gene"].isna().all()
    assert len(genes) > 20
    assert len(events) > 5
    assert (cohort.alterations.dtypes == "boolean").all()


def test_refinements_occur_only_with_their_gene(cohort):
    refinements = cohort.features[cohort.features["kind"] == "refinement"]
    for name, gene in refinements["gene"].items():
        if gene in cohort.alterations:
            assert not (cohort.alterations[name] & ~cohort.alterations[gene]).any(), name


def test_not_tested_only_where_the_panel_does_not_hold_the_gene(key, cohort):
    core = cohort.patients["panel"] == "Core panel"
    assert (core == (cohort.patients["centre"] == CORE_CENTRE.get(key, "Centre E"))).all()
    untested = cohort.alterations.isna()
    some = untested.columns[untested.any()].difference(AT_RESISTANCE)
    assert 3 < len(some) < 10
    for name in some:
        assert (untested[name] == core).all(), name
        assert name in cohort.variables["panel"].description
    assert 0.03 < core.mean() < 0.2


def test_gaps_are_a_few_percent(cohort):
    share = cohort.patients[[name for name in cohort.variables if name.endswith("per_l")]].isna()
    assert (share.mean() > 0.002).all()
    assert (share.mean() < 0.16).all()


def test_times_are_possible(cohort):
    patients = cohort.patients
    for endpoint in cohort.endpoints.values():
        known = patients[patients[endpoint.event].notna()]
        time, event = known[endpoint.time], known[endpoint.event]
        assert (time > 0).all()
        assert set(event) == {0.0, 1.0}
        days = time * DAYS_PER_MONTH
        assert np.allclose(days, days.round(), atol=1e-6)
        # Whole days are rarely whole months.
        assert (np.abs(time - time.round()) > 1e-3).mean() > 0.9
        start = known["cr_months"] if endpoint.key in ("rfs", "relapse") else 0.0
        assert (start + time <= known["os_months"] + 1e-9).all()
        if endpoint.competing:
            competing = known[endpoint.competing]
            assert not ((event == 1) & (competing == 1)).any()
            # The competing event is death, at the end of the patient's own follow-up.
            died = known[competing == 1]
            shift = died["cr_months"] if endpoint.key == "relapse" else 0.0
            assert (died["os_event"] == 1).all()
            assert np.allclose(died[endpoint.time] + shift, died["os_months"])


def test_laboratory_values_are_possible(cohort):
    patients = cohort.patients
    assert patients["age_years"].between(18, 96).all()
    assert patients["hb_g_per_l"].dropna().between(40, 240).all()
    assert patients["platelets_1e9_per_l"].dropna().between(4, 3500).all()
    assert patients["wbc_1e9_per_l"].dropna().between(0.3, 420).all()
    if "neutrophils_1e9_per_l" in patients:
        both = patients[["neutrophils_1e9_per_l", "wbc_1e9_per_l"]].dropna()
        assert (both.iloc[:, 0] <= both.iloc[:, 1]).all()


def test_only_men_lose_y(cohort):
    if "-Y" in cohort.alterations:
        assert set(cohort.patients.loc[cohort.alterations["-Y"], "sex"]) == {"M"}


def test_variants_tell_the_same_as_the_alterations(cohort):
    mutations = cohort.mutations
    assert list(mutations.columns) == list(MUTATION_COLUMNS)
    assert mutations["vaf"].between(0.01, 0.99).all()
    carriers = mutations.groupby("gene")["patient_id"].agg(set)
    for name, row in cohort.features.iterrows():
        if row["kind"] != "gene":
            continue
        altered = cohort.alterations[name].fillna(value=False)
        assert set(cohort.patients.index[altered]) == carriers.get(name, set()), name
    assert set(mutations["gene"]) == set(cohort.features["gene"].dropna())


@pytest.mark.parametrize(
    ("key", "feature", "change"),
    [
        ("mpn", "JAK2_V617F", "p.V617F"),
        ("mpn", "CALR_type_1", "p.L367fs*46"),
        ("mpn", "CALR_type_2", "p.K385fs*47"),
        ("mds", "IDH2_R140", "p.R140"),
        ("mds", "U2AF1_S34", "p.S34"),
        ("mds", "U2AF1_Q157", "p.Q157"),
        ("aml", "IDH2_R172", "p.R172K"),
        ("aml", "NPM1", "p.W288fs*12"),
    ],
)
def test_hotspots_stand_behind_their_refinement(key, feature, change):
    cohort = load_demo(key)
    gene = cohort.features.loc[feature, "gene"]
    rows = cohort.mutations[cohort.mutations["gene"] == gene]
    hits = rows[rows["protein_change"].str.startswith(change, na=False)]
    assert set(hits["patient_id"]) == set(cohort.patients.index[cohort.alterations[feature]])


def test_mpn_drivers_exclude_each_other_and_make_the_driver_class():
    cohort = load_demo("mpn")
    drivers = cohort.alterations[["JAK2", "CALR", "MPL"]].astype(int)
    assert drivers.sum(axis=1).max() == 1
    expected = drivers.idxmax(axis=1).where(drivers.sum(axis=1) == 1, "Triple-negative")
    assert (expected == cohort.patients["driver"]).all()
    polycythaemia = cohort.patients["diagnosis"] == "PV"
    assert (cohort.patients.loc[polycythaemia, "driver"] == "JAK2").all()
    for event, driver in (("9pUPD", "JAK2"), ("+9", "JAK2"), ("1pUPD", "MPL")):
        assert not (cohort.alterations[event] & ~cohort.alterations[driver]).any()


def test_mpn_diagnoses_look_like_themselves():
    patients = load_demo("mpn").patients
    median = patients.groupby("diagnosis")[
        ["age_years", "hb_g_per_l", "platelets_1e9_per_l", "ldh_u_per_l"]
    ].median()
    assert median["hb_g_per_l"].idxmax() == "PV"
    assert median["hb_g_per_l"].idxmin() == "MF"
    assert median["platelets_1e9_per_l"].idxmax() == "ET"
    assert median["age_years"].idxmin() == "ET"
    assert median["ldh_u_per_l"].idxmax() == "MF"
    et = patients[patients["diagnosis"] == "ET"]
    assert et["platelets_1e9_per_l"].min() >= 450
    assert patients.loc[patients["diagnosis"] == "MF", "mf_event"].isna().all()
    assert patients.loc[patients["diagnosis"] != "MF", "mf_event"].notna().all()


def test_transplants_come_before_death_and_the_end_of_follow_up():
    for key in ("mds", "aml"):
        patients = load_demo(key).patients
        done = patients["transplant_months"].dropna()
        assert 0.05 < len(done) / len(patients) < 0.3
        assert (done > 0).all()
        assert (done < patients.loc[done.index, "os_months"]).all()
        # Younger patients are transplanted more often.
        age = patients["age_years"]
        assert age[done.index].median() < age.drop(done.index).median() - 4
    assert (done > patients.loc[done.index, "cr_months"]).all()


def test_eln_and_the_classes_of_aml_agree_where_they_must():
    cohort = load_demo("aml")
    risk, group = cohort.patients["eln_2022"], cohort.patients["planted_class"]
    assert (risk[group.isin(["t(8;21)", "inv(16)"])] == "Favourable").all()
    assert (risk[group.isin(["inv(3)", "t(6;9)"])] == "Adverse").all()
    assert not (risk[group == "Chromatin-spliceosome"] == "Favourable").any()
    assert (group[risk.isna()] == "t(15;17)").all()
    npm1 = group == "NPM1"
    itd = cohort.alterations["FLT3_ITD"]
    assert (risk[npm1 & itd] == "Intermediate").all()
    assert (risk[npm1 & ~itd] == "Favourable").all()
    remission = cohort.patients["cr_months"].notna().groupby(risk).mean()
    assert remission["Favourable"] > remission["Intermediate"] > remission["Adverse"]


def test_ipss_classes_follow_the_published_bands():
    patients = load_demo("mds").patients
    ranges = patients.groupby("ipssm")["ipssm_score"].agg(["min", "max"])
    assert ranges.loc["Very Low", "max"] <= -1.5 < ranges.loc["Low", "min"]
    assert ranges.loc["High", "max"] <= 1.5 < ranges.loc["Very High", "min"]
    scores = patients.groupby("ipssr")["ipssr_score"].agg(["min", "max"])
    assert scores.loc["Very Low", "max"] <= 1.5 < scores.loc["Low", "min"]
    assert scores.loc["High", "max"] <= 6 < scores.loc["Very High", "min"]
    # A score needs its inputs.
    inputs = ["hb_g_per_l", "platelets_1e9_per_l", "blasts_bm_percent", "karyotype_group"]
    assert (patients["ipssm"].isna() == patients[inputs].isna().any(axis=1)).all()


@pytest.mark.shared
def test_ipss_scores_equal_the_reference_calculator(public_cohorts):
    rows = pd.read_csv(public_cohorts / "mds_iwg_2022" / "ipssm_reference_results.csv")
    patients = pd.DataFrame(
        {
            "hb_g_per_l": (rows["HB"] * 10).round(6),
            "platelets_1e9_per_l": rows["PLT"],
            "neutrophils_1e9_per_l": rows["ANC"],
            "blasts_bm_percent": rows["BM_BLAST"],
            "karyotype_group": rows["CYTO_IPSSR"],
        }
    )
    renamed = {"KMT2A_PTD": "MLL_PTD", "TP53_multi_hit": "TP53multi", "del(5q)": "del5q"}
    genes = [name for name in IPSSM_COEFFICIENTS if name in rows or name in renamed]
    wanted = {*genes, *IPSSM_RESIDUAL_GENES, "SF3B1", "del(5q)", "complex"}
    altered = {name: (rows[renamed.get(name, name)] == 1).to_numpy() for name in wanted}
    altered["-7"] = (rows["del7_7q"] == 1).to_numpy()
    altered["del(7q)"] = np.zeros(len(rows), dtype=bool)
    score, level = ipssm(patients, altered)
    assert np.abs(score - rows["IPSSM_SCORE"]).max() < 1e-9
    assert (level == rows["IPSSM"]).all()
    revised, revised_level = ipssr(patients)
    assert np.abs(revised - rows["IPSSR_SCORE"]).max() < 1e-9
    assert (revised_level == rows["IPSSR"].replace({"Int": "Intermediate"})).all()


@pytest.mark.parametrize(("key", "name"), [("cml", "elts"), ("cml", "sokal"), ("dlbcl", "ipi")])
def test_planted_risk_is_that_of_the_published_score(key, name):
    cohort = load_demo(key)
    found = score(cohort, name).table["category"].dropna()
    assert len(found) > 0.9 * cohort.n
    assert (found.str.lower() == cohort.patients.loc[found.index, name].str.lower()).all()
