"""The words of lymphoid and chronic leukaemias in tables that nobody prepared."""

from __future__ import annotations

import numpy as np
import pytest

from app.cohort.groupings import clinical_thresholds
from app.cohort.later_columns import comes_later
from data_loaders import Cohort, CohortError, load_table_bytes
from data_loaders.alterations.genes import read_feature_name
from data_loaders.meaning.families import family_of
from data_loaders.meaning.vocabulary import term_of


def load(columns: dict[str, list[object]]) -> Cohort:
    names = ["patient_id", *columns]
    rows = zip(*columns.values(), strict=True)
    lines = [f"p{i}\t" + "\t".join(map(str, row)) for i, row in enumerate(rows)]
    return load_table_bytes("t.tsv", "\n".join(["\t".join(names), *lines]).encode())


@pytest.mark.parametrize(
    ("names", "event"),
    [
        ("del17p13|del(17)(p13.1)|17p_loss|17p deletion|del.17p.|FISH_del17p|fish_17p", "del(17p)"),
        ("del11q22.3|del(11)(q22q23)|loss_11q22", "del(11q)"),
        ("del13q14_any|13q14-|del(13q14)|13q deletion by FISH", "del(13q)"),
        ("del13q14_bi|13q14_del_biallelic|homdel13q14", "del(13q) biallelic"),
        ("del13q14_mono|del(13q)_monoallelic", "del(13q) monoallelic"),
        ("FISH 17p13 (TP53)|FISH TP53|TP53 by FISH|FISH p53 (17p13)", "del(17p)"),
        ("FISH 11q22 (ATM)|FISH_ATM|fish 11q22.3", "del(11q)"),
        ("trisomy12|trisomy 12|tri12|fish_12|FISH CEP12", "+12"),
        ("MYC FISH|FISH MYC|MYC break-apart FISH|MYC_BAP", "MYC rearrangement"),
        ("BCL6 FISH", "BCL6 rearrangement"),
        ("gain8q24|gain_8q24.2", "+8q"),
        ("amp1q21", "amp(1q)"),
        ("t(11;14)(q13;q32)|t.11.14.|t_11_14", "t(11;14)"),
        ("BCR_ABL1|BCR-ABL|bcrabl|BCR/ABL1", "BCR::ABL1"),
        ("BCR_ABL1_e13a2", "BCR::ABL1 e13a2"),
        ("17P:DEL|X17P.DEL|17p_del|17P13.1:DEL", "del(17p)"),
        ("X18Q.AMP|18q21.33 amp", "amp(18q)"),
        ("t(v;11)|t_v_11|t.v.11.", "t(v;11)"),
        ("HLA-A|HLA.A", "HLA-A"),
    ],
)
def test_one_lesion_has_one_name(names: str, event: str) -> None:
    assert {read_feature_name(name).name for name in names.split("|")} == {event}


@pytest.mark.parametrize(
    ("names", "label"),
    [
        ("AML1-ETO|AML1/ETO|RUNX1::RUNX1T1|RUNX1_RUNX1T1", "RUNX1::RUNX1T1"),
        ("MLL-AF9|KMT2A::MLLT3", "KMT2A::MLLT3"),
        ("PML-RARa|PML/RARA|PML::RARalpha", "PML::RARA"),
        ("TEL-AML1|ETV6/RUNX1", "ETV6::RUNX1"),
        ("CBFb-MYH11|CBFB/MYH11", "CBFB::MYH11"),
        ("FIP1L1-PDGFRA", "FIP1L1::PDGFRA"),
        ("RPN1-EVI1", "RPN1::MECOM"),
        ("KMT2Ar|MLLr|MLL-r", "KMT2A rearrangement"),
        ("SV.BCL6|BCL6_SV", "BCL6 SV"),
        ("SV.CD274.PDCD1LG2", "CD274/PDCD1LG2 SV"),
        ("X18.AMP|18:AMP", "amp(18)"),
        ("NPM1_A", "NPM1 A"),
        ("FLT3-ITD|ITD|ITD_mut", "FLT3-ITD"),
        ("add_8|plus8|+8", "+8"),
        ("add(17p)", "add(17p)"),
    ],
)
def test_fusions_and_structural_variants_by_whatever_name(names: str, label: str) -> None:
    assert {read_feature_name(name).label for name in names.split("|")} == {label}


def test_clusters_by_number_are_classes() -> None:
    cohort = load({"Cluster": [1, 2, 3, 1], "TP53": [1, 0, 0, 0], "Age first diagnosis": [60] * 4})
    assert cohort.variables["Cluster"].kind in {"categorical", "ordinal"}
    assert cohort.variables["Age first diagnosis"].label == "Age at diagnosis"


def test_the_parts_of_a_deletion_are_refinements_of_it() -> None:
    cohort = load(
        {
            "del13q14_any": [1, 1, 0, ""],
            "del13q14_bi": [1, 0, 0, ""],
            "del6q14": [1, 0, 0, 0],
            "del6q21": [0, 1, 0, 0],
            "9p21_homdel": [0, 1, 0, 0],
        }
    )
    assert list(cohort.features["kind"]) == [
        "cytogenetic", "refinement", "cytogenetic", "cytogenetic", "cytogenetic",
    ]  # fmt: skip
    assert cohort.features.loc["del(13q) biallelic", "gene"] == "del(13q)"
    # Two bands of one arm stay two events, and a part without its whole is one of its own.
    assert list(cohort.features.index[2:]) == ["del(6q14)", "del(6q21)", "del(9p) biallelic"]
    assert cohort.feature_state("del(13q)").tolist() == [1, 1, 0, -1]


@pytest.mark.parametrize(
    ("name", "values", "key", "kind", "levels"),
    [
        ("IGHV", ["M", "U", "U"], "ighv", "categorical", ("Unmutated", "Mutated")),
        ("ighv_unmutated", [1, 0, 0], "ighv", "categorical", ("Mutated", "Unmutated")),
        ("Rai_stage", [0, 4, 2], "rai", "ordinal", ("0", "II", "IV")),
        ("Trascritto", ["b3a2", "e13a2", "b2a2/b3a2"], "transcript", "categorical",
         ("e14a2", "e13a2", "Both")),
        ("binet", ["stage c", "A", "a"], "binet", "ordinal", ("A", "C")),
        ("ann_arbor", ["4B", "Stage I", "IIA"], "ann_arbor", "ordinal", ("I", "IIA", "IVB")),
        ("COO", ["gcb", "ABC-like", "unclass"], "cell_of_origin", "categorical",
         ("GCB", "ABC", "Unclassified")),
        ("best_response", ["PD", "partial response", "CR"], "response", "ordinal",
         ("CR", "PR", "PD")),
        ("eln_response", ["failure", "Optimal", "warning"], "eln_response", "ordinal",
         ("Optimal", "Warning", "Failure")),
        ("lugano_stage", ["2 bulky", "IIE", "IV"], "ann_arbor", "ordinal",
         ("II bulky", "IIE", "IV")),
        ("lugano_stage", ["II2", "II1", "IV"], "ann_arbor", "ordinal", ("II1", "II2", "IV")),
        ("Response_Lugano", ["PMD", "CMR", "PMR"], "response", "ordinal", ("CR", "PR", "PD")),
        ("iwCLL_response", ["PR-L", "CRi", "nPR"], "response", "ordinal", ("CRi", "nPR", "PR-L")),
        ("deauville", [5, 1, 4], "deauville", "ordinal", ("1", "4", "5")),
        ("eln_milestone_3m", ["warning", "optimal", "failure"], "eln_response", "ordinal",
         ("Optimal", "Warning", "Failure")),
        ("PFS24", ["yes", "no", "no"], "pfs24", "binary", ()),
        ("b_symptoms", ["yes", "no", "no"], "b_symptoms", "binary", ()),
        ("double_hit", [1, 0, 0], "double_hit", "binary", ()),
    ],
)  # fmt: skip
def test_classes_of_the_field(
    name: str, values: list[object], key: str, kind: str, levels: tuple[str, ...]
) -> None:
    cohort = load({name: values, "age": [60, 61, 62]})
    (variable,) = (v for v in cohort.variables.values() if v.name == name)
    assert term_of(name).key == key
    assert variable.kind == kind
    assert set(variable.levels) == set(levels)
    if kind == "ordinal":
        assert variable.levels == levels


@pytest.mark.parametrize(
    ("name", "values", "label", "unit"),
    [
        ("LDH_xULN", [0.8, 1.4, 3.2], "LDH, multiple of the upper limit", "× ULN"),
        ("B2M", [2.1, 3.6, 8.0], "Beta-2 microglobulin", "mg/L"),
        ("Ki-67 (%)", [20, 80, 95], "Ki-67", "%"),
        ("BCR_ABL1_IS_3m", [12.0, 0.8, 0.05], "BCR::ABL1 (international scale) at 3 months", "%"),
        ("bcr_abl1_is", [55.0, 80.1, 34.0], "BCR::ABL1 (international scale)", "%"),
        ("extranodal_sites", [0, 1, 3], "Extranodal sites", None),
    ],
)
def test_measurements_of_the_field(
    name: str, values: list[object], label: str, unit: str | None
) -> None:
    cohort = load({name: values, "age": [60, 61, 62]})
    variable = cohort.variables[name]
    assert (variable.label, variable.unit, variable.kind) == (label, unit, "numeric")


def test_ighv_status_follows_from_the_identity() -> None:
    cohort = load({"ighv_identity_pct": [100, 98, 97.9, ""], "ldh": [480, 240, 200, 100],
                   "LDH_ULN": [240, 240, 250, 250]})  # fmt: skip
    assert cohort.patients["ighv"].tolist() == ["Unmutated", "Unmutated", "Mutated", None]
    assert "98%" in cohort.variables["ighv"].reason
    np.testing.assert_allclose(cohort.patients["ldh_ratio"], [2, 1, 0.8, 0.4])


def test_the_depth_of_a_molecular_response_follows_from_the_scale() -> None:
    cohort = load({"BCR_ABL1_IS_12m": [12, 0.7, 0.1, 0.004, 0.003, 0, ""]})
    assert cohort.patients["molecular_response_12m"].tolist() == [
        "Above 10%", "Up to 1%", "MMR", "MR4", "MR4.5 or undetected", "MR4.5 or undetected", None,
    ]  # fmt: skip
    variable = cohort.variables["molecular_response_12m"]
    assert variable.levels[0] == "MR4.5 or undetected"
    assert comes_later(cohort, variable.name)
    thresholds, source = clinical_thresholds(cohort.variables["BCR_ABL1_IS_12m"])
    assert [step.value for step in thresholds] == [0.1, 1, 10]
    assert "ELN" in source


def test_a_gene_of_b2m_stays_a_gene() -> None:
    cohort = load({"TP53": [1, 0, 0], "B2M": [0, 1, 0]})
    assert list(cohort.features.index) == ["TP53", "B2M"]


@pytest.mark.parametrize("name", ["B-PLL", "T-PLL", "MCL", "Sezary", "HCL-V", "LPL", "FL"])
def test_lymphoid_diagnoses_have_a_family(name: str) -> None:
    assert family_of(name) == "lymphoma"


def test_the_time_of_an_event_without_one_is_asked_for() -> None:
    rng = np.random.default_rng(0)
    cohort = load(
        {"T6": (rng.random(40) * 3).tolist(), "age4": (50 + rng.random(40)).tolist(),
         "died": ["TRUE", "FALSE"] * 20}
    )  # fmt: skip
    (issue,) = (issue for issue in cohort.issues if issue.code == "untimed_event")
    assert "T6" in issue.sentence
    assert "age4" not in issue.sentence
    assert '{"endpoints": {"os": {"time": "T6", "event": "died"' in issue.sentence


def test_treatments_are_outcomes_where_they_have_a_time() -> None:
    cohort = load(
        {"time_to_first_treatment_months": [3, 20, 40], "first_treatment": [1, 0, 0],
         "os_months": [30, 20, 60], "os_event": [1, 1, 0]}
    )  # fmt: skip
    endpoint = cohort.endpoints["ttt"]
    assert endpoint.label == "Time to first treatment"
    assert cohort.patients[endpoint.competing].tolist() == [0, 1, 0]


def test_a_blank_time_among_times_is_missing_and_not_the_follow_up() -> None:
    cohort = load(
        {"ttnt_months": [3, "", 40, 50], "ttnt_event": [1, 0, 0, 0],
         "os_months": [30, 20, 60, 50], "os_event": [1, 1, 0, 0]}
    )  # fmt: skip
    assert np.isnan(cohort.patients["ttnt_months"].iloc[1])
    assert cohort.patients["ttnt_months"].tolist()[2] == 60


def test_fish_in_per_cent_of_nuclei_or_in_sentences_makes_alterations() -> None:
    cohort = load(
        {"FISH_del17p_pct": [34, 0, 9.5, ""], "13q14 (% nuclei)": ["80%", "0%", "", "12%"],
         "ATM_FISH": ["deleted", "normal", "normal", "normal"],
         "FISH_11q": ["90/200", "neg", "4/200", "nd"],
         "fish_report": ["trisomy 12 in 55 % of nuclei, no del(6q)", "normal",
                         "t(11;14)(q13;q32) 78%", "nuc ish(D12Z3x3)[8/200],(MYBx1)[60/200]"]}
    )  # fmt: skip
    states = {name: cohort.feature_state(name).tolist() for name in cohort.features.index}
    assert states["del(17p)"] == [1, 0, 0, -1]
    assert states["del(11q)"] == [1, 0, 0, -1]
    assert states["+12"] == [1, 0, 0, 0]
    assert states["del(6q)"] == [0, 0, 0, 1]
    assert states["t(11;14)"] == [0, 0, 1, 0]
    assert cohort.variables["FISH_del17p_pct"].kind == "numeric"  # the clone's size is kept
    sentences = [issue.sentence for issue in cohort.issues if issue.code == "fish"]
    assert any("10% of nuclei" in s and "limits differ" in s for s in sentences)
    assert any("does not name counts as not found" in s for s in sentences)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("IGHV mutation %", [5.2, 2, 0, 2.1]),
        ("SHM (%)", [5.2, 2.0, 0.0, 2.1]),
        ("IGHV", [5.2, 2, 0, 2.1]),
        ("IGHV homology (%)", [94.8, 98, 100, 97.9]),
        ("IGHV mutation %", [94.8, 98, 100, 97.9]),  # no mutation can be so frequent
        ("IGHV_mut_pct", ["5.2%", "2%", "0%", "2.1%"]),
    ],
)
def test_ighv_by_its_identity_or_its_difference_from_the_germline(
    name: str, values: list[object]
) -> None:
    cohort = load({name: values, "age": [60, 61, 62, 63]})
    assert list(cohort.patients["ighv"]) == ["Mutated", "Unmutated", "Unmutated", "Mutated"]
    variable = cohort.variables["ighv"]
    assert "98%" in variable.reason
    said = any("100 less the identity" in issue.sentence for issue in cohort.issues)
    assert said == ("difference" in cohort.variables[name].label)


def test_ighv_in_question_is_asked_and_has_no_status() -> None:
    shares = load({"ighv_mut_rate": [0.1, 0.02, 0.01, 0, 0.03], "age": [60, 61, 62, 63, 64]})
    assert "ighv" not in shares.variables
    assert any("shares instead of per cent" in issue.sentence for issue in shares.issues)
    other = load({"IGHV identity (%)": [5.2, 2, 0, 2.1], "age": [60, 61, 62, 63]})
    assert "ighv" not in other.variables
    assert any("outside 50 to 100" in issue.sentence for issue in other.issues)
    codes = load({"IGHV": [1, 2, 2, 1], "age": [60, 61, 62, 63]})
    assert codes.variables["IGHV"].kind in {"categorical", "ordinal"}


@pytest.mark.parametrize(
    ("values", "label", "levels"),
    [
        (["IIE", "III A", "I", "n/a"], "Ann Arbor stage", ("I", "IIE", "IIIA")),
        (["IV", "II1", "II2", "I"], "Ann Arbor stage", ("I", "II1", "II2", "IV")),
        (["CMR", "PD", "PR", "n/a"], "Response", ("CR", "PR", "PD")),
    ],
)
def test_lugano_is_a_stage_or_a_response_by_its_classes(
    values: list[object], label: str, levels: tuple[str, ...]
) -> None:
    variable = load({"Lugano": values, "age": [60, 61, 62, 63]}).variables["Lugano"]
    assert (variable.label, variable.kind, variable.levels) == (label, "ordinal", levels)


def test_lugano_in_numbers_is_asked() -> None:
    cohort = load({"Lugano": [1, 2, 4, 3], "age": [60, 61, 62, 63]})
    assert cohort.variables["Lugano"].kind == "numeric"
    assert any("may be a stage or a response" in issue.sentence for issue in cohort.issues)


def test_a_change_that_one_gene_alone_has_names_it() -> None:
    cohort = load(
        {
            "T315I": [1, 0, 0, ""],
            "L265P_mut": ["no", "yes", "no", "no"],
            "KD_mutation": ["E255K; Y253H", "none", "F317L", "not done"],
            "A20": [0, 1, 0, 0],
            "K117N": [0, 1, 0, 0],
        }
    )
    assert list(cohort.features.index[:4]) == ["ABL1 T315I", "MYD88 L265P", "ABL1", "TNFAIP3"]
    assert list(cohort.features["gene"][:4]) == ["ABL1", "MYD88", "ABL1", "TNFAIP3"]
    assert cohort.feature_state("ABL1").tolist() == [1, 0, 1, -1]
    said = [issue.sentence for issue in cohort.issues]
    assert "T315I is read as ABL1 T315I: a change that is known of ABL1 alone." in said
    assert any(text.startswith("KD_mutation is read as ABL1: its cells name") for text in said)


@pytest.mark.parametrize(
    "values",
    [["T315I", "V617F", "none", "none"], ["G12D", "none", "none", "Q61K"], ["T315I", "", "", ""]],
)
def test_changes_of_several_genes_or_of_none_known_stay_words(values: list[object]) -> None:
    cohort = load({"mutation": values, "age": [60, 61, 62, 63]})
    assert not len(cohort.features)
    assert cohort.variables["mutation"].kind in {"categorical", "text"}


@pytest.mark.parametrize(
    ("name", "values", "feature", "states"),
    [
        ("ETV6/RUNX1 Fusion Status", ["Positive", "Negative", "Unknown", "Negative"],
         "ETV6::RUNX1", [1, 0, -1, 0]),
        ("BCR/ABL1 Status", ["Negative", "Positive", "", "Negative"], "BCR::ABL1", [0, 1, -1, 0]),
        ("CDKN2A/B deletion", ["het", "wt", "hom", "wt"], "CDKN2A/B deletion", [1, 0, 1, 0]),
        ("CRLF2 rearrangement", ["P2RY8-CRLF2", "none", "IGH::CRLF2", "none"],
         "CRLF2 rearrangement", [1, 0, 1, 0]),
        ("iAMP21", ["POS", "NEG", "", "NEG"], "iAMP21", [1, 0, -1, 0]),
        ("Hyperdiploid", ["HRD", "NHRD", "HRD", "NHRD"], "Hyperdiploid", [1, 0, 1, 0]),
        ("PAX5alt", [1, 0, 0, 1], "PAX5", [1, 0, 0, 1]),
        ("del(17p) (% of PC)", [0, 12, 80, 4], "del(17p)", [0, 1, 1, 0]),
        ("TP53 del (FISH)", ["1/100", "45%", "neg", "nd"], "TP53 del", [0, 1, 0, -1]),
    ],
)  # fmt: skip
def test_lesions_of_lymphoid_tables_that_nobody_prepared(
    name: str, values: list[object], feature: str, states: list[int]
) -> None:
    cohort = load({name: values, "TP53": [1, 0, 0, 0], "age": [60, 61, 62, 63]})
    assert cohort.feature_state(feature).tolist() == states


@pytest.mark.parametrize(
    ("name", "values", "label", "levels"),
    [
        ("MIPI", ["HR", "LR", "IR"], "MIPI", ("LR", "IR", "HR")),
        ("MIPI-c", ["high", "low-intermediate", "low"], "MIPI-c",
         ("low", "low-intermediate", "high")),
        ("m7-FLIPI", ["high risk", "low risk", "low risk"], "m7-FLIPI",
         ("low risk", "high risk")),
        ("EUTOS LTS", ["H", "L", "I"], "ELTS", ("L", "I", "H")),
        ("Phase", ["BP", "CP", "AP"], "Phase of disease", ("CP", "AP", "BP")),
        ("Deauville PET2", [5, 1, 3], "Deauville score", ("1", "3", "5")),
    ],
)  # fmt: skip
def test_risks_and_phases_have_their_order(
    name: str, values: list[object], label: str, levels: tuple[str, ...]
) -> None:
    variable = load({name: values, "age": [60, 61, 62]}).variables[name]
    assert (variable.label, variable.kind, variable.levels) == (label, "ordinal", levels)


def test_pod24_is_no_gene_among_genes_and_german_answers_are_yes_and_no() -> None:
    cohort = load(
        {
            "EZH2": [1, 0, 0],
            "POD24": ["yes", "no", "no"],
            "CREBBP": [0, 1, 0],
            "B-Symptomatik": ["ja", "nein", "ja"],
            "D_LAB_serum_beta2_microglobulin": [2.0, 3.1, 7.5],
            "WBC at Diagnosis": [8.1, 20.4, 5.5],
        }
    )
    assert list(cohort.features.index) == ["EZH2", "CREBBP"]
    assert cohort.variables["POD24"].kind == cohort.variables["B-Symptomatik"].kind == "binary"
    labels = {variable.label for variable in cohort.variables.values()}
    assert {"Beta-2 microglobulin", "White cell count"} <= labels


@pytest.mark.parametrize(
    ("time", "event", "values", "key", "events"),
    [
        ("Event Free Survival Time in Days", "First Event",
         ["None", "Relapse", "SMN", "Censored", "Death"], "efs", [0, 1, 1, 0, 1]),
        ("PFS (mo.)", "Progression/death", ["N", "Y", "Y", "N", "Y"], "pfs", [0, 1, 1, 0, 1]),
        ("os_m", "os_e", [0, 1, 1, 0, 1], "os", [0, 1, 1, 0, 1]),
    ],
)  # fmt: skip
def test_outcomes_of_tables_that_nobody_prepared(
    time: str, event: str, values: list[object], key: str, events: list[int]
) -> None:
    cohort = load({"age": [60, 61, 62, 63, 64], time: [12, 30, 45, 61, 70], event: values})
    assert list(cohort.endpoints) == [key]
    assert cohort.patients[cohort.endpoints[key].event].tolist() == events


def test_a_transcript_that_was_not_found_is_zero() -> None:
    cohort = load({"BCR-ABL IS % M12": ["0.1", "undetectable", "3.2", ""]})
    assert cohort.patients["BCR-ABL IS % M12"].tolist()[:3] == [0.1, 0.0, 3.2]
    assert any("undetectable was read as 0%" in issue.sentence for issue in cohort.issues)


def test_a_lymphoid_cohort_has_no_cytogenetic_risk_of_mds() -> None:
    karyotype = ["46,XY[20]", "46,XX,t(12;21)(p13;q22)[10]", "47,XY,+21[20]"]
    lymphoid = load({"diagnosis": ["ALL"] * 3, "karyotype": karyotype})
    assert "cyto_ipssr" not in lymphoid.variables
    assert "cyto_ipssr" in load({"diagnosis": ["MDS"] * 3, "karyotype": karyotype}).variables


@pytest.mark.parametrize("first", ["ttos", "ttcos"])
def test_a_time_to_death_or_censoring_goes_before_one_to_death_alone(first: str) -> None:
    columns: dict[str, list[object]] = {
        "ttos": [100, "", "", 400, ""], "ttcos": [100, 900, 1200, 400, 800],
        "censos": [1, 0, 0, 1, 0], "ttcpfs": [50, 900, 600, 200, 800], "censpfs": [1, 0, 1, 1, 0],
    }  # fmt: skip
    ordered = {first: columns[first]} | columns
    cohort = load(ordered | {"age": [60, 61, 62, 63, 64]})
    assert list(cohort.endpoints) == ["os", "pfs"]
    survival = cohort.endpoints["os"]
    np.testing.assert_allclose(
        cohort.patients[survival.time], np.array([100, 900, 1200, 400, 800]) * 12 / 365.25
    )
    assert cohort.patients[survival.event].tolist() == [1, 0, 0, 1, 0]
    assert cohort.patients[cohort.endpoints["pfs"].event].tolist() == [1, 0, 1, 1, 0]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("CN_1q21", [2, 3, 4, 2, ""]),
        ("1q21 copy number", ["2.0", "3.0", "5.0", "2.0", ""]),
        ("copies of 1q", ["normal", "3", "≥4", "no", "unknown"]),
        ("n_copies_1q", ["2", "3 copies", "4+ copies", "2", "not tested"]),
        ("1q gain", ["no", "gain", "amp", "no", ""]),
        ("amp1q21", ["2 copies", "3 copies", ">3", "2 copies", ""]),
    ],
)
def test_copies_of_an_arm_are_a_gain_from_three_and_an_amplification_from_four(
    name: str, values: list[object]
) -> None:
    cohort = load({"TP53": [1, 0, 0, 0, 0], name: values, "age": [60, 61, 62, 63, 64]})
    assert cohort.feature_state("+1q").tolist() == [0, 1, 1, 0, -1]
    assert cohort.feature_state("amp(1q)").tolist() == [0, 0, 1, 0, -1]
    assert tuple(cohort.features.loc["amp(1q)", ["kind", "gene"]]) == ("refinement", "+1q")
    assert name in cohort.variables  # the number of copies is kept
    assert "del(1q)" not in cohort.features.index


def test_copies_below_two_are_a_loss_and_fractions_no_copies() -> None:
    cohort = load({"17p copies": [1, 2, 2, 2], "CN_1q": [2.1, 2.7, 1.9, 2.0], "TP53": [1, 0, 0, 0]})
    assert cohort.feature_state("del(17p)").tolist() == [1, 0, 0, 0]
    assert list(cohort.features.index) == ["TP53", "del(17p)"]
    assert cohort.variables["CN_1q"].kind == "numeric"


def test_a_gain_in_yes_and_no_has_no_copies() -> None:
    cohort = load({"gain1q": ["gain", "no", "no", "gain"], "+1q": [1, 0, 0, 1]})
    assert cohort.feature_state("+1q").tolist() == [1, 0, 0, 1]
    assert not any(issue.code == "copies" for issue in cohort.issues)


@pytest.mark.parametrize(
    ("name", "values", "unit"),
    [
        ("M-spike", [32, 1.5, 0, 44], "g/L"),
        ("serum m_protein g/dL", [3.2, 1.5, 0, 4.4], "g/dL"),
        ("D_LAB_serum_m_protein", [3.2, 1.5, 0, 2.4], "g/dL"),
        ("Paraprotein", [32, 15, 0, 44], "g/L"),
    ],
)
def test_an_m_spike_is_a_measurement(name: str, values: list[object], unit: str) -> None:
    variable = load({name: values, "age": [60, 61, 62, 63]}).variables[name]
    assert (variable.label, variable.kind, variable.unit) == ("M protein", "numeric", unit)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("MLL Status", ["Positive", "Negative", "Unknown", "Negative"]),
        ("MLL_status", ["rearranged", "germline", "", "not rearranged"]),
        ("KMT2A status", ["KMT2A::AFF1", "none", "unknown", "none"]),
    ],
)
def test_the_status_of_kmt2a_is_its_rearrangement(name: str, values: list[object]) -> None:
    cohort = load({name: values, "TP53 status": ["wt", "mut", "wt", "wt"], "KMT2A": [0, 1, 0, 0]})
    assert cohort.feature_state("KMT2A rearrangement").tolist() == [1, 0, -1, 0]
    assert cohort.features.loc["KMT2A rearrangement", "kind"] == "cytogenetic"
    assert cohort.feature_state("KMT2A").tolist() == [0, 1, 0, 0]
    assert cohort.features.loc["TP53", "kind"] == "gene"


def as_hospitals_export(text: str) -> Cohort:
    return load_table_bytes("t.csv", text.encode())


def test_a_german_register_of_cll() -> None:
    """FISH by place and gene, ß for beta, n.d., a first line of treatment by its date."""
    rows = "\n".join(
        f"{i};{'w' if i % 2 else 'm'};01.02.1950;0{1 + i % 9}.03.2015;"
        f"{['neg', 'pos (34%)', 'n.d.', 'neg'][i % 4]};{['neg', 'pos (12%)', 'neg'][i % 3]};"
        f"{['98,4', '92,1', 'n.d.'][i % 3]};{['3,6', '2,1', 'nicht bestimmt'][i % 3]};"
        f"{'01.06.2016' if i % 2 else ''};01.03.2020;{'ja' if i % 5 == 0 else 'nein'}"
        for i in range(1, 25)
    )
    cohort = as_hospitals_export(
        "Pat.-Nr.;Geschlecht;Geb.-Datum;Erstdiagnose;FISH 11q22 (ATM);FISH 17p13 (TP53);"
        "IGHV-Homologie (%);ß2-Mikroglobulin [mg/l];Beginn Erstlinie;Letzter Kontakt;Verstorben\n"
        + rows
    )
    assert list(cohort.features.index) == ["del(11q)", "del(17p)"]
    assert cohort.feature_state("del(11q)").tolist()[:4] == [1, -1, 0, 0]
    assert set(cohort.endpoints) == {"os", "ttt"}
    assert cohort.endpoints["ttt"].competing
    by_label = {v.label: v for v in cohort.variables.values()}
    assert by_label["Beta-2 microglobulin"].unit == "mg/L"
    assert by_label["IGHV identity to germline"].kind == "numeric"
    assert cohort.patients["ighv"].value_counts().to_dict() == {"Unmutated": 8, "Mutated": 8}
    # What was not done is no error of entry.
    assert [issue for issue in cohort.issues if issue.severity != "info"] == []


def test_a_table_of_r_chop() -> None:
    """A study's own numbers, FISH of genes that break, one date for progression and relapse."""
    head = ["Study ID", "Date of Diagnosis", "MYC FISH", "BCL2 FISH", "Date of progression/relapse",
            "Date of last follow up", "Vital status"]  # fmt: skip
    calls = ["Rearranged", "Not rearranged", "Negative", "not done"]
    rows = [
        [f"RCH-{i:03d}", "05-Oct-2015", calls[i % 4], calls[(i + 1) % 4],
         "12-Aug-2016" if i % 3 == 0 else "N/A", "01-Feb-2019", "Dead" if i % 4 == 0 else "Alive"]
        for i in range(24)
    ]  # fmt: skip
    cohort = load_table_bytes("t.tsv", "\n".join("\t".join(row) for row in [head, *rows]).encode())
    assert cohort.patients.index[0] == "RCH-000"
    assert list(cohort.features.index) == ["MYC rearrangement", "BCL2 rearrangement"]
    assert set(cohort.features["kind"]) == {"cytogenetic"}
    assert cohort.feature_state("MYC rearrangement").tolist()[:4] == [1, 0, 0, -1]
    assert cohort.patients["ttp_event"].sum() == 8
    # Of a lymphoma one asks for progression-free survival: progression, or death without it.
    assert set(cohort.endpoints) == {"os", "ttp", "pfs"}
    patients = cohort.patients
    both = patients["ttp_event"] + patients["ttp_competing"]
    assert patients["pfs_event"].tolist() == both.tolist()
    assert patients["pfs_event"].sum() == 12
    assert patients["pfs_months"].tolist() == patients["ttp_months"].tolist()
    assert cohort.endpoints["pfs"].competing is None
    # The name of a study, the same in all rows, identifies nobody.
    same = [["one study", *row[1:]] for row in rows]
    with pytest.raises(CohortError, match="identifies the patients"):
        load_table_bytes("t.tsv", "\n".join("\t".join(row) for row in [head, *same]).encode())


@pytest.mark.parametrize("word", ["not done", "n.d.", "nicht auswertbar", "non eseguita"])
def test_what_was_not_done_is_no_class(word: str) -> None:
    cohort = load({"COO (Hans)": ["GCB", "NGCB", word, "non-GCB"]})
    assert cohort.patients["COO (Hans)"].tolist() == ["GCB", "Non-GCB", None, "Non-GCB"]


@pytest.mark.parametrize(
    ("months", "not_reached", "not_felt", "risks", "not_done"),
    [
        ("mesi", "non raggiunta", "non palpabile", ["Basso", "Intermedio", "Alto"], "non eseguita"),
        ("Monate", "nicht erreicht", "nicht tastbar", ["niedrig", "intermediär", "hoch"],
         "nicht durchgeführt"),
        ("mois", "non atteinte", "non palpable", ["faible", "intermédiaire", "élevé"],
         "non testée"),
        ("months", "not reached", "not palpable", ["low", "intermediate", "high"], "not done"),
    ],
)  # fmt: skip
def test_a_table_of_cml_in_four_languages(
    months: str, not_reached: str, not_felt: str, risks: list[str], not_done: str
) -> None:
    """Milestones, a response that was not reached, a spleen not felt, risks in their order."""
    rows = "\n".join(
        f"{i};09/03/2018;{[not_felt, 5, 2][i % 3]};{risks[i % 3]};{['4,00', '0,48', '12'][i % 3]};"
        f"{'15/09/2019' if i % 2 else not_reached};{['T315I', not_done, 'wt', 'wt'][i % 4]};"
        f"15/01/2024;{'1' if i % 6 == 0 else '0'}"
        for i in range(24)
    )
    cohort = as_hospitals_export(
        f"patient_id;Date of diagnosis;Spleen (cm);ELTS;BCR-ABL1 IS 3 {months} (%);Date MMR;ABL1;"
        "Last follow-up;death\n" + rows
    )
    assert cohort.patients["Spleen (cm)"].tolist()[:3] == [0, 5, 2]
    assert cohort.variables["ELTS"].levels == tuple(risks)
    assert cohort.variables[f"BCR-ABL1 IS 3 {months} (%)"].label.endswith("at 3 months")
    # Not reached is without the event, not unknown.
    assert cohort.patients["mmr_event"].tolist()[:4] == [0, 1, 0, 1]
    assert cohort.patients["mmr_months"].notna().all()
    assert cohort.feature_state("ABL1").tolist()[:4] == [1, -1, 0, 0]
