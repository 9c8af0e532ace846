"""Whether a patient is said to have another disease than the one a score was made for."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data_loaders import Cohort
from data_loaders.meaning.families import family_of
from data_loaders.meaning.vocabulary import term_of

_DIAGNOSES = ("diagnosis", "diagnosis_detail", "who", "fab")
_FIBROSIS = re.compile(r"\b[ps]?mf\b|myelofib|\bpost (?:et|pv)")
# By the disease of a definition; one that is not here is for everybody.
_WORDS = {
    "MDS": re.compile(r"\bmds|myelodysplas|\bcmml|\bra(?:rs|eb)?\b|\brcmd|refractory (?:an|cyt)"),
    "Myelofibrosis": _FIBROSIS,
    "Myelofibrosis after ET or PV": _FIBROSIS,
    "Myelofibrosis, transplant": _FIBROSIS,
    "Essential thrombocythaemia": re.compile(r"\bet\b|thrombocyth"),
    "CMML": re.compile(r"\bcmml|myelomonocytic"),
    "CML": re.compile(r"\bcml\b|chronic myel(?:oid|ogenous)"),
    "AML": re.compile(r"aml\b|\baml|acute my|\bm[0-7]\b"),
    "CLL": re.compile(r"\bcll\b|\bsll\b|chronic lymphocytic|small lymphocytic"),
    "Diffuse large B-cell lymphoma": re.compile(r"\bdlbcl|large b|\bgcb\b|\babc\b|\bhgbl"),
    "Follicular lymphoma": re.compile(r"\bfl\b|follicular"),
    "Mantle cell lymphoma": re.compile(r"\bmcl\b|mantle"),
}


# Columns that only one disease has, where no diagnosis is written.
_TELLING = {
    "aml_type": "AML", "eln": "AML", "flt3_itd_ratio": "AML", "mds_type": "MDS", "ipssm": "MDS",
    "ipssr": "MDS", "ipssra": "MDS", "binet": "CLL", "rai": "CLL",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Disease:
    """Who has the disease of a score, and who is said to have another; else nothing is said."""

    has: npt.NDArray[np.bool_]
    other: npt.NDArray[np.bool_]

    @property
    def possible(self) -> npt.NDArray[np.bool_]:
        """Who has it or is not said to have another."""
        return self.has | ~self.other

    @property
    def occurs(self) -> bool:
        """Whether the cohort may be of this disease."""
        return bool(self.has.any()) or not self.other.any()


def disease_of(cohort: Cohort, disease: str) -> Disease:
    """Who has the disease that a score was made for.

    Parameters
    ----------
    disease
        As of a score's definition.
    """
    has, other = np.zeros(cohort.n, dtype=bool), np.zeros(cohort.n, dtype=bool)
    wanted = _WORDS.get(disease)
    if wanted is None:
        return Disease(has, other)
    terms = _columns_by_term(cohort)
    columns = [name for key in _DIAGNOSES for name in terms.get(key, ())]
    if not columns:
        told = {_TELLING[key] for key in terms if key in _TELLING}
        return Disease(has | (disease in told), other | bool(told))
    for name in columns:
        codes, levels = cohort.factor(name)
        words = [re.sub(r"[\W_]+", " ", str(level).lower()) for level in levels]
        fits = [wanted.search(text) is not None for text in words]
        known = [
            family_of(str(level)) is not None or any(w.search(text) for w in _WORDS.values())
            for level, text in zip(levels, words, strict=True)
        ]
        has |= np.array([*fits, False])[codes]
        other |= np.array([*known, False])[codes]
    return Disease(has, other)


def _columns_by_term(cohort: Cohort) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, variable in cohort.variables.items():
        known = term_of(variable.source_column or name) or term_of(name)
        if known is not None and name in cohort.patients.columns:
            found.setdefault(known.key, []).append(name)
    return found
