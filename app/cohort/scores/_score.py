"""The scores of a cohort: which can be computed, for how many, and each of them by patient."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import pandas as pd

from app.cohort.scores._aml_inputs import AML
from app.cohort.scores._columns import Mapped, columns_by_meaning, disease_of
from app.cohort.scores._definition import GRADES, Definition
from app.cohort.scores._derived import DERIVED, EVENTS, GENES, MADE_OF
from app.cohort.scores._eln import LISTS, decided
from app.cohort.scores._engine import KARYOTYPES, Bits, Scored, scored
from app.cohort.scores._evidence import Evidence
from app.cohort.scores._finder import Finder, stored
from app.cohort.scores._inputs import INPUTS, input_of
from app.cohort.scores._ipssm import IPSS_M, ipss_m
from app.cohort.scores._lymphoid import LYMPHOID
from app.cohort.scores._myeloid import MYELOID
from data_loaders import Cohort, CohortError
from data_loaders.meaning.derived import DRIVERS
from data_loaders.once import once_per_value

_LISTS = {entry.definition.key: entry for entry in LISTS}
_ORDER = (*MYELOID[:2], IPSS_M, *MYELOID[2:], *(e.definition for e in LISTS), *LYMPHOID)
SCORES: Mapping[str, Definition] = MappingProxyType({entry.key: entry for entry in _ORDER})


_SLOW = KARYOTYPES | {
    "core_binding",
    "t_9_11",
    "adverse_cytogenetics",
    "adverse_cytogenetics_2022",
    "apl",
}
_OF_KARYOTYPES = (
    "karyotype", "complex_karyotype", "normal_karyotype", "n abnormalities", "monosomal_karyotype",
    "monosomal karyotype",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class ScoreResult:
    """A score of every patient of a cohort.

    Parameters
    ----------
    definition
        The score: label, disease, classes with their published outcome, source and grade.
    table
        Index ``patient_id``: ``value`` (NaN where an input is missing; IPSS-M has its mean by the
        published rule), ``category`` (None unless it is certain), ``lowest`` and ``highest``
        over what is missing, ``possible`` (tuple of classes), ``missing`` (tuple of inputs), and
        what this score alone has.
    inputs
        One row an input: ``input``, ``label``, ``column``, ``unit``, ``conversion``, ``n_known``;
        where one is worked out of columns of its own, these follow with its key in ``of``.
    """

    definition: Definition
    table: pd.DataFrame
    inputs: pd.DataFrame

    @property
    def label(self) -> str:
        """Name for people."""
        return self.definition.label

    @property
    def categories(self) -> tuple[str, ...]:
        """The classes from good to bad."""
        return self.definition.categories

    @property
    def source(self) -> str:
        """Where it was published."""
        return self.definition.source

    @property
    def grade(self) -> str:
        """How well its points are documented: a letter and what it means."""
        return f"{self.definition.grade}: {GRADES[self.definition.grade]}"


def definition_of(key: str) -> Definition:
    """The score of this key.

    Raises
    ------
    CohortError
        If none has it.
    """
    if key not in SCORES:
        raise CohortError(f"There is no score called {key}; there are {', '.join(SCORES)}.")
    return SCORES[key]


def score(cohort: Cohort, key: str, mapping: Mapped | None = None) -> ScoreResult:
    """A score of each patient, what it is made of, and what is missing.

    Parameters
    ----------
    key
        A key of :data:`SCORES`: ``ipss_m``, ``dipss``, ``cll_ipi``.
    mapping
        Which column feeds which input, where the one found is wrong: the input's key to a column's
        name, to ``{"column": name, "unit": "g/L"}``, or to None if none does. By default what the
        mapping that the cohort was loaded with states under ``scores``.

    Raises
    ------
    CohortError
        If there is no such score, or a stated column does not exist or does not fit.
    """
    definition = definition_of(key)
    if mapping:
        return _result(cohort, definition, mapping)
    return _found(cohort, key)


@once_per_value
def _found(cohort: Cohort, key: str) -> ScoreResult:
    return _result(cohort, definition_of(key), None)


# What all scores of a cohort are found in.
_store = once_per_value(stored)


def available_scores(cohort: Cohort, mapping: Mapped | None = None) -> pd.DataFrame:
    """For how many patients each score can be computed, and what is missing.

    Returns
    -------
    pandas.DataFrame
        One row a score: ``key``, ``label``, ``disease``, ``n_complete``, ``n_certain`` (class
        certain), ``n_of_disease`` (patients not said to have another disease),
        ``missing_inputs`` (known in nobody), ``helps_most`` (the one input that would complete
        most patients) and ``n_more`` (how many), ``grade``, ``source``.
    """
    finder = _finder(cohort, mapping)
    rows = []
    for definition in SCORES.values():
        evidence = {name: finder.evidence(name) for name in definition.inputs}
        found = computed(definition, evidence)
        lacking = tuple(
            name for name, held in evidence.items() if not (held.low == held.high).any()
        )
        single = {
            name: int(np.count_nonzero(found.missing == np.uint64(1 << place)))
            for place, name in enumerate(found.inputs)
        }
        best = max(single, key=lambda name: single[name])
        rows.append(
            {
                "key": definition.key,
                "label": definition.label,
                "disease": definition.disease,
                "n_complete": int(np.count_nonzero((found.missing == 0) & ~np.isnan(found.value))),
                "n_certain": int(np.count_nonzero(found.category >= 0)),
                "n_of_disease": int(disease_of(cohort, definition.disease).possible.sum()),
                "missing_inputs": lacking,
                "helps_most": best if single[best] else None,
                "n_more": single[best],
                "grade": definition.grade,
                "source": definition.source,
            }
        )
    return pd.DataFrame(rows)


def can_be_fed(cohort: Cohort, definition: Definition) -> bool:
    """Whether every input of a score is known in somebody; of the IPSS-M, the clinical ones.

    The published rule of the IPSS-M stands in for genes that a panel lacks. Karyotypes, which are
    slow to read, are asked for last.
    """
    finder = _finder(cohort, None)
    wanted = ("hb", "cyto_ipssr") if definition is IPSS_M else definition.inputs
    for name in sorted(wanted, key=_SLOW.__contains__):
        held = finder.evidence(name)
        if not (held.low == held.high).any():
            return False
    return True


def _finder(cohort: Cohort, mapping: Mapped | None) -> Finder:
    store = replace(_store(cohort), found={}) if mapping else _store(cohort)
    return Finder(cohort, mapping or _stated(cohort), {**DERIVED, **AML}, store)


def _stated(cohort: Cohort) -> Mapped:
    """What the cohort's own mapping says of inputs, as far as the columns are there."""
    there = {*cohort.patients.columns, *cohort.features.index}
    return {
        key: entry
        for key, entry in cohort.stated_scores.items()
        if entry is None or (entry.get("column") if isinstance(entry, dict) else entry) in there
    }


def evidence_for(
    cohort: Cohort, definition: Definition, mapping: Mapped | None = None
) -> dict[str, Evidence]:
    """What is known of each input of a score in each patient."""
    finder = _finder(cohort, mapping)
    return {name: finder.evidence(name) for name in definition.inputs}


def computed(definition: Definition, evidence: Mapping[str, Evidence]) -> Scored:
    """A score from what is known of its inputs, whatever kind of score it is."""
    if definition is IPSS_M:
        return ipss_m(evidence)
    if definition.key in _LISTS:
        return decided(_LISTS[definition.key], evidence)
    return scored(definition, evidence)


def _result(cohort: Cohort, definition: Definition, mapping: Mapped | None) -> ScoreResult:
    evidence = evidence_for(cohort, definition, mapping)
    found = computed(definition, evidence)
    names = np.array([*definition.categories, None], dtype=object)
    table = pd.DataFrame(
        {
            "value": found.value,
            "category": names[found.category],
            "lowest": found.lowest,
            "highest": found.highest,
            "possible": _tuples(found.possible, definition.categories),
            "missing": _tuples(found.missing, found.inputs),
            **found.further,
        },
        index=cohort.patients.index,
    )
    finder = _finder(cohort, mapping)
    rows = []
    for name, held in evidence.items():
        rows.append(_row(name, held))
        parts = ((part, finder.evidence(part)) for part in MADE_OF.get(name, ()))
        rows += [_row(part, own, name) for part, own in parts if own.column]
    return ScoreResult(definition, table, pd.DataFrame(rows))


def _row(name: str, held: Evidence, of: str = "") -> dict[str, object]:
    return {
        "input": name,
        "label": input_of(name).label,
        "column": held.column,
        "unit": held.unit,
        "conversion": held.conversion,
        "n_known": int(np.count_nonzero(held.low == held.high)),
        "of": of,
    }


def _tuples(bits: Bits, names: Sequence[str]) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    """The names whose bits are set, for each patient; equal ones share a tuple."""
    distinct, which = np.unique(bits, return_inverse=True)
    held = np.empty(len(distinct), dtype=object)
    for place, entry in enumerate(distinct):
        held[place] = tuple(name for i, name in enumerate(names) if int(entry) >> i & 1)
    return held[which]


def parts_of_score(cohort: Cohort, words: str) -> set[str]:
    """Columns and alterations that feed a score, known or not, by a key or :func:`score_called`."""
    known = columns_by_meaning(cohort)
    waiting = [
        key
        for word in words.split()
        for key in (SCORES[word].inputs if word in SCORES else (word,))
    ]
    waiting += [part for key in waiting for part in MADE_OF.get(key, ())]
    found: set[str] = set()
    for key in dict.fromkeys(waiting):
        stated = cohort.stated_scores.get(key)
        own = stated.get("column") if isinstance(stated, dict) else stated
        if own is not None:
            found.add(f"{'alteration' if own in cohort.features.index else 'variable'}:{own}")
        wanted = input_of(key)
        genes = GENES.get(key, () if key in INPUTS else (key,))
        meanings = [*wanted.terms, *wanted.names]
        meanings += ["driver"] if not set(DRIVERS).isdisjoint(genes) else []
        if key in EVENTS:
            meanings += _OF_KARYOTYPES
            found |= events_called(cohort, EVENTS[key])
        found |= {f"variable:{v.name}" for name in meanings for v in known.get(name, ())}
        found |= alterations_of(cohort, genes)
    return found


def alterations_of(cohort: Cohort, genes: Collection[str]) -> set[str]:
    """The alterations of genes."""
    held = zip(map(str, cohort.features.index), cohort.features["gene"], strict=True)
    wanted = set(genes)
    return {f"alteration:{name}" for name, gene in held if name in wanted or gene in wanted}


def events_called(cohort: Cohort, pattern: str) -> set[str]:
    """The cytogenetic alterations in whose name or label a pattern is found."""
    table = cohort.features[cohort.features["kind"] == "cytogenetic"]
    return {
        f"alteration:{name}"
        for name, label in table["label"].items()
        if re.search(pattern, f"{name} {label}", re.IGNORECASE)
    }
