"""find_subgroups: from a table of alterations to named, described groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from app.analysis.subgroups.describe import (
    NO_ALTERATION,
    NOT_TESTED,
    defining_alterations,
    enrichment,
    group_names,
)
from app.analysis.subgroups.display import island
from app.analysis.subgroups.features import Prepared, prepare
from app.analysis.subgroups.placement import nearest_profile, place
from app.analysis.subgroups.profiles import Floats, Ints
from app.analysis.subgroups.result import UNCERTAIN_BELOW, SubgroupResult
from app.analysis.subgroups.search import Grouped, group_patients, report
from app.analysis.subgroups.settings import (
    EFFORTS,
    Progress,
    ShouldCancel,
    SubgroupSettings,
)
from app.analysis.subgroups.wording import method_text, notes_on, warnings_on


@dataclass(frozen=True, eq=False)
class _Assigned:
    """Group number (-1 = not tested), confidence and place of every patient."""

    labels: Ints
    confidence: Floats
    coordinates: Floats
    placed: npt.NDArray[np.bool_]


def find_subgroups(
    alterations: pd.DataFrame,
    settings: SubgroupSettings | None = None,
    progress: Progress | None = None,
    should_cancel: ShouldCancel | None = None,
) -> SubgroupResult:
    """Find genomic subgroups.

    Unique alteration profiles are mapped by UMAP (Jaccard distance, several seeds), clustered by
    HDBSCAN over a grid of settings, the clusters merged by a penalised Bernoulli likelihood, and
    all partitions joined by consensus. The same data and settings give the same groups, whatever
    the order of rows and columns.

    Parameters
    ----------
    alterations
        Patients x features, index patient_id; nullable boolean, bool or 0/1; missing = not tested.
    settings
        Quality, seed, features; the default is standard quality with seed 0.
    progress
        Called with a stage in words and the share done, 0 to 1.
    should_cancel
        Asked between the stages; true stops the search.

    Returns
    -------
    SubgroupResult

    Raises
    ------
    SubgroupError
        If there is nothing to find groups in; the sentence says why.
    Cancelled
        If ``should_cancel`` says so.
    """
    settings = settings or SubgroupSettings()
    report(progress, should_cancel, "Choosing features", 0.0)
    prepared = prepare(alterations, settings)
    altered = (prepared.states == 1).any(axis=1)
    shaping = prepared.complete & altered
    bits = (prepared.states[shaping] == 1).astype(np.uint8)
    grouped = group_patients(
        bits, EFFORTS[settings.quality], settings.seed, progress, should_cancel
    )
    assigned = _assign(prepared, shaping, grouped)
    report(progress, should_cancel, "Describing the groups", 0.98)
    return _describe(alterations, settings, prepared, grouped, assigned)


def _assign(prepared: Prepared, shaping: npt.NDArray[np.bool_], grouped: Grouped) -> _Assigned:
    """Every patient's group, confidence and place; groups are numbered, then the unaltered."""
    states = prepared.states
    profiles = grouped.profiles
    n_groups = int(grouped.labels.max()) + 1
    labels = np.full(len(states), -1, dtype=np.int64)
    confidence = np.full(len(states), np.nan)
    coordinates = np.full((len(states), 2), np.nan)
    labels[shaping] = grouped.labels[profiles.of_patient]
    confidence[shaping] = grouped.confidence[profiles.of_patient]
    coordinates[shaping] = grouped.coordinates[profiles.of_patient]
    unaltered = prepared.complete & ~shaping
    labels[unaltered] = n_groups
    confidence[unaltered] = 1.0
    placed = ~prepared.complete & (states >= 0).any(axis=1)
    if placed.any():
        complete = (states[prepared.complete] == 1).astype(np.uint8)
        found = place(states[placed], complete, labels[prepared.complete], n_groups)
        labels[placed] = found.labels
        confidence[placed] = found.confidence
        on_map = placed & (labels < n_groups)
        nearest = nearest_profile(
            states[on_map], labels[on_map], profiles.bits, profiles.counts, grouped.labels
        )
        coordinates[on_map] = grouped.coordinates[nearest]
    coordinates[labels == n_groups] = island(grouped.coordinates, 0)
    return _Assigned(labels, confidence, coordinates, placed)


def _describe(
    alterations: pd.DataFrame,
    settings: SubgroupSettings,
    prepared: Prepared,
    grouped: Grouped,
    assigned: _Assigned,
) -> SubgroupResult:
    index = alterations.index
    n_groups = int(grouped.labels.max()) + 1
    numbers = [str(number) for number in range(n_groups)]
    keys = np.array([*numbers, NO_ALTERATION, NOT_TESTED], dtype=object)[assigned.labels]
    table = enrichment(prepared.states, prepared.names, keys, numbers)
    names = group_names(table, numbers)
    defining = {names[n]: defining_alterations(table, n) for n in numbers}
    table = table.assign(group=table["group"].map(names))
    labels = pd.Series(keys, index=index, name="group").replace(names)
    confidence = pd.Series(assigned.confidence, index=index, name="confidence")
    placed = pd.Series(assigned.placed, index=index, name="placed")
    present = [g for g in [*names.values(), NO_ALTERATION, NOT_TESTED] if (labels == g).any()]
    summary = _summary(present, labels, confidence, placed, prepared, defining)
    return SubgroupResult(
        labels=labels,
        coordinates=pd.DataFrame(assigned.coordinates, index=index, columns=["x", "y"]),
        confidence=confidence,
        summary=summary,
        enrichment=table,
        evidence=None,
        features=prepared.names,
        placed=placed,
        settings=settings,
        notes=notes_on(prepared, labels, placed),
        warnings=warnings_on(prepared, labels, placed, n_groups),
        method=method_text(prepared, settings),
    )


def _summary(
    groups: list[str],
    labels: pd.Series,
    confidence: pd.Series,
    placed: pd.Series,
    prepared: Prepared,
    defining: dict[str, tuple[str, ...]],
) -> pd.DataFrame:
    rows = []
    for group in groups:
        member = (labels == group).to_numpy()
        sure = confidence[member]
        rows.append(
            {
                "group": group,
                "n": int(member.sum()),
                "share": float(member.mean()),
                "name": group,
                "median_confidence": float(sure.median()),
                "uncertain": int((sure < UNCERTAIN_BELOW).sum()),
                "placed": int(placed[member].sum()),
                "profiles": len(np.unique(prepared.states[member], axis=0)),
                "defining": ", ".join(defining.get(group, ())),
            }
        )
    return pd.DataFrame(rows)
