"""find_subgroups: from a table of alterations to named, described groups."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from app.analysis.arrays import Floats
from app.analysis.progress import Progress, portion, untold
from app.analysis.subgroups._describe import (
    NO_ALTERATION,
    NOISE,
    NOT_TESTED,
    defining_alterations,
    enrichment,
    fusions,
    group_names,
    mixtures,
)
from app.analysis.subgroups._display import island
from app.analysis.subgroups._evidence import structure_evidence
from app.analysis.subgroups._features import Prepared, prepare
from app.analysis.subgroups._plain import plain_groups
from app.analysis.subgroups._refinements import States
from app.analysis.subgroups._result import UNCERTAIN_BELOW, SubgroupResult
from app.analysis.subgroups._search.information import Information
from app.analysis.subgroups._search.placement import nearest_profile, place
from app.analysis.subgroups._search.profiles import Ints
from app.analysis.subgroups._search.search import Grouped, group_patients
from app.analysis.subgroups._settings import EFFORTS, SubgroupSettings
from app.analysis.subgroups._wording import method_text, notes_on, warnings_on


@dataclass(frozen=True, eq=False)
class _Assigned:
    """What became of every patient.

    ``labels`` counts groups from 0, the largest first; ``n_groups`` stands for patients without
    any alteration and -1 for ``leftover``.
    """

    n_groups: int
    labels: Ints
    confidence: Floats
    coordinates: Floats
    placed: npt.NDArray[np.bool_]
    leftover: str = NOT_TESTED
    unmapped: int = 0
    n_maps: int = 1
    information: Information | None = None


def find_subgroups(
    alterations: pd.DataFrame,
    settings: SubgroupSettings | None = None,
    progress: Progress = untold,
) -> SubgroupResult:
    """Find genomic subgroups.

    Unique alteration profiles are mapped by UMAP (Jaccard distance, several seeds), clustered by
    HDBSCAN over a grid of settings, the clusters merged by their marginal likelihood, and the
    partitions of most evidence joined by consensus. The same data and settings give the same
    groups, whatever the order of rows and columns.

    Parameters
    ----------
    alterations
        Patients x features, index patient_id; nullable boolean, bool or 0/1; missing = not tested.
    settings
        Quality, seed, features; the default is standard quality with seed 0.

    Returns
    -------
    SubgroupResult

    Raises
    ------
    SubgroupError
        If there is nothing to find groups in; the sentence says why.
    Cancelled
        If ``progress`` raises it.
    """
    settings = settings or SubgroupSettings()
    progress("Choosing features", 0.0)
    prepared = prepare(alterations, settings)
    if settings.quality == "plain":
        progress("UMAP and HDBSCAN", 0.1)
        assigned = _plain(prepared, settings.seed)
    else:
        with_evidence = settings.evidence and settings.quality != "preview"
        search_progress = portion(progress, 0.0, 0.6 if with_evidence else 0.97)
        shaping = prepared.complete & (prepared.states == 1).any(axis=1)
        bits = (prepared.states[shaping] == 1).astype(np.uint8)
        effort = EFFORTS[settings.quality]
        grouped = group_patients(
            bits, effort, settings.seed, search_progress,
            n_unaltered=int((prepared.complete & ~shaping).sum()),
            fusions=fusions(prepared.names),
        )  # fmt: skip
        assigned = _assign(prepared, shaping, grouped)
    result = _describe(alterations.index, settings, prepared, assigned)
    if settings.quality == "plain" or not with_evidence:
        progress("Done", 1.0)
        return result
    null_progress = portion(progress, 0.6, 1.0, "Searching shuffled data")
    evidence = structure_evidence(alterations, settings, result, null_progress)
    progress("Done", 1.0)
    return replace(result, evidence=evidence)


def _plain(prepared: Prepared, seed: int) -> _Assigned:
    """UMAP and HDBSCAN as they are: untested cells count as not altered."""
    found = plain_groups((prepared.states == 1).astype(np.uint8), seed)
    return _Assigned(
        n_groups=int(found.labels.max()) + 1,
        labels=found.labels,
        confidence=found.confidence,
        coordinates=found.coordinates,
        placed=np.zeros(len(found.labels), dtype=bool),
        leftover=NOISE,
    )


def _assign(prepared: Prepared, shaping: npt.NDArray[np.bool_], grouped: Grouped) -> _Assigned:
    """Every patient's group, confidence and place, from the groups of the complete patients."""
    states = prepared.states
    profiles = grouped.profiles
    n_groups = grouped.n_groups
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
        found = place(
            states[placed], complete, labels[prepared.complete], n_groups, grouped.concentration
        )
        labels[placed] = found.labels
        confidence[placed] = found.confidence
        on_map = placed & (labels < n_groups)
        nearest = nearest_profile(
            states[on_map], labels[on_map], profiles.bits, profiles.counts, grouped.labels
        )
        coordinates[on_map] = grouped.coordinates[nearest]
    coordinates[labels == n_groups] = island(grouped.coordinates)
    return _Assigned(
        n_groups, labels, confidence, coordinates, placed,
        unmapped=len(profiles.bits) - grouped.n_mapped, n_maps=grouped.n_maps,
        information=grouped.information,
    )  # fmt: skip


def _describe(
    index: pd.Index, settings: SubgroupSettings, prepared: Prepared, assigned: _Assigned
) -> SubgroupResult:
    """Names, enrichment, summary and sentences."""
    labels = assigned.labels
    sizes = np.bincount(labels[labels >= 0], minlength=assigned.n_groups)[: assigned.n_groups]
    numbers = [str(number) for number in np.argsort(-sizes, kind="stable")]
    names_by_label = [*map(str, range(assigned.n_groups)), NO_ALTERATION, assigned.leftover]
    keys = np.array(names_by_label, dtype=object)[labels]
    table = enrichment(prepared.states, prepared.names, keys, numbers)
    names = group_names(table, numbers)
    defining = {names[n]: defining_alterations(table, n) for n in numbers}
    mixed = {names[n]: features for n, features in mixtures(table, numbers).items()}
    table = table.assign(group=table["group"].map(names))
    patients = pd.DataFrame(
        {
            "group": pd.Series(keys, index=index).replace(names),
            "confidence": assigned.confidence,
            "placed": assigned.placed,
        },
        index=index,
    )
    present = set(patients["group"])
    order = [g for g in [*names.values(), NO_ALTERATION, assigned.leftover] if g in present]
    facts = (prepared, patients["group"], patients["placed"])
    return SubgroupResult(
        labels=patients["group"],
        coordinates=pd.DataFrame(assigned.coordinates, index=index, columns=["x", "y"]),
        confidence=patients["confidence"],
        summary=_summary(order, patients, prepared.states, defining),
        enrichment=table,
        evidence=None,
        features=prepared.names,
        placed=patients["placed"],
        information=assigned.information,
        settings=settings,
        notes=notes_on(*facts, unmapped=assigned.unmapped, mixed=mixed),
        warnings=warnings_on(*facts, n_groups=assigned.n_groups),
        method=method_text(prepared, settings, assigned.n_maps),
    )


def _summary(
    groups: list[str], patients: pd.DataFrame, states: States, defining: dict[str, tuple[str, ...]]
) -> pd.DataFrame:
    rows = []
    for group in groups:
        member = (patients["group"] == group).to_numpy()
        sure = patients.loc[member, "confidence"].dropna()
        rows.append(
            {
                "group": group,
                "n": int(member.sum()),
                "share": float(member.mean()),
                "name": group,
                "median_confidence": float(sure.median()) if len(sure) else float("nan"),
                "uncertain": int((sure < UNCERTAIN_BELOW).sum()),
                "placed": int(patients.loc[member, "placed"].sum()),
                "profiles": len(np.unique(states[member], axis=0)),
                "defining": ", ".join(defining.get(group, ())),
            }
        )
    return pd.DataFrame(rows)
