"""A cohort classified: entity, what remains possible, the evidence, what would decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import pandas as pd

from app.cohort.classification._disease import (
    DISEASES,
    diseases,
    fibrosis_said,
    without_bcr,
)
from app.cohort.classification._evaluate import fact_names, verdicts
from app.cohort.classification._facts import IMPLIES, Fact, Reader, numbers_said
from app.cohort.classification._lists import LISTS, Rule
from app.cohort.classification._making import facts_of
from data_loaders import Cohort
from data_loaders.arrays import Positions, Texts
from data_loaders.once import once_per_value

SYSTEMS: Mapping[str, str] = MappingProxyType(
    {
        "who_2022": "WHO 2022",
        "icc_2022": "ICC 2022",
        "grinfeld_2018": "Genomic class of MPN (Grinfeld)",
        "tazi_2022": "Genomic class of AML (after Tazi, approximate)",
    }
)
_SOURCES = {
    "who_2022": "Khoury et al., Leukemia 2022;36:1703-1719",
    "grinfeld_2018": "Grinfeld et al., N Engl J Med 2018;379:1416-1430",
    "tazi_2022": "after Tazi et al., Nat Commun 2022;13:4622; precedence and genes inferred "
    "from its labels",
    "icc_2022": "Arber et al., Blood 2022;140:1200-1228",
}
_LEAST_SHARE = 1 / 3
_BLASTS = ("blasts_20", "blasts_10", "ib2", "ib1")


@dataclass(frozen=True, eq=False)
class Classification:
    """What a classification says of every patient.

    Parameters
    ----------
    table
        Index patient_id; ``entity`` (None where undecided or where no list applies), ``possible``
        (tuple of entities that what is missing leaves), ``evidence`` (tuple of sentences),
        ``undecided`` (tuple of what is missing and would decide), ``disease`` (whose list was
        asked, empty where none applies).
    assumed
        What counted as absent because nothing in the cohort can show it, if that was asked for.
    """

    key: str
    label: str
    source: str
    table: pd.DataFrame
    assumed: bool = False

    @property
    def entities(self) -> tuple[str, ...]:
        """The entities given, in the order of the lists."""
        given = set(self.table["entity"].dropna())
        listed = [rule.entity for rules in LISTS[self.key].values() for rule in rules]
        return tuple(dict.fromkeys(entity for entity in listed if entity in given))


def classify(
    cohort: Cohort, system: str, *, disease: str | None = None, unrecorded_absent: bool = False
) -> Classification:
    """Classify every patient by a decision list, as far as what is known decides.

    A research rule set, not a diagnosis. What was not tested is never negative: an entity is given
    only where nothing that is missing could change it.

    Parameters
    ----------
    system
        ``who_2022``, ``icc_2022``, ``grinfeld_2018`` (genomic classes of MPN) or ``tazi_2022``
        (of AML, an approximation).
    disease
        One of MDS, AML, CMML, MPN, in place of the diagnoses that the cohort holds.
    unrecorded_absent
        Whether a gene or an event that the cohort has nothing to know it by (no column, no
        karyotype) counts as absent in patients tested for others: an assumption of the user's.

    Raises
    ------
    ValueError
        If there is no such system or disease.
    """
    return _classified(cohort, system, disease, unrecorded_absent=unrecorded_absent)


@once_per_value
def offered_classes(cohort: Cohort) -> tuple[str, ...]:
    """Keys of the classifications worth offering: two entities, and a third of patients decided."""
    named = diseases(cohort)[0]
    found = []
    for key, lists in LISTS.items():
        asked = np.isin(named, list(lists))
        if not asked.any():
            continue
        result = classify(cohort, key)
        decided = result.table["entity"].notna().to_numpy()
        if len(result.entities) > 1 and decided.sum() >= _LEAST_SHARE * asked.sum():
            found.append(key)
    return tuple(found)


@once_per_value
def _classified(
    cohort: Cohort, system: str, disease: str | None, *, unrecorded_absent: bool
) -> Classification:
    if system not in LISTS:
        raise ValueError(f"There is no classification {system!r}; there are {', '.join(LISTS)}.")
    if disease is not None and disease not in DISEASES:
        raise ValueError(f"There is no list for {disease!r}; there are {', '.join(DISEASES)}.")
    named, words, column = diseases(cohort)
    if disease is not None:
        named, column = np.full(len(cohort), disease, dtype=object), ""
    asked = {which for which in LISTS[system] if (named == which).any()}
    names = {name for which in asked for name in fact_names(LISTS[system][which])}
    facts = facts_of(cohort, names, unrecorded_absent=unrecorded_absent)
    if "bcr" in facts and "MPN" in asked:
        facts |= _stated_facts(cohort, facts, words)
    entity = np.full(len(cohort), None, dtype=object)
    possible = np.empty(len(cohort), dtype=object)
    evidence = np.empty(len(cohort), dtype=object)
    undecided = np.empty(len(cohort), dtype=object)
    lists = LISTS[system]
    everything = tuple(dict.fromkeys(rule.entity for rules in lists.values() for rule in rules))
    unnamed = named == ""
    possible[unnamed], evidence[unnamed] = _each(everything), _each(())
    undecided[unnamed] = _each(("diagnosis",))
    for which in {str(one) for one in pd.unique(named)} - {"", *lists}:
        rows = named == which
        possible[rows], undecided[rows] = _each(()), _each(())
        evidence[rows] = _each((f"no list for {which} ({column})",))
    for which, rules in lists.items():
        rows = np.flatnonzero(named == which)
        if not len(rows):
            continue
        own = _for_list(facts, rules, which, len(cohort))
        in_list = fact_names(rules)
        states = np.column_stack([own[name].state for name in in_list])[rows]
        of, found = verdicts(rules, states, in_list, IMPLIES)
        said = f"diagnosis {which}" + (f" ({column})" if column else "")
        decided = [one.possible[0] if len(one.possible) == 1 else None for one in found]
        entity[rows] = _objects(decided)[of]
        possible[rows] = _objects([one.possible for one in found])[of]
        asks = [tuple(dict.fromkeys(own[name].asks for name in one.matters)) for one in found]
        undecided[rows] = _objects(asks)[of]
        for position, verdict in enumerate(found):
            theirs = rows[of == position]
            evidence[theirs] = _evidence(said, [own[name] for name in verdict.trail], theirs)
    table = pd.DataFrame(
        {"entity": entity, "possible": possible, "evidence": evidence, "undecided": undecided,
         "disease": np.where(np.isin(named, list(lists)), named, "")},
        index=cohort.patients.index,
    )  # fmt: skip
    return Classification(system, SYSTEMS[system], _SOURCES[system], table, unrecorded_absent)


def _objects(values: Sequence[object]) -> Texts:
    """An array with each value, tuples too, as one thing."""
    held = np.empty(len(values), dtype=object)
    for position, value in enumerate(values):
        held[position] = value
    return held


def _each(value: tuple[str, ...]) -> Texts:
    """The same for all that it is assigned to."""
    return _objects([value])


def _evidence(said: str, facts: Sequence[Fact], rows: Positions) -> Texts:
    """The sentences of patients to whom a list says the same; who shares all of them has one."""
    alike = np.zeros(len(rows), dtype=np.int64)
    for fact in facts:
        words = fact.yes if fact.state[rows[0]] == 1 else fact.no
        if not isinstance(words, str):
            codes, texts = pd.factorize(words[rows])
            alike = pd.factorize(alike * len(texts) + codes)[0]
    _, first, of = np.unique(alike, return_index=True, return_inverse=True)
    told = [[said, *(fact.said(int(row)) for fact in facts)] for row in rows[first]]
    return _objects([tuple(dict.fromkeys(filter(None, sentences))) for sentences in told])[of]


def _for_list(
    facts: Mapping[str, Fact], rules: tuple[Rule, ...], which: str, n: int
) -> dict[str, Fact]:
    """The facts as one list asks them: what it asks only where recorded is absent elsewhere."""
    own = dict(facts)
    for literal in (literal for rule in rules for literal in rule.facts):
        name = literal.lstrip("!?")
        if "?" in literal and not own[name].recorded:
            own[name] = replace(own[name], state=np.zeros(n, dtype=np.int8), no="")
    if which == "AML" and "blasts_20" in own and not own["blasts_20"].recorded:
        said = "blasts not recorded: a diagnosis of AML stands for 20 % or more"
        for name in _BLASTS:
            own[name] = Fact(np.ones(n, dtype=np.int8), said, said, "blasts")
    return own


def _stated_facts(cohort: Cohort, facts: Mapping[str, Fact], words: object) -> dict[str, Fact]:
    """Facts of myeloproliferative neoplasms of which the diagnosis itself is a part."""
    texts = np.asarray(words, dtype=object)
    bcr = facts["bcr"]
    spoken = without_bcr(texts) & (bcr.state < 0)
    no = np.where(spoken, "a diagnosis that excludes BCR::ABL1", bcr.no).astype(object)
    grade, column = Reader(cohort, unrecorded_absent=False).number("fibrosis")
    said = fibrosis_said(texts)
    state = np.where(np.isnan(grade), said, grade >= 2).astype(np.int8)
    sentence = np.where(
        np.isnan(grade),
        np.where(
            said == 1, "overt fibrosis by the diagnosis", "no overt fibrosis by the diagnosis"
        ),
        numbers_said("marrow fibrosis grade", grade, "", column),
    ).astype(object)
    return {
        "bcr": replace(bcr, state=np.where(spoken, 0, bcr.state).astype(np.int8), no=no),
        "fibrosis_2": Fact(state, sentence, sentence, "grade of marrow fibrosis"),
    }
