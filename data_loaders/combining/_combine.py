"""Two or more cohorts in memory become one, for those who may move rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace

import numpy as np
import pandas as pd

from data_loaders.arrays import Positions, Texts
from data_loaders.combining._duplicates import Alike, alike_patients
from data_loaders.combining._endpoints import combined_endpoints
from data_loaders.combining._variables import Slot, combined_column, matched_variables
from data_loaders.meaning.vocabulary import term_of
from data_loaders.model import (
    Cohort,
    CohortError,
    FeatureKind,
    Issue,
    Loading,
    Provenance,
    Variable,
)
from data_loaders.wording import listed, mid_sentence, plural, shown

COHORT, SUSPECTED = "cohort", "suspected_duplicate"
_PERSON = ("age", "sex", "diagnosis")


def combine(
    cohorts: Sequence[Cohort], names: Sequence[str] | None = None, name: str | None = None
) -> Cohort:
    """Make one cohort of several.

    Variables are matched by what they mean and put in the units and words of the first cohort that
    has them; alterations that a cohort did not look for are not tested there; endpoints are matched
    by their key. What did not match stands in the findings, and so do patients who may be in two
    cohorts. A column ``cohort`` says where each comes from.

    Parameters
    ----------
    cohorts
        Two or more.
    names
        What to call them; their own names by default.
    name
        What to call the whole; by default those of the cohorts.

    Raises
    ------
    CohortError
        If there are fewer than two, or two have the same name.
    """
    called = [cohort.name for cohort in cohorts] if names is None else [n.strip() for n in names]
    if len(cohorts) < 2 or len(called) != len(cohorts):
        raise CohortError("Give at least two cohorts to combine, and a name for each or none.")
    if len(set(called)) < len(called) or not all(called):
        raise CohortError("Two of the cohorts have the same name: give each a name of its own.")
    ids, issues = _identifiers(cohorts, called)
    index = pd.Index(np.concatenate(ids), name="patient_id")
    place = np.repeat(np.arange(len(cohorts)), [cohort.n for cohort in cohorts])
    endpoints, outcome, found = combined_endpoints(cohorts, called)
    issues += found
    slots, found = matched_variables(cohorts, called, {COHORT, SUSPECTED, *outcome})
    issues += [*found, *_unshared(slots, called)]
    columns = {COHORT: pd.Series(np.array(called, dtype=object)[place])}
    variables = {
        COHORT: Variable(
            COHORT, "Cohort", "categorical", role="study", levels=tuple(called),
            description="Which of the combined cohorts the patient comes from.",
        )
    }  # fmt: skip
    for slot in slots:
        columns[slot.variable.name], variables[slot.variable.name] = combined_column(slot, cohorts)
    # What every cohort knows comes first, and where a patient is from behind it.
    order = sorted(slots, key=lambda slot: -len(slot.columns))
    patients = pd.DataFrame({**columns, **outcome}).set_axis(index)
    features, alterations, found = _alterations(cohorts, called, index)
    issues += found
    listed_variables = {s.variable.name: variables[s.variable.name] for s in order}
    whole = Cohort(
        name=name or " + ".join(called),
        patients=patients,
        alterations=alterations,
        features=features,
        endpoints=endpoints,
        variables=listed_variables | {COHORT: variables[COHORT]},
        provenance=replace(
            _provenance(cohorts, called), loaded=_loaded(cohorts, called, name or None)
        ),
        mutations=_mutations(cohorts, ids),
    )
    whole, found = _with_suspects(whole, place.astype(np.intp), called)
    told = [
        replace(issue, sentence=f"{shown(name)}: {issue.sentence}", column=None, rows=())
        for name, cohort in zip(called, cohorts, strict=True)
        for issue in cohort.issues
    ]
    return replace(whole, issues=(*found, *issues, *told))


def _identifiers(
    cohorts: Sequence[Cohort], names: Sequence[str]
) -> tuple[list[Texts], list[Issue]]:
    """Identifiers of each cohort, with its name before them where two are the same."""
    ids = [cohort.patients.index.astype(str).to_numpy(dtype=object) for cohort in cohorts]
    joined = np.concatenate(ids)
    doubled = len(joined) - len(set(joined))
    if not doubled:
        return ids, []
    sentence = (
        f"{plural(doubled, 'identifier')} occur in more than one cohort: every patient's has the "
        "name of the cohort before it. If they are the same people, leave one of the cohorts out."
    )
    return (
        [
            np.array([f"{name}:{i}" for i in own], object)
            for name, own in zip(names, ids, strict=True)
        ],
        [Issue("warning", sentence, count=doubled, code="identifiers")],
    )


def _alterations(
    cohorts: Sequence[Cohort], names: Sequence[str], index: pd.Index
) -> tuple[pd.DataFrame, pd.DataFrame, list[Issue]]:
    """Panels united: what a cohort did not look for is not tested there."""
    known: dict[tuple[FeatureKind, str], str] = {}
    rows: dict[str, pd.Series] = {}
    parts, issues = [], []
    for cohort in cohorts:
        called: dict[str, str] = {}
        for name, row in cohort.features.iterrows():
            meant = (row["kind"], str(row["label"]).casefold())
            same = str(name) if str(name) in rows else known.get(meant, str(name))
            here = str(name) if same in called.values() else same
            called[str(name)] = here
            known.setdefault(meant, here)
            rows.setdefault(here, row)
        parts.append(cohort.alterations.rename(columns=called))
    whole = pd.concat(parts, ignore_index=True).astype("boolean").set_axis(index)
    whole = whole[list(rows)]
    features = pd.DataFrame(list(rows.values()), index=pd.Index(list(rows), name="feature"))
    if not rows:
        features = cohorts[0].features
    for name, part in zip(names, parts, strict=True):
        absent = [feature for feature in rows if feature not in part.columns]
        if absent:
            sentence = (
                f"Not tested in {shown(name)}, and so in nobody's frequency there: "
                f"{listed(absent)}."
            )
            issues.append(Issue("info", sentence, count=len(absent), code="panel"))
    return features, whole, issues


def _mutations(cohorts: Sequence[Cohort], ids: Sequence[Texts]) -> pd.DataFrame:
    parts = []
    for cohort, own in zip(cohorts, ids, strict=True):
        if len(cohort.mutations):
            renamed = dict(zip(cohort.patients.index.astype(str), own, strict=True))
            patient = cohort.mutations["patient_id"].astype(str).map(renamed)
            parts.append(cohort.mutations.assign(patient_id=patient))
    return pd.concat(parts, ignore_index=True) if parts else cohorts[0].mutations


def _unshared(slots: Sequence[Slot], names: Sequence[str]) -> list[Issue]:
    """What only one cohort has, a sentence a cohort."""
    issues = []
    for place, name in enumerate(names):
        alone = [s.variable.label for s in slots if set(s.columns) == {place}]
        if alone:
            sentence = f"Only in {shown(name)}: {listed(alone)}."
            issues.append(Issue("info", sentence, count=len(alone), code="unmatched"))
    return issues


def _provenance(cohorts: Sequence[Cohort], names: Sequence[str]) -> Provenance:
    def joined(what: str) -> str:
        return "; ".join(
            dict.fromkeys(filter(None, (getattr(c.provenance, what) for c in cohorts)))
        )

    counted = [f"{name} ({c.n:,})" for name, c in zip(names, cohorts, strict=True)]
    synthetic = [name for name, c in zip(names, cohorts, strict=True) if c.provenance.synthetic]
    note = f"Combined of {listed(counted)}."
    if synthetic:
        note = f"SYNTHETIC: simulated patients are among them ({listed(synthetic)}). {note}"
    return Provenance(
        source=" + ".join(c.provenance.source for c in cohorts),
        citation=joined("citation"),
        licence=joined("licence"),
        version=joined("version"),
        synthetic=bool(synthetic),
        note=note,
    )


def _loaded(cohorts: Sequence[Cohort], names: Sequence[str], name: str | None) -> Loading | None:
    """How to load and combine them again; None where a program made one of them."""
    held = [(c.provenance, c.provenance.loaded) for c in cohorts]
    known = [(where, loaded) for where, loaded in held if loaded is not None]
    if len(known) < len(held):
        return None
    parts = [
        {"source": where.source, "derived": list(where.derived), "loaded": asdict(loaded)}
        for where, loaded in known
    ]
    files = tuple(dict.fromkeys(file for _, loaded in known for file in loaded.files))
    return Loading("combined", files, {"parts": parts, "names": list(names), "name": name})


def _with_suspects(
    whole: Cohort, place: Positions, names: Sequence[str]
) -> tuple[Cohort, list[Issue]]:
    """Mark patients of later cohorts who are like one of an earlier."""
    terms = {name: term_of(name) or term_of(v.label) for name, v in whole.variables.items()}
    person = [
        next((name for name, term in terms.items() if term is not None and term.key == key), None)
        for key in _PERSON
    ]
    found = alike_patients(whole, place, [name for name in person if name])
    if not found:
        sentence = "Whether patients are in two cohorts cannot be told: both know too little."
        return whole, [Issue("info", sentence, code="duplicates")]
    issues = [_told(whole, held, names) for held in found if held.suspected]
    others = [
        f"{shown(names[held.first])} and {shown(names[held.second])} "
        f"({int(held.who.sum()):,}, by chance about {held.chance:.1f})"
        for held in found
        if not held.suspected
    ]
    if others:
        sentence = f"No more patients are alike than chance explains in {listed(others)}."
        issues.append(Issue("info", sentence, code="duplicates"))
    if len(others) == len(found):
        return whole, issues
    later = np.any([held.who for held in found if held.suspected], axis=0)
    marked = whole.patients.assign(**{SUSPECTED: later.astype(np.float64)})
    variable = Variable(
        SUSPECTED, "Suspected duplicate", "binary", role="study",
        description="Like a patient of an earlier cohort in all that both cohorts know.",
    )  # fmt: skip
    return (
        replace(whole, patients=marked, variables=dict(whole.variables) | {SUSPECTED: variable}),
        issues,
    )


def _told(whole: Cohort, held: Alike, names: Sequence[str]) -> Issue:
    """Who may be in two cohorts, and by what they are alike."""
    labels = {name: v.label for name, v in whole.variables.items()}
    labels |= {key: endpoint.label for key, endpoint in whole.endpoints.items()}
    same = listed([mid_sentence(labels.get(word, word)) for word in held.by])
    many = int(held.who.sum())
    sentence = (
        f"{plural(many, 'patient')} of {shown(names[held.second])} may be in "
        f"{shown(names[held.first])} too: alike in {same}, where about {held.chance:.1f} pairs "
        f"would be by chance. They are marked in the column {SUSPECTED}: filter for no to count "
        "them once."
    )
    return Issue("warning", sentence, SUSPECTED, many, code="duplicates")
