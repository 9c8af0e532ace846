"""Figures and sentences of how far an emulated trial can be trusted, and of the naive error."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from app.analysis.transplant import (
    CRUDE,
    EFFECTIVE,
    ROBUST,
    EmulationSettings,
    Strategy,
    age_bands,
    balance_within,
    emulate,
    positivity,
    same_terms,
    sensitivity,
)
from app.cohort.filters import Filter
from app.study.figures.forest import forest_figure
from app.study.figures.theme import SYNTHETIC_MARK, framed
from app.study.wording import signed
from app.views.transplant.answers.analysis import four_answers, landmarks_of
from app.views.transplant.answers.figures import (
    difference_figure,
    means_figure,
    months_figure,
    ratio_rows,
)
from app.views.transplant.answers.figures_trust import (
    balance_figure,
    positivity_figure,
    sensitivity_figure,
)
from app.views.transplant.answers.words import (
    harm_and_gain,
    naive_error,
    same_terms_reading,
    side_by_side,
    side_by_side_reading,
)
from app.views.transplant.protocol.analysis import write_protocol
from app.views.transplant.protocol.trial import TargetTrial
from app.views.transplant.words import headline
from app.views.transplant.words_trust import (
    balance_reading,
    choices_reading,
    e_value_reading,
    measured_reading,
    positivity_reading,
    support_reading,
    weight_reading,
    within_reading,
)
from data_loaders.demo import load_demo

EARLY = "Transplant within 12 months"
TRIAL = TargetTrial(
    eligibility=Filter.from_dict({"column": "age_years", "between": [None, 70]}),
    strategies=(Strategy("within", 12.0), Strategy("never")),
    confounders=("variable:age_years", "variable:ipssm_score"),
    classes="variable:ipssm",
)
SETTINGS = EmulationSettings(96.0, draws=0)


@pytest.fixture(scope="module")
def mds():
    return load_demo("mds")


@pytest.fixture(scope="module")
def protocol(mds):
    return write_protocol(mds, TRIAL)


@pytest.fixture(scope="module")
def emulation(protocol):
    return emulate(protocol.data, TRIAL.strategies, SETTINGS)


@pytest.fixture(scope="module")
def answers(mds, protocol, emulation):
    marks = landmarks_of(protocol)
    return side_by_side(
        four_answers(mds, TRIAL, protocol, landmarks=marks, drawn=marks[0]), emulation
    )


@pytest.fixture(scope="module")
def kinds(mds, protocol, emulation):
    data = protocol.data
    ages = np.full(data.n_given, np.nan)
    ages[data.rows] = mds.patients["age_years"].to_numpy()[protocol.patients]
    classes = pd.Series([None] * data.n_given, dtype=object)
    classes.iloc[data.rows] = [data.names[code] for code in data.groups]
    strata = pd.DataFrame(
        {"Age": age_bands(ages), "Class": pd.Categorical(classes, data.names, ordered=True)}
    )
    table = positivity(emulation, strata)
    return table[table["n"] > 0]


def checked(figure):
    """The figure, which plotly takes as it is: the app does not let it check, for speed."""
    go.Figure(figure.to_dict())
    return figure


def test_what_an_answer_rests_on_is_told_for_every_strategy(emulation):
    early, never = support_reading(emulation)
    rows = emulation.estimates.set_index(["group", "strategy"])
    own = rows.loc[(emulation.groups[0], EARLY)]
    assert f"followed by {own['adherent']:,} of {own['n']:,}" in early
    worst = emulation.balance.loc[emulation.balance["smd_after"].abs().idxmax()]
    assert f"up to {abs(worst['smd_after']):.2f} standard deviations ({worst['term']})" in early
    reach = int(own["effective"])
    assert f"at month 96 it rests on as much as {reach} equally weighted" in early
    assert "standard deviations" not in never


def test_the_positivity_map_counts_the_patients_and_greys_who_was_never_transplanted(
    mds, protocol, kinds
):
    figure = framed(positivity_figure(kinds, EARLY, "Class", "Age"), "Chance", synthetic=True)
    grey, coloured = checked(figure).data
    rows, columns = (list(figure.layout[f"{axis}axis"].ticktext) for axis in "yx")
    used = mds.patients.iloc[protocol.patients]
    young_high = used[(used["ipssm"] == "High") & (used["age_years"] < 50)]
    early = (young_high["transplant_months"] <= 12).sum()
    i, j = rows.index("High"), columns.index("under 50")
    assert coloured.text[i][j] == f"{early}/{len(young_high)}"
    empty = np.array([[str(t).startswith("0/") for t in row] for row in coloured.text])
    assert (~np.isnan(np.array(grey.z, dtype=float)) >= empty).all()
    assert SYNTHETIC_MARK in figure.layout.annotations[0].text
    said = positivity_reading(protocol.kinds, EARLY)
    n = protocol.data.n
    assert f"{protocol.kinds.left_out} of {n} patients" in said, "one count, wherever it stands"
    assert protocol.compared.n == n - protocol.kinds.left_out
    with pytest.raises(ValueError, match="Nobody could follow"):
        framed(positivity_figure(kinds, "Another", "Class", "Age"), "Chance")


def test_other_choices_stand_under_each_other_with_the_answer_as_set_first(protocol, emulation):
    table = sensitivity(
        protocol.data, TRIAL.strategies, SETTINGS, graces=(6.0,), truncations=(0.99,)
    )
    group = emulation.groups[0]
    figure = framed(sensitivity_figure(table, group, EARLY), "Choices")
    as_set = emulation.contrasts["rmst_difference"].iloc[0]
    assert checked(figure).data[0].x[0] == pytest.approx(as_set)
    words = [text.text for text in figure.layout.annotations]
    assert "<b>Other grace period</b>" in words
    own = table[table["group"] == group]
    sentence = choices_reading(own)
    confounders = own["varied"] == "confounder"
    assert confounders.sum() == emulation.trial.data.confounders.shape[1]
    known = own.loc[~confounders, "rmst_difference"].notna().sum()
    assert f"over {known - 1} other choices it runs from" in sentence
    hangs = own["rmst_difference"].min() < 0 < own["rmst_difference"].max()
    assert ("hangs on them" in sentence) == hangs
    assert "Too few followed" in choices_reading(own.assign(rmst_difference=np.nan))
    row = emulation.contrasts.iloc[0]
    less = own[confounders].set_index("choice")["rmst_difference"] - as_set
    strongest = less.abs().idxmax()
    told = measured_reading(own, row)
    assert f"moves this gain by {signed(less[strongest])} months" in told
    clear = row.copy()
    clear["rmst_difference_lower"], clear["rmst_difference_upper"] = 2.0, 9.0
    assert f"{2 / abs(less[strongest]):.1f} times as much" in measured_reading(own, clear)


def test_balance_is_looked_at_within_groups_and_later(emulation):
    table = balance_within(emulation)
    whole = table[(table["group"] == emulation.groups[0]) & (table["at"] == 12.0)].iloc[0]
    known = emulation.balance.set_index("term")["smd_after"]
    assert whole["smd_after"] == pytest.approx(known[whole["term"]])
    assert abs(whole["smd_after"]) == pytest.approx(known.abs().max())
    assert set(table["at"]) == {12.0, 48.0, 0.95 * 96}
    assert len(set(table["group"])) > 2
    said = within_reading(table, emulation)
    told = emulation.contrasts.loc[emulation.contrasts["supported"], "group"]
    first = table[(table["at"] == 12.0) & table["group"].isin(told)]
    for row, sentence in zip(first.to_dict("records"), said, strict=False):
        assert sentence.startswith(f"{row['group']}, of whom there is an estimate")
        assert f"{abs(row['smd_after']):.2f} standard deviations" in sentence
        assert ("reason to doubt" in sentence) == (abs(row["smd_after"]) > 0.25)
    later = table.loc[table["at"] > 12.0, "smd_after"].abs()
    assert said[-1].startswith("Later those still alive are compared")
    assert f"{(later > 0.25).sum()} of {len(later)} comparisons" in said[-1]
    assert f"{later.max():.2f} standard deviations" in said[-1]
    assert within_reading(table.iloc[:0], emulation) == []


def test_weights_balance_and_a_hidden_confounder_are_told_with_their_numbers(emulation):
    largest = emulation.weights["maximum"].max()
    assert f"**{largest:,.1f}** times the average" in weight_reading(emulation.weights)
    exploded = emulation.weights.assign(maximum=400.0)
    assert "single patients stand for very many" in weight_reading(exploded)
    worst = emulation.balance["smd_before"].abs().max()
    assert f"{worst:.2f} standard deviations before" in balance_reading(emulation.balance)
    assert "Too few followed" in balance_reading(emulation.balance.iloc[:0])
    figure = framed(balance_figure(emulation.balance, EARLY), "Balance")
    assert np.abs(checked(figure).data[1].x).max() == pytest.approx(worst)
    row = emulation.contrasts[emulation.contrasts["supported"]].iloc[0]
    assert f"by a risk ratio of **{row['e_value_hazard']:.2f}**" in e_value_reading(row)
    months = abs(row["rmst_difference"]) / 0.2
    assert f"change life by **{months:.0f} months**" in e_value_reading(row)
    row["e_value_hazard_limit"] = 1.0
    assert "holds no difference" in e_value_reading(row)


def test_the_naive_error_is_the_band_between_the_naive_and_the_emulated_answer(answers):
    error = naive_error(answers)
    assert error is not None
    table = answers.set_index("key")
    assert error.months == pytest.approx(
        table.loc["naive", "rmst_difference"] - table.loc[f"emulated:{EARLY}", "rmst_difference"]
    )
    figure = framed(months_figure(answers, axis="Life gained"), "Error")
    drawn = {trace.name: trace for trace in checked(figure).data}
    assert list(drawn["Naive: wrong"].x) == pytest.approx([error.naive])
    assert drawn["Naive: wrong"].marker.symbol == "x"
    band = next(shape for shape in figure.layout.shapes if shape.type == "rect")
    assert (band.x0, band.x1) == pytest.approx((error.naive, error.emulated))
    assert "The naive comparison is off by" in side_by_side_reading(answers, 96.0)[0]
    alone = answers[answers["key"] == "naive"]
    assert naive_error(alone) is None
    assert not any(
        s.type == "rect" for s in framed(months_figure(alone, axis=""), "").layout.shapes
    )


def test_answers_on_the_same_terms_are_drawn_and_their_differences_explained(answers, emulation):
    same = same_terms(emulation, [6.0], draws=3)
    rows = ratio_rows(answers.iloc[0], same.ratios)
    assert (rows["series"] == "Naive: wrong").sum() == 1
    assert checked(framed(forest_figure(rows), "Ratios")).data
    drawn = checked(framed(means_figure(same.means, axis="Life gained"), "Means"))
    said = same_terms_reading(same, emulation)
    own = same.means[same.means["supported"]].set_index(["group", "approach"])
    first = own.loc[(emulation.groups[0], ROBUST), "rmst_difference"]
    assert f"doubly robust (AIPW) {signed(first)} months" in said[0]
    assert any(np.isclose(first, value) for trace in drawn.data for value in trace.x)
    ratios = same.ratios.set_index("approach")["hr"]
    confounded = next(line for line in said if "unadjusted" in line)
    assert f"{ratios[CRUDE]:.2f} unadjusted" in confounded
    turned = same.ratios.assign(hr=[1.24, 1.5, 0.3, 0.63, 0.4])
    told = " ".join(same_terms_reading(replace(same, ratios=turned), emulation))
    assert "1.24 unadjusted, 0.63 with the same confounders" in told
    assert "(confounding)" in told
    assert "averages harm and gain" in told
    died = (emulation.trial.data.event & (emulation.trial.data.time <= 6)).sum()
    assert f"leaves out the {died}" in told


def test_early_harm_and_late_gain_are_said_where_the_band_excludes_zero(emulation):
    table = pd.DataFrame(
        {
            "group": emulation.groups[0],
            "strategy": EARLY,
            "time": [0.0, 6.0, 12.0, 24.0, 36.0],
            "difference": [0.0, -0.06, -0.02, 0.05, 0.12],
            "lower": [0.0, -0.1, -0.08, -0.02, 0.03],
            "upper": [0.0, -0.02, 0.04, 0.12, 0.21],
        }
    )
    words = harm_and_gain(replace(emulation, differences=table), emulation.groups[0])
    assert "lower from month 6 to 6 and higher from month 36 to 36" in words
    assert "+12% (+3% to +21%)" in words
    figure = checked(framed(difference_figure(table, axis="Years"), "Difference"))
    assert list(figure.data[-1].y) == pytest.approx(list(table["difference"]))


def test_a_half_is_told_up_to_the_latest_month_that_its_own_sides_support(protocol):
    settings = replace(SETTINGS, effective=EFFECTIVE, higher=protocol.higher)
    found = emulate(protocol.compared, TRIAL.strategies, settings)
    everyone, _, higher = found.groups[0], *found.halves
    rows = found.contrasts.set_index("group")
    assert rows.loc[everyone, "supported"]
    assert not rows.loc[higher, "supported"]
    own = found.horizons[(found.horizons["group"] == higher) & found.horizons["supported"]]
    last = own.iloc[-1]
    assert found.settings.beside[0] < last["horizon"] < found.settings.horizon
    assert last["effective"] >= EFFECTIVE
    said = " ".join(headline(found))
    assert f"In higher risk, up to month {last['horizon']:g}, the latest at which each" in said
    # The gain up to then is that of a trial which ends then, but for the weights of its losses.
    until = replace(settings, horizon=last["horizon"], effective=0.0)
    alone = emulate(protocol.compared, TRIAL.strategies, until).contrasts.set_index("group")
    assert last["rmst_difference"] == pytest.approx(alone.loc[higher, "rmst_difference"], abs=0.3)

    # A horizon that one half alone supports is said of that half.
    table = found.contrasts.copy()
    table["supported"] = table["group"] == higher
    first = headline(replace(found, contrasts=table))[0]
    assert f"in {higher.lower()} each side rests on 20 equally weighted patients" in first
    assert "cannot be judged in all of them together" in first
