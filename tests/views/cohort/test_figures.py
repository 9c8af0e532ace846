"""The Cohort page's figures: bars are the counts they are given, titles say of how many."""

from __future__ import annotations

import json

import numpy as np
import pytest

from app.cohort.filters import Filter
from app.cohort.groupings import overlap
from app.study.figures.attrition import attrition_flow, attrition_in_words
from app.study.figures.theme import SYNTHETIC_MARK, framed
from app.views.cohort.overview.analysis import distribution, selected_alterations
from app.views.cohort.overview.figures import draw_alterations, draw_distribution
from app.views.cohort.saved.figures import overlap_figure
from data_loaders import load_cohort

COHORT = load_cohort("demo:mpn")
SOME = Filter.from_dict({"all": [{"column": "diagnosis", "in": ["MF"]}, {"altered": "ASXL1"}]})


@pytest.mark.parametrize("name", ["diagnosis", "age_years", "splenomegaly"])
def test_the_selection_stands_in_front_of_everyone(name: str):
    mask = SOME.apply(COHORT).mask
    found = distribution(COHORT, name, mask)
    figure = json.loads(draw_distribution(found, narrowed=True, synthetic=True).to_json())
    behind, front = figure["data"]
    axis = "y" if name == "age_years" else "x"
    assert front[axis] == pytest.approx((found.counts / found.known).tolist())
    assert behind[axis] == pytest.approx((found.everyone / found.known_of_everyone).tolist())
    title = figure["layout"]["annotations"][-1 if name != "age_years" else 0]["text"]
    assert f"{found.known:,} of {found.n:,} known" in title.replace("<br>", " ")
    assert SYNTHETIC_MARK in title
    assert len(draw_distribution(found, narrowed=False).data) == 1


def test_alterations_stay_clickable_in_the_order_of_the_table():
    table = selected_alterations(COHORT, np.ones(COHORT.n, dtype=bool), 10)
    figure = json.loads(draw_alterations(table, COHORT.n, narrowed=False).to_json())
    assert figure["layout"]["yaxis"]["ticktext"] == table["label"].tolist()
    assert figure["data"][0]["x"] == pytest.approx(table["frequency"].tolist())


def test_the_flow_has_every_step_and_says_who_was_lost():
    attrition = SOME.apply(COHORT).attrition
    figure = json.loads(attrition_flow(attrition).to_json())
    assert figure["data"][0]["x"] == attrition["n"].tolist()
    words = attrition_in_words(attrition)
    for row in attrition.itertuples():
        assert f"{row.n:,} left" in words
    assert f"−{attrition['excluded'].iloc[1]:,} excluded" in words


def test_the_overlap_draws_one_bar_a_combination():
    filters = {name: Filter.from_dict({"altered": name}) for name in ("ASXL1", "JAK2", "TET2")}
    found = overlap(COHORT, filters)
    figure = json.loads(framed(overlap_figure(found), "Overlap").to_json())
    assert figure["data"][0]["y"] == found.patterns["n"].tolist()
    dots = figure["data"][2]
    held = found.patterns[list(filters)].to_numpy()
    assert len(dots["x"]) == held.sum()
    assert all(held[x, y] for x, y in zip(dots["x"], dots["y"], strict=True))
