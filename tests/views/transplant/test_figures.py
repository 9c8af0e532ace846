"""Figures of transplant timing draw the numbers of the results, and grey what is not supported."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from app.analysis.transplant import (
    NEVER,
    EmulationSettings,
    MicrosimulationSettings,
    Strategy,
    emulate,
    microsimulate,
    occupancy,
    paths_of,
    transition_models,
    trial_data,
)
from app.study.figures.theme import SYNTHETIC_MARK, framed
from app.views.transplant.answer_views import states_reading
from app.views.transplant.figures import delay_heatmap, states_figure, strategy_figure


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(3)
    n = 400
    group = np.where(np.arange(n) < 320, "lower", "higher")
    death, wait = rng.exponential(40, n), rng.exponential(30, n)
    time = np.minimum(death, 90.0)
    # Nobody in higher risk is transplanted after a year.
    given = (wait < time) & ((group == "lower") | (wait < 12))
    return trial_data(
        time,
        death < 90,
        np.where(given, wait, np.nan),
        pd.DataFrame({"age": rng.normal(size=n)}),
        groups=pd.Categorical(group, categories=["lower", "higher"], ordered=True),
    )


def test_curves_are_those_of_the_table(data):
    arms = (Strategy("within", 6.0), Strategy("never"))
    result = emulate(data, arms, EmulationSettings(60.0, draws=6))
    figure = framed(
        strategy_figure(result, "lower", axis="Years since diagnosis"), "Survival", synthetic=True
    )
    drawn = {trace.name: trace for trace in figure.data if trace.name}
    assert set(drawn) == set(result.strategies)
    part = result.curves.query("group == 'lower' and strategy == 'No transplant'")
    assert drawn["No transplant"].y == pytest.approx(part["survival"].to_numpy())
    assert drawn["No transplant"].x[-1] == pytest.approx(5.0)
    assert SYNTHETIC_MARK in json.dumps(figure.to_plotly_json(), default=str)


def test_a_class_without_estimates_says_so(data):
    arms = (Strategy("delayed", 24.0), Strategy("within", 2.0))
    result = emulate(data, arms, EmulationSettings(60.0, draws=0))
    table = result.contrasts.set_index("group")
    assert not table.loc["higher", "supported"]
    figure = framed(strategy_figure(result, "higher", axis="Years"), "Survival")
    names = {trace.name for trace in figure.data if trace.name}
    assert "Transplant delayed to 24 months" not in names


def test_unsupported_cells_are_grey_and_without_a_number(data):
    settings = MicrosimulationSettings(
        horizon=60.0, delays=(0.0, 6.0, 36.0), virtual=300, virtual_per_draw=100, draws=5
    )
    result = microsimulate(transition_models(data), settings)
    figure = framed(delay_heatmap(result), "Gain", synthetic=True)
    grey, coloured = figure.data
    supported = result.cells[result.cells["delay"] != NEVER]["supported"].to_numpy().reshape(2, 3)
    assert not supported[1, 2]
    assert supported[0].all()
    assert (np.isnan(coloured.z) == ~supported).all()
    assert (np.isnan(grey.z) == supported).all()
    assert coloured.text[1][2] == ""
    gain = result.cells.query("group == 'lower' and delay == 6")["gain"].item()
    assert coloured.z[0][1] == pytest.approx(gain)
    assert "extrapolated" in grey.customdata[1][2]


def test_states_stack_to_one(data):
    result = occupancy(paths_of(data), np.linspace(0, 60, 13))
    figure = framed(states_figure(result, axis="Years since diagnosis"), "States")
    assert figure.data[-1].name == "Dead"
    assert figure.data[-1].y == pytest.approx(np.ones(13))


def test_every_state_has_a_colour_of_its_own(data):
    onset = np.where(data.time > 20, data.time / 2, np.nan)
    known = replace(data, onsets={"AML": onset})
    result = occupancy(paths_of(known, "AML"), np.linspace(0, 60, 13))
    figure = states_figure(result, axis="Years since diagnosis")
    assert len({trace.line.color for trace in figure.data}) == len(result.states) == 6


@pytest.mark.parametrize(("onset", "within"), [("Relapse", "relapse"), ("AML", "AML")])
def test_states_are_told_within_a_sentence_as_names_are(data, onset: str, within: str):
    known = replace(data, onsets={onset: np.where(data.time > 20, data.time / 2, np.nan)})
    result = occupancy(paths_of(known, onset), np.linspace(0, 60, 13))
    assert f"Transplant, then {within}" in result.states
    for sentence in states_reading(result, 60.0):
        words = re.sub(r"\d+% ", "", sentence.partition(": ")[2]).removesuffix(".").split("; ")
        assert words == [
            "alive, no transplant", "alive after transplant", f"{within}, no transplant",
            f"transplant, then {within}", f"{within}, then transplant", "dead",
        ]  # fmt: skip
