"""Filters together: overlap counts against sets of Python, and what combining them selects."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.cohort.filters import Filter, FilterError
from app.cohort.groupings import combined, overlap
from tests.builders import make_cohort

COLUMN = st.lists(st.sampled_from([0, 1, None]), min_size=12, max_size=12)


@given(st.lists(COLUMN, min_size=2, max_size=4))
@settings(deadline=None)
def test_counts_and_combinations_equal_sets(columns: list[list[int | None]]):
    cohort = make_cohort({"x": [1] * 12}, {f"G{i}": held for i, held in enumerate(columns)})
    filters = {f"f{i}": Filter.from_dict({"altered": f"G{i}"}) for i in range(len(columns))}
    inside = {f"f{i}": {p for p in range(12) if c[p] == 1} for i, c in enumerate(columns)}
    outside = {f"f{i}": {p for p in range(12) if c[p] == 0} for i, c in enumerate(columns)}
    found = overlap(cohort, filters)
    assert found.sizes == tuple(len(inside[name]) for name in filters)
    assert found.patterns["n"].sum() + found.outside == 12
    for row in found.patterns.to_dict("records"):
        exactly = {
            p for p in range(12) if all((p in inside[name]) == row[name] for name in filters)
        }
        assert row["n"] == len(exactly) > 0
    expected = {
        "union": set.union(*inside.values()),
        "intersection": set.intersection(*inside.values()),
        "difference": inside["f0"].intersection(*(outside[name] for name in list(filters)[1:])),
    }
    for how, members in expected.items():
        mask = combined(filters, how).apply(cohort).mask  # type: ignore[arg-type]
        assert set(np.flatnonzero(mask)) == members


def test_too_few_or_too_many_get_a_sentence():
    one = {"a": Filter.from_dict({"altered": "A"})}
    cohort = make_cohort({"x": [1]}, {"A": [1]})
    with pytest.raises(FilterError, match="two saved filters or more"):
        combined(one, "union")
    with pytest.raises(FilterError, match="one to 16"):
        overlap(cohort, {})
