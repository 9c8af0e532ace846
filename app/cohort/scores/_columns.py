"""Which column of a cohort feeds which input, in which unit; which columns say the disease."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from app.cohort.scores._evidence import Evidence, of_numbers
from app.cohort.scores._inputs import Input, input_of
from data_loaders import Cohort, CohortError, Variable
from data_loaders.arrays import Bools, Floats
from data_loaders.meaning.families import family_of
from data_loaders.meaning.vocabulary import factor_between, parse_name, term_of

Mapped = Mapping[str, Any]
_ASSUMED = re.compile("from the values|as usual")
_MULTIPLE, _LARGEST_MULTIPLE = "× ULN", 20
_G_PER_DL_OF_MMOL = 1.6114  # haemoglobin monomer, 16.114 g/mmol


def evidence_of_column(
    cohort: Cohort, key: str, mapped: Mapped, known: Mapping[str, list[Variable]]
) -> Evidence | None:
    """What the cohort's own column says of an input; None if it has no such column.

    Parameters
    ----------
    mapped
        What the user stated: input to column, or to ``{"column": ..., "unit": ...}``; a column of
        None means that none of them is it.
    known
        As :func:`columns_by_meaning` gives them.

    Raises
    ------
    CohortError
        If a stated column does not exist, or its unit cannot be converted.
    """
    wanted = input_of(key)
    stated = mapped.get(key, ...)
    if stated is not ...:
        entry = stated if isinstance(stated, Mapping) else {"column": stated}
        column = entry.get("column")
        if column is None:
            return None
        if column in cohort.features.index:
            states = cohort.feature_state(column).astype(np.float64)
            return of_numbers(np.where(states < 0, np.nan, states), column, "", "as stated", (0, 1))
        if column not in cohort.patients.columns:
            raise CohortError(f"This cohort has no column called {column}: choose another.")
        variable = cohort.variables.get(column) or Variable(column, column, "text")
        found = _read(cohort, variable, wanted, entry.get("unit"), stated=True)
        if found is None:
            raise CohortError(
                f"{column} cannot be read as {wanted.label}: its values or unit do not fit."
            )
        return found
    best, most = None, 0
    for name in (*wanted.terms, *wanted.names):
        for variable in known.get(name, ()):
            found = _read(cohort, variable, wanted, None)
            n = 0 if found is None else int(np.count_nonzero(found.low == found.high))
            if n > most:
                best, most = found, n
    return best


def columns_by_meaning(cohort: Cohort) -> dict[str, list[Variable]]:
    """The cohort's variables by term of the vocabulary and by the words of their names."""
    found: dict[str, list[Variable]] = {}
    for name, variable in cohort.variables.items():
        if name in cohort.endpoint_columns or name not in cohort.patients.columns:
            continue
        meanings: dict[str, None] = {}
        for text in (name, variable.source_column or name, variable.label):
            term = term_of(text)
            meanings |= {parse_name(text).words: None, _plain(text): None}
            if term is not None:
                meanings[term.key] = None
        for meaning in meanings:
            found.setdefault(meaning, []).append(variable)
    return found


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", " ", text.lower()).strip()


def _read(
    cohort: Cohort, variable: Variable, wanted: Input, unit: str | None, *, stated: bool = False
) -> Evidence | None:
    values = cohort.patients[variable.name]
    if pd.api.types.is_numeric_dtype(values.dtype) or pd.api.types.is_bool_dtype(values.dtype):
        if wanted.words and not stated and "0" not in wanted.words and "1" not in wanted.words:
            return None  # a code whose meaning nobody said
        return _of_numbers(cohort.numbers(variable.name), variable, wanted, unit)
    codes, levels = cohort.factor(variable.name)
    worth = [_worth(str(level), wanted) for level in levels]
    if not levels or any(np.isnan(value) for value in worth):
        return None
    return of_numbers(
        np.array([*worth, np.nan])[codes], variable.name, "", _said(levels, worth), wanted.bounds
    )


def _said(levels: tuple[Any, ...], worth: list[float]) -> str:
    if all(str(level).strip() == f"{value:g}" for level, value in zip(levels, worth, strict=True)):
        return ""
    return ", ".join(
        f"{level} = {value:g}" for level, value in sorted(zip(levels, worth, strict=True),
                                                          key=lambda pair: pair[1])
    )  # fmt: skip


def _worth(level: str, wanted: Input) -> float:
    """What a word is worth, NaN if it says nothing of the input."""
    plain = _plain(level)
    for text in (level.strip().lower(), plain):
        if text in wanted.words:
            return float(wanted.words[text])
    if wanted.words:
        return np.nan
    match = re.fullmatch(r"(?:grade|stage|mf|ecog)? ?(\d+(?:\.\d+)?)", plain)
    return float(match[1]) if match else np.nan


def _of_numbers(
    values: Floats, variable: Variable, wanted: Input, stated: str | None
) -> Evidence | None:
    unit = stated or variable.unit or ""
    factor, words = 1.0, ""
    held: Floats = values[~np.isnan(values)]
    answers = bool(np.isin(held, (0, 1)).all())
    if wanted.bounds[1] == 1 and not wanted.unit and not answers:
        return None
    if wanted.key.startswith("ldh"):
        # "LDH_ULN" is the limit or the multiple of it: the values say which.
        multiple = bool(len(held)) and float(np.median(held)) <= _LARGEST_MULTIPLE
        if multiple != (wanted.key == "ldh_ratio") and not stated:
            return None
        unit = wanted.unit if unit == _MULTIPLE else unit
        if wanted.key == "ldh_ratio" and unit and not stated:
            return None
    if wanted.key == "ighv":  # a number says whether it is mutated
        values = 1 - values
        words = "1 is mutated"
    if wanted.key == "basophils" and not stated and _ASSUMED.search(variable.reason):
        # The scores of CML have per cent; a file that names no unit nearly always does.
        unit, words = "%", "no unit in the file: taken as %"
    if wanted.unit and unit and unit != wanted.unit:
        found = _factor(unit, wanted)
        if found is None:
            return None
        factor, words = found, f"{unit} to {wanted.unit}: times {found:g}"
    elif wanted.large and not unit and len(held):
        limit, other, name = wanted.large
        above = held.max() > limit if wanted.unit == "fraction" else np.median(held) > limit
        if above:
            factor, words = other, f"taken as {name} by its values: times {other:g}"
    return of_numbers(values * factor, variable.name, unit, words, wanted.bounds)


def _factor(unit: str, wanted: Input) -> float | None:
    if wanted.unit == "fraction" and unit == "%":
        return 0.01
    if wanted.key == "hb" and unit == "mmol/L":
        return _G_PER_DL_OF_MMOL
    if {unit, wanted.unit} <= {"µg/mL", "mg/L"}:
        return 1.0
    return factor_between(unit, wanted.unit)


# Which disease ----------------------------------------------------------------------------

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
    "ipssr": "MDS", "ipssra": "MDS", "binet": "CLL", "rai": "CLL", "cll_ipi": "CLL", "ighv": "CLL",
    "sokal": "CML", "eutos": "CML", "elts": "CML", "transcript": "CML", "bcr_abl": "CML",
    "cell_of_origin": "Diffuse large B-cell lymphoma", "ipi": "Diffuse large B-cell lymphoma",
    "r_ipi": "Diffuse large B-cell lymphoma", "nccn_ipi": "Diffuse large B-cell lymphoma",
    "flipi": "Follicular lymphoma", "mipi": "Mantle cell lymphoma", "dipss": "Myelofibrosis",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Disease:
    """Who has the disease of a score, and who is said to have another; else nothing is said."""

    has: Bools
    other: Bools

    @property
    def possible(self) -> Bools:
        """Who has it or is not said to have another."""
        return self.has | ~self.other

    @property
    def occurs(self) -> bool:
        """Whether the cohort may be of this disease."""
        return bool(self.has.any()) or not self.other.any()


def disease_of(cohort: Cohort, disease: str) -> Disease:
    """Who has the disease that a score was made for."""
    has, other = np.zeros(cohort.n, dtype=bool), np.zeros(cohort.n, dtype=bool)
    wanted = _WORDS.get(disease)
    if wanted is None:
        return Disease(has, other)
    terms = _columns_by_term(cohort)
    columns = [name for key in _DIAGNOSES for name in terms.get(key, ())]
    for name in columns:
        codes, levels = cohort.factor(name)
        words = [re.sub(r"[\W_]+", " ", str(level).lower()) for level in levels]
        fits = [wanted.search(text) is not None for text in words]
        known = [
            _has_family(str(level)) or any(w.search(text) for w in _WORDS.values())
            for level, text in zip(levels, words, strict=True)
        ]
        has |= np.array([*fits, False])[codes]
        other |= np.array([*known, False])[codes]
    if not other.any():  # no diagnosis that is understood
        told = {_TELLING[key] for key in terms if key in _TELLING}
        return Disease(has | (disease in told), other | bool(told))
    return Disease(has, other)


@lru_cache(maxsize=1024)  # names of diseases, asked for every score
def _has_family(diagnosis: str) -> bool:
    return family_of(diagnosis) is not None


def _columns_by_term(cohort: Cohort) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, variable in cohort.variables.items():
        known = term_of(variable.source_column or name) or term_of(name)
        if known is not None and name in cohort.patients.columns:
            found.setdefault(known.key, []).append(name)
    return found
