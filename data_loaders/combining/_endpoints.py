"""Endpoints of several cohorts under one key each, and where their definitions differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from data_loaders.model import Cohort, Endpoint, Issue
from data_loaders.wording import listed, shown

# Part of an endpoint, and the ending of its column.
_PARTS = {"time": "months", "event": "event", "competing": "competing", "entry": "entry"}


def combined_endpoints(
    cohorts: Sequence[Cohort], names: Sequence[str]
) -> tuple[dict[str, Endpoint], dict[str, pd.Series], list[Issue]]:
    """Match endpoints by key.

    Returns
    -------
    tuple
        Endpoints by key; their columns, of all patients; what is not the same everywhere.
    """
    endpoints: dict[str, Endpoint] = {}
    columns: dict[str, pd.Series] = {}
    issues: list[Issue] = []
    for key in dict.fromkeys(key for cohort in cohorts for key in cohort.endpoints):
        held = {
            name: cohort.endpoints[key]
            for name, cohort in zip(names, cohorts, strict=True)
            if key in cohort.endpoints
        }
        used: dict[str, str | None] = {}
        for part, ending in _PARTS.items():
            own = [getattr(cohort.endpoints.get(key), part, None) for cohort in cohorts]
            used[part] = f"{key}_{ending}" if any(own) else None
            if any(own):
                values = [_column(*one, key, part) for one in zip(cohorts, own, strict=True)]
                columns[f"{key}_{ending}"] = pd.Series(np.concatenate(values))
        issues += _differences(key, held)
        first = next(iter(held.values()))
        endpoints[key] = replace(
            first,
            time=f"{key}_months",
            event=f"{key}_event",
            competing=used["competing"],
            entry=used["entry"],
            source="; ".join(f"{name}: {e.source}" for name, e in held.items() if e.source),
            notes=tuple(f"{name}: {note}" for name, e in held.items() for note in e.notes),
        )
    for name, cohort in zip(names, cohorts, strict=True):
        issues += _absent(endpoints, cohort, name)
    return endpoints, columns, issues


def _column(
    cohort: Cohort, column: str | None, key: str, part: str
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    if column is not None:
        return cohort.numbers(column)
    # Where a cohort has no times of entry, everyone was there from the start.
    there = part == "entry" and key in cohort.endpoints
    return np.full(cohort.n, 0.0 if there else np.nan)


def _differences(key: str, held: Mapping[str, Endpoint]) -> list[Issue]:
    label = shown(next(iter(held.values())).label)
    issues = []
    without = [name for name, endpoint in held.items() if endpoint.competing is None]
    if without and len(without) < len(held):
        sentence = (
            f"{label} has a competing event, but none in {listed(without)}, where it censors: "
            "analyse competing risks in the others only."
        )
        issues.append(Issue("warning", sentence, code="endpoint"))
    meant = {f"{e.label} ({e.event_label})".casefold(): f"{e.label} ({e.event_label})"
             for e in held.values()}  # fmt: skip
    if len(meant) > 1:
        sentence = (
            f"The endpoint {key} is not called the same everywhere: {listed(list(meant.values()))}"
            "; check that it means the same."
        )
        issues.append(Issue("warning", sentence, code="endpoint"))
    return issues


def _absent(endpoints: Mapping[str, Endpoint], cohort: Cohort, name: str) -> list[Issue]:
    """The endpoints that a cohort does not have, in one sentence."""
    labels = [held.label for key, held in endpoints.items() if key not in cohort.endpoints]
    if not labels:
        return []
    sentence = f"Endpoints that {shown(name)} does not have: {listed(labels)}."
    return [Issue("info", sentence, count=len(labels), code="endpoint")]
