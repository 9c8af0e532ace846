"""What a group is: enrichment of alterations, and a name made from the defining ones."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtri

from app.analysis.arrays import Floats
from app.analysis.multiplicity import adjust_p_values
from app.analysis.subgroups._refinements import States
from app.analysis.two_by_two import fisher_p_values
from data_loaders.alterations.genes import read_feature_name

NO_ALTERATION = "No alteration in these features"
NOT_TESTED = "Not tested"
NOISE = "Noise"
ONE_GROUP = "Any alteration"
FDR = 0.05
DEFINING_SHARE = 0.5
CONTRIBUTING_SHARE = 0.15
MAX_NAME_PARTS = 3
# A fusion defines a disease even where less than half of a group has it.
_FUSION = re.compile(r"^(?:t|inv)[_( ]?[\dvx(]|::|fusion|translocation|rearrange", re.IGNORECASE)
_FUSION_ODDS = 10.0

ENRICHMENT_COLUMNS = (
    "group", "feature", "in_group", "outside", "altered_in_group", "tested_in_group",
    "altered_outside", "tested_outside", "odds_ratio", "lower", "upper", "p_value", "q_value",
)  # fmt: skip


def enrichment(
    states: States, features: Sequence[str], labels: npt.NDArray[np.object_], groups: Sequence[str]
) -> pd.DataFrame:
    """Every feature in every group against all other patients.

    Parameters
    ----------
    states
        Patients x features: 1 altered, 0 not altered, -1 not tested.

    Returns
    -------
    DataFrame
        group, feature, in_group and outside (shares of the patients tested), the four counts,
        odds_ratio with its 95% interval (Woolf; half a patient is added to every cell of a table
        with an empty one), Fisher's p_value, and q_value (Benjamini-Hochberg over the whole
        table). Most enriched first within a group.
    """
    if not groups:
        return pd.DataFrame(columns=list(ENRICHMENT_COLUMNS))
    member = np.column_stack([labels == group for group in groups]).astype(np.float64)
    altered = (states == 1).astype(np.float64)
    tested = (states >= 0).astype(np.float64)
    altered_in, tested_in = member.T @ altered, member.T @ tested
    altered_out, tested_out = altered.sum(axis=0) - altered_in, tested.sum(axis=0) - tested_in
    a, b = altered_in.ravel(), (tested_in - altered_in).ravel()
    c, d = altered_out.ravel(), (tested_out - altered_out).ravel()
    empty = (np.minimum.reduce([a, b, c, d]) == 0) * 0.5
    log_odds = np.log(a + empty) + np.log(d + empty) - np.log(b + empty) - np.log(c + empty)
    error = np.sqrt(sum(1.0 / np.maximum(cell + empty, 0.5) for cell in (a, b, c, d)))
    z = float(ndtri(0.975))
    p_values = fisher_p_values(a, b, c, d)
    with np.errstate(divide="ignore", invalid="ignore"):
        inside, outside = a / (a + b), c / (c + d)
    table = pd.DataFrame(
        {
            "group": np.repeat(np.array(groups, dtype=object), len(features)),
            "feature": np.tile(np.array(features, dtype=object), len(groups)),
            "in_group": inside,
            "outside": outside,
            "altered_in_group": a.astype(np.int64),
            "tested_in_group": (a + b).astype(np.int64),
            "altered_outside": c.astype(np.int64),
            "tested_outside": (c + d).astype(np.int64),
            "odds_ratio": np.exp(log_odds),
            "lower": np.exp(log_odds - z * error),
            "upper": np.exp(log_odds + z * error),
            "p_value": p_values,
            "q_value": adjust_p_values(p_values),
        },
        columns=list(ENRICHMENT_COLUMNS),
    )
    rank = {group: position for position, group in enumerate(groups)}
    order = np.lexsort(
        (table["feature"], -name_score(table), table["group"].map(rank).to_numpy(dtype=float))
    )
    return table.iloc[order].reset_index(drop=True)


def name_score(table: pd.DataFrame) -> Floats:
    """Prevalence in the group x log2 odds ratio, by which defining alterations are ranked."""
    score: Floats = table["in_group"].fillna(0.0).to_numpy() * np.log2(
        table["odds_ratio"].to_numpy()
    )
    return score


def group_names(table: pd.DataFrame, groups: Sequence[str]) -> dict[str, str]:
    """A unique, readable name for every group, from its defining alterations.

    Defining: found in at least half of the group's patients, enriched (odds ratio above 1, q below
    0.05), the first three by prevalence x log2 odds ratio, the commonest first, joined by a plus
    sign, or an ampersand beside a gain such as +12. Fusions define a disease and go first, from 15%
    of the group and an odds ratio of 10. A group that no alteration unites is named by its most
    enriched ones, joined by a slash. Groups that would share a name get what tells them apart in
    brackets, or a number.

    Parameters
    ----------
    table
        What :func:`enrichment` returns.
    """
    if len(groups) == 1:
        return {groups[0]: ONE_GROUP}
    candidates = {group: _candidates(table[table["group"] == group]) for group in groups}
    names: dict[str, str] = {}
    for group in groups:
        defining, contributing = candidates[group]
        fused = [f for f in contributing[:1] if defining and _is_fusion(f)]
        if fused:
            name = " / ".join([*fused, *defining[: MAX_NAME_PARTS - 1]])
        elif defining:
            parts = _in_reading_order(table, group, defining[:MAX_NAME_PARTS])
            # A trisomy has a plus sign of its own: del(11q) & +12.
            name = (" & " if any(part[0] == "+" for part in parts) else " + ").join(parts)
        elif contributing:
            name = " / ".join(contributing[:MAX_NAME_PARTS])
        else:
            name = "Mixed"
        taken = set(names.values())
        if name in taken:
            extra = [f for f in defining[MAX_NAME_PARTS:] + contributing if f not in name]
            name = next((f"{name} ({f})" for f in extra if f"{name} ({f})" not in taken), name)
        base, number = name, 2
        while name in taken:
            name, number = f"{base} ({number})", number + 1
        names[group] = name
    return names


def fusions(names: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Which of the features are fusions by their names, such as ``t(15;17)`` or ``AML1-ETO``."""
    return np.array([_is_fusion(name) for name in names], dtype=bool)


def _is_fusion(name: str) -> bool:
    known = read_feature_name(name)
    return _FUSION.search(name if known is None else known.label) is not None


def defining_alterations(table: pd.DataFrame, group: str) -> tuple[str, ...]:
    """The alterations that define a group, ranked: all that :func:`group_names` could use."""
    defining, contributing = _candidates(table[table["group"] == group])
    return tuple(defining or contributing[:MAX_NAME_PARTS])


def mixtures(table: pd.DataFrame, groups: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The groups that no alteration unites, and the alterations that they are named by.

    Parameters
    ----------
    table
        What :func:`enrichment` returns.
    """
    found = {}
    for group in groups if len(groups) > 1 else ():
        rows = table[table["group"] == group]
        named = defining_alterations(table, group)[:MAX_NAME_PARTS]
        if len(named) > 1 and rows["in_group"].max() < DEFINING_SHARE:
            found[group] = named
    return found


def _in_reading_order(table: pd.DataFrame, group: str, features: list[str]) -> list[str]:
    """Fusions, then the commonest in the group; of those about as common, the commonest outside."""
    rows = table[table["group"] == group].set_index("feature")
    inside, outside = rows["in_group"].round(1), rows["outside"]
    return sorted(
        features, key=lambda f: (not _is_fusion(f), -float(inside[f]), -float(outside[f]))
    )


def _candidates(rows: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Alterations that at least half of a group has, and those of fewer; fusions first."""
    enriched = rows[(rows["odds_ratio"] > 1) & (rows["q_value"] < FDR)]
    fusion = fusions(enriched["feature"].tolist()) & (enriched["odds_ratio"] >= _FUSION_ODDS)
    enriched = enriched.iloc[np.argsort(~fusion.to_numpy(dtype=bool), kind="stable")]
    share = enriched["in_group"]
    defining = enriched.loc[share >= DEFINING_SHARE, "feature"]
    contributing = enriched.loc[(share < DEFINING_SHARE) & (share >= CONTRIBUTING_SHARE), "feature"]
    return list(defining), list(contributing)
