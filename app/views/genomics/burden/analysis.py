"""How many alterations a patient has, and whether groups differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from app.analysis.arrays import Bools
from app.analysis.associations import Integers
from app.cohort.colours import BLUE
from app.cohort.groupings import MIN_GROUP_FOR_TEST, Grouping
from app.study.accounting import Accounting
from app.study.outcomes import too_small
from app.study.wording import count, format_p, some
from app.views.genomics.frequencies.analysis import feature_positions, group_frequencies
from data_loaders import Cohort
from data_loaders.model import FeatureKind

EVERYONE = "Everyone"
_NAMED_GROUPS = 3
_MOST = 9


@dataclass(frozen=True, eq=False)
class Burden:
    """Alterations a patient.

    Attributes
    ----------
    summary
        One row a group: group, patients, mean, sd, q1, median, q3, most, none (patients without
        any).
    shares
        group, number (as a word, the last open), patients, share.
    p_value, test
        Of the groups' difference; NaN and empty where none was made.
    untested
        Groups that are too small to be in the test.
    not_counted
        Alterations that the groups are made of, which would make them differ by themselves.
    circular
        Whether the groups are made of all of them: then these are counted, and not tested.
    incomplete
        Patients not tested for some of the alterations: their number may be higher.
    """

    summary: pd.DataFrame
    shares: pd.DataFrame
    colours: dict[str, str]
    label: str
    p_value: float
    test: str
    incomplete: int
    kinds: tuple[FeatureKind, ...]
    accounting: Accounting
    untested: tuple[str, ...] = ()
    not_counted: tuple[str, ...] = ()
    circular: bool = False


def mutation_burden(
    cohort: Cohort,
    mask: Bools,
    kinds: Sequence[FeatureKind],
    *,
    grouping: Grouping | None = None,
) -> Burden:
    """Count the alterations of each patient, and compare groups by rank.

    Two groups are compared by the Mann-Whitney test, more by the Kruskal-Wallis test; groups below
    10 patients are not in it.

    Raises
    ------
    ValueError
        If nobody is left or the cohort has no alteration of these kinds.
    """
    positions = feature_positions(cohort, kinds)
    made_of = np.zeros(len(positions), dtype=bool)
    if grouping is not None:
        found = group_frequencies(cohort, mask, kinds, grouping)
        names = found.features.loc[found.made_of, "feature"]
        made_of = cohort.features.index[positions].isin(names)
    circular = bool(made_of.all())
    if circular:
        made_of[:] = False
    not_counted = tuple(cohort.features["label"].iloc[positions[made_of]].astype(str))
    positions = positions[~made_of]
    inside = mask if grouping is None else mask & (grouping.codes >= 0)
    if not inside.any():
        raise ValueError("Nobody is left to count: choose other groups or widen the filter.")
    states = cohort.states[np.ix_(inside, positions)]
    number = (states == 1).sum(axis=1)
    if grouping is None:
        own = {EVERYONE: number}
        colours = {EVERYONE: BLUE}
    else:
        codes = grouping.codes[inside]
        own = {n: number[codes == code] for code, n in enumerate(grouping.names)}
        own = {name: values for name, values in own.items() if len(values)}
        colours = {n: c for n, c in zip(grouping.names, grouping.colours, strict=True) if n in own}
    large = {name: n for name, n in own.items() if len(n) >= MIN_GROUP_FOR_TEST}
    p_value, test = (float("nan"), "") if circular else _test(list(large.values()))
    return Burden(
        summary=pd.DataFrame([_summary(name, values) for name, values in own.items()]),
        shares=_shares(own),
        colours=colours,
        label="" if grouping is None else grouping.label,
        p_value=p_value,
        test=test,
        incomplete=int((states < 0).any(axis=1).sum()),
        kinds=tuple(kinds),
        accounting=Accounting.of_groups(mask, grouping),
        untested=tuple(name for name in own if name not in large),
        not_counted=not_counted,
        circular=circular,
    )


def burden_reading(found: Burden) -> list[str]:
    """The burden in plain words, one sentence each, from rules."""
    parts = [
        f"{row.group}: median {row.median:g} (quartiles {row.q1:g} to {row.q3:g}), mean "
        f"{row.mean:.2f}, none in {row.none:,} of {count(row.patients, 'patient')}"
        for row in found.summary.itertuples()
    ]
    if len(parts) > _NAMED_GROUPS:
        means = found.summary.set_index("group")["mean"]
        most, least = means.idxmax(), means.idxmin()
        parts = [f"Most in {most} (mean {means[most]:.2f}), fewest in {least} ({means[least]:.2f})"]
    sentences = [f"{part}." for part in parts]
    if found.test:
        p_value = format_p(found.p_value)
        sentences.append(f"Difference between the groups: {p_value} ({found.test}).")
        if found.untested:
            sentences.append(f"Not in the test: {too_small(found.untested)}.")
    elif len(found.summary) > 1:
        why = too_small(found.untested) if found.untested else "the number does not vary"
        why = "the groups are made of these alterations" if found.circular else why
        sentences.append(f"No test: {why}.")
    if found.not_counted:
        sentences.append(f"Not counted, as the groups are made of it: {some(found.not_counted)}.")
    if found.incomplete:
        sentences.append(
            f"{count(found.incomplete, 'patient')} were not tested for every alteration counted: "
            "their true number may be higher."
        )
    return sentences


def _test(groups: list[Integers]) -> tuple[float, str]:
    if len(groups) < 2 or not np.ptp(np.concatenate(groups)):
        return float("nan"), ""
    from scipy.stats import kruskal, mannwhitneyu  # that few pages need

    if len(groups) == 2:
        return float(mannwhitneyu(*groups).pvalue), "Mann-Whitney"
    return float(kruskal(*groups).pvalue), "Kruskal-Wallis"


def _summary(name: str, values: Integers) -> dict[str, object]:
    q1, median, q3 = np.percentile(values, [25, 50, 75])
    return {
        "group": name,
        "patients": len(values),
        "mean": float(values.mean()),
        "sd": float(values.std(ddof=1)) if len(values) > 1 else float("nan"),
        "q1": float(q1),
        "median": float(median),
        "q3": float(q3),
        "most": int(values.max()),
        "none": int((values == 0).sum()),
    }


def _shares(own: dict[str, Integers]) -> pd.DataFrame:
    top = min(max(int(values.max()) for values in own.values()), _MOST)
    open_end = any((values > top).any() for values in own.values())
    words = [str(i) for i in range(top)] + [f"{top}+" if open_end else str(top)]
    parts = []
    for name, values in own.items():
        counts = np.bincount(np.minimum(values, top), minlength=top + 1)
        share = counts / len(values)
        parts.append(
            pd.DataFrame({"group": name, "number": words, "patients": counts, "share": share})
        )
    return pd.concat(parts, ignore_index=True)
