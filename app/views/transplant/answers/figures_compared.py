"""The figures of the answers side by side, by their names, each drawn when it is wanted."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import plotly.graph_objects as go

from app.analysis.transplant import Emulation, SameTerms
from app.study.figures.forest import forest_figure
from app.study.figures.theme import titled
from app.study.wording import count, mid_sentence, signed
from app.views.survival.during.analysis import DuringFollowUp
from app.views.survival.during.figures import pair_figure
from app.views.survival.during.words import exposed_row, ratio_words
from app.views.transplant.answers.figures import (
    difference_figure,
    means_figure,
    months_figure,
    ratio_rows,
)
from app.views.transplant.answers.words import naive_error, side_by_side
from app.views.transplant.figures import strategy_figure
from app.views.transplant.protocol.trial import TargetTrial
from app.views.transplant.words import axis_words, primary_of
from data_loaders import Cohort

GAIN, DIFFERENCE = "Gain on the same terms", "Difference of survival"
ERROR, RATIOS = "Naive error", "Hazard ratios"
NAIVE, LANDMARK, SIMON_MAKUCH, EMULATED = (
    "1 Naive",
    "2 Landmark",
    "3 Simon-Makuch",
    "4 Emulated trial",
)
Drawings = dict[str, Callable[[], go.Figure]]


def compared_figures(  # noqa: PLR0917 - what stands side by side
    cohort: Cohort,
    trial: TargetTrial,
    naive: DuringFollowUp,
    found: Emulation,
    same: SameTerms,
    group: str,
) -> Drawings:
    """Every figure of the answers side by side that the data allow, by its name.

    Parameters
    ----------
    naive, found, same
        The naive answer with those that respect time, the emulated trial, and all on the same
        terms.
    group
        The class whose emulated trial is drawn.
    """
    return {
        name: titled(cohort, title, draw)
        for name, (draw, title) in {
            **_in_months(naive, found, same),
            **_on_same_terms(cohort, trial, found, same, group),
            **_curves(cohort, trial, naive, found, group),
        }.items()
    }


_Titled = dict[str, tuple[Callable[[], go.Figure], str]]


def _in_months(naive: DuringFollowUp, found: Emulation, same: SameTerms) -> _Titled:
    table, patients = side_by_side(naive, found), count(naive.n, "patient")
    error = naive_error(table)
    off = "" if error is None else f": off by {signed(error.months)} months"
    axis = f"Life gained by month {found.settings.horizon:g}"
    ratios = ratio_rows(table.iloc[0], same.ratios)
    return {
        ERROR: (
            partial(months_figure, table, axis=axis), f"Naive against emulated{off}, {patients}"
        ),
        RATIOS: (partial(forest_figure, ratios), f"Every hazard ratio, {patients}"),
    }  # fmt: skip


def _on_same_terms(
    cohort: Cohort, trial: TargetTrial, found: Emulation, same: SameTerms, group: str
) -> _Titled:
    figures: _Titled = {}
    of_group = found.differences["group"] == group
    own = found.differences[of_group & (found.differences["strategy"] == primary_of(found))]
    if len(own):
        n = count(int(found.members(group).sum()), "patient")
        figures[DIFFERENCE] = (
            partial(difference_figure, own, axis=axis_words(cohort, trial)),
            f"{DIFFERENCE}: {mid_sentence(group)}, {n}",
        )
    if same.means["supported"].any():
        axis = f"Life gained by month {found.settings.horizon:g}"
        draw = partial(means_figure, same.means, axis=axis)
        figures[GAIN] = (draw, f"{GAIN}, {count(found.n, 'patient')}")
    return figures


def _curves(
    cohort: Cohort, trial: TargetTrial, naive: DuringFollowUp, found: Emulation, group: str
) -> _Titled:
    patients, axis = count(naive.n, "patient"), axis_words(cohort, trial)
    pair = partial(pair_figure, noun=naive.exposure.noun, until=trial.horizon_months)
    ever, moving = naive.naive_curves, naive.simon_makuch
    figures: _Titled = {
        NAIVE: (
            partial(
                pair, ever.unexposed, ever.exposed, axis=axis, wrong=True,
                corner=ratio_words(exposed_row(naive.naive)),
            ),
            f"Naive: ever against never, {patients}",
        )
    }  # fmt: skip
    if naive.at is not None and naive.landmark_curves is not None:
        mark = f"{naive.at.at:g}"
        row = naive.landmarks[naive.landmarks["landmark"] == naive.at.at]
        figures[LANDMARK] = (
            partial(
                pair, naive.landmark_curves.unexposed, naive.landmark_curves.exposed,
                axis=f"Years since month {mark}",
                corner="" if row.empty else ratio_words(row.iloc[0]),
            ),
            f"Landmark at month {mark}, {count(len(naive.at.time), 'patient')}",
        )  # fmt: skip
    if moving is not None:
        figures[SIMON_MAKUCH] = (
            partial(
                pair, moving.unexposed, moving.exposed, axis=axis,
                corner=ratio_words(exposed_row(naive.time_dependent)),
            ),
            f"Simon-Makuch, {patients}",
        )  # fmt: skip
    n = int(found.estimates.loc[found.estimates["group"] == group, "n"].iloc[0])
    figures[EMULATED] = (
        partial(strategy_figure, found, group, axis=axis),
        f"Emulated trial: {mid_sentence(group)}, {count(n, 'patient')}",
    )
    return figures
