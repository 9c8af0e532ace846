"""WHO 2022 and ICC 2022 as decision lists: the first rule that holds names the entity.

Sources: Khoury et al., Leukemia 2022;36:1703 (WHO); Arber et al., Blood 2022;140:1200 (ICC). The
order of the rules was read in secondary tables of both. A rule is a line of facts that must all
hold (:mod:`_facts` has them); ``!`` must not hold, ``?`` is asked only where the cohort has a
column or a karyotype to know it by: a diagnosis of MDS speaks for the absence of what defines AML.

Not judged, since cohorts do not record it: dysplasia, cellularity and fibrosis of the marrow in
MDS (hypoplastic and fibrotic MDS stand under their blasts), and in AML the rarer defining
rearrangements (NUP98, RBM15::MRTFA, KAT6A and others).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Rule(NamedTuple):
    """An entity and the facts that must hold for it."""

    entity: str
    facts: tuple[str, ...]


def _rules(*lines: tuple[str, str]) -> tuple[Rule, ...]:
    return tuple(Rule(entity, tuple(facts.split())) for entity, facts in lines)


_MDS_WHO = _rules(
    ("AML with NPM1 mutation", "?npm1"),
    ("AML (20 % blasts or more)", "blasts_20"),
    ("MDS with biallelic TP53 inactivation", "tp53_bi"),
    ("MDS with low blasts and isolated 5q deletion", "isolated_5q !ib1"),
    ("MDS with low blasts and SF3B1 mutation", "sf3b1_who !ib1 !del_5q !minus_7 !complex"),
    ("MDS with increased blasts 2", "ib2"),
    ("MDS with increased blasts 1", "ib1"),
    ("MDS with low blasts", ""),
)
_MDS_ICC = _rules(
    ("AML with mutated NPM1", "?npm1 blasts_10"),
    ("AML (20 % blasts or more)", "blasts_20"),
    ("MDS/AML with mutated TP53", "tp53_10 blasts_10"),
    ("MDS with mutated TP53", "tp53_multi"),
    ("MDS with del(5q)", "isolated_5q !ib1"),
    ("MDS with mutated SF3B1", "sf3b1_10 !ib1 !chr_7 !complex !?mecom !runx1"),
    ("MDS/AML", "blasts_10"),
    ("MDS with excess blasts", "ib1"),
    ("MDS, NOS", ""),
)
_AML_WHO = _rules(
    ("APL with PML::RARA", "pml"),
    ("AML with RUNX1::RUNX1T1", "runx1t1"),
    ("AML with CBFB::MYH11", "cbfb"),
    ("AML with DEK::NUP214", "dek"),
    ("AML with KMT2A rearrangement", "kmt2a"),
    ("AML with MECOM rearrangement", "mecom"),
    ("AML with NPM1 mutation", "npm1"),
    ("AML with CEBPA mutation", "cebpa_who blasts_20"),
    ("AML with BCR::ABL1", "bcr blasts_20"),
    ("AML, myelodysplasia-related", "mr_genes blasts_20"),
    ("AML, myelodysplasia-related", "mr_events blasts_20"),
    ("AML, defined by differentiation", "blasts_20"),
    ("Not AML by blasts (below 20 %, no defining lesion)", ""),
)
_AML_ICC = _rules(
    ("APL with PML::RARA", "pml blasts_10"),
    ("AML with RUNX1::RUNX1T1", "runx1t1 blasts_10"),
    ("AML with CBFB::MYH11", "cbfb blasts_10"),
    ("AML with DEK::NUP214", "dek blasts_10"),
    ("AML with KMT2A rearrangement", "kmt2a blasts_10"),
    ("AML with MECOM rearrangement", "mecom blasts_10"),
    ("AML with mutated NPM1", "npm1 blasts_10"),
    ("AML with in-frame bZIP CEBPA mutation", "cebpa_icc blasts_10"),
    ("AML with BCR::ABL1", "bcr blasts_20"),
    ("AML with mutated TP53", "tp53_10 blasts_20"),
    ("MDS/AML with mutated TP53", "tp53_10 blasts_10"),
    ("AML with myelodysplasia-related gene mutations", "mr_genes_icc blasts_20"),
    ("AML with myelodysplasia-related cytogenetic abnormalities", "mr_events_icc blasts_20"),
    ("AML, NOS", "blasts_20"),
    ("MDS/AML", "blasts_10"),
    ("Not AML by blasts (below 10 %)", ""),
)
# Monocytes from 0.5 × 10⁹/L and 10 %; below 1.0 a clonal alteration is needed (and dysplasia, which
# cohorts do not record). CMML-2 from 10 % marrow or 5 % blood blasts; 13 × 10⁹/L white cells part
# the myelodysplastic from the myeloproliferative form.
_CMML = _rules(
    ("AML (20 % blasts or more)", "blasts_20"),
    ("Not CMML by monocytes", "!monocytes"),
    ("Not CMML by monocytes", "!mono_1 !clonal"),
    ("CMML-2, myeloproliferative", "ib2 wbc_13"),
    ("CMML-2, myelodysplastic", "ib2"),
    ("CMML-1, myeloproliferative", "wbc_13"),
    ("CMML-1, myelodysplastic", ""),
)
# ET, pre-fibrotic and overt primary myelofibrosis need the marrow: "compatible with" is the most
# that driver, counts and a grade of fibrosis can say.
_MPN = _rules(
    ("CML", "bcr"),
    ("Compatible with overt myelofibrosis", "fibrosis_2"),
    ("Compatible with PV", "jak2 red_cells"),
    ("Compatible with ET or pre-fibrotic PMF", "platelets_450"),
    ("Compatible with pre-fibrotic PMF or MPN, NOS", "driver"),
    ("No criterion of an MPN by driver and counts", ""),
)

# Grinfeld et al., N Engl J Med 2018;379:1416. The text of the rules is from memory; the list agrees
# with 1,021 of 1,033 labels that the authors gave the PT-1 trial.
_GRINFELD = _rules(
    ("TP53 disruption or aneuploidy", "tp53_17p_5q"),
    ("Chromatin or spliceosome", "chromatin"),
    ("CALR", "calr"),
    ("MPL", "mpl"),
    ("JAK2 homozygous or NFE2", "jak2_double"),
    ("JAK2 heterozygous", "jak2_any"),
    ("Other driver", "any_driver"),
    ("No known driver", ""),
)
# After Tazi et al., Nat Commun 2022;13:4622: precedence and secondary-type genes were inferred from
# labels (90 % agreement held out); what stands below them in the paper is one class here.
_TAZI = _rules(
    ("t(15;17)", "pml"),
    ("t(8;21)", "runx1t1"),
    ("inv(16)", "cbfb"),
    ("NPM1", "npm1"),
    ("TP53 or complex karyotype", "tp53_complex"),
    ("KMT2A rearranged", "kmt2a"),
    ("t(6;9)", "dek"),
    ("inv(3)", "mecom"),
    ("Secondary-type, two or more genes", "secondary_2"),
    ("CEBPA biallelic", "cebpa_bi"),
    ("Secondary-type, one gene", "secondary_1"),
    ("None of these", ""),
)

LISTS: Mapping[str, Mapping[str, tuple[Rule, ...]]] = {
    "who_2022": {"MDS": _MDS_WHO, "AML": _AML_WHO, "CMML": _CMML, "MPN": _MPN},
    "icc_2022": {"MDS": _MDS_ICC, "AML": _AML_ICC, "CMML": _CMML, "MPN": _MPN},
    "grinfeld_2018": {"MPN": _GRINFELD},
    "tazi_2022": {"AML": _TAZI},
}
