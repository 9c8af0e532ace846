"""The palette: readable on both pages, distinct also for colour-blind eyes, stable by meaning."""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Sequence

import numpy as np
import pytest

from app.cohort import colours
from app.cohort._colour_distance import EYES, USUAL, colour_distance
from app.cohort.colours import assign_colours, colour_of
from tests.conftest import ROOT

CONFIG = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
PAGES = [CONFIG["theme"][mode]["backgroundColor"] for mode in ("light", "dark")]


def linear(colour: str) -> np.ndarray:
    values = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def luminance(colour: str) -> float:
    return float(linear(colour) @ [0.2126, 0.7152, 0.0722])


ALL = sorted(
    {*colours.SERIES, colours.GREY, colours.SLATE, *assign_colours(list("abcdef"), ordered=True)}
)


@pytest.mark.parametrize("colour", ALL)
@pytest.mark.parametrize("page", PAGES)
def test_every_colour_stands_out_from_both_pages(colour: str, page: str):
    high, low = sorted((luminance(colour), luminance(page)), reverse=True)
    assert (high + 0.05) / (low + 0.05) >= 3


def nearest(palette: Sequence[str], eyes: str) -> float:
    return min(colour_distance(a, b, eyes) for a, b in itertools.combinations(palette, 2))


def test_distances_are_those_of_oklab():
    """Black and white are 100 apart; the sides of one grey are equal to all eyes."""
    assert colour_distance("#000000", "#ffffff") == pytest.approx(100, abs=0.01)
    assert colour_distance("#808080", "#808080") == 0
    red, green = "#d01010", "#3f7d10"
    assert colour_distance(red, green) > 2 * colour_distance(red, green, "protanopia")
    for eyes in EYES:
        assert colour_distance("#000000", "#ffffff", eyes) == pytest.approx(100, abs=0.1)


@pytest.mark.parametrize("eyes", EYES)
def test_any_two_of_the_series_look_apart_to_everyone(eyes: str):
    assert nearest(colours.SERIES, eyes) >= (9 if eyes == USUAL else 5)


@pytest.mark.parametrize("eyes", EYES)
@pytest.mark.parametrize("steps", range(2, 7))
def test_steps_of_risk_look_apart_to_everyone(eyes: str, steps: int):
    ramp = assign_colours([str(i) for i in range(steps)], ordered=True)
    assert nearest(ramp, eyes) >= (9 if eyes == USUAL else 5)


@pytest.mark.parametrize(
    "names",
    [
        ["ET", "PV", "MF", "MDS/MPN", "CML", "Other"],
        ["JAK2", "CALR", "MPL", "TN", "Other", "Unknown"],
        ["CALR type 1", "CALR type 2", "CALR other", "CALR several classes"],
        [f"MDS class {i}" for i in range(10)],
        ["F", "M", "Unknown"],
        ["Other", "Unknown", "Uncertain"],
        ["MF", "PMF", "ET"],
        ["JAK2", "JAK2 V617F", "CALR", "CALR type 1"],
    ],
)
def test_no_two_groups_of_one_figure_have_nearly_one_colour(names: list[str]):
    assert nearest(assign_colours(names), USUAL) >= 9
    assert nearest([*assign_colours(names, beside=[colours.SLATE]), colours.SLATE], USUAL) >= 9


@pytest.mark.parametrize("eyes", EYES)
def test_the_four_drivers_and_the_sexes_differ_for_everyone(eyes: str):
    for names in (("JAK2", "CALR", "MPL", "Triple-negative"), ("female", "male")):
        assert nearest([colour for name in names if (colour := colour_of(name))], eyes) >= 5


def test_the_same_name_has_the_same_colour_in_any_company():
    alone = assign_colours(["CALR"])[0]
    assert assign_colours(["ET", "x", "CALR", "y"])[2] == alone
    assert assign_colours(["jak2", "calr"])[1] == alone


def test_free_colours_avoid_the_reserved_ones_and_do_not_repeat():
    names = ["CALR", "a", "b", "JAK2", "c", "d"]
    assert len(set(assign_colours(names))) == len(names)


def test_more_groups_than_colours_still_get_one_each():
    assert len(assign_colours([f"g{i}" for i in range(40)])) == 40


def test_streamlit_knows_the_palette_in_both_modes():
    for mode in ("light", "dark"):
        known = CONFIG["theme"][mode]["chartCategoricalColors"]
        assert known == [*colours.SERIES, colours.GREY]
        assert len(known) >= 10, "with fewer Streamlit silently falls back to other colours"


@pytest.mark.parametrize(
    "name", ["TN", "triple neg", "Triple-Neg.", "triple_negativ", "3neg", "tripel-negativ", "3N"]
)
def test_triple_negative_has_its_colour_however_it_is_spelt(name: str):
    assert colour_of(name) == colour_of("Triple-negative") is not None


@pytest.mark.parametrize("name", ["negative", "none", "T", "triplet", "JAK2", "TNT", ""])
def test_other_names_are_not_triple_negative(name: str):
    assert colour_of(name) != colour_of("Triple-negative")
