"""Whether a release can be true: counts that no patients can have are refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from app.cohort.tally._events import COUNTS
from app.cohort.tally._policy import HIDDEN, ReleasePolicy
from app.cohort.tally._tally import N


def check(content: Mapping[str, Any]) -> None:
    """Raise any error where the file does not hold what a release holds, or what cannot be.

    Counts that are possible and untrue are not found.
    """
    policy = content["policy"]
    if not isinstance(content["synthetic"], bool):
        raise TypeError("Whether the patients are simulated is not said.")
    ReleasePolicy(policy["minimum"], policy["rounding"], tuple(policy["grid"]))
    for held in content["endpoints"].values():
        str(held["label"]), bool(held["competing"])
    for held in content.get("variables", {}).values():
        str(held["label"]), str(held["kind"]), str(held["unit"])
    n = _counts(content["counts"][0]["table"], [N])[N].iloc[0]
    # Each rounded count may be off by half of what it was rounded to.
    slack = int(policy["rounding"]) if policy["rounding"] > 1 else 0
    wholes = {}
    for held in content["events"]:
        sums = _check_events(held, content)
        many = slack * (1 + len(held["names"]))
        if held["group"] is None:
            wholes[held["endpoint"]] = sums
            _demand(n == HIDDEN or sums.sum() <= n + 3 * slack, "More are followed than there are.")
        whole = wholes.get(held["endpoint"], sums)
        _demand(bool((sums <= whole + many).all()), "Groups hold more than everyone together.")
    for held in content["counts"]:
        table = _counts(held["table"], [N])
        known = table.loc[table[N] != HIDDEN, N]
        _demand(n == HIDDEN or known.sum() <= n + slack * len(table), "More than there are.")
    for held in content["features"]:
        table = _counts(held["table"], ["feature", "kind", "tested", "altered"])
        shown = table[table["tested"] != HIDDEN]
        _demand(bool((shown["altered"] <= shown["tested"]).all()), "More altered than tested.")
        _demand(n == HIDDEN or bool((shown["tested"] <= n + slack).all()), "More than there are.")
    for held in content["moments"]:
        columns = ["variable", N, "missing", "sum", "sum_squares"]
        table = pd.DataFrame(held["table"])[columns]
        numbers = table[columns[1:]].astype(np.float64)
        _demand(bool(np.isfinite(numbers).all(axis=None)), "A number is not finite.")
        squares = numbers["sum_squares"] * numbers[N] * (1 + 1e-6)
        _demand(bool((squares >= numbers["sum"] ** 2).all()), "A variance is negative.")
        _demand(n == HIDDEN or bool((numbers[N] <= n + slack).all()), "More than there are.")


def _check_events(held: Mapping[str, Any], content: Mapping[str, Any]) -> pd.Series:
    """Check one event table; its sums of those who left, by how."""
    table = pd.DataFrame(held["table"])[["group", "time", *COUNTS]]
    counts = table[list(COUNTS)].astype(np.int64)
    ends = counts.drop(columns="entered")
    if (counts < 0).any(axis=None) or int(counts["entered"].sum()) != int(ends.sum().sum()):
        raise ValueError("Who enters does not leave.")
    if not set(table["time"].astype(float)) <= set(map(float, content["policy"]["grid"])):
        raise ValueError("A time is not on the grid.")
    known = held["endpoint"] in content["endpoints"]
    if not (known and set(table["group"]) <= set(held["names"])):
        raise ValueError("A group or endpoint has no name.")
    {str(why): int(n) for why, n in held["left_out"].items()}
    if not isinstance(held["reference"], str):
        raise TypeError("A reference is a name.")
    return ends.sum()


def _counts(table: Mapping[str, Any], columns: list[str]) -> pd.DataFrame:
    """A table whose numbers are counts, or hidden."""
    found = pd.DataFrame(table)[columns + [c for c in table if c not in columns]]
    numeric = [name for name in columns if name not in {"feature", "kind"}]
    found[numeric] = found[numeric].astype(np.int64)
    _demand(bool((found[numeric] >= HIDDEN).all(axis=None)), "A count is negative.")
    return found


def _demand(holds: bool, otherwise: str) -> None:
    if not holds:
        raise ValueError(otherwise)
