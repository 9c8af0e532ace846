"""Volcano, forest of answers and pairs of curves: every mark stands for what it says."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from app.analysis.survival import kaplan_meier
from app.cohort.colours import BLUE, NEUTRAL, VERMILION
from app.study.figures.theme import SYNTHETIC_MARK, framed
from app.views.survival.during.analysis import DuringFollowUp, during_follow_up
from app.views.survival.during.figures import WRONG, answers_figure, pair_figure
from app.views.survival.screen.analysis import CohortScreen, screen_cohort
from app.views.survival.screen.figures import volcano_alt, volcano_figure
from data_loaders import Cohort, load_cohort
from tests.builders import OS, make_cohort


def screen_of(cohort: Cohort, **options) -> CohortScreen:
    return screen_cohort(cohort, np.ones(cohort.n, dtype=bool), "os", **options)


@pytest.fixture(scope="module", params=["mpn", "mds", "aml"])
def screen(request) -> CohortScreen:
    return screen_of(load_cohort(f"demo:{request.param}"))


@pytest.fixture(scope="module")
def during() -> DuringFollowUp:
    cohort = load_cohort("demo:mds")
    return during_follow_up(
        cohort,
        np.ones(cohort.n, dtype=bool),
        endpoint_key="os",
        exposure="column:transplant_months",
        landmarks=[6, 12],
        drawn=6,
        adjust=["age_years", "sex"],
    )


def points(figure) -> list[dict]:
    return [t.to_plotly_json() for t in figure.data if t.customdata is not None]


def test_every_alteration_tested_is_one_point_in_its_place(screen):
    figure = framed(volcano_figure(screen), "x")
    table = screen.table.set_index("feature")
    drawn = points(figure)
    names = [name for trace in drawn for name in trace["customdata"]]
    assert sorted(names) == sorted(table.index[table["p_value"].notna()])
    for trace in drawn:
        rows = table.loc[list(trace["customdata"])]
        np.testing.assert_allclose(trace["x"], np.log10(rows["hr"]))
        np.testing.assert_allclose(trace["y"], -np.log10(rows["p_value"]))
        red, green, blue = (
            int(trace["marker"]["color"].split("(")[1].split(",")[i]) for i in (0, 1, 2)
        )
        colour = f"#{red:02x}{green:02x}{blue:02x}"
        expected = np.where(
            rows["q_value"] >= 0.05, NEUTRAL, np.where(rows["hr"] > 1, VERMILION, BLUE)
        )
        assert set(expected) == {colour}
        for hover, row in zip(trace["text"], rows.itertuples(), strict=True):
            assert row.label in hover
            assert f"{row.altered:,} altered of {row.n:,} tested" in hover
        size = np.array(trace["marker"]["size"])
        order = np.argsort(rows["altered"].to_numpy())
        assert (np.diff(size[order]) >= 0).all(), "more altered, larger"


def test_the_line_parts_the_hits_from_the_rest(screen):
    figure = framed(volcano_figure(screen), "x")
    line = next(s for s in figure.layout.shapes if s.line.dash == "dash")
    for trace in points(figure):
        above = np.array(trace["y"]) > line.y0
        hit = not trace["name"].startswith("q ")
        assert (above == hit).all()


def test_without_a_hit_there_is_no_line():
    rng = np.random.default_rng(2)
    cohort = make_cohort(
        {"os_months": list(rng.exponential(20, 200)), "os_event": [1.0] * 200},
        {f"G{i}": list(rng.random(200) < 0.2) for i in range(4)},
        endpoints=(OS,),
    )
    screen = screen_of(cohort)
    assert screen.hits.empty
    figure = framed(volcano_figure(screen), "x")
    assert not [s for s in figure.layout.shapes if s.line.dash == "dash"]


@pytest.mark.parametrize("width", [276, 520, 700])
def test_names_cover_no_other_name_on_any_width(screen, width):
    figure = framed(volcano_figure(screen), "x")
    low, high = figure.layout.xaxis.range
    bottom, top = figure.layout.yaxis.range
    boxes = []
    for name in figure.layout.annotations:
        if not name.showarrow:
            continue
        x = (name.x - low) / (high - low) * width + name.ax
        y = (name.y - bottom) / (top - bottom) * 340 - name.ay
        boxes.append((name.text, x, y, 3.3 * len(name.text)))
    assert len(boxes) >= 8
    clashes = [
        (a[0], b[0])
        for a, b in itertools.combinations(boxes, 2)
        if abs(a[1] - b[1]) < a[3] + b[3] and abs(a[2] - b[2]) < 12
    ]
    # Placed for a narrow screen; a wider one may bring two together, which the hover still tells.
    assert len(clashes) <= (0 if width == 276 else 1), clashes


def test_the_chosen_one_is_ringed_and_firths_are_diamonds():
    cohort = load_cohort("demo:mpn")
    plain = screen_of(cohort)
    figure = framed(volcano_figure(plain, chosen="TP53"), "x")
    ring = next(t for t in figure.data if t.marker.symbol == "circle-open")
    row = plain.table.set_index("feature").loc["TP53"]
    assert list(ring.x) == [pytest.approx(np.log10(row["hr"]))]
    assert not any(
        t.marker.symbol == "circle-open" for t in framed(volcano_figure(plain), "x").data
    )

    rng = np.random.default_rng(1)
    carried = rng.random(120) < 0.15
    firth = screen_of(
        make_cohort(
            {
                "os_months": list(rng.exponential(20, 120)),
                "os_event": list(np.where(carried, 0.0, 1.0)),
            },
            {"SAFE": list(carried), "G": list(rng.random(120) < 0.3)},
            endpoints=(OS,),
        )
    )
    trace = points(framed(volcano_figure(firth), "x"))
    symbols = {
        name: symbol
        for t in trace
        for name, symbol in zip(t["customdata"], t["marker"]["symbol"], strict=True)
    }
    assert symbols == {"SAFE": "diamond", "G": "circle"}
    legend = [t.name for t in framed(volcano_figure(firth), "x").data]
    assert "Firth's correction" in legend


def test_extreme_p_values_stay_on_the_axis():
    screen = screen_of(load_cohort("demo:mds"))
    screen.table.loc[0, "p_value"] = 0.0
    figure = framed(volcano_figure(screen), "x")
    heights = np.concatenate([t["y"] for t in points(figure)])
    assert np.isfinite(heights).all()
    assert heights.max() < figure.layout.yaxis.range[1]


def test_titles_marks_and_alternative_text(screen, during):
    figures = [
        framed(volcano_figure(screen), "A title", synthetic=True),
        framed(answers_figure(during), "A title", synthetic=True),
        framed(pair_figure(None, None, "transplant", axis="Years"), "A title", synthetic=True),
    ]
    for figure in figures:
        assert SYNTHETIC_MARK in str(figure.layout.annotations[0].text)
    assert volcano_alt("A title", ["One."]).startswith("A title. Hazard ratio")


def test_the_answers_stand_in_order_and_the_naive_apart(during):
    figure = framed(answers_figure(during), "x")
    text = str(figure.layout.annotations)
    assert "Naive: wrong" in text
    names = {trace.name for trace in figure.data}
    assert {"Biased", "Time respected"} <= names


def test_pairs_of_curves_are_the_estimates(during):
    curves = during.naive_curves
    figure = framed(
        pair_figure(
            curves.unexposed, curves.exposed, "transplant", "years", axis="Years", wrong=True
        ),
        "x",
    )
    assert WRONG in str(figure.layout.annotations)
    for name, km in (("Without transplant", curves.unexposed), ("With transplant", curves.exposed)):
        trace = next(t for t in figure.data if t.name == name)
        at = km.at(np.array(trace.x[1:]) * 12)
        np.testing.assert_allclose(trace.y[1:], at["survival"])
        assert trace.x[-1] * 12 == pytest.approx(km.time[-1])
        assert (trace.x[0], trace.y[0]) == (0, 1)
    right = framed(pair_figure(curves.unexposed, curves.exposed, "transplant", axis="Years"), "x")
    assert WRONG not in str(right.layout.annotations)


def test_numbers_at_risk_start_with_everyone_also_where_patients_enter_late(during):
    moving = during.simon_makuch
    figure = framed(pair_figure(moving.unexposed, moving.exposed, "transplant", axis="Years"), "x")
    rows = [list(t.text) for t in figure.data if t.mode == "text"]
    numbers = [row for row in rows if row[0].replace(",", "").isdigit()]
    assert numbers[0][0] == f"{during.n:,}"
    assert numbers[1][0] == "0"
    ticks = figure.layout.xaxis.tickvals
    for km, row in zip((moving.unexposed, moving.exposed), numbers, strict=True):
        expected = km.at([12 * tick for tick in ticks[1:]])["n_risk"]
        assert [int(text.replace(",", "")) for text in row[1:]] == expected.tolist()


def test_one_curve_is_drawn_where_the_other_has_nobody():
    km = kaplan_meier([1.0, 2.0, 3.0], [1, 0, 1])
    figure = framed(pair_figure(km, None, "transplant", "months", axis="Months", start=0.0), "x")
    assert [t.name for t in figure.data if t.name] == ["Without transplant"]
