"""Disclosure control against attackers who know every margin: bounds of the linear system."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from app.cohort.disclosure import (
    POOLED,
    Disclosure,
    DisclosureError,
    hidden_levels,
    hidden_parts,
)
from app.cohort.filters import Filter
from app.cohort.groupings import by_labels
from tests.builders import AGE, DIAGNOSIS, make_cohort

FIVE, ELEVEN = Disclosure(5), Disclosure(11)
POLICIES = st.sampled_from([FIVE, ELEVEN, Disclosure(3), Disclosure(6)])
# Mostly small: that is where cells are hidden.
COUNT = st.one_of(st.integers(0, 6), st.integers(0, 30), st.integers(0, 400))


def held_in(n: int, policy: Disclosure) -> tuple[int, int]:
    """The true counts that are compatible with a released one, by trying them all."""
    shown = policy.released(n)
    assert shown is not None
    found = [m for m in range(n + 3 * policy.threshold) if policy.released(m) == shown]
    return min(found), max(found)


def bounds_of_parts(
    counts: npt.NDArray[np.int64], hide: npt.NDArray[np.bool_]
) -> list[tuple[int, int]]:
    """What a hidden part can be for a reader who knows the exact total and every shown part."""
    rest = int(counts[hide].sum())
    # Zeros are shown as long as anything is: what is hidden beside something shown is no zero.
    least = 0 if hide.all() else 1
    others = int(hide.sum()) - 1
    return [(rest if not others else least, rest - least * others)] * int(hide.sum())


@given(st.lists(COUNT, min_size=2, max_size=9), POLICIES)
@settings(deadline=None, max_examples=200)
def test_no_hidden_part_is_found_by_subtraction(parts: list[int], policy: Disclosure):
    counts = np.array(parts)
    if counts.sum() < policy.threshold:
        return
    hide = hidden_parts(counts, policy)
    assert not (policy.is_small(counts) & ~hide).any()
    assert hide.any() == policy.is_small(counts).any(), "nothing is hidden without a reason"
    for low, high in bounds_of_parts(counts, hide):
        assert low < high
        assert high >= policy.threshold


def bounds_of_cells(
    counts: npt.NDArray[np.int64],
    hide: npt.NDArray[np.bool_],
    hide_all: npt.NDArray[np.bool_],
) -> list[tuple[float, float]]:
    """Least and most that each hidden cell can be, from all exact margins that are shown."""
    groups = counts.shape[1]
    held = np.flatnonzero(hide)
    size = len(held) * groups
    equations, right = [], []
    for row, level in enumerate(held):
        if not hide_all[level]:
            line = np.zeros(size)
            line[row * groups : (row + 1) * groups] = 1
            equations.append(line)
            right.append(counts[level].sum())
    for group in range(groups):
        line = np.zeros(size)
        line[group::groups] = 1
        equations.append(line)
        right.append(counts[:, group].sum() - counts[~hide, group].sum())
    found = []
    for cell in range(size):
        goal = np.zeros(size)
        goal[cell] = 1
        ends = [
            linprog(sign * goal, A_eq=equations, b_eq=right, bounds=(0, None)).fun * sign
            for sign in (1, -1)
        ]
        found.append((ends[0], ends[1]))
    return found


@given(
    st.integers(2, 4).flatmap(
        lambda groups: st.lists(
            st.lists(COUNT, min_size=groups, max_size=groups), min_size=2, max_size=5
        )
    ),
    POLICIES,
)
@settings(deadline=None, max_examples=80)
def test_no_hidden_cell_is_found_from_all_margins(table: list[list[int]], policy: Disclosure):
    counts = np.array(table)
    counts = counts[:, counts.sum(axis=0) >= policy.threshold]
    if counts.shape[1] < 2:
        return
    hide, hide_all = hidden_levels(counts, policy)
    shown = counts[~hide]
    assert not policy.is_small(shown).any()
    assert not policy.is_small(counts.sum(axis=1)[~hide_all]).any()
    assert not (hide_all & ~hide).any(), "a hidden total with shown cells would be their sum"
    for low, high in bounds_of_cells(counts, hide, hide_all):
        assert high >= policy.threshold - 1e-6
        assert high > low + 0.5


def test_the_attacker_finds_what_is_only_hidden_where_it_is_small():
    """The test itself: primary suppression alone is broken by this attacker."""
    counts = np.array([[3, 40], [50, 60], [20, 30]])
    alone = np.array([True, False, False])
    assert bounds_of_cells(counts, alone, np.zeros(3, bool))[0] == (3, 3)
    assert bounds_of_parts(np.array([3, 40, 9]), alone) == [(3, 3)]


@pytest.mark.parametrize("policy", [FIVE, ELEVEN, Disclosure(6)], ids=str)
def test_two_selections_that_differ_by_few_do_not_tell_how_many(policy: Disclosure):
    """Differencing: released counts of a selection, and of the same without a few patients."""
    k = policy.threshold
    for larger in range(k, 12 * k):
        for few in range(1, k):
            if larger - few < k:
                continue
            a, b = held_in(larger, policy), held_in(larger - few, policy)
            least, most = a[0] - b[1], a[1] - b[0]
            assert not (least >= 1 and most < k), (larger, few)
            assert least <= 0 or most >= k


@pytest.mark.parametrize("policy", [FIVE, ELEVEN], ids=str)
def test_released_counts(policy: Disclosure):
    k = policy.threshold
    assert policy.released(0) == 0
    assert all(policy.released(n) is None for n in range(1, k))
    for n in range(k, 20 * k):
        shown = policy.released(n)
        assert shown is not None
        assert shown % k == 0
        assert abs(shown - n) <= k // 2 or shown == k


@given(st.lists(st.integers(0, 14), min_size=1, max_size=9))
@settings(deadline=None, max_examples=200)
def test_pooled_groups_are_large_and_nobody_is_found_by_the_total(sizes: list[int]):
    names = [f"g{i}" for i in range(len(sizes))]
    labels = [name for name, size in zip(names, sizes, strict=True) for _ in range(size)]
    if not labels:
        return
    grouping = by_labels("Group", labels, names)
    pooled = FIVE.pooled(grouping, np.ones(len(labels), dtype=bool))
    if pooled is None:
        return
    found = pooled.sizes()
    assert min(found) >= 5
    small = [size for size in sizes if 0 < size < 5]
    # Everyone is in a group again: no small group is the difference to the total.
    assert sum(found) == len(labels)
    assert (POOLED in pooled.names) == bool(small)
    if small:
        in_pool = pooled.codes == pooled.names.index(POOLED)
        assert len({labels[i] for i in np.flatnonzero(in_pool)}) > 1


def ages(*values: int) -> dict[str, list[object]]:
    return {"age_years": [float(value) for value in values]}


def test_a_selection_of_few_and_of_all_but_few_is_refused():
    names: list[object] = [f"D{i}" for i in range(40)]
    cohort = make_cohort({"diagnosis": names}, variables=(DIAGNOSIS,))

    def asked(fewest: int) -> str:
        chosen = Filter.from_dict({"column": "diagnosis", "in": names[fewest:]})
        return FIVE.refusal(chosen.apply(cohort), chosen)

    assert [bool(asked(low)) for low in (0, 1, 4, 5, 20, 35, 36, 39)] == [
        False, True, True, False, False, False, True, True,
    ]  # fmt: skip
    assert asked(2) == asked(37), "which of the two it is would tell a number below the threshold"
    everyone = Filter()
    assert FIVE.refusal(everyone.apply(cohort), everyone) == ""
    assert FIVE.refusal(everyone.apply(make_cohort(ages(1, 2, 3))), everyone)


def test_limits_of_ones_own_choice_are_no_filter():
    cohort = make_cohort(
        ages(*range(40)) | {"hb": [float(i) for i in range(40)]},
        {"A": [0, 1] * 20},
        variables=(AGE,),
    )
    half = {"patients": [f"P{i}" for i in range(1, 21)]}
    for condition in (
        half,
        {"not": half},
        {"any": [{"altered": "A"}, {"not": {"altered": "A"}}]},
        {"column": "age_years", "between": [11, None]},
        {"column": "age_years", "between": [10, 29.5]},
        {"column": "hb", "between": [10, None]},
        {"not": {"column": "age_years", "between": [10, 30]}},
        {"known": "hb"},
        {"column": "age_years", "in": list(range(20))},
    ):
        chosen = Filter.from_dict({"all": [{"column": "age_years", "between": [5, 30]}, condition]})
        assert "not by identifiers" in FIVE.refusal(chosen.apply(cohort), chosen), condition
    for condition in ({"altered": "A"}, {"not": {"altered": "A"}}):
        chosen = Filter.from_dict({"all": [{"column": "age_years", "between": [5, 30]}, condition]})
        assert FIVE.refusal(chosen.apply(cohort), chosen) == ""


@given(st.lists(st.integers(0, 60), min_size=1, max_size=5), POLICIES)
@settings(deadline=None)
def test_steps_of_the_filter_never_drop_few(limits: list[int], policy: Disclosure):
    cohort = make_cohort(ages(*range(100)))
    chosen = Filter.from_dict(
        {"all": [{"column": "age_years", "between": [low, None]} for low in limits]}
    )
    selection = chosen.apply(cohort)
    if selection.n < policy.threshold or 0 < 100 - selection.n < policy.threshold:
        return
    steps = policy.steps(selection)
    exact = [100, *np.minimum.accumulate([100 - low for low in limits])]
    assert steps[-1][1] == policy.nearest(int(exact[-1]))
    assert all(n % policy.threshold == 0 for _, n in steps)
    assert sum(words.count("Age") + words.count("age_years") for words, _ in steps) >= len(limits)
    # As an attacker who could see through the rounding: no step told alone drops few.
    told = [int(n) for n in exact]
    kept = [told[0]]
    for n in told[1:]:
        if not 0 < kept[-1] - n < policy.threshold:
            kept.append(n)
    if kept[-1] != told[-1]:
        while 0 < kept[-1] - told[-1] < policy.threshold:
            kept.pop()
        kept.append(told[-1])
    assert [n for _, n in steps] == [policy.nearest(n) for n in kept]
    assert all(not 0 < a - b < policy.threshold for a, b in pairwise(kept))


@pytest.mark.parametrize("text", ["", "0", "off", " OFF "])
def test_off_by_default(text: str):
    assert Disclosure.of({"CALR_EXPLORER_DISCLOSURE": text}) is None
    assert Disclosure.of({}) is None


@pytest.mark.parametrize("text", ["1", "2", "-5", "five", "5.5", "on"])
def test_a_setting_that_cannot_be_obeyed_is_said(text: str):
    with pytest.raises(DisclosureError, match="whole number of 3 or more"):
        Disclosure.of({"CALR_EXPLORER_DISCLOSURE": text})


def test_the_setting():
    assert Disclosure.of({"CALR_EXPLORER_DISCLOSURE": "11"}) == ELEVEN
