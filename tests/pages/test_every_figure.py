"""Every figure of every page and view keeps what the house promises of a figure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from streamlit.testing.v1 import AppTest

from app.charts.theme import INK
from tests.pages.conftest import words
from tests.pages.test_subgroups_page import until_finished

Opener = Callable[..., AppTest]
SURVIVAL = ("Survival curves", "Competing risks", "Cox model", "Screen", "During follow-up")
GENOMICS = (
    "Frequencies", "Oncoprint", "Together or apart", "Variants", "Allele fractions", "Burden",
)  # fmt: skip
TABS = ("Who they are", "Table one", "Filter builder", "Step by step", "Completeness")
WALKS: list[tuple[str, dict[str, str], str]] = [
    ("home", {}, ""),
    *(("cohort", {}, tab) for tab in TABS),
    *(("survival", {"view": view}, "") for view in SURVIVAL),
    ("survival", {"view": "Screen", "screen_as": "Forest"}, ""),
    ("subgroups", {}, ""),
    *(("genomics", {"genomics": view}, "") for view in GENOMICS),
    ("data", {}, ""),
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
            numbers = all(isinstance(text, int | float) for text in texts) and len(texts)
            if numbers and not axis.get("title", {}).get("text"):
                found.append(f"{name} of {trace.get('type')}")
    return found


@pytest.mark.parametrize(
    ("page", "query", "tab"), WALKS, ids=lambda part: str(part) if part else ""
)
def test_every_figure_has_what_a_figure_owes(
    open_app: Opener, page: str, query: dict[str, str], tab: str
):
    if page == "subgroups":
        # Everyone: the search whose result other tests ask for too.
        at = until_finished(open_app(page))
    else:
        at = open_app(page, cohort="demo:mpn", dx=["MF"], **query)
    if tab:
        at.session_state["cohort_tabs"] = tab
        at.session_state["pictures_save"] = True
        at.run()
    assert not at.exception, at.exception
    offered = downloads(at)
    pictures = {
        option for box in at.selectbox if box.key == "pictures_which" for option in box.options
    }
    figures = list(drawn(at))
    saved_here = [figure for figure in figures if figure.key.startswith("picture")]
    assert len(pictures) == len(saved_here), "each picture can be saved, under a name of its own"
    for key, alt, spec in figures:
        title = spec["layout"]["annotations"][0]
        assert title["font"]["color"] == INK, (key, title)
        assert re.search(r"\d", title["text"]), (key, "the title says of how many", title["text"])
        assert len(alt) > 20, (key, alt)
        # A small picture is of one variable, and its title names it with the unit.
        assert key.startswith("picture") or not unnamed_axes(spec), (key, unnamed_axes(spec))
        of = "pictures" if key.startswith("picture") else key
        assert {f"{of}_svg", f"{of}_png", f"{of}_csv"} <= offered, (key, offered)
    assert figures or page == "data" or tab in ("Table one", "Filter builder"), words(at)
