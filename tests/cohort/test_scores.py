"""Prognostic scores: the published vectors, units, missing inputs, the shape of every table."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from app.cohort.filters import Filter
from app.cohort.groupings import GroupingError, GroupingSpec, grouping_options
from app.cohort.scores import (
    SCORES,
    available_scores,
    codes_of,
    contributions,
    offered_scores,
    score,
    scores_among,
    scores_named_in,
    with_scores,
)
from app.cohort.scores._definition import Definition, Item, Nested
from app.cohort.scores._eln import LISTS, decided
from app.cohort.scores._engine import scored
from app.cohort.scores._evidence import Evidence, of_numbers, of_states
from app.cohort.scores._inputs import input_of
from app.cohort.scores._score import _finder
from data_loaders import Cohort, CohortError, Variable, load_cohort
from tests.builders import make_cohort

TABLES = [entry for entry in SCORES.values() if entry.items and not entry.formula]


def _cohort(columns: dict[str, tuple[str | None, list[object]]], **genes: list[object]) -> Cohort:
    """Columns with their units, and genes."""
    variables = tuple(
        Variable(name, name, "numeric" if unit else "categorical", unit or None)
        for name, (unit, _) in columns.items()
    )
    return make_cohort({n: list(v) for n, (_, v) in columns.items()}, genes, variables)


@pytest.fixture(scope="module")
def mds() -> Cohort:
    return load_cohort("demo:mds")


@pytest.mark.shared
def test_the_published_vectors_of_2648_patients(public_cohorts: Path) -> None:
    path = public_cohorts / "mds_iwg_2022" / "ipssm_reference_results.csv"
    cohort = load_cohort(path)
    published = pd.read_csv(path, index_col="ID")
    for key, column in (("ipss_r", "IPSSR"), ("ipss_ra", "IPSSRA"), ("ipss_m", "IPSSM")):
        table = score(cohort, key).table.loc[published.index]
        assert np.abs(table["value"] - published[f"{column}_SCORE"]).max() < 1e-9
        assert (table["category"] == published[column]).sum() == 2648


@pytest.mark.shared
def test_the_raw_folder_gives_the_published_ipss_m(public_cohorts: Path) -> None:
    cohort = load_cohort(public_cohorts / "mds_iwg_2022")
    published = cohort.patients["IPSSM"].str.replace("-", " ").dropna()
    own = score(cohort, "ipss_m").table.loc[published.index, "category"]
    assert len(published) == 2701
    assert (own == published).mean() >= 0.97


@pytest.mark.shared
def test_eln_2017_beside_the_label_of_the_amlsg(public_cohorts: Path) -> None:
    """The label is of ELN 2010; without an allelic ratio 29% stay open, as is said."""
    cohort = load_cohort(public_cohorts / "aml_papaemmanuil_2016")
    label = cohort.patients["M_Risk"].map(
        {"Favorable": "Favourable", "Inter-1": "Intermediate", "Inter-2": "Intermediate",
         "Adverse": "Adverse"}
    ).dropna()  # fmt: skip
    table = score(cohort, "eln_2017").table.loc[label.index]
    certain = table["category"].notna()
    assert certain.mean() > 0.65
    assert (table["category"] == label)[certain].mean() > 0.8
    # What became adverse by 2017: RUNX1, ASXL1 and TP53, which the label does not know.
    worse = certain & (label == "Intermediate") & (table["category"] == "Adverse")
    genes = cohort.alterations.loc[label.index, ["RUNX1", "ASXL1", "TP53"]].eq(1).any(axis=1)
    assert genes[worse].mean() > 0.9
    # What became favourable: NPM1 and biallelic CEBPA whatever the karyotype.
    better = certain & (label == "Intermediate") & (table["category"] == "Favourable")
    lesions = cohort.alterations.loc[label.index, ["NPM1", "CEBPA_double"]].eq(1).any(axis=1)
    assert lesions[better].all()
    # APL is not scored, and a favourable label is never called adverse but for 1%.
    favourable = certain & (label == "Favourable")
    assert (table["category"] == "Adverse")[favourable].mean() < 0.02


def test_the_demo_finds_the_classes_it_was_made_with(mds: Cohort) -> None:
    for key, column in (("ipss_m", "ipssm"), ("ipss_r", "ipssr")):
        planted = mds.patients[column].dropna().replace("Intermediate", "Int")
        assert (score(mds, key).table.loc[planted.index, "category"] == planted).all()


def test_units_are_converted_and_said() -> None:
    columns: dict[str, tuple[str | None, list[object]]] = {
        "age": ("years", [70.0]), "hb": ("g/L", [95.0]), "wbc": ("/µL", [26000.0]),
        "pb_blasts": ("%", [0.0]), "symptoms": (None, ["no"]),
    }  # fmt: skip
    found = score(_cohort(columns), "dipss")
    assert found.table["value"].tolist() == [4.0]
    said = found.inputs.set_index("input")["conversion"]
    assert said["hb"] == "g/L to g/dL: times 0.1"
    assert said["wbc"] == "/µL to 10⁹/L: times 0.001"


def test_haemoglobin_without_a_unit_is_told_by_its_values() -> None:
    for values in ([79.0, 120.0], [7.9, 12.0]):
        cohort = make_cohort({"hb": values}, variables=(Variable("hb", "Haemoglobin", "numeric"),))
        assert score(cohort, "ipss_r").table["lowest"].tolist() == [1.5, 0.0]


def test_mipi_takes_the_white_count_per_microlitre() -> None:
    """A calculator that takes 10⁹/L says 3.24 and low of this patient."""
    columns: dict[str, tuple[str | None, list[object]]] = {
        "age": ("years", [65.0]), "ecog": (None, ["1"]), "ldh": ("U/L", [250.0]),
        "ldh_uln": ("U/L", [250.0]), "wbc": ("10⁹/L", [10.0]),
    }  # fmt: skip
    table = score(_cohort(columns), "mipi").table
    assert table["value"].iloc[0] == pytest.approx(0.03535 * 65 + 0.9393 * 4)
    assert table["category"].iloc[0] == "Intermediate"


def test_ldh_without_its_limit_is_missing_and_says_so() -> None:
    cohort = _cohort({"ldh": ("U/L", [500.0])})
    found = score(cohort, "ipi")
    assert "ldh_ratio" in found.table["missing"].iloc[0]
    assert "needs its upper limit" in found.inputs.set_index("input").loc["ldh_ratio", "conversion"]


@pytest.mark.parametrize(("vaf", "multi"), [(0.6, True), (60.0, True), (0.5, False), (5.0, False)])
def test_the_vaf_of_tp53_as_fraction_or_percent(vaf: float, *, multi: bool) -> None:
    cohort = make_cohort(
        {"tp53mut": ["1", "1"], "tp53maxvaf": [vaf, vaf / 10], "chr17": ["normal", "normal"]},
        {"TP53": [1, 1]},
        (Variable("tp53mut", "TP53mut", "categorical"), Variable("chr17", "chr17", "categorical"),
         Variable("tp53maxvaf", "TP53maxvaf", "numeric")),
    )  # fmt: skip
    assert _finder(cohort, None).states("TP53multi").tolist() == [int(multi), 0]


def _without_lesions(cohort: Cohort, whom: np.ndarray) -> Cohort:
    """The cohort with no chromosome tested in some patients."""
    alterations = cohort.alterations.copy()
    lesions = cohort.features.index[cohort.features["kind"] == "cytogenetic"]
    alterations.loc[whom, lesions] = pd.NA
    return replace(cohort, alterations=alterations)


def test_a_missing_karyotype_never_gives_a_certain_class(mds: Cohort) -> None:
    lacking = mds.patients["karyotype_group"].isna().to_numpy()
    assert lacking.sum() > 20
    without = _without_lesions(mds, lacking)
    for key in ("ipss_r", "ipss_ra", "ipss_m"):
        table = score(without, key).table
        assert table.loc[lacking, "category"].isna().all()
        assert all("cyto_ipssr" in missing for missing in table.loc[lacking, "missing"])


def test_the_range_over_what_is_missing_holds_the_complete_score(mds: Cohort) -> None:
    rng = np.random.default_rng(1)
    whole = {key: score(mds, key).table for key in ("ipss_r", "ipss_ra", "ipss_m")}
    patients = mds.patients.copy()
    for column in ("hb_g_per_l", "platelets_1e9_per_l", "age_years", "karyotype_group"):
        patients.loc[rng.random(mds.n) < 0.3, column] = np.nan
    alterations = mds.alterations.mask(rng.random(mds.alterations.shape) < 0.1)
    torn = _without_lesions(
        replace(mds, patients=patients, alterations=alterations.astype("boolean")),
        patients["karyotype_group"].isna().to_numpy(),
    )
    for key, complete in whole.items():
        table = score(torn, key).table
        known = complete["value"].notna() & (complete["missing"] == ())
        held = table[known]
        assert (held["lowest"] <= complete["value"][known] + 1e-9).all()
        assert (held["highest"] >= complete["value"][known] - 1e-9).all()
        pairs = zip(held["possible"], complete["category"][known], strict=True)
        assert all(category in possible for possible, category in pairs)
        certain = held["category"].notna()
        assert certain.sum() > 50
        assert (held["category"] == complete["category"][known])[certain].all()


def _leaves(definition: Definition) -> list[Item]:
    return [
        part for item in definition.items
        for part in (item.items if isinstance(item, Nested) else (item,))
    ]  # fmt: skip


def _ends(definition: Definition) -> dict[str, list[float]]:
    """A value of each input below, on and above each of its cuts."""
    ends: dict[str, list[float]] = {}
    for item in _leaves(definition):
        cuts = {step.cut for step in item.steps}
        values = {cut + shift for cut in cuts for shift in (-0.5, 0, 0.5)}
        ends[item.input] = sorted({*ends.get(item.input, ()), *values})
    return ends


@pytest.mark.parametrize("definition", TABLES, ids=lambda entry: entry.key)
def test_every_table_reaches_its_bounds_and_is_monotone(definition: Definition) -> None:
    ends = _ends(definition)
    rng = np.random.default_rng(0)
    n = 400
    drawn = {name: rng.choice(values, n) for name, values in ends.items()}
    base = scored(definition, {name: of_numbers(values) for name, values in drawn.items()})
    assert not np.isnan(base.value).any()
    assert (base.category >= 0).all()
    nothing = {name: of_numbers(np.full(1, np.nan)) for name in ends}
    open_ = scored(definition, nothing)
    last = definition.bands[-1].upto
    assert open_.lowest[0] == 0
    if np.isfinite(last):
        assert open_.highest[0] == last
    assert open_.possible[0] == 2 ** len(definition.bands) - 1
    for name, values in ends.items():
        lower, higher = (
            scored(
                definition,
                {other: of_numbers(np.full(n, value) if other == name else held)
                 for other, held in drawn.items()},
            ).value
            for value in (values[0], values[-1])
        )  # fmt: skip
        assert (lower <= higher).all() or (lower >= higher).all()


def test_what_is_possible_is_exact_for_small_tables() -> None:
    """Against every completion of two missing inputs."""
    definition = SCORES["dipss"]
    ends = _ends(definition)
    known = {"age": 70.0, "hb": 9.0, "wbc": 5.0}
    held = {name: of_numbers(np.array([known.get(name, np.nan)])) for name in ends}
    found = scored(definition, held)
    totals = set()
    for symptoms, blasts in product((0.0, 1.0), (0.0, 2.0)):
        full = {**known, "symptoms": symptoms, "pb_blasts": blasts}
        complete = {name: of_numbers(np.array([value])) for name, value in full.items()}
        totals.add(float(scored(definition, complete).value[0]))
    assert {found.lowest[0], found.highest[0]} == {min(totals), max(totals)}
    assert found.possible[0] == 0b1100  # Int-2 and High


def test_the_column_can_be_corrected(mds: Cohort) -> None:
    none = score(mds, "ipss_r", {"hb": None})
    assert none.table["category"].notna().sum() < 900
    assert none.inputs.set_index("input").loc["hb", "column"] == ""
    other = score(mds, "ipss_r", {"hb": {"column": "hb_g_per_l", "unit": "g/dL"}})
    assert other.table["lowest"].max() <= 8.5
    with pytest.raises(CohortError, match="no column called nothing"):
        score(mds, "ipss_r", {"hb": "nothing"})
    with pytest.raises(CohortError, match="no score called blast"):
        score(mds, "blast")


def test_what_can_be_computed_and_what_would_help(mds: Cohort) -> None:
    table = available_scores(mds).set_index("key")
    assert list(table.index) == list(SCORES)
    assert table.loc["ipss_r", "n_complete"] == score(mds, "ipss_r").table["value"].notna().sum()
    assert table.loc["ipss_m", "helps_most"] in score(mds, "ipss_m").inputs["input"].tolist()
    assert table.loc["ipi", "n_complete"] == 0
    assert "stage" in table.loc["ipi", "missing_inputs"]


def test_the_classes_are_groups_from_good_to_bad(mds: Cohort) -> None:
    spec = GroupingSpec.parse("score:ipss_m")
    assert spec in grouping_options(mds)
    grouping = spec.build(mds)
    table = score(mds, "ipss_m").table
    assert grouping.names == SCORES["ipss_m"].categories
    assert grouping.sizes() == tuple((table["category"] == name).sum() for name in grouping.names)
    assert grouping.ordered
    left_out = grouping.left_out()
    assert sum(left_out.values()) == table["category"].isna().sum()
    assert "without a certain class: an input of the score is missing" in left_out
    with pytest.raises(GroupingError, match="IPI cannot be computed here"):
        GroupingSpec.parse("score:ipi").build(mds)


def test_patients_with_another_disease_are_in_no_class() -> None:
    mpn = load_cohort("demo:mpn")
    assert offered_scores(mpn) == ("dipss", "mipss70", "mysec_pm", "ipset_survival")
    grouping = GroupingSpec.parse("score:dipss").build(mpn)
    other = (mpn.patients["diagnosis"] != "MF").sum()
    assert grouping.left_out()["with another disease than the score is for"] == other


def test_scores_become_variables_and_the_fingerprint_stays(mds: Cohort) -> None:
    held = with_scores(mds, ["ipss_m", "ipss_r"])
    assert held.fingerprint == mds.fingerprint
    assert "score_ipss_m" not in mds.patients
    assert scores_among(held) == ("ipss_r", "ipss_m")
    assert with_scores(held, ["ipss_m"]) is held
    chosen = Filter.from_dict(
        {"all": [{"column": "score_ipss_m", "in": ["High"]},
                 {"column": "score_ipss_r_value", "between": [4, None]}]}
    )  # fmt: skip
    classes = score(mds, "ipss_m").table["category"]
    values = score(mds, "ipss_r").table["value"]
    assert chosen.apply(held).n == ((classes == "High") & (values >= 4)).sum()
    assert scores_named_in(str(chosen.to_dict())) == ("ipss_r", "ipss_m")


def test_what_a_patient_s_class_is_made_of_and_what_would_change_it() -> None:
    columns: dict[str, tuple[str | None, list[object]]] = {
        "age": ("years", [71.0]), "hb": ("g/dL", [14.7]), "wbc": ("10⁹/L", [17.0]),
        "pb_blasts": ("%", [0.0]), "symptoms": (None, ["yes"]),
    }  # fmt: skip
    parts = contributions(_cohort(columns), "dipss", 0).set_index("input")
    assert parts["least"].to_dict() == {
        "age": 1, "symptoms": 1, "hb": 0, "wbc": 0, "pb_blasts": 0
    }  # fmt: skip
    assert parts.loc["hb", "changes"] == "below 10: Int-2"
    assert parts.loc["age", "changes"] == ""
    del columns["wbc"]
    open_ = contributions(_cohort(columns), "dipss", 0).set_index("input").loc["wbc"]
    assert (open_["value"], open_["least"], open_["most"]) == ("missing", 0, 1)


def test_where_a_number_of_a_formula_crosses_into_another_class() -> None:
    columns: dict[str, tuple[str | None, list[object]]] = {
        "age": ("years", [65.0]), "ecog": (None, ["1"]), "ldh": ("U/L", [250.0]),
        "ldh_uln": ("U/L", [250.0]), "wbc": ("10⁹/L", [10.0]),
    }  # fmt: skip
    parts = contributions(_cohort(columns), "mipi", 0).set_index("input")["changes"]
    rest = 0.9393 * 4
    low, high = ((bound - rest) / 0.03535 for bound in (5.7, 6.2))
    assert parts["age"] == f"below {low:.3g}: Low; from {high:.3g}: High"
    assert parts["ecog"] == "above 1: High"


def test_the_parts_of_the_ipss_m_sum_to_its_value(mds: Cohort) -> None:
    table = score(mds, "ipss_m").table
    for position in np.flatnonzero(table["missing"] == ())[:5]:
        parts = contributions(mds, "ipss_m", int(position))
        assert parts["least"].sum() == pytest.approx(table["value"].iloc[position], abs=0.0051)


@pytest.mark.parametrize("key", ["sokal", "elts", "eutos", "mipi"])
def test_the_parts_of_a_formula_sum_to_its_value(key: str) -> None:
    columns: dict[str, tuple[str | None, list[object]]] = {
        "age": ("years", [61.0]), "spleen": ("cm", [4.0]), "platelets": ("10⁹/L", [480.0]),
        "pb_blasts": ("%", [3.0]), "basophils": ("%", [5.0]), "ecog": (None, ["2"]),
        "ldh": ("U/L", [400.0]), "ldh_uln": ("U/L", [250.0]), "wbc": ("10⁹/L", [12.0]),
    }  # fmt: skip
    cohort = _cohort(columns)
    value = score(cohort, key).table["value"].iloc[0]
    parts = contributions(cohort, key, 0)
    assert (parts["least"] == parts["most"]).all()
    total = parts["least"].sum()
    assert (np.exp(total) if key == "sokal" else total) == pytest.approx(value, rel=1e-9)
    del columns["age"]
    unknown = contributions(_cohort(columns), key, 0)
    assert not (unknown["least"] > unknown["most"]).any()
    assert (unknown["least"] < unknown["most"]).any() or key == "eutos"


def test_a_column_of_diagnoses_that_nobody_understands_leaves_the_disease_to_other_columns():
    codes = Variable("WHOcat", "WHO class", "binary", role="disease")
    kind = Variable("TypeAML", "AML type", "categorical", role="disease")
    cohort = make_cohort({"WHOcat": [1.0, 0.0], "TypeAML": ["AML", "sAML"]}, None, (codes, kind))
    assert (codes_of(cohort, "ipss_m") == -2).all()
    assert (codes_of(cohort, "eln_2022") == -1).all()


def test_what_feeds_an_input_is_kept_with_the_mapping(tmp_path: Path) -> None:
    path = tmp_path / "mf.csv"
    pd.DataFrame(
        {
            "id": ["a", "b"], "age": [70, 60], "constitutional_symptoms": ["yes", "no"],
            "hb": [11.0, 12.0], "haemoglobin_later": [80, 90], "wbc": [5.0, 6.0],
            "pb_blasts": [0, 0], "os_months": [5, 6], "os_event": [1, 0],
        }
    ).to_csv(path, index=False)  # fmt: skip
    found = load_cohort(path)
    mapping = {"scores": {"hb": {"column": "haemoglobin_later", "unit": "g/L"}}}
    stated = load_cohort(path, mapping=mapping)
    assert score(found, "dipss").table["value"].tolist() == [2, 0]
    assert score(stated, "dipss").table["value"].tolist() == [4, 2]
    assert stated.provenance.loaded is not None
    assert stated.provenance.loaded.mapping["scores"] == mapping["scores"]
    assert stated.fingerprint != found.fingerprint
    loading = replace(found.provenance.loaded, mapping=mapping)  # type: ignore[type-var]
    assert found.loaded_by(loading).fingerprint == stated.fingerprint
    with pytest.raises(CohortError, match="scores"):
        load_cohort(path, mapping={"scores": {"hb": {"columns": "x"}}})


@pytest.mark.parametrize(("demo", "keys"), [("dlbcl", ["ipi"]), ("cml", ["sokal", "elts"])])
def test_the_lymphoid_and_cml_demos_carry_their_own_classes(demo: str, keys: list[str]) -> None:
    cohort = load_cohort(f"demo:{demo}")
    assert set(keys) <= set(offered_scores(cohort))
    for key in keys:
        planted = cohort.patients[key].dropna()
        own = score(cohort, key).table.loc[planted.index, "category"]
        assert (own == planted)[own.notna()].all()
        assert own.notna().mean() > 0.95


def test_a_part_of_a_gene_is_not_the_gene_and_the_driver_tells_three() -> None:
    found = _finder(make_cohort({"x": [1, 2]}, {"CALR type 1": [0, 1]}), None)
    assert found.gene("CALR").tolist() == [-1, -1]  # a name that no gene has
    driver = (Variable("driver", "Driver mutation", "categorical"),)
    cohort = make_cohort({"driver": ["CALR", "JAK2", "Triple-negative", None]}, variables=driver)
    held = _finder(cohort, None)
    assert held.gene("CALR").tolist() == [1, 0, 0, -1]
    assert held.states("calr_or_mpl").tolist() == [1, 0, 0, -1]
    assert held.states("JAK2_V617F").tolist() == [0, 1, 0, -1]


FORMULAS = {
    "ipss_ra": {}, "mysec_pm": {"age": (30, 90)},
    "eutos": {"basophils": (0, 20), "spleen": (0, 20)},
    "sokal": {"age": (20, 90), "spleen": (0, 20), "platelets": (50, 1500), "pb_blasts": (0, 15)},
    "elts": {"age": (20, 90), "spleen": (0, 20), "platelets": (50, 1500), "pb_blasts": (0, 15)},
    "mipi": {"age": (40, 90), "ldh_ratio": (0.5, 6), "wbc": (2, 200)},
}  # fmt: skip


@pytest.mark.parametrize("key", FORMULAS)
def test_a_formula_s_range_holds_what_is_masked(key: str) -> None:
    definition = SCORES[key]
    rng = np.random.default_rng(3)
    n = 300
    drawn = {name: rng.choice(values, n) for name, values in _ends(definition).items()}
    numbers = FORMULAS[key] or {"age": (20, 95)}
    drawn |= {name: rng.uniform(low, high, n) for name, (low, high) in numbers.items()}
    whole = scored(definition, _bounded(drawn))
    assert (whole.lowest == whole.highest).all()
    torn = {name: np.where(rng.random(n) < 0.4, np.nan, held) for name, held in drawn.items()}
    found = scored(definition, _bounded(torn))
    assert (found.lowest <= whole.value + 1e-9).all()
    assert (found.highest >= whole.value - 1e-9).all()
    assert ((found.possible >> whole.category.astype(np.uint64)) & np.uint64(1) == 1).all()


def _bounded(values: dict[str, np.ndarray]) -> dict[str, Evidence]:
    return {name: of_numbers(held, bounds=input_of(name).bounds) for name, held in values.items()}


def test_the_risks_that_remain_possible_are_those_of_every_completion() -> None:
    """ELN 2017 of every pattern of yes, no and not known, against all completions."""
    held = next(entry for entry in LISTS if entry.definition.key == "eln_2017")
    names = held.definition.inputs
    patterns = np.array(list(product((-1, 0, 1), repeat=len(names) - 1)), dtype=np.int8)
    patterns = patterns[np.random.default_rng(0).choice(len(patterns), 300, replace=False)]
    columns = {name: of_states(patterns[:, i]) for i, name in enumerate(names[:-1])}
    found = decided(held, columns | {"apl": of_states(np.zeros(300, dtype=np.int8))})
    for row, pattern in enumerate(patterns):
        choices = [(False, True) if state < 0 else (state == 1,) for state in pattern]
        risks = {
            held.rule(**dict(zip(names[:-1], answers, strict=True)))
            for answers in product(*choices)
        }
        assert {place for place in range(3) if int(found.possible[row]) >> place & 1} == risks


def test_the_example_of_the_authors_package_with_untested_genes(tmp_path: Path) -> None:
    """Two patients of papaemmelab/ipssm (MIT licence): its best, mean and worst scores."""
    genes = [
        "MLL_PTD",
        "FLT3",
        "ASXL1",
        "BCOR",
        "BCORL1",
        "CBL",
        "CEBPA",
        "DNMT3A",
        "ETV6",
        "EZH2",
        "IDH1",
        "IDH2",
        "KRAS",
        "NF1",
        "NPM1",
        "NRAS",
        "RUNX1",
        "SETBP1",
        "SF3B1",
        "SRSF2",
        "STAG2",
        "U2AF1",
        "ETNK1",
        "GATA2",
        "GNB1",
        "PHF6",
        "PPM1D",
        "PRPF8",
        "PTPN11",
        "WT1",
    ]
    mutated = ({"ASXL1", "SRSF2", "STAG2"}, {"NF1"})
    untested = ({"ETNK1", "GNB1", "PRPF8"}, set[str]())
    table = pd.DataFrame(
        {
            "ID": ["pp347", "pp564"], "HB": [9.6, 7.5], "PLT": [281, 23], "BM_BLAST": [9, 16],
            "CYTO_IPSSR": ["Good", "Very Poor"], "TP53mut": [0, 1], "TP53maxvaf": [None, 0.85],
            **{event: [0, 1] for event in ("del5q", "del7_7q", "complex", "TP53loh")},
            "del17_17p": [0, 0],
            **{
                gene: ["NA" if gene in none else int(gene in some)
                       for some, none in zip(mutated, untested, strict=True)]
                for gene in genes
            },
        }
    )  # fmt: skip
    table.to_csv(tmp_path / "example.csv", index=False)
    found = score(load_cohort(tmp_path / "example.csv"), "ipss_m").table
    assert found[["lowest", "value", "highest"]].to_numpy().tolist() == [
        [0.3, 0.31, 0.63], [4.55, 4.55, 4.55],
    ]  # fmt: skip
    assert found["published_rule"].tolist() == ["Moderate High", "Very High"]
    assert found["category"].tolist() == [None, "Very High"]
    assert found["possible"].iloc[0] == ("Moderate High", "High")
    assert found["missing"].tolist() == [("nRes2",), ()]
