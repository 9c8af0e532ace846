"""Covariates that contain another: a score and what it is computed from, a gene and its refinement.

Beside the whole, the effect of a part is only what the whole leaves over; a model does not show
that by itself. Inputs of the scores: Greenberg 2012 (IPSS-R), Bernard 2022 (IPSS-M), Passamonti
2010 and Gangat 2011 (DIPSS, DIPSS-plus), Guglielmelli 2018 and Tefferi 2018 (MIPSS70, GIPSS),
Passamonti 2017 (MYSEC-PM), Doehner 2017 and 2022 (ELN), Such 2013 and Elena 2016 (CPSS).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from app.cohort.groupings import SCORE, GroupingError, GroupingSpec
from app.cohort.scores import SCORES
from data_loaders import Cohort
from data_loaders.wording import listing, mid_sentence

_MOST_NAMED = 6
_INPUTS = {
    "age": r"^age",
    "haemoglobin": r"^h(a?emoglobin|gb|b)(?![a-z])",
    "platelets": r"^(platelet|plt)",
    "blasts": r"(?<!sidero)blast",
    "neutrophils": r"^(absolute )?(neutrophil|anc)",
    "white cells": r"^(white|leu[ck]ocyte|w[bc]c)",
    "cytogenetics": r"cytogen|karyotyp|^cyto|abnormalit",
    "symptoms": r"symptom",
    "spleen": r"spleen|splenomegaly",
    "ldh": r"^(ldh|lactate dehydrogenase)",
    "fibrosis": r"fibrosis",
    "stage": r"stage",
    "performance": r"ecog|performance",
    "transfusion": r"transfusion",
    "thrombosis": r"thrombo(sis|tic|embol)",
}
_CALR = ("CALR",)
_HIGH_RISK = ("ASXL1", "EZH2", "SRSF2", "IDH1", "IDH2")


@dataclass(frozen=True)
class _Score:
    """A score or class, by how its column is called, and what it is computed from."""

    pattern: str
    inputs: tuple[str, ...] = ()
    genes: tuple[str, ...] = field(default=())

    def is_called(self, texts: Sequence[str]) -> bool:
        return any(re.search(self.pattern, text) for text in texts)


_IPSS_R = ("cytogenetics", "blasts", "haemoglobin", "platelets", "neutrophils")
_DIPSS = ("age", "symptoms", "haemoglobin", "white cells", "blasts")
# The first that fits holds: the more special before the more general.
_SCORES = (
    _Score(
        r"^ipssm",
        ("cytogenetics", "blasts", "haemoglobin", "platelets"),
        (
            "TP53", "FLT3", "KMT2A", "SF3B1", "NPM1", "RUNX1", "NRAS", "ETV6", "IDH2", "CBL",
            "EZH2", "U2AF1", "SRSF2", "DNMT3A", "ASXL1", "KRAS", "BCOR", "BCORL1", "CEBPA",
            "ETNK1", "GATA2", "GNB1", "IDH1", "NF1", "PHF6", "PPM1D", "PRPF8", "PTPN11", "SETBP1",
            "STAG2", "WT1",
        ),
    ),
    _Score(r"^(ipssra|ageadjustedipssr)", ("age", *_IPSS_R)),
    _Score(r"^ipssr", _IPSS_R),
    _Score(r"^dipss(plus|\+)", (*_DIPSS, "transfusion", "platelets", "cytogenetics")),
    _Score(r"^dipss", _DIPSS),
    _Score(
        r"^mipss70(plus|\+)",
        ("cytogenetics", "haemoglobin", "blasts", "symptoms"),
        (*_CALR, *_HIGH_RISK, "U2AF1"),
    ),
    _Score(
        r"^mipss70",
        ("haemoglobin", "white cells", "platelets", "blasts", "fibrosis", "symptoms"),
        (*_CALR, *_HIGH_RISK),
    ),
    _Score(r"^gipss", ("cytogenetics",), (*_CALR, "ASXL1", "SRSF2", "U2AF1")),
    _Score(r"^mysec", ("age", "haemoglobin", "platelets", "blasts", "symptoms"), _CALR),
    _Score(r"^(revised)?ipset", ("age", "white cells", "thrombosis"), ("JAK2",)),
    _Score(r"^cpssmol", ("cytogenetics", "blasts", "white cells", "transfusion"),
           ("ASXL1", "NRAS", "RUNX1", "SETBP1")),
    _Score(r"^cpss", ("cytogenetics", "blasts", "white cells", "transfusion")),
    _Score(
        r"^eln(20|risk|class|group|categ|$)",
        ("cytogenetics",),
        ("NPM1", "FLT3", "CEBPA", "TP53", "RUNX1", "ASXL1", "BCOR", "EZH2", "SF3B1", "SRSF2",
         "STAG2", "U2AF1", "ZRSR2", "KMT2A"),
    ),
    _Score(r"^ipss(score|risk|class|group|categ|$)", ("cytogenetics", "blasts")),
    _Score(r"^sokal", ("age", "spleen", "platelets", "blasts")),
    _Score(r"^elts", ("age", "spleen", "platelets", "blasts")),
    _Score(r"^(cllipi)", ("age", "stage"), ("TP53", "IGHV")),
    _Score(r"^flipi", ("age", "stage", "ldh", "haemoglobin")),
    _Score(r"^mipi", ("age", "performance", "ldh", "white cells")),
    _Score(r"^(r|nccn)?ipi(score|risk|class|group|$)", ("age", "stage", "ldh", "performance")),
    _Score(r"^(driver|mpndriver)", (), ("JAK2", "CALR", "MPL")),
    _Score(r"^(who|icc)2022", ("blasts", "cytogenetics"), ("SF3B1", "TP53", "NPM1")),
)  # fmt: skip


@dataclass(frozen=True)
class _Known:
    """What there is to know of one covariate."""

    name: str
    texts: tuple[str, ...] = ()
    gene: str = ""
    whole_gene: bool = False
    cytogenetic: bool = False
    score: _Score | None = None

    def is_in(self, score: _Score) -> bool:
        """Whether a score is computed from it."""
        if self.score is not None:
            return False
        if self.gene:
            return self.gene in score.genes
        if self.cytogenetic:
            return "cytogenetics" in score.inputs
        patterns = [_INPUTS[name] for name in score.inputs]
        return any(re.search(pattern, text) for pattern in patterns for text in self.texts)


def contained_in(
    cohort: Cohort, named: Sequence[tuple[str, str]], wholes: int | None = None
) -> tuple[str, ...]:
    """What is said of covariates of which one contains another, a sentence each.

    Parameters
    ----------
    named
        Covariates of one model: as they are asked for (``variable:ipssm``, ``alteration:TP53``) and
        their name for people.
    wholes
        How many of them, from the first, are looked at as containing others; None for all.
    """
    known = [_known(cohort, spec, name) for spec, name in named]
    sentences = []
    for whole in known[:wholes]:
        if whole.score is not None:
            parts = [part.name for part in known if part.is_in(whole.score)]
            if parts:
                shown = [mid_sentence(name) for name in parts[:_MOST_NAMED]]
                more = [f"{len(parts) - _MOST_NAMED} more"] if len(parts) > _MOST_NAMED else []
                latter = "it" if len(parts) == 1 else "them"
                sentences.append(
                    f"{whole.name} contains {listing([*shown, *more])}: the effect shown for "
                    f"{latter} is only what the score leaves over."
                )
        if whole.whole_gene:
            parts = [p.name for p in known if p.gene == whole.gene and not p.whole_gene]
            if parts:
                sentences.append(
                    f"{whole.name} contains {listing(parts)}: the effect shown for it is of its "
                    "other alterations."
                )
    scores = [one for one in known[:wholes] if one.score is not None]
    sentences += [
        f"{one.name} and {mid_sentence(other.name)} are the same score: beside each other neither "
        "effect can be read."
        for place, one in enumerate(scores)
        for other in scores[place + 1 :]
        if one.score is other.score
    ]
    return tuple(sentences)


def _known(cohort: Cohort, spec: str, name: str) -> _Known:
    try:
        parsed = GroupingSpec.parse(spec)
    except GroupingError:
        return _Known(name)
    if parsed.kind == "alteration" and parsed.name in cohort.features.index:
        feature = cohort.features.loc[parsed.name]
        gene = feature["gene"] if isinstance(feature["gene"], str) else ""
        kind = str(feature["kind"])
        return _Known(
            str(feature["label"]),
            gene=gene,
            whole_gene=kind == "gene",
            cytogenetic=kind == "cytogenetic",
        )
    if parsed.kind == SCORE and parsed.name in SCORES:
        return _Known(name, score=_score_called([SCORES[parsed.name].label]))
    column = parsed.name.rpartition("@")[0] if parsed.kind == "cut" else parsed.name
    variable = cohort.variables.get(column) if parsed.kind in ("variable", "cut") else None
    if variable is None:
        return _Known(name)
    texts = (variable.name.lower().replace("_", " "), variable.label.lower())
    score = _score_called(text.removesuffix(" (computed)") for text in texts)
    if any(re.search(_INPUTS["cytogenetics"], text) for text in texts):
        score = None
    return _Known(name, texts=texts, score=score)


def _score_called(texts: Iterable[str]) -> _Score | None:
    squashed = [re.sub(r"[^a-z0-9+]", "", text.lower()) for text in texts]
    return next((score for score in _SCORES if score.is_called(squashed)), None)
