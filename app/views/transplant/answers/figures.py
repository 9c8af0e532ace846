"""Figures of the answers side by side: months of life with the naive error, and hazard ratios."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.cohort.colours import BLUE, GREY
from app.study.figures.curves import curve_band
from app.study.figures.theme import make_figure, under_axis
from app.study.wording import MONTHS_PER_YEAR
from app.views.survival.during.analysis import NAIVE
from app.views.transplant.answers.words import EMULATED, naive_error
from app.views.transplant.figures_gain import gain_forest

_DIFFERENCE_HEIGHT = 320
_FOREST = ["label", "group", "value", "lower", "upper"]


def months_figure(answers: pd.DataFrame, *, axis: str) -> go.Figure:
    """Draw the months of life that the naive comparison and the emulated trial give.

    The naive one is marked as wrong; a band shows how far it is off the first strategy.

    Parameters
    ----------
    answers
        From :func:`app.views.transplant.answers.words.side_by_side`.
    """
    own = answers[(answers["key"] == NAIVE) | (answers["approach"] == EMULATED)]
    wrong = own["wrong"].to_numpy(dtype=bool)
    rows = pd.DataFrame(
        {
            "label": own["label"],
            "group": own["approach"],
            "value": own["rmst_difference"],
            "lower": own["rmst_difference_lower"],
            "upper": own["rmst_difference_upper"],
            "note": np.where(wrong, "no estimate", "too few to estimate"),
            "wrong": wrong,
        }
    )
    error = naive_error(answers)
    span = None if error is None else (error.naive, error.emulated)
    return gain_forest(rows, axis=axis, span=span)


def ratio_rows(naive: pd.Series, ratios: pd.DataFrame) -> pd.DataFrame:
    """The rows of the forest of hazard ratios: the naive one, then those on the same terms.

    Parameters
    ----------
    naive
        The naive row of :func:`app.views.transplant.answers.words.side_by_side`.
    ratios
        ``SameTerms.ratios``.
    """
    first = {
        "label": naive["label"], "n": naive["n"], "events": naive["events"], "hr": naive["hr"],
        "lower": naive["hr_lower"], "upper": naive["hr_upper"], "group": "Naive",
    }  # fmt: skip
    own = ratios.assign(
        group=ratios["approach"].str.partition(",")[0],
        label=ratios["approach"].str.partition(", ")[2],
    )
    rows = pd.concat([pd.DataFrame([first]), own], ignore_index=True)
    rows["series"] = np.where(rows["group"] == "Naive", "Naive: wrong", "Time respected")
    rows["note"] = "no estimate"
    columns = ["label", "group", "series", "n", "events", "hr", "lower", "upper", "note"]
    return rows[columns]


def means_figure(means: pd.DataFrame, *, axis: str) -> go.Figure:
    """Draw the gain that weights, standardisation and both give, in everyone and each half.

    Parameters
    ----------
    means
        ``SameTerms.means``; groups without an estimate are left out.
    """
    known = means[means["supported"]].sort_values("group", key=_first_seen, kind="stable")
    names = {"approach": "label", "rmst_difference": "value"}
    return gain_forest(known.rename(columns=names)[_FOREST], axis=axis)


def _first_seen(names: pd.Series) -> pd.Series:
    return names.map({name: place for place, name in enumerate(dict.fromkeys(names))})


def difference_figure(differences: pd.DataFrame, *, axis: str) -> go.Figure:
    """Draw the difference of survival to the reference over time: early harm, late gain.

    Parameters
    ----------
    differences
        ``Emulation.differences`` of one group and strategy.
    """
    years = differences["time"].to_numpy() / MONTHS_PER_YEAR
    value, lower, upper = (
        differences[name].to_numpy() for name in ("difference", "lower", "upper")
    )
    known = np.concatenate([value, lower, upper])
    most = max(0.1, float(np.nanmax(np.abs(known)))) * 1.1
    return make_figure(
        [
            *curve_band(years, value, lower, upper, BLUE, legendgroup="difference"),
            {
                "type": "scatter", "mode": "lines", "x": years, "y": value,
                "line": {"color": BLUE, "width": 2.4}, "name": "Difference",
                "hovertemplate": "%{x:.1f} years: %{y:+.1%}<extra></extra>",
            },
        ],
        height=_DIFFERENCE_HEIGHT,
        annotations=under_axis(axis, below=30),
        margin={"l": 52, "r": 14, "b": 54},
        shapes=[
            {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": 0, "y1": 0,
             "line": {"color": GREY, "width": 1.3}}
        ],
        showlegend=False,
        xaxis={"range": [0, float(years[-1])], "showgrid": False},
        yaxis={"range": [-most, most], "tickformat": "+.0%", "zeroline": False,
               "title": {"text": "Survival, transplant minus none", "standoff": 6}},
    )  # fmt: skip
