"""Every figure of every page and view keeps what the house promises of a figure."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import plotly.graph_objects as go
import pytest
from streamlit.testing.v1 import AppTest

from app.shell.controls.views import control_of
from app.shell.story.adding import ADD
from app.study.analyses import views_of
from app.study.figures.theme import INK
from app.study.slides._figures import parts_of
from app.views.patient.page import TABS as PATIENT_TABS
from pages.cohort import TABS as COHORT_TABS
from tests.pages.conftest import PAGES, run_when_worked, words
from tests.pages.test_subgroups_page import until_finished
from tests.pages.test_transplant_page import until

Opener = Callable[..., AppTest]
# The MPN cohort is compared by its driver, which no other has.
NEEDS = {
    "Two cohorts": {"cohort": "demo:mds"},
    "transplant": {"cohort": "demo:mds"},
    "Four answers": {"dx": ["MDS-IB1", "MDS-IB2", "MDS-biTP53"]},
    "patient": {"group": "variable:diagnosis"},
}
WALKS: list[tuple[str, dict[str, Any], str]] = [
    ("home", {}, ""),
    *(("cohort", {}, tab) for tab in COHORT_TABS),
    *(
        (page, {control_of(page): view} | NEEDS.get(page, {}) | NEEDS.get(view, {}), "")
        for page in PAGES
        for view in views_of(page)
    ),
    ("survival", {"view": "Screen", "screen_as": "Forest"}, ""),
    ("subgroups", {}, ""),
    *(("patient", {}, tab) for tab in PATIENT_TABS),
    ("data", {}, ""),
    ("pooled", {}, ""),
]


class Drawn(NamedTuple):
    key: str
    alt: str
    spec: dict[str, Any]


def drawn(at: AppTest) -> Iterator[Drawn]:
    for chart in at.get("plotly_chart"):
        key = chart.proto.id.rsplit("-", 1)[-1]
        yield Drawn(key, chart.proto.alt, json.loads(chart.proto.spec))


def downloads(at: AppTest) -> set[str]:
    return {element.proto.id.rsplit("-", 1)[-1] for element in at.get("download_button")}


def unnamed_axes(spec: dict[str, Any]) -> list[str]:
    """Axes with numbers on them and no title that says of what."""
    layout, found = spec["layout"], []
    for trace in spec["data"]:
        for name in ("x", "y"):
            axis = layout.get(f"{name}axis{trace.get(f'{name}axis', name)[1:]}", {})
            if axis.get("visible") is False or axis.get("showticklabels") is False:
                continue
            texts = axis.get("ticktext") or trace.get(name) or ()
            # Arrays of numbers travel as bytes, with what sort of number they are.
            known = [text for text in texts if text is not None]
            numbers = "dtype" in texts or (
                len(known) and all(isinstance(text, int | float) for text in known)
            )
            titled = axis.get("title", {}).get("text") or said_beside(name, layout)
            if numbers and not titled:
                found.append(f"{name} of {trace.get('type')}")
    return found


def said_beside(name: str, layout: dict[str, Any]) -> bool:
    """Whether a text stands where Streamlit's theme leaves no room for an axis' title.

    Below the plot, upright along its left side or on top of that.
    """
    texts = layout["annotations"][1:]
    if name == "x":
        return any(t.get("y") == 0 and t.get("yshift", 0) < 0 for t in texts)
    left = [t for t in texts if t.get("x") == 0]
    return any(t.get("textangle") == -90 or t.get("y") == 1 for t in left)


def until_drawn(at: AppTest) -> AppTest:
    """The page when its picture has come from the background."""
    deadline = time.monotonic() + 120
    while at.get("progress"):
        assert time.monotonic() < deadline, words(at)
        run_when_worked(at)
    return at


@pytest.mark.parametrize(
    ("page", "query", "tab"), WALKS, ids=lambda part: str(part) if part else ""
)
def test_every_figure_has_what_a_figure_owes(
    open_app: Opener, page: str, query: dict[str, Any], tab: str
):
    if page in ("subgroups", "transplant", "compare") or tab == "Subgroup map":
        # Everyone: the search and the trial whose results other tests ask for too.
        at = open_app(page, **query)
    else:
        at = open_app(page, cohort="demo:mpn", dx=["MF"], **query)
    if tab:
        at.session_state[f"{page}_tabs"] = tab
        at.session_state["pictures_save"] = True
        at.run()
    if page == "subgroups":
        at = until_finished(at)
    elif tab == "Subgroup map" or query.get("compare") == "Subgroups":
        at = until_drawn(at)
    elif query.get("view") == "Four answers":
        # The other views draw what is estimated at once; their intervals would take minutes.
        at = until(at, "Intervals: 95%")
    assert not at.exception, at.exception
    control = control_of(page)
    if control in query:
        assert at.segmented_control(key=control).value == query[control]
    assert not tab or tab in [place.label for place in at.tabs]
    offered = downloads(at)
    told = sum(str(button.label).startswith(ADD) for button in at.button)
    pictures = {
        option for box in at.selectbox if box.key == "pictures_which" for option in box.options
    }
    figures = list(drawn(at))
    saved_here = [figure for figure in figures if figure.key.startswith("picture")]
    assert len(pictures) == len(saved_here), "each picture can be saved, under a name of its own"
    many = len(figures) - max(len(pictures) - 1, 0)
    assert page == "patient" or told >= many, "each can be told in a story, a picture as chosen"
    for key, alt, spec in figures:
        # The app saves the time in which plotly checks a figure; here it is checked.
        assert parts_of(go.Figure(spec)), "and it goes onto a slide, as a chart or as a picture"
        title = spec["layout"]["annotations"][0]
        assert title["font"]["color"] == INK, (key, title)
        assert re.search(r"\d", title["text"]), (key, "the title says of how many", title["text"])
        assert len(alt) > 20, (key, alt)
        # A small picture is of one variable, and its title names it with the unit.
        assert key.startswith("picture") or not unnamed_axes(spec), (key, unnamed_axes(spec))
        of = "pictures" if key.startswith("picture") else key
        assert {f"{of}_svg", f"{of}_png", f"{of}_csv"} <= offered, (key, offered)
    assert figures or page == "data" or tab in ("Table one", "Filter builder"), words(at)
