"""Alterations that overlap: a gene and its refinements, one loss named twice."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from data_loaders import Cohort
from data_loaders.arrays import Positions, States
from data_loaders.once import once_per_value

_NESTED = 0.95
_CHROMOSOME = re.compile(r"(?<![\d.])(?:[1-9]|1\d|2[0-2])(?![\d.])|(?<![a-z])[xy](?![a-wz])")


def overlap_families(cohort: Cohort, features: Sequence[str]) -> Positions:
    """Which alterations say the same of a patient, so that a screen counts them once.

    Two are of one family where they belong to one gene, or name the same chromosomes, and 95% of
    the carriers of the rarer have the other too: JAK2 and JAK2 V617F, del(7) and del(7)/7q, TP53
    and TP53 multi-hit.

    Returns
    -------
    array of shape (len(features),)
        Number of each one's family.
    """
    sites = _sites(cohort)
    keys = [sites[name] for name in features]
    family = np.arange(len(features))
    for i, key in enumerate(keys):
        for j in range(i):
            if key is None or key != keys[j] or family[i] == family[j]:
                continue
            if _nested(cohort.feature_state(features[i]), cohort.feature_state(features[j])):
                family[family == family[i]] = family[j]
    return np.unique(family, return_inverse=True)[1]


def same_site(cohort: Cohort, features: Sequence[str]) -> set[str]:
    """All alterations of the genes, or nested ones of the chromosomes, of some alterations."""
    sites = _sites(cohort)
    own: dict[str | frozenset[str] | None, list[str]] = {}
    for name in features:
        if name in sites:
            own.setdefault(sites[name], []).append(name)
    found = {name for names in own.values() for name in names}
    for name, key in sites.items():
        if isinstance(key, str) and key in own:
            found.add(name)
        elif key is not None and key in own and name not in found:
            state = cohort.feature_state(name)
            if any(_nested(state, cohort.feature_state(other)) for other in own[key]):
                found.add(name)
    return found


@once_per_value
def _sites(cohort: Cohort) -> dict[str, str | frozenset[str] | None]:
    """The gene of each alteration, or the chromosomes that a cytogenetic one names."""
    table = cohort.features
    sites: dict[str, str | frozenset[str] | None] = {}
    for name, kind, gene, label in zip(
        table.index, table["kind"], table["gene"], table["label"], strict=True
    ):
        if kind == "cytogenetic":
            sites[str(name)] = frozenset(_CHROMOSOME.findall(f"{name} {label}".lower())) or None
        else:
            sites[str(name)] = gene if isinstance(gene, str) else None
    return sites


def _nested(a: States, b: States) -> bool:
    """Whether nearly all carriers of the rarer of two have the other, where both were tested."""
    both = (a >= 0) & (b >= 0)
    rarer = min(np.count_nonzero(a[both] == 1), np.count_nonzero(b[both] == 1))
    together = np.count_nonzero((a == 1) & (b == 1))
    return bool(rarer and together >= _NESTED * rarer)
