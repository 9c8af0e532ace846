"""The published cohorts, each a folder loaded with one call, against independent figures."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from data_loaders import Cohort, CohortError, load_cohort
from data_loaders.variants.classes import class_of_change

pytestmark = pytest.mark.shared

Floats = npt.NDArray[np.float64]


def answer(answers: list[dict[str, Any]], key: str) -> Any:
    return next(item["value"] for item in answers if item["id"] == key)


def read(path: Path) -> pd.DataFrame:
    """A table by pandas alone, whatever its line ends."""
    text = path.read_bytes().decode().replace("\r\n", "\n").replace("\r", "\n")
    return pd.read_csv(io.StringIO(text), sep="\t", dtype=str, keep_default_na=False)


def codes(cohort: Cohort, code: str) -> list[str]:
    return [issue.sentence for issue in cohort.issues if issue.code == code]


def altered(cohort: Cohort, feature: str) -> set[str]:
    return set(cohort.patients.index[cohort.feature_state(feature) == 1])


def n_tested(cohort: Cohort, feature: str) -> int:
    return int((cohort.feature_state(feature) >= 0).sum())


def km_median(time: Floats, event: Floats) -> tuple[int, int, float]:
    """Patients, events and the first time at which the Kaplan-Meier estimate is 1/2 or less."""
    known = ~np.isnan(time) & ~np.isnan(event)
    time, event = time[known], event[known]
    survival = 1.0
    for t in np.unique(time):
        survival *= 1 - event[time == t].sum() / (time >= t).sum()
        if survival <= 0.5:
            return len(time), int(event.sum()), float(t)
    return len(time), int(event.sum()), np.nan


def incidence(time: Floats, event: Floats, competing: Floats, at: list[float]) -> list[float]:
    """Aalen-Johansen by its definition."""
    known = ~(np.isnan(time) | np.isnan(event) | np.isnan(competing))
    time, event, competing = time[known], event[known] == 1, competing[known] == 1
    survival, total, steps = 1.0, 0.0, []
    for t in np.unique(time):
        now, at_risk = time == t, (time >= t).sum()
        total += survival * (now & event).sum() / at_risk
        survival *= 1 - (now & (event | competing)).sum() / at_risk
        steps.append((t, total))
    return [max((value for t, value in steps if t <= limit), default=0.0) for limit in at]


@pytest.fixture(scope="module")
def mds(public_cohorts: Path) -> Cohort:
    return load_cohort(public_cohorts / "mds_iwg_2022")


@pytest.fixture(scope="module")
def aml(public_cohorts: Path) -> Cohort:
    pytest.importorskip("rdata")
    return load_cohort(public_cohorts / "aml_papaemmanuil_2016")


@pytest.fixture(scope="module")
def laml(public_cohorts: Path) -> Cohort:
    folder = public_cohorts / "laml_tcga_2013"
    return load_cohort(folder / "tcga_laml.maf.gz", clinical=folder / "tcga_laml_annot.tsv")


def test_mds_is_put_together(mds: Cohort, known_answers: list[dict[str, Any]]) -> None:
    assert mds.n == answer(known_answers, "KA001") == 2957
    assert list(mds.endpoints) == ["os", "aml", "lfs"]
    assert mds.name == mds.provenance.source == "mds_iwg_2022"
    assert len(mds.mutations) == 9254
    assert not mds.provenance.synthetic
    kinds = mds.features["kind"].value_counts()
    # 305 events of the matrix, del7_7q and del17_17p of the reference table.
    assert kinds["cytogenetic"] == 307
    assert kinds["gene"] == 124


def test_mds_gene_frequencies(mds: Cohort, known_answers: list[dict[str, Any]]) -> None:
    published = answer(known_answers, "KA029")
    # The FLT3 column leaves out FLT3-ITD, here as in the publication (see gene_parts).
    names = {"MLL_PTD": "KMT2A_PTD"}
    for gene, percent in published.items():
        feature = names.get(gene, gene)
        assert n_tested(mds, feature) == 2957
        assert len(altered(mds, feature)) / 29.57 == pytest.approx(percent, abs=0.006)
    states = answer(known_answers, "KA031")
    assert len(altered(mds, "TP53")) == states["mono"] + states["multi"] == 2957 - states["WT"]
    assert len(altered(mds, "TP53mono")) == states["mono"]
    assert len(altered(mds, "TP53multi")) == states["multi"]
    genes = [*mds.features.index[mds.features["kind"] == "gene"], "FLT3_any", "KMT2A_any"]
    mutated = set().union(*(altered(mds, gene) for gene in genes))
    assert len(mutated) / 29.57 == pytest.approx(answer(known_answers, "KA030"), abs=0.006)


def test_mds_flt3_and_kmt2a_with_any_of_their_parts(mds: Cohort, public_cohorts: Path) -> None:
    listed = read(public_cohorts / "mds_iwg_2022" / "maf.tsv")
    for gene, symbol, part in (("FLT3", "FLT3", "FLT3_ITD"), ("MLL", "KMT2A", "KMT2A_PTD")):
        kind = part[-3:]
        rows = listed[listed["GENE"] == gene]
        assert altered(mds, f"{symbol}_any") == set(rows["ID"])
        assert altered(mds, part) == set(rows["ID"][rows["EFFECT"] == kind])
        assert altered(mds, symbol) == set(rows["ID"][rows["EFFECT"] != kind])
    assert [len(altered(mds, f)) for f in ("FLT3_any", "FLT3", "FLT3_ITD")] == [32, 22, 12]
    assert any("FLT3 leaves out FLT3-ITD" in sentence for sentence in codes(mds, "gene_parts"))


def test_mds_alleles_from_the_list(mds: Cohort, public_cohorts: Path) -> None:
    listed = read(public_cohorts / "mds_iwg_2022" / "maf.tsv")
    for feature, gene, changes in (
        ("U2AF1_S34", "U2AF1", {"p.S34F", "p.S34Y"}),
        ("U2AF1_Q157", "U2AF1", {"p.Q157P", "p.Q157R", "p.Q157H"}),
        ("IDH2_R140", "IDH2", {"p.R140Q", "p.R140W"}),
        ("IDH2_R172", "IDH2", {"p.R172K", "p.R172N"}),
        ("JAK2_V617F", "JAK2", {"p.V617F"}),
        ("CALR_type_1", "CALR", {"p.L367fs*46"}),
        ("CALR_type_2", "CALR", {"p.K385fs*47"}),
    ):
        rows = listed[(listed["GENE"] == gene) & listed["PROTEIN_CHANGE"].isin(changes)]
        assert len(rows)
        assert altered(mds, feature) == set(rows["ID"])
        assert mds.features.loc[feature, "kind"] == "refinement"


def test_mds_matrix_and_list_agree(mds: Cohort) -> None:
    assert not any("disagree" in sentence for sentence in codes(mds, "conflict"))


def test_mds_matrix_rebuilt_from_the_list_alone(mds: Cohort, public_cohorts: Path) -> None:
    folder = public_cohorts / "mds_iwg_2022"
    rebuilt = load_cohort(folder / "df_clinical.tsv", variants=folder / "maf.tsv")
    # The clinical table alone gives events of its karyotypes, which are compared elsewhere.
    found = rebuilt.features.index[rebuilt.features["kind"] != "cytogenetic"]
    shared = [f for f in found if f in mds.features.index]
    assert len(shared) == 137
    whole = {f: f"{f}_any" if f"{f}_any" in mds.features.index else f for f in shared}
    apart = {f: altered(rebuilt, f) ^ altered(mds, whole[f]) for f in shared}
    # Five patients whose only variant of the gene is silent: the authors' matrix has them.
    assert {f: len(ids) for f, ids in apart.items() if ids} == {"TET2": 3, "TP53": 2}
    # Without losses of 17p the list shows part of the multi-hit TP53, and nobody else.
    assert altered(rebuilt, "TP53_multi_hit") < altered(mds, "TP53multi")
    assert len(altered(rebuilt, "TP53_multi_hit")) == 147


def test_mds_absent_from_the_reference_table_is_not_tested(mds: Cohort) -> None:
    assert n_tested(mds, "SF3B1_alpha") == 2648
    assert any("lacks 309 patients" in sentence for sentence in codes(mds, "absent_from_table"))
    # FLT3 of the reference table is that of IPSS-M; it disagrees with the matrix and stays beside.
    assert "ipssm_reference_results: FLT3" in mds.patients


def test_mds_survival_by_ipssm_class(mds: Cohort, known_answers: list[dict[str, Any]]) -> None:
    time = mds.patients["os_months"].to_numpy() / 12
    event = mds.patients["os_event"].to_numpy()
    published = answer(known_answers, "KA007")
    assert list(mds.variables["IPSSM"].levels) == list(published)
    for level, row in published.items():
        chosen = (mds.patients["IPSSM"] == level).to_numpy()
        n, events, median = km_median(time[chosen], event[chosen])
        assert (n, events) == (row["n"], row["events"])
        assert median == pytest.approx(row["median"], abs=0.002)
    for state, feature in (("mono", "TP53mono"), ("multi", "TP53multi")):
        chosen = mds.feature_state(feature) == 1
        row = answer(known_answers, "KA032")[state]
        n, events, median = km_median(time[chosen], event[chosen])
        assert (n, events) == (row["n"], row["events"])
        assert median == pytest.approx(row["median"], abs=0.002)


def test_mds_incidence_of_aml(mds: Cohort, known_answers: list[dict[str, Any]]) -> None:
    columns = [mds.patients[c].to_numpy() for c in ("aml_months", "aml_event", "aml_competing")]
    published = answer(known_answers, "KA021")
    for level, row in published.items():
        chosen = (mds.patients["IPSSM"] == level).to_numpy()
        time, event, competing = (column[chosen] for column in columns)
        estimate = incidence(time / 12, event, competing, [1, 2, 4, 5])
        # The tolerance is the oracle's own: its time of a competing death is not known. R's exact
        # figures by TP53 state, with that time known, are in test_load_published.
        np.testing.assert_allclose(estimate, row, atol=0.007)


def test_mds_transplant_time_in_months(mds: Cohort, public_cohorts: Path) -> None:
    clinical = read(public_cohorts / "mds_iwg_2022" / "df_clinical.tsv")
    days = pd.to_numeric(clinical["time_to_transplant_days"], errors="coerce")
    np.testing.assert_allclose(mds.patients["transplant_months"], days / 30.4375, rtol=1e-12)
    variable = mds.variables["transplant_months"]
    assert (variable.role, variable.unit) == ("treatment", "months")


def test_aml_patients_and_endpoints(aml: Cohort) -> None:
    assert aml.n == 1540
    assert list(aml.endpoints) == ["os", "efs", "rfs", "relapse"]
    events = {key: int(aml.patients[e.event].sum()) for key, e in aml.endpoints.items()}
    assert events == {"os": 904, "efs": 1133, "rfs": 784, "relapse": 619}
    relapse = aml.endpoints["relapse"]
    assert relapse.competing == "relapse_competing"
    patients = aml.patients
    assert int(patients["relapse_competing"].sum()) == 165
    # Whoever died without relapse died; who relapsed did so at the time of the recurrence.
    assert (patients["os_event"][patients["relapse_competing"] == 1] == 1).all()
    recurrence = patients["Recurrence_date"] / 30.4375 - patients["cr_months"]
    relapsed = patients["relapse_event"] == 1
    timed = relapsed & patients["relapse_months"].notna()
    np.testing.assert_allclose(patients["relapse_months"][timed], recurrence[timed], rtol=1e-9)


def test_aml_variables(aml: Cohort) -> None:
    classes = {
        "NPM1": 418, "chromatin_spliceosome": 275, "p53_aneuploidy": 199, "No_class": 166,
        "inv16": 81, "CEBPA_bi": 66, "No_drivers": 62, "t8_21": 60, "t15_17": 60,
        "Ambiguous_classification": 56, "t_MLL": 44, "inv3": 20, "IDH2_p172": 18, "t6_9": 15,
    }  # fmt: skip
    assert aml.patients["Overall_classification"].value_counts().to_dict() == classes
    assert aml.variables["Overall_classification"].label == "Genomic class"
    assert aml.variables["transplant_months"].role == "treatment"
    assert aml.patients["transplant_months"].notna().sum() == 826
    assert aml.variables["gender"].levels == ("Female", "Male")
    assert aml.variables["karyotype"].kind == "text"
    # Chromosomes, called X1 to X22 by R, are no genes, and classes are no alterations.
    assert not {"X1", "X22", "inv16", "No_drivers"} & set(aml.features.index)
    assert {"X1", "X22", "inv16", "No_drivers"} <= set(aml.patients.columns)


def test_aml_genes_against_pandas(aml: Cohort, public_cohorts: Path) -> None:
    listed = read(public_cohorts / "aml_papaemmanuil_2016" / "AMLSG_Genetic.txt")
    assert len(listed) == 3908
    cohort = set(aml.patients.index)
    assert len(set(listed["SAMPLE_NAME"]) - cohort) == 33
    drivers = listed[(listed["Result"] == "ONCOGENIC") & listed["SAMPLE_NAME"].isin(cohort)]
    for gene, feature in (
        ("DNMT3A", "DNMT3A"), ("SFRS2", "SRSF2"), ("TP53", "TP53"), ("MLL2", "KMT2D"),
        ("MLL3", "KMT2C"), ("IDH2", "IDH2"), ("RUNX1", "RUNX1"), ("NRAS", "NRAS"),
    ):  # fmt: skip
        assert altered(aml, feature) == set(drivers["SAMPLE_NAME"][drivers["GENE"] == gene])
        assert n_tested(aml, feature) == 1540
    assert len(altered(aml, "SRSF2")) == 86
    assert "SFRS2" not in aml.features.index
    assert any("SFRS2 is SRSF2" in sentence for sentence in codes(aml, "alias"))


def test_aml_calls_of_the_clinical_table_stand(aml: Cohort) -> None:
    counts = {f: len(altered(aml, f)) for f in ("NPM1", "FLT3_ITD", "FLT3_TKD", "CEBPA_double")}
    assert counts == {"NPM1": 436, "FLT3_ITD": 341, "FLT3_TKD": 122, "CEBPA_double": 73}
    assert altered(aml, "CEBPA_double") == set(aml.patients.index[aml.patients["CEBPA_bi"] == 1])
    assert altered(aml, "FLT3") == (
        altered(aml, "FLT3_ITD") | altered(aml, "FLT3_TKD") | altered(aml, "FLT3_other")
    )
    # KMT2A-PTD was not looked for in 167; one of them has another mutation of KMT2A.
    assert n_tested(aml, "KMT2A_PTD") == 1373
    assert n_tested(aml, "KMT2A") == 1374
    assert any("NPM1 (1 only in the columns, 0 only" in s for s in codes(aml, "conflict"))
    assert n_tested(aml, "t(8;21)") == 1419


def test_laml_frequencies_against_pandas(laml: Cohort, public_cohorts: Path) -> None:
    folder = public_cohorts / "laml_tcga_2013"
    maf = pd.read_csv(folder / "tcga_laml.maf.gz", sep="\t")
    kinds = {
        "Missense_Mutation", "Nonsense_Mutation", "Splice_Site", "Frame_Shift_Ins",
        "Frame_Shift_Del", "In_Frame_Ins", "In_Frame_Del", "Nonstop_Mutation",
        "Translation_Start_Site",
    }  # fmt: skip
    silent = ~maf["Variant_Classification"].isin(kinds)
    by_gene = maf[~silent].groupby("Hugo_Symbol")["Tumor_Sample_Barcode"].agg(set)
    old = {"FAM5C": "BRINP3", "MLL2": "KMT2D", "MLL3": "KMT2C", "SFRS2": "SRSF2"}
    seen = 0
    for gene, patients in by_gene.items():
        feature = old.get(gene, gene)
        if feature in laml.features.index:
            assert altered(laml, feature) == patients
            seen += 1
    genes = laml.features.index[laml.features["kind"] == "gene"]
    assert seen == len(genes) == 140
    assert [len(altered(laml, g)) for g in ("FLT3", "DNMT3A", "NPM1", "IDH2")] == [52, 48, 33, 20]
    assert laml.n == 200
    assert len(laml.mutations) == len(maf)
    np.testing.assert_allclose(laml.mutations["vaf"], maf["i_TumorVAF_WU"] / 100)


def test_laml_itd_tkd_and_the_sequenced(laml: Cohort) -> None:
    itd, tkd = altered(laml, "FLT3_ITD"), altered(laml, "FLT3_TKD")
    assert (len(itd), len(tkd), len(itd & tkd)) == (36, 14, 0)
    assert itd | tkd < altered(laml, "FLT3")
    (sentence,) = codes(laml, "sequenced")
    assert "no variant of 7 patients of 200" in sentence
    assert n_tested(laml, "FLT3") == 200


def test_laml_barcodes_of_samples_lead_to_patients(
    laml: Cohort, public_cohorts: Path, tmp_path: Path
) -> None:
    folder = public_cohorts / "laml_tcga_2013"
    maf = pd.read_csv(folder / "tcga_laml.maf.gz", sep="\t", dtype=str)
    maf["Tumor_Sample_Barcode"] += "-03A-01W-0728-08"
    maf.to_csv(tmp_path / "samples.maf", sep="\t", index=False)
    cohort = load_cohort(tmp_path / "samples.maf", clinical=folder / "tcga_laml_annot.tsv")
    pd.testing.assert_frame_equal(cohort.alterations, laml.alterations)
    (sentence,) = codes(cohort, "samples")
    assert "193 samples were given to the patient" in sentence


def test_laml_folder_equals_the_files(laml: Cohort, public_cohorts: Path) -> None:
    assert load_cohort(public_cohorts / "laml_tcga_2013").fingerprint == laml.fingerprint


def test_mpn_folder_uses_the_csv_and_says_so(public_cohorts: Path) -> None:
    folder = public_cohorts / "mpn_grinfeld_2018"
    cohort = load_cohort(folder)
    assert cohort.fingerprint == load_cohort(folder / "mpn_patients.csv").fingerprint
    (sentence,) = codes(cohort, "file_left_out")
    assert sentence.startswith("MPNmultistate.RData ")
    with pytest.raises(CohortError, match=r"or load mpn_patients\.csv beside it instead\.$"):
        load_cohort(folder / "MPNmultistate.RData")


def test_changes_tell_the_classes_of_the_annotators(mds: Cohort, aml: Cohort) -> None:
    for cohort, told in ((mds, 0.94), (aml, 0.97)):
        # Splice sites have no residue, and an indel may keep or end the frame.
        plain = cohort.mutations[
            cohort.mutations["variant_class"].isin(
                ["missense", "truncating", "inframe", "ITD", "PTD"]
            )
            & cohort.mutations["protein_change"].notna()
        ]
        read_off = plain["protein_change"].map(class_of_change)
        known = read_off != "unknown"
        assert known.mean() > told
        assert (read_off == plain["variant_class"])[known].mean() > 0.995
