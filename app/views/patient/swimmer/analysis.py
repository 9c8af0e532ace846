"""Which patients stand in the lanes of a swimmer plot, and in which order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from app.analysis.arrays import Bools, Floats
from app.cohort.colours import BLUE
from app.cohort.groupings import Grouping
from app.views.patient.analysis import evenly, patient_name
from app.views.patient.timeline import Histories, histories
from data_loaders import Cohort, CohortError
from data_loaders.arrays import Codes, Positions

FOLLOW_UP, GROUP, BURDEN = "follow_up", "group", "burden"
NO_GROUP = "no group"


@dataclass(frozen=True, eq=False)
class Swimmer:
    """The lanes of a swimmer plot.

    Attributes
    ----------
    histories
        What happened to every patient of the cohort.
    positions
        The patients drawn, the first on top, by position in the cohort.
    total
        Patients sorted, of whom those drawn are a part.
    without
        Selected patients without a recorded follow-up.
    pages
        Pages that all of them fill.
    sort, reverse, page
        How they were sorted, and which page is drawn, from 0; None for even steps of the order.
    """

    histories: Histories
    positions: Positions
    codes: Codes
    names: tuple[str, ...]
    colours: tuple[str, ...]
    label: str
    total: int
    without: int
    pages: int
    sort: str
    reverse: bool
    page: int | None

    def table(self) -> pd.DataFrame:
        """One row a lane: patient by number, group, follow-up and events, in months."""
        found, own = self.histories, self.positions
        rows = {
            "patient": [patient_name(int(position)) for position in own],
            "group": [self.names[code] if code >= 0 else NO_GROUP for code in self.codes],
            "observed_from_months": found.entry[own],
            "end_of_follow_up_months": found.end[own],
            "ended_by": [found.end_in_words(int(position)) for position in own],
        }
        for milestone in found.milestones:
            rows[f"{milestone.label} (months)"] = milestone.months[own]
        return pd.DataFrame(rows)

    @property
    def ended(self) -> int:
        """Lanes whose follow-up the endpoint's event ended."""
        return int(np.count_nonzero(self.histories.ended[self.positions] == 1))


def swimmer(
    cohort: Cohort,
    mask: Bools,
    *,
    sort: str = FOLLOW_UP,
    reverse: bool = False,
    lanes: int = 40,
    page: int | None = None,
    grouping: Grouping | None = None,
) -> Swimmer:
    """The lanes of the selected patients.

    Parameters
    ----------
    sort
        ``follow_up``, ``group``, ``burden`` (number of alterations), a milestone's key after
        ``event:``, a column after ``variable:`` or a feature after ``alteration:``.
    reverse
        Whether the order is turned round; who has no value stays last.
    page
        Which of the pages, from 0; None for as many patients at even steps of the order.
    grouping
        What colours the lanes; None for one colour.

    Raises
    ------
    CohortError
        If nobody selected has a follow-up, or the order asked for is not known.
    """
    found = _histories(cohort)
    candidates = np.flatnonzero(mask & np.isfinite(found.end))
    if not len(candidates):
        raise CohortError(
            "No selected patient has a recorded follow-up: there is no lane to draw. Widen the "
            "filter, or see the Data page for what was read."
        )
    codes = np.zeros(cohort.n, dtype=np.int16) if grouping is None else grouping.codes
    values = _values(cohort, found, codes, sort)[candidates]
    ranked = -values if reverse else values
    # Unknown values are NaN and sort last either way; ties go by follow-up, longest first.
    order = candidates[np.lexsort((-found.end[candidates], ranked))]
    pages = -(-len(order) // lanes)
    if page is None:
        drawn = evenly(order, lanes)
    else:
        page = min(max(page, 0), pages - 1)
        drawn = order[page * lanes : (page + 1) * lanes]
    return Swimmer(
        histories=found,
        positions=drawn,
        codes=np.maximum(codes[drawn], -1).astype(np.int16),
        names=("All patients",) if grouping is None else grouping.names,
        colours=(BLUE,) if grouping is None else grouping.colours,
        label="" if grouping is None else grouping.label,
        total=len(order),
        without=int(np.count_nonzero(mask)) - len(order),
        pages=pages,
        sort=sort,
        reverse=reverse,
        page=page,
    )


def sort_options(cohort: Cohort) -> dict[str, str]:
    """Orders that a swimmer plot of this cohort can have: key and label.

    Raises
    ------
    CohortError
        If it has no endpoint.
    """
    options = {FOLLOW_UP: "Longest follow-up first", GROUP: "Group, then longest follow-up"}
    for milestone in _histories(cohort).milestones:
        options[f"event:{milestone.key}"] = f"{milestone.label}, earliest first"
    if len(cohort.features):
        options[BURDEN] = "Number of alterations, most first"
    for variable in cohort.variables.values():
        if variable.name not in cohort.patients.columns or variable.role == "outcome":
            continue
        if variable.kind == "numeric":
            options[f"variable:{variable.name}"] = f"{variable.label}, highest first"
        elif variable.kind in ("categorical", "ordinal", "binary"):
            options[f"variable:{variable.name}"] = variable.label
    for name, label in cohort.features["label"].items():
        options[f"alteration:{name}"] = f"{label}, altered first"
    return options


def _histories(cohort: Cohort) -> Histories:
    found = histories(cohort)
    if found is None:
        raise CohortError(
            "This cohort has no endpoint, so nobody's follow-up is known: a swimmer plot needs a "
            "time and an event, such as os_months and os_event."
        )
    return found


def _values(cohort: Cohort, found: Histories, codes: Codes, sort: str) -> Floats:
    """What lanes are sorted by, ascending; NaN where unknown."""
    kind, _, name = sort.partition(":")
    if sort == FOLLOW_UP:
        return -found.end
    if sort == GROUP:
        return np.where(codes >= 0, codes, np.nan).astype(np.float64)
    if sort == BURDEN:
        return np.asarray(-(cohort.states == 1).sum(axis=1).astype(np.float64))
    if kind == "event":
        times = [m.months for m in found.milestones if m.key == name]
        if times:
            return times[0]
    if kind == "alteration" and name in cohort.features.index:
        state = cohort.feature_state(name).astype(np.float64)
        return np.where(state >= 0, -state, np.nan)
    if kind == "variable" and name in cohort.variables and name in cohort.patients.columns:
        return _by_variable(cohort, name)
    raise CohortError(f"Lanes cannot be sorted by {sort}: choose an order that the list offers.")


def _by_variable(cohort: Cohort, name: str) -> Floats:
    variable = cohort.variables[name]
    if variable.kind == "numeric":
        return -cohort.numbers(name)
    codes, levels = cohort.factor(name)
    places = np.arange(len(levels), dtype=np.float64)
    if variable.levels:
        order = {str(level): place for place, level in enumerate(variable.levels)}
        places = np.array([order.get(str(level), len(order)) for level in levels], dtype=float)
    return np.asarray(np.append(places, np.nan)[codes])
