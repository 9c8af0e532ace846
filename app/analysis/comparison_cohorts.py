"""The same question in two cohorts: what they share, and whether a difference comes again."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from app.analysis.cohort_screen import SIGNIFICANT
from app.analysis.comparison import Enrichment
from app.analysis.table_one import describable
from app.analysis.wording import count, listing
from app.cohort.groupings import Grouping
from app.cohort.regrouping import only_groups
from data_loaders import Cohort

Bools = npt.NDArray[np.bool_]
_NAMED = 6


@dataclass(frozen=True)
class Shared:
    """What two cohorts have in common and what only one has, as labels by kind.

    Parameters
    ----------
    both, only_first, only_second
        By kind of thing (``variables``, ``alterations``, ``endpoints``): names in order.
    """

    both: dict[str, tuple[str, ...]]
    only_first: dict[str, tuple[str, ...]]
    only_second: dict[str, tuple[str, ...]]

    def sentences(self, first: str, second: str) -> list[str]:
        """What is not shared, one sentence a kind; kinds that are shared whole are not named."""
        said = []
        for kind, both in self.both.items():
            parts = [
                f"only in {name} {_some(own)}"
                for name, own in ((first, self.only_first[kind]), (second, self.only_second[kind]))
                if own
            ]
            if parts:
                said.append(f"In both: {count(len(both), kind[:-1])}; {'; '.join(parts)}.")
        return said


def shared(first: Cohort, second: Cohort) -> Shared:
    """Variables, alterations and endpoints of two cohorts, matched by their names."""
    kinds = {
        "variables": [_labels_of_variables(cohort) for cohort in (first, second)],
        "alterations": [
            cohort.features["label"].astype(str).to_dict() for cohort in (first, second)
        ],
        "endpoints": [
            {key: endpoint.label for key, endpoint in cohort.endpoints.items()}
            for cohort in (first, second)
        ],
    }
    return Shared(
        both={kind: tuple(k for k in a if k in b) for kind, (a, b) in kinds.items()},
        only_first={
            kind: tuple(a[key] for key in a if key not in b) for kind, (a, b) in kinds.items()
        },
        only_second={
            kind: tuple(b[key] for key in b if key not in a) for kind, (a, b) in kinds.items()
        },
    )


def matched(
    first: Grouping, second: Grouping, masks: tuple[Bools, Bools]
) -> tuple[Grouping, Grouping]:
    """Two groupings with the groups that both have, in the order and colours of the first.

    Parameters
    ----------
    first, second
        The groupings, each of its own cohort.
    masks
        Whom either cohort has selected: a group without any of them is not there.

    Raises
    ------
    ValueError
        If they have no two groups in common.
    """
    sizes = [
        dict(zip(held.names, held.sizes(mask), strict=True))
        for held, mask in zip((first, second), masks, strict=True)
    ]
    names = [name for name in first.names if sizes[0][name] and sizes[1].get(name)]
    if len(names) < 2:
        raise ValueError(
            f"The two cohorts have no two groups of {first.label} in common; compare by something "
            "that both hold."
        )
    kept = only_groups(first, names)
    return kept, replace(only_groups(second, names), colours=kept.colours)


def replication(first: Enrichment, second: Enrichment) -> pd.DataFrame:
    """The same contrast of alterations in two cohorts, side by side.

    Returns
    -------
    DataFrame
        One row an alteration compared in both, in the order of the first: feature, label, and of
        each cohort (suffix 1, 2) difference (of the two frequencies), odds_ratio, lower, upper,
        p_value, q_value; then agrees: whether the odds ratios lie on the same side of 1.
    """
    columns = ["feature", "label", "odds_ratio", "lower", "upper", "p_value", "q_value"]
    sides = []
    for found in (first, second):
        table = found.table[found.table["p_value"].notna()]
        difference = table["frequency"] - table["others_frequency"]
        sides.append(table[columns].assign(difference=difference))
    joined = sides[0].merge(
        sides[1].drop(columns="label"), on="feature", how="inner", suffixes=("_1", "_2")
    )
    agrees = np.sign(joined["difference_1"]) == np.sign(joined["difference_2"])
    return joined.assign(agrees=agrees)


def replication_reading(table: pd.DataFrame, first: str, second: str) -> str:
    """How many differences of the first cohort come again in the second, in one sentence."""
    hits = table[table["q_value_1"] < SIGNIFICANT]
    if hits.empty:
        return (
            f"None of {count(len(table), 'alteration')} compared in both differs in {first} at q "
            f"below {SIGNIFICANT}, so there is nothing to find again."
        )
    again = hits[hits["agrees"] & (hits["p_value_2"] < SIGNIFICANT / len(hits))]
    same = int(hits["agrees"].sum())
    said = (
        f"Of {count(len(hits), 'alteration')} that differ in {first} at q below {SIGNIFICANT}, "
        f"{same:,} {'has' if same == 1 else 'have'} the same direction in {second} and "
        f"{len(again):,} {'is' if len(again) == 1 else 'are'} found again there (p below "
        f"{SIGNIFICANT} divided by the number looked for)"
    )
    return f"{said}: {_some(tuple(again['label']))}." if len(again) else f"{said}."


def _labels_of_variables(cohort: Cohort) -> dict[str, str]:
    return {name: cohort.variables[name].label for name in describable(cohort)}


def _some(labels: tuple[str, ...]) -> str:
    if len(labels) <= _NAMED + 1:
        return listing(list(labels))
    return f"{', '.join(labels[:_NAMED])} and {len(labels) - _NAMED} more"
