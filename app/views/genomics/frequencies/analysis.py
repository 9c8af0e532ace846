"""How often alterations occur in each of several groups, and whether the groups differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import chdtrc, gammaln

from app.analysis.arrays import Floats
from app.analysis.associations import (
    Integers,
    States,
    wilson_interval,
)
from app.analysis.multiplicity import adjust_p_values
from app.analysis.two_by_two import conditional_odds_ratios, fisher_p_values
from app.cohort.groupings import Grouping
from app.cohort.made_of import alterations_in
from app.cohort.overlapping import overlap_families
from app.study.accounting import Accounting
from app.study.wording import (
    SIGNIFICANT,
    count,
    format_percent,
    format_percent_ci,
    format_q,
    listing,
    some,
)
from data_loaders import Cohort
from data_loaders.arrays import Bools, Positions
from data_loaders.model import FeatureKind

FISHER, CHI_SQUARED, SIMULATED = "Fisher", "chi-squared", "Fisher, simulated"
_FEW = 10
_NAMED_GROUPS = 4
# Rarer alterations are not compared: no test could tell, and each costs the others power.
MIN_COMPARED = 5
DEFINES = "defines the groups"
_FIRST_DRAWS, _DRAWS = 999, 4_999
_SEED = 0
# Cochran (1954): the chi-squared distribution holds if no expected count is below 1 and at most a
# fifth are below 5.
_EXPECTED, _SHARE_BELOW = 5.0, 0.2


@dataclass(frozen=True, eq=False)
class GroupFrequencies:
    """Alterations of the selected patients, together and by group.

    Parameters
    ----------
    overall
        One row a feature, the most frequent first: feature, label, kind, altered, tested,
        frequency, lower, upper (Wilson), in everyone selected.
    altered, tested
        Counts by group and feature, in the order of ``groups`` and ``overall``.
    groups
        Names and patients of the groups that have any; empty without a grouping.
    families
        Family of each feature: those that overlap count once among the tests.
    made_of
        Which features the groups are made of: they are described and not compared.
    """

    overall: pd.DataFrame
    altered: Integers
    tested: Integers
    groups: dict[str, int]
    colours: dict[str, str]
    label: str
    kinds: tuple[FeatureKind, ...]
    accounting: Accounting
    families: Positions
    made_of: Bools

    @cached_property
    def by_group(self) -> pd.DataFrame:
        """One row a feature and group, worked out when asked for; empty without a grouping.

        Columns: feature, label, kind, group, altered, tested, frequency, lower, upper (Wilson), and
        odds_ratio, or_lower, or_upper of the group against the other groups (conditional estimate
        and exact interval).
        """
        number = len(self.groups)
        if not number:
            return pd.DataFrame()
        a, t = self.altered, self.tested
        others_a, others_t = a.sum(axis=0) - a, t.sum(axis=0) - t
        odds, lower, upper = conditional_odds_ratios(
            a.T.ravel(), (t - a).T.ravel(), others_a.T.ravel(), (others_t - others_a).T.ravel()
        )
        repeated = self.features.loc[self.features.index.repeat(number)].reset_index(drop=True)
        return repeated.assign(
            group=np.tile(np.array(list(self.groups), dtype=object), len(self.features)),
            **_shares(a.T.ravel(), t.T.ravel()),
            odds_ratio=odds,
            or_lower=lower,
            or_upper=upper,
        )

    @cached_property
    def differences(self) -> pd.DataFrame:
        """One row a feature, by p-value, worked out when asked for; empty without two groups.

        Columns: feature, label, kind, tested, altered, test, p_value, q_value (Benjamini-Hochberg
        over the features compared: those altered in at least 5, those that overlap counted
        once), with two groups also odds_ratio, or_lower, or_upper of the first against the second.
        """
        a, t = self.altered, self.tested
        if len(a) < 2:
            return pd.DataFrame()
        p_values, tests = compare_counts(a, t, MIN_COMPARED)
        p_values = np.where(self.made_of, np.nan, p_values)
        table = self.features.assign(
            tested=t.sum(axis=0),
            altered=a.sum(axis=0),
            test=np.where(self.made_of, DEFINES, np.array(tests, dtype=object)),
            p_value=p_values,
            q_value=adjust_p_values(p_values, families=self.families),
        )
        if len(a) == 2:
            odds, lower, upper = conditional_odds_ratios(a[0], t[0] - a[0], a[1], t[1] - a[1])
            table = table.assign(odds_ratio=odds, or_lower=lower, or_upper=upper)
        return table.sort_values("p_value", kind="stable", ignore_index=True)

    @property
    def features(self) -> pd.DataFrame:
        """The alterations in order: feature, label, kind."""
        return self.overall[["feature", "label", "kind"]]

    @property
    def n_tested(self) -> int:
        """Features whose frequencies were compared."""
        return int(self.differences["p_value"].notna().sum()) if len(self.differences) else 0


def group_frequencies(
    cohort: Cohort,
    mask: Bools,
    kinds: Sequence[FeatureKind],
    grouping: Grouping | None = None,
) -> GroupFrequencies:
    """Frequencies of every alteration, and their comparison between groups.

    Two groups are compared by Fisher's exact test. More are compared by the chi-squared test
    (Pearson 1900), or where counts are too small for it (Cochran 1954) by Fisher's exact test
    with up to 4,999 random tables of the same margins (Freeman & Halton 1951).

    Raises
    ------
    ValueError
        If nobody is selected, or the cohort has no alteration of these kinds.
    """
    positions = feature_positions(cohort, kinds)
    if not mask.any():
        raise ValueError("Nobody is selected: take out a condition of the filter.")
    names = [str(cohort.alterations.columns[position]) for position in positions]
    sizes = () if grouping is None else grouping.sizes(mask)
    shown = [code for code, size in enumerate(sizes) if size]
    place = np.where(mask, 0, len(shown) + 1)
    if grouping is not None:
        # Selected patients in none of the groups come first: they are in the overall counts only.
        lookup = np.zeros(len(sizes) + 1, dtype=np.intp)
        lookup[shown] = np.arange(1, len(shown) + 1)
        inside = np.where(grouping.codes >= 0, grouping.codes, len(sizes))
        place = np.where(mask, lookup[inside], len(shown) + 1)
    a, t = group_counts(cohort.states, positions, place, len(shown) + 1)
    groups = {} if grouping is None else {grouping.names[code]: sizes[code] for code in shown}
    return frequencies_of(
        cohort, names, a, t, groups, grouping, tuple(kinds), Accounting.of_groups(mask, grouping)
    )


def frequencies_of(  # noqa: PLR0917
    cohort: Cohort,
    names: Sequence[str],
    a: Integers,
    t: Integers,
    groups: dict[str, int],
    grouping: Grouping | None,
    kinds: tuple[FeatureKind, ...],
    accounting: Accounting,
) -> GroupFrequencies:
    """Frequencies and their comparison from counts.

    Parameters
    ----------
    cohort
        What the alterations are called; its patients do not matter.
    a, t
        Altered and tested, shape (1 + groups, alterations); first those who are in no group.
    groups
        Patients by group, of the groups that have any.
    """
    described = cohort.features.loc[list(names), ["label", "kind"]].astype(str)
    base = pd.DataFrame({"feature": names, **{k: described[k].to_numpy() for k in described}})
    overall = base.assign(**_shares(a.sum(axis=0), t.sum(axis=0)))
    order = overall.sort_values(["frequency", "label"], ascending=[False, True]).index
    ordered = [names[place] for place in order]
    colours = {} if grouping is None else dict(zip(grouping.names, grouping.colours, strict=True))
    if grouping is None:
        own = np.zeros(len(ordered), dtype=bool)
    else:
        own = alterations_in(cohort, grouping, ordered, a[1:, order], t[1:, order])
    return GroupFrequencies(
        overall=overall.loc[order].reset_index(drop=True),
        altered=a[1:, order],
        tested=t[1:, order],
        groups=groups,
        colours={name: colours[name] for name in groups},
        label="" if grouping is None else grouping.label,
        kinds=kinds,
        accounting=accounting,
        families=overlap_families(cohort, ordered),
        made_of=own,
    )


def feature_positions(cohort: Cohort, kinds: Sequence[FeatureKind]) -> Positions:
    """Columns of the alterations of these kinds.

    Raises
    ------
    ValueError
        If there are none.
    """
    positions = np.flatnonzero(cohort.features["kind"].isin(list(kinds)).to_numpy())
    if not len(positions):
        raise ValueError("The cohort has no alteration of the kinds chosen: choose another kind.")
    return positions


def group_counts(
    states: States,
    positions: Positions,
    place: Positions,
    number: int,
) -> tuple[Integers, Integers]:
    """Altered and tested patients by group and feature, two arrays (groups x features).

    Parameters
    ----------
    states
        1 altered, 0 not, -1 not tested; patients x features, column by column in memory.
    positions
        The features to count, as columns of ``states``.
    place
        Group of each patient, 0 to ``number`` - 1; ``number`` for those who do not count.
    number
        How many groups.
    """
    altered = np.array([_bits(states[:, position] == 1) for position in positions])
    tested = np.array([_bits(states[:, position] >= 0) for position in positions])
    groups = [_bits(place == group) for group in range(number)]
    counts = [
        [np.bitwise_count(who & group).sum(axis=1, dtype=np.int64) for group in groups]
        for who in (altered, tested)
    ]
    return np.array(counts[0]), np.array(counts[1])


def _bits(who: Bools) -> npt.NDArray[np.uint64]:
    """One bit a patient, 64 of them at a time: sixty-four are counted in one step."""
    packed = np.packbits(who)
    return np.pad(packed, (0, -len(packed) % 8)).view(np.uint64)


def compare_counts(
    altered: Integers, tested: Integers, min_altered: int = 1
) -> tuple[Floats, list[str]]:
    """P-value and test of each feature's difference between groups.

    Parameters
    ----------
    altered, tested
        Counts, shape (groups, features).
    min_altered
        Features altered in fewer of all patients are not compared.

    Returns
    -------
    p_values
        NaN where fewer than two groups were tested, or too few or everybody is altered.
    tests
        Name of the test of each feature.
    """
    total, n = altered.sum(axis=0), tested.sum(axis=0)
    possible = ((tested > 0).sum(axis=0) > 1) & (total >= max(min_altered, 1)) & (total < n)
    p_values = np.full(altered.shape[1], np.nan)
    if len(altered) == 2:
        (a, c), (b, d) = altered, tested - altered
        p_values[possible] = fisher_p_values(*(cells[possible] for cells in (a, b, c, d)))
        return p_values, [FISHER if can else "" for can in possible]
    tests = [""] * altered.shape[1]
    rng = np.random.default_rng(_SEED)
    for position in np.flatnonzero(possible):
        own = tested[:, position] > 0
        k, size = altered[own, position], tested[own, position]
        share = k.sum() / size.sum()
        expected = np.concatenate([size * share, size * (1 - share)])
        if expected.min() < 1 or (expected < _EXPECTED).mean() > _SHARE_BELOW:
            p_values[position], tests[position] = _simulated(k, size, rng), SIMULATED
        else:
            statistic = float(((k - size * share) ** 2 / (size * share * (1 - share))).sum())
            p_values[position] = chdtrc(len(k) - 1, statistic)
            tests[position] = CHI_SQUARED
    return p_values, tests


def _simulated(k: Integers, size: Integers, rng: np.random.Generator) -> float:
    """Freeman-Halton p-value from random tables, counting the observed one among them.

    Where the first thousand already show that it is not small, the others are not drawn
    (Besag & Clifford 1991).
    """
    p_value = _share_as_rare(k, size, _FIRST_DRAWS, rng)
    return p_value if p_value > SIGNIFICANT else _share_as_rare(k, size, _DRAWS, rng)


def _share_as_rare(k: Integers, size: Integers, draws: int, rng: np.random.Generator) -> float:
    drawn = rng.multivariate_hypergeometric(size, int(k.sum()), size=draws, method="marginals")
    factorial = gammaln(np.arange(int(size.max()) + 1) + 1.0)
    rarity = np.zeros(draws + 1)
    for counts, n in zip(np.vstack([k, drawn]).T, size, strict=True):
        rarity -= (factorial[: n + 1] + factorial[n::-1])[counts]
    return float(np.count_nonzero(rarity <= rarity[0] + 1e-7) / (draws + 1))


def _shares(altered: Integers, tested: Integers) -> dict[str, npt.NDArray[np.generic]]:
    lower, upper = wilson_interval(altered, tested)
    with np.errstate(invalid="ignore", divide="ignore"):
        frequency = altered / tested
    return {
        "altered": altered, "tested": tested, "frequency": frequency, "lower": lower, "upper": upper
    }  # fmt: skip


def made_of_sentence(labels: Sequence[str], *, whole: bool = False) -> str:
    """That what groups are made of is no finding, to follow a sentence; empty without any.

    Parameters
    ----------
    whole
        Whether all are named, or the first.
    """
    named = listing(labels) if whole else some(labels)
    part = "Part of what the groups are made of, so described and not compared"
    return f" {part}: {named}." if labels else ""


def frequency_reading(found: GroupFrequencies) -> list[str]:
    """The frequencies in plain words, one sentence each, from rules."""
    rows = found.overall[found.overall["altered"] > 0]
    if rows.empty:
        return ["None of these alterations was found in the patients selected."]
    leading = [
        f"{row.label} {format_percent_ci(row.frequency, row.lower, row.upper)}, "
        f"{row.altered:,} of {row.tested:,} tested"
        for row in rows.head(3).itertuples()
    ]
    sentences = [f"Most frequent of all selected, with 95% interval: {'; '.join(leading)}."]
    if not found.groups:
        return sentences
    if len(found.differences) == 0:
        return [*sentences, "Only one group has patients, so there is nothing to compare."]
    hits = found.differences[found.differences["q_value"] < SIGNIFICANT]
    sentences.append(
        f"{len(hits)} of {count(found.n_tested, 'alteration')} compared differ between the groups "
        f"at q below {SIGNIFICANT} (Benjamini-Hochberg); those in fewer than {MIN_COMPARED} "
        "patients were not compared."
    )
    by_group = found.by_group.set_index(["feature", "group"])
    parts = []
    for row in hits.head(3).itertuples():
        own = by_group.loc[[(row.feature, group) for group in found.groups], "frequency"]
        shares = own.droplevel("feature").dropna()
        if len(shares) > _NAMED_GROUPS:
            shares = shares.loc[[shares.idxmax(), shares.idxmin()]]
        named = [f"{group} {format_percent(share)}" for group, share in shares.items()]
        words = " to ".join(named) if len(found.groups) > _NAMED_GROUPS else ", ".join(named)
        parts.append(f"{row.label} ({words}; {format_q(row.q_value)})")
    if parts:
        sentences.append(f"Clearest: {'; '.join(parts)}.")
    made = made_of_sentence(found.features.loc[found.made_of, "label"].tolist())
    sentences += [made.strip()] if made else []
    smallest = min(found.groups.values())
    if smallest < _FEW:
        sentences.append(
            f"The smallest group has {count(smallest, 'patient')}: its shares are uncertain."
        )
    return sentences
