"""The page that presents a story: no patient, nothing fetched, words that can be read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from app.cohort.groupings import GroupingSpec
from app.study.analyses import answer_to
from app.study.question import Question
from app.study.story import Scene, Step, player, scene_of
from app.study.story._stage import HEIGHT, SMALLEST, _on_one_line, staged
from data_loaders import Cohort, load_cohort


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    return load_cohort("demo:mds")


@pytest.fixture(autouse=True)
def no_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.study.story._player.export_available", lambda: (False, "none"))


def scene(cohort: Cohort, analysis: str, by: str | None = None, *, figure="", **settings) -> Scene:
    grouping = None if by is None else GroupingSpec.parse(by)
    question = Question(
        "demo:mds", cohort.fingerprint, analysis, grouping=grouping, settings=settings
    )
    step = Step(question, "", "Slowly", figure=figure, address="survival?cohort=demo:mds")
    return scene_of(step, answer_to(question, cohort), cohort, pictures=False)


@pytest.fixture(scope="module")
def curves(cohort: Cohort) -> Scene:
    return scene(cohort, "survival.curves", "variable:ipssm", endpoint_key="os")


def parts(plain: Any, of: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(plain, Mapping):
        for name, value in plain.items():
            yield name, value
            yield from parts(value, name)
    elif isinstance(plain, list | tuple):
        for value in plain:
            yield from parts(value, of)


def test_curves_bear_their_names_and_their_table_has_a_line_a_group(curves: Scene) -> None:
    stage = curves.stage
    assert stage is not None
    layout = stage["layout"]
    named = [a for a in layout["annotations"] if a.get("name", "").startswith("group")]
    assert named[0]["text"].endswith("</span> Very Low")
    assert len(named) == stage["groups"] == 6
    assert not layout["showlegend"]
    # Names are a line apart, in the figure's own units.
    low, high = layout["yaxis"]["range"]
    share = np.ptp(layout["yaxis"]["domain"])
    pixel = (high - low) / (share * (HEIGHT - layout["margin"]["t"] - layout["margin"]["b"]))
    assert np.min(-np.diff([a["y"] for a in named])) >= 16 * pixel
    table = [t for t in stage["data"] if t["meta"]["role"] == "table"]
    assert len(table) == 1 + 6
    assert stage["bands"]
    assert stage["table"]["alone"][0] < layout["yaxis"]["domain"][0]
    assert curves.patients == "1,369 patients"
    assert "not proportional" in curves.note
    assert "SYNTHETIC" not in json.dumps(stage)


def test_no_word_of_any_figure_is_too_small(cohort: Cohort, curves: Scene) -> None:
    scenes = [
        curves,
        scene(cohort, "survival.screen", endpoint_key="os"),
        scene(cohort, "survival.screen", endpoint_key="os", figure="Forest"),
        scene(cohort, "genomics.frequencies", "variable:diagnosis", kinds=["gene"]),
    ]
    for found in scenes:
        fonts = [v for name, v in parts(found.stage) if name.endswith("font") and "size" in v]
        assert min(font["size"] for font in fonts) >= SMALLEST
        text = json.dumps(found.stage)
        assert not re.search(r"font-size:(\d|1[01])(\.\d+)?px|<su[bp]>", text)
    one_line = "1.2 \u2002(0.9 to 1.5) \u2002p = 0.2 too few multi-hit"
    assert _on_one_line("1.2<br>(0.9 to 1.5)<br>p = 0.2<br>too few<br>multi-<br>hit") == one_line
    forest, rows = scenes[2].stage, scenes[3].stage
    assert forest is not None
    assert rows is not None
    assert re.fullmatch(r"first \d+ of \d+ rows", forest["left_out"])
    shown = len(rows["layout"]["yaxis"]["ticktext"])
    assert rows["left_out"] == f"first {shown} of 20 rows"


def test_nothing_of_a_patient_is_in_the_page_and_nothing_is_fetched(
    cohort: Cohort, curves: Scene
) -> None:
    points = scene(cohort, "genomics.oncoprint", kinds=["gene"], most=5)
    assert points.stage is None
    assert "no browser" in points.refused
    hostile = replace(curves, caption="</script><script>alert(1)</script>", alt='"><img src=x>')
    page = player("A <b>talk</b>", [curves, points, hostile], "http://127.0.0.1:8501/")
    data = re.search(r'<script type="application/json" id="story">(.*?)</script>', page)
    assert data is not None
    told = json.loads(data[1])
    assert told["steps"][2]["caption"] == hostile.caption
    assert not {name for name, _ in parts(told)} & {"customdata", "hovertemplate", "ids"}
    assert not [identifier for identifier in cohort.patients.index if identifier in data[1]]
    assert "NaN" not in data[1]
    # Outside of plotly's bundle no address of another host is named at all.
    own = page.replace(data[1], "").split("<script>")
    assert "http://" not in own[0]
    assert "https://" not in own[0]
    assert "http" not in own[-1].replace("http-equiv", "")
    assert re.search("default-src 'none'", own[0])
    assert "<img" not in own[0]


def test_hover_and_identifiers_go_and_texts_that_are_drawn_stay() -> None:
    figure = {
        "data": [
            {"type": "scattergl", "mode": "markers", "x": [1.0], "y": [2.0], "text": ["MDS-1"],
             "ids": ["MDS-1"], "customdata": [["MDS-1"]], "hovertemplate": "%{customdata}"},
            {"type": "bar", "x": ["a"], "y": [1], "text": ["1 of 2"]},
        ],
        "layout": {"height": 300, "margin": {"l": 40, "r": 10, "t": 22, "b": 40}},
    }  # fmt: skip
    stage = staged(figure)
    assert "MDS-1" not in json.dumps(stage)
    assert stage["data"][0]["type"] == "scatter"
    assert stage["data"][1]["text"] == ["1 of 2"]
