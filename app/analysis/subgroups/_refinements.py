"""A gene and its refinements (CALR and CALR type 1) are one event, to be counted once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

States = npt.NDArray[np.int8]
_SEPARATORS = "_ -:(/"
# Share of a refinement's carriers who may lack the gene's own call before they are two events.
_MAX_OUTSIDE = 0.01


@dataclass(frozen=True, eq=False)
class Events:
    """Features in which no event is counted twice.

    Parameters
    ----------
    names
        Names of the features, sorted.
    states
        Patients x features: 1, 0 or -1 (not tested).
    merged
        Gene and the refinements that it stands for.
    split
        Gene and the refinements that stand for it.
    """

    names: tuple[str, ...]
    states: States
    merged: dict[str, tuple[str, ...]]
    split: dict[str, tuple[str, ...]]


def count_events_once(names: tuple[str, ...], states: States, min_altered: int) -> Events:
    """Keep either a gene or its refinements.

    A refinement is a feature named after a gene (``CALR_Type_1``, ``TP53_multi_hit``) that only
    carriers of the gene carry. Where refinements keep different company (IDH2 R172 seldom goes with
    NPM1, R140 often does), they and a feature for the rest replace the gene; otherwise the gene
    stands for them. Different company: another feature's frequency differs between the refinements
    by the extended BIC, which allows for the number of features looked at.

    Parameters
    ----------
    names
        Names of the features, sorted.
    states
        Patients x features: 1, 0 or -1 (not tested).
    min_altered
        Carriers a refinement needs to stand for itself.
    """
    children = _families(names, states)
    merged: dict[str, tuple[str, ...]] = {}
    split: dict[str, tuple[str, ...]] = {}
    columns = {name: states[:, position] for position, name in enumerate(names)}
    in_families = {name for gene, family in children.items() for name in (gene, *family)}
    company = states[:, [p for p, name in enumerate(names) if name not in in_families]]
    for gene, family in children.items():
        kinds = _kinds(columns[gene], [columns[child] for child in family])
        large = [k for k in range(len(family)) if (kinds == k).sum() >= min_altered]
        if large and _keep_different_company(kinds, company):
            split[gene] = tuple(family[k] for k in large)
            for child in family:
                del columns[child]
            unknown = columns.pop(gene) < 0
            for k in large:
                columns[family[k]] = _state(kinds == k, unknown | (kinds == len(family) + 1))
            rest = (kinds >= 0) & (kinds <= len(family)) & ~np.isin(kinds, large)
            columns[f"{gene} other"] = _state(rest, unknown | (kinds == len(family) + 1))
        else:
            merged[gene] = tuple(family)
            for child in family:
                del columns[child]
    ordered = tuple(sorted(columns))
    matrix = np.column_stack([columns[name] for name in ordered]).astype(np.int8)
    return Events(ordered, matrix, merged, split)


def _families(names: tuple[str, ...], states: States) -> dict[str, list[str]]:
    """Refinements of each gene that has some."""
    position = {name: p for p, name in enumerate(names)}
    families: dict[str, list[str]] = {}
    for name in names:
        ends = [p for p in range(1, len(name)) if name[p] in _SEPARATORS]
        gene = next((name[:end] for end in ends if name[:end] in position), None)
        if gene is None:
            continue
        carriers = states[:, position[name]] == 1
        outside = carriers & (states[:, position[gene]] == 0)
        if outside.sum() <= _MAX_OUTSIDE * carriers.sum():
            families.setdefault(gene, []).append(name)
    return families


def _kinds(gene: npt.NDArray[np.int8], family: list[npt.NDArray[np.int8]]) -> npt.NDArray[np.int64]:
    """Which refinement each carrier of the gene has.

    -1 no carrier, then the refinement's number (the last named where there are two), the number
    of refinements for none of them, and one more where a refinement was not tested.
    """
    kinds = np.where(gene == 1, len(family), -1)
    untested = np.column_stack(family) < 0
    kinds[(gene == 1) & untested.any(axis=1)] = len(family) + 1
    for number, child in enumerate(family):
        kinds[child == 1] = number
    return kinds


def _state(altered: npt.NDArray[np.bool_], unknown: npt.NDArray[np.bool_]) -> States:
    result: States = np.where(altered, 1, np.where(unknown, -1, 0)).astype(np.int8)
    return result


def _keep_different_company(kinds: npt.NDArray[np.int64], company: States) -> bool:
    """Whether another feature tells the kinds of carriers apart, by the extended BIC."""
    carriers = kinds >= 0
    values, compact = np.unique(kinds[carriers], return_inverse=True)
    others = company[carriers]
    if len(values) < 2 or not others.shape[1]:
        return False
    altered, tested = (others == 1).astype(np.float64), (others >= 0).astype(np.float64)
    member = np.eye(len(values))[compact.ravel()]
    apart = _log_likelihood(member.T @ altered, member.T @ tested).sum(axis=0)
    together = _log_likelihood(altered.sum(axis=0), tested.sum(axis=0))
    cost = (len(values) - 1) / 2 * np.log(len(others)) + np.log(others.shape[1])
    return bool((apart - together).max() > cost)


def _log_likelihood(
    altered: npt.NDArray[np.float64], tested: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    p = np.clip(altered / np.maximum(tested, 1.0), 1e-9, 1 - 1e-9)
    result: npt.NDArray[np.float64] = altered * np.log(p) + (tested - altered) * np.log1p(-p)
    return result
