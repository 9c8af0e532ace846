"""What every tally answers, whatever it is made of: rows in memory, an engine, several sites."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from app.cohort.filters import Filter
from app.cohort.groupings import Grouping, GroupingSpec
from data_loaders import Cohort, Endpoint
from data_loaders.arrays import Floats

N = "n"
ALTERED, NOT_ALTERED = "altered", "not altered"
# Of two alterations, by whether each is there; the order is that of the columns of pairs.
PAIR_CELLS = {(1, 1): "both", (1, 0): "a_only", (0, 1): "b_only", (0, 0): "neither"}


class TallyError(ValueError):
    """A question that a tally cannot answer; the message is one sentence for the user."""


def endpoint_of(cohort: Cohort, name: str, endpoint: str) -> Endpoint:
    """The endpoint of a tally's patients, called ``name`` together.

    Raises
    ------
    TallyError
        If they have none of that key.
    """
    found = cohort.endpoints.get(endpoint)
    if found is None:
        known = ", ".join(cohort.endpoints) or "none"
        raise TallyError(f"{name} has no endpoint called {endpoint}; it has {known}.")
    return found


def check_numeric(cohort: Cohort, name: str, variable: str) -> None:
    """Refuse moments of what is no number of a tally's patients, called ``name`` together.

    Raises
    ------
    TallyError
        If they have no numeric variable so called.
    """
    found = cohort.variables.get(variable)
    if found is None or found.kind != "numeric":
        raise TallyError(f"{name} has no numeric variable called {variable}.")


def counted_by(cohort: Cohort, name: str, by: str) -> Literal["variable", "alteration", "groups"]:
    """What the patients of a tally, called ``name`` together, are counted by.

    Raises
    ------
    TallyError
        If it is a number as it stands, or nothing that they have.
    """
    if by in cohort.patients.columns:
        variable = cohort.variables.get(by)
        if variable is not None and variable.kind == "numeric":
            raise TallyError(
                f"{variable.label} is a number: count it in ranges, such as cut:{by}@60."
            )
        return "variable"
    if by in cohort.alterations.columns:
        return "alteration"
    if ":" not in by:
        raise TallyError(f"{name} has no variable or alteration called {by}.")
    return "groups"


@dataclass(frozen=True)
class ExposureColumns:
    """Which columns say when an event during follow-up came.

    Attributes
    ----------
    months
        Columns whose sum, each in months by its factor, is when it came.
    happened
        The column that says whether it did, for those without a time; empty for none.
    yes
        Its values that say so.
    says_no
        Whether others of its values say that it did not; those without a value are then unknown.
    always
        Whether it must have happened by that column for its time to count.
    """

    months: tuple[tuple[str, float], ...]
    happened: str = ""
    yes: tuple[Any, ...] = ()
    says_no: bool = True
    always: bool = False


class Tally(Protocol):
    """Counts, event tables and sums of the patients that a filter selects.

    ``Filter`` everywhere is the one of :mod:`app.cohort.filters` with its three-valued logic: who
    was not tested, or has no value, is neither in nor known to be out.
    """

    @property
    def name(self) -> str:
        """What the patients are called together."""

    def counts(self, selected: Filter | None = None, by: Sequence[str] = ()) -> pd.DataFrame:
        """How many patients have each combination of values.

        Parameters
        ----------
        by
            Columns, alterations, or groupings as text (``cut:age_years@60``), at most a few.

        Returns
        -------
        DataFrame
            One column of text for each of ``by``, and ``n``; combinations that nobody has are left
            out. Values that are missing say ``with a value missing``, genes ``not tested``.
        """

    def events(
        self,
        selected: Filter | None,
        endpoint: str,
        group: GroupingSpec | str | None = None,
        grid: Sequence[float] | None = None,
    ) -> pd.DataFrame:
        """Follow-up as counts at distinct times, those of the grid if there is one.

        Returns
        -------
        DataFrame
            group, time, entered, events, competing, censored. Who has no time, no event status or
            no group is not in it: ``attrs["left_out"]`` counts them by reason;
            ``attrs["reference"]`` is the group that the others are compared with, if there are any.
        """

    def moments(
        self,
        selected: Filter | None,
        variables: Sequence[str],
        bins: Mapping[str, Sequence[float]] | None = None,
    ) -> pd.DataFrame:
        """Sums of numeric variables.

        Parameters
        ----------
        bins
            Edges of a histogram by variable: lowest and highest are open.

        Returns
        -------
        DataFrame
            variable, n, missing, sum, sum_squares, histogram (a tuple of counts, empty without
            bins); :func:`moments_table` gives means and quantiles.
        """

    def features(self, selected: Filter | None = None) -> pd.DataFrame:
        """How many were tested for each alteration and how many have it.

        Returns
        -------
        DataFrame
            feature, kind, tested, altered.
        """


class PageTally(Tally, Protocol):
    """A tally that pages are drawn from: it has a dictionary, and counts by group.

    A count that must not be told is -1.
    """

    @property
    def cohort(self) -> Cohort:
        """What variables, alterations and endpoints are; it has no patient."""

    @property
    def exact(self) -> bool:
        """Whether counts are those of the patients, not rounded or hidden."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The variables that can be counted by, in the dictionary's order."""

    @property
    def alterations(self) -> tuple[str, ...]:
        """The alterations that can be counted by, in the cohort's order."""

    def may_ask(self, selected: Filter | None, *names: str) -> bool:
        """Whether variables and alterations can be counted together under a filter."""

    def levels(self, name: str) -> Mapping[Any, int]:
        """How many of all patients have each value of a column of few values, none missing."""

    def grouping(self, group: GroupingSpec | str, selected: Filter | None = None) -> Grouping:
        """The groups of a specification: names and colours, of nobody."""

    def values(
        self, selected: Filter | None, name: str, group: GroupingSpec | str | None = None
    ) -> pd.DataFrame:
        """How many patients of each group have each value of a column, or state of an alteration.

        Returns
        -------
        DataFrame
            group (code as in a :class:`Grouping`, 0 without groups), value (missing where it is
            not known), n. Where sums of them would not do, ``attrs["sizes"]`` are the patients by
            group and ``attrs["known"]`` those with a value.
        """

    def features_by(self, selected: Filter | None, group: GroupingSpec | str) -> pd.DataFrame:
        """:meth:`Tally.features` by group.

        Returns
        -------
        DataFrame
            group (its name), feature, tested, altered. ``attrs["sizes"]`` are the patients by
            group, ``attrs["left_out"]`` those in none by reason.
        """

    def pairs(self, selected: Filter | None, features: Sequence[str]) -> pd.DataFrame:
        """How many patients tested for two alterations have both, one or neither.

        Returns
        -------
        DataFrame
            a, b, both, a_only, b_only, neither; a row a pair.
        """


def moments_table(
    moments: pd.DataFrame, bins: Mapping[str, Sequence[float]] | None = None
) -> pd.DataFrame:
    """Means, standard deviations and, from a histogram, quartiles.

    Quantiles are read linearly within their bin, as from grouped data; an open bin has none.

    Parameters
    ----------
    moments, bins
        As :meth:`Tally.moments` gave and was given them.

    Returns
    -------
    DataFrame
        variable, n, missing, mean, sd, q1, median, q3; NaN where nothing is known.
    """
    n = moments["n"].to_numpy(dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = moments["sum"].to_numpy() / n
        # Rounding may leave a variance of nothing a little below zero.
        spread = np.maximum(moments["sum_squares"].to_numpy() - n * mean**2, 0.0)
        sd = np.sqrt(np.where(n > 1, spread / (n - 1), np.nan))
    table = moments[["variable", "n", "missing"]].assign(mean=np.where(n > 0, mean, np.nan), sd=sd)
    for name, share in (("q1", 0.25), ("median", 0.5), ("q3", 0.75)):
        table[name] = [
            _quantile(np.array(held), np.array((bins or {}).get(variable, ())), share)
            for variable, held in zip(moments["variable"], moments["histogram"], strict=True)
        ]
    return table


def _quantile(counts: npt.NDArray[Any], edges: Floats, share: float) -> float:
    """A quantile of grouped data; NaN where there is none or it lies in an open bin."""
    if not len(counts) or not counts.sum():
        return float("nan")
    reached = np.cumsum(counts)
    wanted = share * reached[-1]
    bin_ = int(np.searchsorted(reached, wanted))
    if not 0 < bin_ < len(edges):
        return float("nan")
    low, high = edges[bin_ - 1], edges[bin_]
    return float(low + (high - low) * (wanted - (reached[bin_] - counts[bin_])) / counts[bin_])
