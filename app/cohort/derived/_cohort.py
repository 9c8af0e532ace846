"""A cohort with what was derived, as a new cohort; and back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from app.cohort.derived._definition import (
    Definition,
    Derived,
    DerivedEndpoint,
    DerivedError,
    definition_of,
)
from app.cohort.derived._preview import Preview, preview
from data_loaders.model import Cohort, Endpoint, Issue, Variable
from data_loaders.wording import listed, plural

MOST = 60
CODE = "derived"
_MOST_MADE = 16
# A page asks at every run, and what was worked out of a cohort is kept by the cohort.
_MADE: WeakKeyDictionary[Cohort, dict[str, tuple[Cohort, Mapping[str, DerivedError]]]] = (
    WeakKeyDictionary()
)
_LOCK = Lock()  # sessions share the demos

Definitions = Iterable[Definition | Mapping[str, Any]]


def with_derived(cohort: Cohort, definitions: Definitions) -> Cohort:
    """The cohort with further variables, alterations and endpoints by their definitions.

    In order: a definition may use those before it. One that the cohort has already is passed over.

    Parameters
    ----------
    definitions
        Definitions, or the plain data of them.

    Raises
    ------
    DerivedError
        If one cannot be used; the sentence names it.
    """
    for definition in map(definition_of, definitions):
        if definition.to_dict() not in cohort.provenance.derived:
            cohort = _added(cohort, definition)
    return cohort


def derived_as(cohort: Cohort, definitions: Definitions) -> Cohort:
    """The cohort with exactly these definitions, in place of those that it has; made once.

    Raises
    ------
    DerivedError
        If one cannot be used; the sentence names it.
    """
    made, refused = derived_where_possible(cohort, definitions)
    for error in refused.values():
        raise error
    return made


def derived_where_possible(
    cohort: Cohort, definitions: Definitions
) -> tuple[Cohort, Mapping[str, DerivedError]]:
    """The cohort with the definitions that it can be given, and why not the others, by name."""
    wanted = tuple(definition_of(one).to_dict() for one in definitions)
    if wanted == cohort.provenance.derived:
        return cohort, {}
    key = json.dumps(wanted)
    held = _MADE.setdefault(cohort, {})
    if key not in held:
        made, refused = underived(cohort), dict[str, DerivedError]()
        for definition in map(definition_of, wanted):
            try:
                made = with_derived(made, [definition])
            except DerivedError as error:
                refused[definition.name] = error.with_traceback(None)
        with _LOCK:
            while len(held) >= _MOST_MADE:
                held.pop(next(iter(held)))
            held[key] = made, refused
        return made, refused
    return held[key]


def underived(cohort: Cohort) -> Cohort:
    """The cohort without anything that was derived."""
    held = derived_among(cohort)
    if not held:
        return cohort
    endpoints = {one.key for one in held if isinstance(one, DerivedEndpoint)}
    own = [cohort.endpoints[key] for key in endpoints if key in cohort.endpoints]
    columns = {name for endpoint in own for name in endpoint.columns}
    columns |= {one.name for one in held if isinstance(one, Derived) and one.kind == "variable"}
    features = [one.name for one in held if isinstance(one, Derived) and one.kind == "alteration"]
    return replace(
        cohort,
        patients=cohort.patients.drop(columns=list(columns), errors="ignore"),
        alterations=cohort.alterations.drop(columns=features, errors="ignore"),
        features=cohort.features.drop(index=features, errors="ignore"),
        variables={n: v for n, v in cohort.variables.items() if n not in columns},
        endpoints={k: e for k, e in cohort.endpoints.items() if k not in endpoints},
        issues=tuple(issue for issue in cohort.issues if issue.code != CODE),
        provenance=replace(cohort.provenance, derived=()),
    )


def derived_among(cohort: Cohort) -> tuple[Definition, ...]:
    """The definitions of what a cohort has that was derived, in their order."""
    return readable(cohort.provenance.derived)


def readable(plain: object) -> tuple[Definition, ...]:
    """The definitions among plain data of a file or a link; what is none is left out."""
    found = list[Definition]()
    for one in plain if isinstance(plain, list | tuple) else ():
        with suppress(DerivedError):
            found.append(definition_of(one))
    return tuple(found)


def stated_derived(cohort: Cohort) -> tuple[Definition, ...]:
    """The definitions in the mapping that a cohort was loaded under; what is none is left out."""
    loaded = cohort.provenance.loaded
    return () if loaded is None else readable(loaded.mapping.get("derived"))


def derived_sentences(cohort: Cohort, text: str) -> list[str]:
    """For a methods paragraph: how that which a text names was derived."""
    return [
        f"{one.name} was derived: {made_of(one)}."
        for one in derived_among(cohort)
        if re.search(rf"(?<!\w){re.escape(one.name)}(?!\w)", text, re.IGNORECASE)
        # The sentence on an endpoint tells what it is made of.
        if one.formula not in text
    ]


def made_of(definition: Definition) -> str:
    """The formula with its unit and missing rule: ``hb / 10, in g/dL; where missing, 0``."""
    said = " ".join(definition.formula.split())
    if isinstance(definition, Derived):
        said += f", in {definition.unit}" if definition.unit else ""
        if definition.missing is not None:
            said += f"; where missing, {definition.missing}"
    return said


def _added(cohort: Cohort, definition: Definition) -> Cohort:
    if len(cohort.provenance.derived) >= MOST:
        raise DerivedError(f"A cohort holds {MOST} derived variables and endpoints at the most")
    names = {*cohort.patients.columns, *cohort.features.index}
    labels = {endpoint.label for endpoint in cohort.endpoints.values()}
    if definition.name in names | labels or (
        isinstance(definition, DerivedEndpoint) and definition.key in cohort.endpoints
    ):
        raise DerivedError(f"This cohort has {definition.name} already; choose another name")
    try:
        found = preview(cohort, definition)
    except DerivedError as error:
        raise DerivedError(f"{definition.name}: {error.sentence}", error.position) from error
    record = (*cohort.provenance.derived, definition.to_dict())
    changed: dict[str, Any] = {
        "provenance": replace(cohort.provenance, derived=record),
        "issues": (*cohort.issues, *_findings(found)),
    }
    if isinstance(definition, DerivedEndpoint):
        changed |= _with_endpoint(cohort, definition, found)
    elif definition.kind == "alteration":
        changed |= _with_alteration(cohort, definition, found)
    else:
        variable = Variable(
            definition.name,
            definition.name,
            found.kind,
            unit=found.unit or None,
            role=found.role,
            description=_described(definition),
            levels=found.levels,
            reason=f"derived: {made_of(definition)}",
        )
        changed |= _with_columns(cohort, {variable.name: found.series}, (variable,))
    return replace(cohort, **changed)


def _described(definition: Definition) -> str:
    words = f"Derived: {made_of(definition)}."
    return f"{definition.description} {words}" if definition.description else words


def _with_columns(
    cohort: Cohort, columns: Mapping[str, pd.Series], variables: Iterable[Variable]
) -> dict[str, Any]:
    taken = [name for name in columns if name in cohort.patients.columns]
    if taken:
        raise DerivedError(f"This cohort has a column {listed(taken)} already; choose another name")
    joined = pd.concat([cohort.patients, pd.DataFrame(columns)], axis=1).rename_axis("patient_id")
    return {
        "patients": joined,
        "variables": {**cohort.variables, **{v.name: v for v in variables}},
    }


def _with_alteration(cohort: Cohort, definition: Derived, found: Preview) -> dict[str, Any]:
    name = definition.name
    states = found.series.to_numpy()
    column = pd.array(np.where(np.isnan(states), pd.NA, states == 1).tolist(), dtype="boolean")
    row = dict.fromkeys(cohort.features.columns)
    row |= {"kind": "combination", "label": name, "source_column": definition.formula}
    if "reason" in row:
        row["reason"] = f"derived: {definition.formula}"
    added = pd.DataFrame([row], index=pd.Index([name], name=cohort.features.index.name))
    features = pd.concat([cohort.features.astype(object), added.astype(object)])
    alterations = cohort.alterations.assign(**{name: column})
    alterations.columns.name = cohort.alterations.columns.name
    return {"features": features, "alterations": alterations}


def _with_endpoint(cohort: Cohort, definition: DerivedEndpoint, found: Preview) -> dict[str, Any]:
    held = found.followed
    assert held is not None  # noqa: S101  (a preview of an endpoint has it)
    key, label = definition.key, definition.name
    parts = {"months": held.time, "event": held.event}
    parts |= {"competing": held.competing} if held.competing is not None else {}
    parts |= {"entry": held.entry} if held.entry is not None else {}
    columns = {
        f"{key}_{part}": pd.Series(values, index=cohort.patients.index)
        for part, values in parts.items()
    }
    words = {
        "months": "Time",
        "event": "Event",
        "competing": "Competing event",
        "entry": "Under observation from",
    }
    variables = [
        Variable(
            f"{key}_{part}",
            f"{words[part]}: {label}",
            "numeric" if part in ("months", "entry") else "binary",
            unit="months" if part in ("months", "entry") else None,
            role="outcome",
            description=_described(definition),
            reason=f"derived: {made_of(definition)}",
        )
        for part in parts
    ]
    endpoint = Endpoint(
        key,
        label,
        f"{key}_months",
        f"{key}_event",
        competing=f"{key}_competing" if held.competing is not None else None,
        entry=f"{key}_entry" if held.entry is not None else None,
        event_label=held.event_label,
        source=made_of(definition),
        notes=held.notes,
    )
    return {
        **_with_columns(cohort, columns, variables),
        "endpoints": {**cohort.endpoints, key: endpoint},
    }


def _findings(found: Preview) -> list[Issue]:
    """What was lost in patients who have all that a formula needs."""
    return [
        Issue("info", f"{found.definition.name}: {reason}, in {plural(number, 'patient')}; missing "
              "there.", found.definition.name, number, code=CODE)
        for reason, number in found.losses.items()
    ]  # fmt: skip
