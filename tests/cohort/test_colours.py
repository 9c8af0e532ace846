"""The palette: readable on both pages, distinct also for colour-blind eyes, stable by meaning."""

from __future__ import annotations

import itertools
import tomllib

import numpy as np
import pytest

from app.cohort import colours
from app.cohort.colours import assign_colours, colour_of
from tests.conftest import ROOT

CONFIG = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
PAGES = [CONFIG["theme"][mode]["backgroundColor"] for mode in ("light", "dark")]
# Machado, Oliveira & Fernandes 2009, severity 1.0, on linear RGB.
COLOUR_BLIND = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
}


def linear(colour: str) -> np.ndarray:
    values = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def luminance(colour: str) -> float:
    return float(linear(colour) @ [0.2126, 0.7152, 0.0722])


def lab(rgb: np.ndarray) -> np.ndarray:
    to_xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    xyz = to_xyz @ np.clip(rgb, 0, 1) / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


ALL = sorted(
    {*colours.SERIES, colours.GREY, colours.SLATE, *assign_colours(list("abcdef"), ordered=True)}
)


@pytest.mark.parametrize("colour", ALL)
@pytest.mark.parametrize("page", PAGES)
def test_every_colour_stands_out_from_both_pages(colour: str, page: str):
    high, low = sorted((luminance(colour), luminance(page)), reverse=True)
    assert (high + 0.05) / (low + 0.05) >= 3


@pytest.mark.parametrize("eyes", COLOUR_BLIND)
def test_the_four_drivers_differ_for_everyone(eyes: str):
    drivers = [colour_of(name) for name in ("JAK2", "CALR", "MPL", "Triple-negative")]
    seen = [lab(COLOUR_BLIND[eyes] @ linear(c)) for c in drivers if c]
    distances = [float(np.linalg.norm(a - b)) for a, b in itertools.combinations(seen, 2)]
    assert len(seen) == 4
    assert min(distances) > 12


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
