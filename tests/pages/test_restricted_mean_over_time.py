"""Restricted mean over time: against R, what must hold of any cohort, in words, run and linked."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from app.cohort.filters import Filter
from app.cohort.groupings import Arrangement, GroupingSpec, by_labels
from app.study.analyses import answer_to
from app.study.answer import methods_text
from app.study.question import Question
from app.study.scripts.question import question_script
from app.views.survival.means.analysis import MeansOverTime, means_over_time
from app.views.survival.means.answer import clear_since, means_answer, means_table
from data_loaders import Cohort, load_cohort
from tests.builders import OS, make_cohort
from tests.pages.conftest import figures, words
from tests.study.reproduce import check_tables, run

# R 4, package survival: summary(survfit(Surv(t, e) ~ g), rmean = tau)$table of the patients of
# ``made``: tau, both means, both standard errors.
OF_R = (
    (3, 2.9750000000, 2.9041666667, 0.0183522630, 0.0518215644),
    (12, 11.0000000000, 11.1381410256, 0.3403429643, 0.3416006494),
    (20, 17.1388888889, 17.6041666667, 0.7011702079, 0.6815045557),
    (30, 23.5185185185, 24.6625000000, 1.2114151431, 1.1692556223),
)
# The same of Gehan's trial of 6-mercaptopurine (Freireich 1963), placebo and drug.
GEHAN = (
    [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23],
    [6, 6, 6, 7, 10, 13, 16, 22, 23, 6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35],
)
OF_GEHAN = (
    (2, 1.9047619048, 2.0, 0.0640564485, 0.0),
    (4, 3.4761904762, 4.0, 0.2194514664, 0.0),
    (6, 4.7142857143, 6.0, 0.3876954245, 0.0),
    (8, 5.8571428571, 7.6638655462, 0.5804280002, 0.1560912121),
)


def means_of(time: Any, event: Any, labels: list[str], order: list[str]) -> MeansOverTime:
    cohort = make_cohort(
        {"os_months": list(map(float, time)), "os_event": list(map(float, event))}, endpoints=(OS,)
    )
    grouping = by_labels("Arm", labels, order)
    return means_over_time(cohort, np.ones(cohort.n, dtype=bool), "os", grouping)


def made() -> MeansOverTime:
    i = np.arange(1, 121)
    group = i % 2
    time = ((i * 37) % 101 / 2 + 0.5) * np.where(group == 1, 1.25, 1.0)
    return means_of(time, i % 3 != 0, [f"g{g}" for g in group], ["g0", "g1"])


def gehan() -> MeansOverTime:
    event = [1] * 21 + [1] * 9 + [0] * 12
    labels = ["placebo"] * 21 + ["drug"] * 21
    return means_of([*GEHAN[0], *GEHAN[1]], event, labels, ["placebo", "drug"])


@pytest.mark.parametrize(("result", "known"), [(made(), OF_R), (gehan(), OF_GEHAN)])
def test_means_and_their_errors_are_those_of_r(result: MeansOverTime, known):
    first, second = (result.of(name).set_index("tau") for name in result.groups)
    for tau, *means, error, other in known:
        for own, mean, se in zip((first, second), means, (error, other), strict=True):
            assert own.loc[tau, "rmst"] == pytest.approx(mean, abs=1e-9)
            assert own.loc[tau, "std_error"] == pytest.approx(se, abs=1e-9)
        apart = second.loc[tau]
        assert apart["difference"] == pytest.approx(means[1] - means[0], abs=1e-9)
        if not error * other:
            # Where one arm has had no event the interval would be of the other alone.
            assert np.isnan(apart["difference_lower"])
            continue
        half = 1.959963984540054 * np.hypot(error, other)
        limits = [apart["difference"] - half, apart["difference"] + half]
        assert [apart["difference_lower"], apart["difference_upper"]] == pytest.approx(limits)


def test_horizons_end_where_a_group_has_fewer_than_ten_at_risk():
    # Of the placebo arm 12 are at risk at 8 weeks and 8 at the next event, at 11.
    assert gehan().longest == 8.0
    assert gehan().table["n_risk"].min() == 12


@st.composite
def arms(draw: st.DrawFn) -> tuple[list[float], list[bool], list[str]]:
    sizes = draw(st.lists(st.integers(1, 40), min_size=1, max_size=4))
    labels = [f"arm {number}" for number, size in enumerate(sizes) for _ in range(size)]
    n = len(labels)
    times = st.floats(0, 300, allow_nan=False).map(lambda value: round(value, 1))
    time = draw(st.lists(times, min_size=n, max_size=n))
    return time, draw(st.lists(st.booleans(), min_size=n, max_size=n)), labels


@settings(max_examples=60, deadline=None)
@given(arms())
def test_what_holds_of_the_means_of_any_cohort(drawn):
    time, event, labels = drawn
    order = list(dict.fromkeys(labels))
    result = means_of(time, event, labels, order)
    table = result.table
    assert (table["n_risk"] >= 10).all()
    assert table["tau"].nunique() <= 90
    for _, at in table.groupby("tau"):
        assert tuple(at["group"]) == result.groups, "every horizon is supported in every group"
    for group in result.groups:
        own = result.of(group)
        km = result.survival.by_name[group]
        mean, tau = own["rmst"].to_numpy(), own["tau"].to_numpy()
        assert ((mean >= 0) & (mean <= tau + 1e-9)).all()
        # Concave and rising: the slope is the survival, which falls from 1.
        slope = np.diff(mean, prepend=0.0) / np.diff(tau, prepend=0.0)
        assert (slope <= 1 + 1e-9).all()
        assert (slope >= -1e-9).all()
        assert (np.diff(slope) <= 1e-9).all()
        assert mean[-1] == pytest.approx(float(km.rmst(tau[-1])), abs=1e-12)
    for group in result.others:
        own, base = result.of(group), result.of(result.survival.reference)
        apart = own["rmst"].to_numpy() - base["rmst"].to_numpy()
        assert own["difference"].to_numpy() == pytest.approx(apart, abs=1e-9)
    if len(order) == 2 and result.others:
        turned = means_of(time, event, labels, order[::-1]).table["difference"].dropna()
        there = table["difference"].dropna().to_numpy()
        assert turned.to_numpy() == pytest.approx(-there, abs=1e-9)
    left = set(order) - set(result.groups)
    noted = " ".join(result.notes)
    assert all(name in noted for name in left) or "No horizon" in noted


@pytest.mark.parametrize(
    ("lower", "upper", "since"),
    [
        ([-1, -1, 1, 1], [1, 1, 2, 2], 3.0),
        ([1, -1, -1, 1], [2, 1, 1, 2], 4.0),
        ([-2, -2, 1, 1], [-1, -1, 2, 2], 3.0),
        ([1, 1, 1, 1], [2, 2, 2, 2], 1.0),
        ([np.nan, -3, -3, -3], [np.nan, -1, -1, -1], 2.0),
        ([1, 1, 1, -1], [2, 2, 2, 1], None),
    ],
)
def test_since_when_an_interval_leaves_out_zero(lower, upper, since):
    own = pd.DataFrame(
        {"tau": [1.0, 2.0, 3.0, 4.0], "difference_lower": lower, "difference_upper": upper}
    )
    assert clear_since(own) == since


def demo_question(key: str, group: str | None, **parts: Any) -> tuple[Question, Cohort]:
    cohort = load_cohort(key)
    spec = None if group is None else GroupingSpec.parse(group)
    parts = {"settings": {"endpoint_key": "os"}} | parts
    return Question(key, cohort.fingerprint, "survival.means", grouping=spec, **parts), cohort


def test_the_words_tell_the_longest_horizon_and_caution_about_looking_at_many():
    question, cohort = demo_question("demo:mpn", "variable:driver")
    answer = answer_to(question, cohort)
    last = answer.tables()["Restricted means"].groupby("Group").last().loc["CALR"]
    name = "Restricted mean, years"
    said = f"CALR: {last[name]:.2f} years ({last[f'{name}, 95% lower']:.2f} to "
    assert any(sentence.startswith(said) for sentence in answer.sentences)
    assert any("+" in text and "leaves out 0 from" in text for text in answer.sentences)
    assert "one horizon chosen beforehand" in answer.cautions[0]
    text = methods_text(answer, Filter().apply(cohort))
    for part in ("SYNTHETIC", "rmean", "no p-value is adjusted", "JAK2 was subtracted"):
        assert part in text, part
    assert answer.figure.layout.yaxis2.domain


def test_alone_a_cohort_has_a_mean_and_nothing_to_compare():
    question, cohort = demo_question("demo:mds", None)
    answer = answer_to(question, cohort)
    assert len(answer.sentences) == 1
    assert not answer.cautions
    assert "Reference" not in answer.tables()["Restricted means"]
    assert "yaxis2" not in answer.figure.layout
    assert "subtracted" not in methods_text(answer, Filter().apply(cohort))


def test_small_groups_are_named_and_a_small_reference_leaves_no_difference():
    n = np.array([60, 5, 60])
    time = np.concatenate([np.linspace(1, 50, size) for size in n])
    labels = [name for name, size in zip("abc", n, strict=True) for _ in range(size)]
    result = means_of(time, np.ones(125), labels, ["a", "b", "c"])
    assert result.groups == ("a", "c")
    assert result.notes[0] == "Not drawn, as never 10 are at risk in: b."
    led = means_of(time, np.ones(125), labels, ["b", "a", "c"])
    assert led.groups == ("a", "c")
    assert not led.others
    assert "The reference is among them" in led.notes[1]
    none = means_of(np.full(125, 0.1), np.ones(125), labels, ["a", "b", "c"])
    assert "so no mean is drawn" in none.notes[0]
    cohort = load_cohort("demo:mds")
    for given_ in (result, led, none):
        answer = means_answer(cohort, given_)
        assert answer.figure.layout
        assert answer.accounting.analysed == 125
        assert len(means_table(given_, "years")) <= 2 * 4


def test_the_script_prints_the_workbook(tmp_path):
    question, cohort = demo_question(
        "demo:mds", "variable:ipssm",
        filter=Filter.from_dict({"column": "age_years", "between": [60, None]}),
        arrangement=Arrangement(names=(("Low", "I'm \"low\"; {x}"),), hidden=("High",)),
        settings={"endpoint_key": "aml", "limit": 48.0, "truncated": True},
        shown={"unit": "months", "band": False},
    )  # fmt: skip
    answer = answer_to(question, cohort)
    table = answer.tables()["Restricted means"]
    assert table["Horizon, months"].max() <= 48
    assert 'I\'m "low"; {x}' in set(table["Group"])
    check_tables(run(question_script(question, cohort, answer.title), tmp_path), answer)


def test_a_link_keeps_what_is_asked_and_the_page_shows_it(open_app: Callable[..., AppTest]):
    query = {"view": "Restricted mean over time", "unit": "months", "band": "false", "limit": "60"}
    at = open_app("survival", **query)
    assert not at.exception
    shown = words(at)
    assert "of the first 60 months without death" in shown
    assert "Difference, months (95% CI)" in at.dataframe[-1].value.columns
    traces = figures(at)[0]["data"]
    assert all("fill" not in trace for trace in traces)
    lines = [trace for trace in traces if trace["xaxis"] == "x2"]
    assert len(lines) == 3
    for one, other in pairwise(lines):
        assert one["x"] == other["x"]
    years = open_app("survival", view="Restricted mean over time")
    assert any("fill" in trace for trace in figures(years)[0]["data"])
