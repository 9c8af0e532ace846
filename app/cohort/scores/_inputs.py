"""The inputs of the scores: what they are called, in which unit the tables have them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from types import MappingProxyType

_YES_NO = MappingProxyType(
    {
        "yes": 1, "y": 1, "true": 1, "1": 1, "positive": 1, "pos": 1, "present": 1, "ja": 1,
        "si": 1, "sì": 1, "oui": 1, "mutated": 1, "dependent": 1,
        "no": 0, "n": 0, "false": 0, "0": 0, "negative": 0, "neg": 0, "absent": 0, "nein": 0,
        "non": 0, "none": 0, "unmutated": 0, "independent": 0,
    }
)  # fmt: skip
_STAGES = MappingProxyType(
    {
        word + letter: value
        for value, words in enumerate((("1", "i"), ("2", "ii"), ("3", "iii"), ("4", "iv")), 1)
        for word in words
        for letter in ("", "a", "b", "e", "s", "ae", "be")
    }
)


@dataclass(frozen=True)
class Input:
    """An input of a score.

    Parameters
    ----------
    unit
        Unit of the tables; empty for a number without unit and for yes and no.
    terms
        Keys of the vocabulary that mean it.
    names
        What else columns of it are called, as words in lower case.
    words
        What words in cells are worth; numbers are taken as they are.
    bounds
        What is thought possible where it is missing.
    large
        Of a column without a unit: from which median on it is in the other unit, and the factor
        from that unit; its name.
    """

    key: str
    label: str
    unit: str = ""
    terms: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    words: Mapping[str, float] = field(default_factory=dict)
    bounds: tuple[float, float] = (-inf, inf)
    large: tuple[float, float, str] | None = None


def _yes(key: str, label: str, *names: str, terms: tuple[str, ...] = ()) -> Input:
    return Input(key, label, "", terms, names, _YES_NO, (0, 1))


def _flag(key: str, label: str) -> Input:
    """Yes or no, from alterations and other inputs; a column is looked for by nobody."""
    return Input(key, label, bounds=(0, 1))


def _comorbidity(key: str, *names: str) -> Input:
    label = key.replace("_", " ").capitalize()
    return _yes(key, label, key.replace("_", " "), *names)


_CELLS = "10⁹/L"
_COLUMNS = (
    Input("age", "Age", "years", ("age",), bounds=(0, 110)),
    Input("hb", "Haemoglobin", "g/dL", ("hb",), bounds=(2, 25), large=(30, 0.1, "g/L")),
    Input("wbc", "White cell count", _CELLS, ("wcc",), bounds=(0.1, 1000),
          large=(1000, 1e-3, "/µL")),
    Input("platelets", "Platelets", _CELLS, ("platelets",), bounds=(1, 6000),
          large=(3000, 1e-3, "/µL")),
    Input("anc", "Neutrophils", _CELLS, ("anc",), bounds=(0, 500), large=(100, 1e-3, "/µL")),
    Input("bm_blasts", "Marrow blasts", "%", ("bm_blasts",), bounds=(0, 100)),
    Input("pb_blasts", "Circulating blasts", "%", ("pb_blasts",), bounds=(0, 100)),
    Input("basophils", "Basophils", "%", ("basophils",), bounds=(0, 100)),
    Input("spleen", "Spleen below costal margin", "cm", ("spleen_size",),
          ("spleen cm", "spleen below costal margin", "spleen costal margin",
           "spleen below costal margin cm"), bounds=(0, 40)),
    Input("b2m", "Beta-2 microglobulin", "mg/L", ("b2m",),
          ("b2m", "beta 2 microglobulin", "b2 mg"), bounds=(0, 100)),
    Input("fibrosis", "Marrow fibrosis grade", "", ("fibrosis",),
          words={f"{mf}{grade}": grade for grade in range(4) for mf in ("", "mf", "mf ", "mf-")},
          bounds=(0, 3)),
    Input("ecog", "ECOG performance status", "", ("ecog",), ("ecog performance",),
          bounds=(0, 4)),
    Input("karnofsky", "Karnofsky performance status", "%", (),
          ("kps", "karnofsky", "karnofsky performance status", "karnofsky score",
           "karnofsky index"), bounds=(0, 100)),
    Input("stage", "Ann Arbor stage", "", ("ann_arbor", "stage"),
          ("stage", "ann arbor", "ann arbor stage", "lugano", "lugano stage", "disease stage"),
          _STAGES, (1, 4)),
    Input("extranodal_sites", "Extranodal sites", "", ("extranodal_sites",),
          ("extranodal sites", "n extranodal sites", "n extranodal", "extranodal n",
           "number of extranodal sites", "extranodal",
           "number extranodal sites", "extranodal sites n", "en sites"), bounds=(0, 10)),
    Input("nodal_areas", "Nodal areas", "", (),
          ("nodal areas", "nodal sites", "n nodal sites", "n nodal areas", "number of nodal sites",
           "number of nodal areas", "lymph node areas", "nodal areas n"), bounds=(0, 20)),
    _yes("major_extranodal", "Extranodal disease of a major organ", "major extranodal",
         "extranodal major organ", "major organ involvement", "major extranodal disease",
         "major extranodal organ"),
    _yes("symptoms", "Constitutional symptoms", terms=("constitutional",)),
    _yes("transfusion", "Transfusion dependence", "transfusion need", "rbc transfusion",
         terms=("transfusion",)),
    _yes("prior_thrombosis", "Prior thrombosis", "thrombosis", terms=("prior_thrombosis",)),
    _yes("cv_risk", "Cardiovascular risk factor", "cv risk", "cv risk factors", "cvrf",
         "cardiovascular risk", "cardiovascular risk factor", "cardiovascular risk factors",
         "cv risk factor"),
    Input("male", "Male sex", "", ("sex",),
          words={"m": 1, "male": 1, "man": 1, "männlich": 1, "f": 0, "w": 0, "female": 0,
                 "woman": 0, "weiblich": 0}, bounds=(0, 1)),
    _yes("hla_mismatched", "HLA-mismatched unrelated donor", "hla mismatched", "hla mismatch",
         "mismatched unrelated donor", "mmud", "hla mismatched unrelated donor"),
    _yes("ighv_unmutated", "IGHV unmutated", "ighv unmutated", "unmutated ighv", "ighv unmut"),
    Input("ighv", "IGHV", "", ("ighv",),
          ("ighv", "ighv status", "igvh", "ighv mutation status", "ighv mutated",
           "ighv mutational status"),
          {**dict.fromkeys(("u", "um", "unmutated", "no", "0", "unmut", "u cll"), 1),
           **dict.fromkeys(("m", "mutated", "yes", "1", "mut", "m cll"), 0)}, (0, 1)),
    Input("rai", "Rai stage", "", ("rai",), ("rai", "rai stage"),
          {"0": 0, **_STAGES}, (0, 4)),
    Input("binet", "Binet stage", "", ("binet",), ("binet", "binet stage"),
          {"a": 0, "b": 1, "c": 2}, (0, 2)),
    _yes("ldh_raised", "LDH above the upper limit", "ldh elevated", "elevated ldh", "ldh raised",
         "raised ldh", "ldh high", "high ldh", "ldh above uln", "ldh gt uln", "ldh above normal",
         terms=("ldh_high",)),
    Input("ldh_ratio", "LDH as a multiple of the upper limit", "", ("ldh",),
          ("ldh uln", "ldh ratio", "ldh uln ratio", "ldh x uln", "ldh times uln", "ldh ratio uln",
           "ldh multiple", "ldh uln multiple", "ldh over uln", "ldh relative", "ldh by uln",
           "ldh fold uln"), bounds=(0.1, 50)),
    Input("ldh", "LDH", "U/L", ("ldh",), bounds=(10, 20000)),
    Input("ldh_limit", "Upper limit of LDH", "U/L", (),
          ("ldh uln", "uln ldh", "ldh upper limit", "ldh upper limit of normal", "ldh limit",
           "upper limit ldh", "upper limit of ldh"), bounds=(50, 1000)),
    Input("cyto_ipssr", "Cytogenetic group of the IPSS-R", "", ("cyto_ipssr", "cytogenetic_risk"),
          ("ipss r karyotype group", "ipssr karyotype group"),
          {word: value for value, words in enumerate(
              ("very good", "good", "int|intermediate", "poor", "very poor"))
           for word in words.split("|")}, (0, 4)),
    Input("mf_karyotype", "Karyotype of MIPSS70+ v2.0 and GIPSS", "", ("cytogenetic_risk",),
          ("mf karyotype", "mipss karyotype", "gipss karyotype"),
          {"favourable": 0, "favorable": 0, "unfavourable": 1, "unfavorable": 1,
           "very high risk": 2, "very high": 2, "vhr": 2}, (0, 2)),
    Input("dipss_karyotype", "Unfavourable karyotype of DIPSS-Plus", "", (),
          ("unfavourable karyotype", "unfavorable karyotype"), _YES_NO, (0, 1)),
    Input("cpss_karyotype", "Cytogenetic risk of the CPSS", "", (),
          ("cpss cytogenetic risk", "cpss karyotype", "cpss cytogenetics"),
          {"low": 0, "int": 1, "intermediate": 1, "high": 2}, (0, 2)),
    Input("itd_ratio", "FLT3-ITD allelic ratio", "", ("flt3_itd_ratio",),
          ("flt3 itd allelic ratio", "itd allelic ratio"), bounds=(0, 100)),
    Input("tp53_max_vaf", "Highest VAF of TP53", "fraction", (),
          ("tp53maxvaf", "tp53 max vaf", "tp53 vaf", "tp53vaf"), bounds=(0, 1),
          large=(1, 0.01, "%")),
    Input("tp53_mutations", "Mutations of TP53", "", (),
          ("tp53mut", "tp53 mutations", "n tp53 mutations", "tp53 n mutations", "tp53mut n"),
          {"0": 0, "1": 1, "2": 2, "2 or more": 2, ">=2": 2, "2+": 2}, (0, 10)),
    Input("chr17", "Chromosome 17", "", ("chr17",), (),
          {"normal": 0, "del": 1, "cnloh": 1, "iso17q": 1}, (0, 1)),
    Input("bmi", "Body mass index", "kg/m²", ("bmi",), bounds=(10, 90)),
    _comorbidity("arrhythmia"), _comorbidity("cardiac", "cardiac disease"),
    _comorbidity("inflammatory_bowel", "inflammatory bowel disease", "ibd"),
    _comorbidity("diabetes", "diabetes mellitus"),
    _comorbidity("cerebrovascular", "cerebrovascular disease"),
    _comorbidity("psychiatric", "psychiatric disturbance", "psychiatric disease"),
    _comorbidity("hepatic_mild", "mild hepatic", "mild hepatic disease"),
    _comorbidity("obesity"), _comorbidity("infection"),
    _comorbidity("rheumatologic", "rheumatologic disease"),
    _comorbidity("peptic_ulcer", "peptic ulcer disease"),
    _comorbidity("renal", "moderate or severe renal", "renal disease", "moderate severe renal"),
    _comorbidity("pulmonary_moderate", "moderate pulmonary", "moderate pulmonary disease"),
    _comorbidity("prior_tumour", "prior solid tumour", "prior solid tumor", "prior tumor",
                 "prior malignancy"),
    _comorbidity("heart_valve", "heart valve disease", "valve disease"),
    _comorbidity("pulmonary_severe", "severe pulmonary", "severe pulmonary disease"),
    _comorbidity("hepatic_severe", "moderate or severe hepatic", "severe hepatic",
                 "moderate severe hepatic"),
    Input("anaemia", "Anaemia by sex", bounds=(0, 2)),
    Input("cll_stage", "Rai I to IV or Binet B or C", bounds=(0, 1)),
    Input("hmr", "High-risk genes mutated", "", (),
          ("hmr", "n hmr", "hmr genes", "hmr n", "hmr count", "hmr mutations", "number of hmr"),
          bounds=(0, 5)),
    Input("hmr_q157", "High-risk genes, U2AF1 Q157"),
    Input("tp53_disrupted", "TP53 mutated or deleted", "", (),
          ("tp53 disrupted", "tp53 disruption", "tp53 aberration", "del17p or tp53",
           "tp53 del17p"), _YES_NO, (0, 1)),
    _flag("TP53multi", "TP53 multi-hit"), _flag("calr_type1", "CALR type 1 or like it"),
    _flag("calr_or_mpl", "CALR or MPL mutated"), Input("nRes2", "Residual genes mutated"),
    _flag("SF3B1_5q", "SF3B1 with isolated del(5q)"),
    _flag("SF3B1_alpha", "SF3B1 without certain other genes"),
    _flag("MLL_PTD", "KMT2A-PTD"), _flag("FLT3", "FLT3 (ITD or TKD)"),
    _flag("U2AF1_Q157", "U2AF1 Q157"), _flag("JAK2_V617F", "JAK2 V617F"),
    _flag("adverse_cytogenetics", "Adverse cytogenetics"),
    _flag("adverse_cytogenetics_2022", "Adverse cytogenetics (2022)"),
    _flag("core_binding", "t(8;21), inv(16)"), _flag("t_9_11", "t(9;11)"),
    _flag("apl", "t(15;17)"), _flag("flt3_itd", "FLT3-ITD"),
    _flag("itd_high", "FLT3-ITD of high ratio (0.5 or more)"),
    _flag("cebpa_biallelic", "CEBPA biallelic"), _flag("cebpa_bzip", "CEBPA in-frame, bZIP"),
    _flag("adverse_genes", "Genes of adverse risk"),
    _flag("myelodysplasia_genes", "Myelodysplasia-related genes"),
    _flag("tp53_10", "TP53 (VAF from 10%)"), _flag("signalling", "FLT3-ITD, NRAS or KRAS"),
)  # fmt: skip
INPUTS: Mapping[str, Input] = MappingProxyType({entry.key: entry for entry in _COLUMNS})


def input_of(key: str) -> Input:
    """The input of this key; a gene's name is that gene."""
    return INPUTS.get(key) or Input(key, key, bounds=(0, 1))
