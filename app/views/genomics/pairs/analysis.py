"""Which alterations of a cohort go together and which avoid each other, with a reading in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from app.analysis.arrays import Bools
from app.analysis.associations import pair_table
from app.study.wording import SIGNIFICANT, count, format_q, format_ratio
from app.views.genomics.frequencies.analysis import feature_positions
from data_loaders import Cohort
from data_loaders.model import FeatureKind

MIN_ALTERED = 5
_NAMED = 5


@dataclass(frozen=True, eq=False)
class PairScreen:
    """Every pair of the leading alterations.

    Attributes
    ----------
    table
        As :func:`app.analysis.associations.co_occurrence`, with label_a and label_b, by p-value.
    features
        Label by name of the alterations paired, the most frequent first.
    min_altered
        Alterations in fewer of the patients tested were not paired.
    n_features
        Alterations of these kinds altered in enough patients, among which the leading were taken.
    own
        Pairs left out because both describe the same gene.
    """

    table: pd.DataFrame
    features: dict[str, str]
    kinds: tuple[FeatureKind, ...]
    min_altered: int
    n_features: int
    own: int
    selected: int

    @property
    def n_tested(self) -> int:
        """Pairs that can be tested."""
        return int(self.table["odds_ratio"].notna().sum())

    @property
    def hits(self) -> pd.DataFrame:
        """Pairs with q below 0.05."""
        return self.table[self.table["q_value"] < SIGNIFICANT]

    def about(self, feature: str) -> pd.DataFrame:
        """The pairs of one alteration, turned so that it comes first; by p-value."""
        own = self.table[(self.table["a"] == feature) | (self.table["b"] == feature)].copy()
        turned = (own["b"] == feature).to_numpy()
        for one, two in (("a", "b"), ("label_a", "label_b"), ("a_only", "b_only")):
            first, second = own[one].to_numpy(), own[two].to_numpy()
            own[one], own[two] = np.where(turned, second, first), np.where(turned, first, second)
        return own.reset_index(drop=True)


def pair_screen(
    cohort: Cohort,
    mask: Bools,
    kinds: Sequence[FeatureKind],
    most: int,
    *,
    min_altered: int = MIN_ALTERED,
) -> PairScreen:
    """Test every pair of the most frequent alterations of the selected patients.

    Pairs that describe the same gene (a gene and its refinement) are left out: that they go
    together is no finding.

    Parameters
    ----------
    most
        How many alterations to pair, the most frequent first.
    min_altered
        Alterations in fewer of the patients tested are not paired.

    Raises
    ------
    ValueError
        If fewer than two alterations are left.
    """
    positions = feature_positions(cohort, kinds)
    states = cohort.states[np.ix_(mask, positions)]
    altered = (states == 1).sum(axis=0)
    order = np.argsort(-altered, kind="stable")
    order = order[altered[order] >= max(min_altered, 1)]
    if len(order) < 2:
        raise ValueError(
            f"Fewer than two alterations are in at least {max(min_altered, 1)} of the patients "
            "selected: ask for fewer patients or widen the filter."
        )
    enough = len(order)
    order = order[:most]
    names = [str(cohort.alterations.columns[positions[i]]) for i in order]
    described = cohort.features.loc[names]
    gene = described["gene"].fillna("").astype(str).to_numpy()
    gene = np.where(described["kind"].to_numpy() == "cytogenetic", "", gene)
    own = (gene[:, None] == gene[None, :]) & (gene[:, None] != "")
    table = pair_table(states[:, order], names, leave_out=own)
    labels = described["label"].astype(str).to_dict()
    table.insert(2, "label_a", table["a"].map(labels))
    table.insert(3, "label_b", table["b"].map(labels))
    return PairScreen(
        table=table.sort_values("p_value", kind="stable", ignore_index=True),
        features={name: labels[name] for name in names},
        kinds=tuple(kinds),
        min_altered=min_altered,
        n_features=enough,
        own=int((np.triu(own, 1)).sum()),
        selected=int(mask.sum()),
    )


def pair_reading(screen: PairScreen) -> list[str]:
    """The screen in plain words, one sentence each, from rules."""
    hits = screen.hits
    together, apart = hits[hits["odds_ratio"] > 1], hits[hits["odds_ratio"] < 1]
    sentences = [
        f"{count(screen.n_tested, 'pair')} of {count(len(screen.features), 'alteration')} tested "
        f"in {count(screen.selected, 'patient')}: {len(together)} together more often than by "
        f"chance and {len(apart)} less often, at q below {SIGNIFICANT}."
    ]
    for rows, words in ((together, "Strongest together"), (apart, "Strongest apart")):
        if len(rows):
            leading = rows.head(3).itertuples()
            named = [f"{r.label_a} and {r.label_b} ({_numbers(r)})" for r in leading]
            sentences.append(f"{words}: {'; '.join(named)}.")
    return sentences


def about_reading(screen: PairScreen, feature: str) -> list[str]:
    """What goes with one alteration, and what avoids it, one sentence each."""
    label = screen.features[feature]
    rows = screen.about(feature)
    hits = rows[rows["q_value"] < SIGNIFICANT]
    sentences = []
    for own, words in (
        (hits[hits["odds_ratio"] > 1], f"Goes with {label}"),
        (hits[hits["odds_ratio"] < 1], f"Avoids {label}"),
    ):
        named = [f"{r.label_b} ({_numbers(r)})" for r in own.head(_NAMED).itertuples()]
        more = f"; and {len(own) - _NAMED} more" if len(own) > _NAMED else ""
        none = f"nothing with q below {SIGNIFICANT}"
        sentences.append(f"{words}: {'; '.join(named) + more if named else none}.")
    return sentences


def _numbers(row: Any) -> str:
    ratio = format_ratio(row.odds_ratio, row.lower, row.upper)
    return f"odds ratio {ratio}, {format_q(row.q_value)}"
