"""What the methods say of models: only what the given model was."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from app.analysis.competing_risks import gray_test
from app.analysis.regression import (
    adjusted_survival,
    counting_process,
    cox,
    cox_time_varying,
    landmark,
    simon_makuch,
    survival_scan,
)
from app.study.wording import format_p
from app.views.survival.cox.words_methods import adjusted_methods, cox_methods
from app.views.survival.during.answer import landmark_methods, simon_makuch_methods
from app.views.survival.incidence.words import gray_methods
from app.views.survival.screen.answer import screen_methods

N = 300
RNG = np.random.default_rng(11)
FRAME = pd.DataFrame(
    {
        "t": RNG.exponential(40, N) + 1,
        "e": (RNG.random(N) < 0.6).astype(float),
        "age": RNG.normal(65, 10, N),
        "sex": RNG.choice(["F", "M"], N),
        "centre": RNG.choice(["a", "b", "c"], N),
        "start": np.zeros(N) + 0.5,
        "cause": RNG.integers(0, 3, N),
        "exposed_at": np.where(RNG.random(N) < 0.4, RNG.exponential(10, N), np.nan),
    }
)
FRAME.loc[:6, "age"] = np.nan


def test_a_cox_model_says_who_and_what():
    model = cox(FRAME, "t", "e", ["age", "sex"], units={"age": 10})
    text = cox_methods(model)
    assert "Efron ties" in text
    assert "age (per 10) and sex (reference F)" in text
    assert "293 of 300 patients were complete and analysed; missing values: age in 7." in text
    p_value = model.ph_test.set_index("term").loc["GLOBAL", "p_value"]
    assert f"global {format_p(p_value)}" in text
    assert f"concordance {model.concordance:.3f}" in text
    for absent in ("strata", "ridge", "Firth", "entry"):
        assert absent not in text


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"strata": "centre"}, "3 strata"),
        ({"penalizer": 0.1}, "ridge penalty 0.1"),
        ({"firth": True}, "Firth's penalised likelihood"),
        ({"entry": "start"}, "begin at entry"),
        ({"references": {"sex": "M"}}, "sex (reference M)"),
        ({"conf_level": 0.9}, "90% intervals"),
    ],
)
def test_each_option_of_a_cox_model(options, said):
    assert said in cox_methods(cox(FRAME, "t", "e", ["sex"], **options))
    assert said not in cox_methods(cox(FRAME, "t", "e", ["sex"]))


def test_complete_data_have_nothing_missing():
    text = cox_methods(cox(FRAME, "t", "e", ["sex"]))
    assert "All 300 patients were complete" in text
    assert "missing" not in text


def test_rows_of_a_time_varying_model_are_not_called_patients():
    frame = FRAME[["t", "e", "exposed_at"]]
    rows = counting_process(frame, "t", "e", {"exposed": "exposed_at"})
    text = cox_methods(cox_time_varying(rows, "start", "stop", "e", ["exposed"], patient="patient"))
    assert f"All {len(rows)} rows were complete" in text
    assert len(rows) > N


def test_grays_test():
    plain = gray_methods(gray_test(FRAME["t"], FRAME["cause"], FRAME["sex"]))
    assert "Gray's test (1 degree of freedom" in plain
    layered = gray_test(FRAME["t"], FRAME["cause"], FRAME["sex"], strata=FRAME["centre"], rho=1)
    assert "(rho = 1), stratified (3 strata)" in gray_methods(layered)
    assert "strat" not in plain
    nothing = gray_test(FRAME["t"], FRAME["cause"], FRAME["sex"], cause_of_interest=9)
    assert "No p-value" in gray_methods(nothing)


def test_a_screen():
    names = [f"G{i}" for i in range(6)]
    carried = pd.DataFrame(RNG.random((N, 6)) < 0.3, columns=names, index=FRAME.index)
    carried = carried.astype("boolean")
    carried.loc[carried.index[3:], "G5"] = False
    plain = screen_methods(survival_scan(FRAME["t"], FRAME["e"], carried))
    assert "Benjamini-Hochberg over the 5 alterations tested, of 6." in plain
    assert "fewer than 10 of the patients tested, or in all: 1." in plain
    for absent in ("adjusted for", "Firth", "Lacking", "Without"):
        assert absent not in plain
    adjusted = screen_methods(survival_scan(FRAME["t"], FRAME["e"], carried, FRAME[["age"]]))
    assert "adjusted for age" in adjusted
    assert "Lacking the outcome or a covariate: 7." in adjusted
    safe = carried.assign(G0=((FRAME["e"] == 0) & (RNG.random(N) < 0.5)).astype("boolean"))
    assert "Firth's correction where an effect would be infinite: 1." in screen_methods(
        survival_scan(FRAME["t"], FRAME["e"], safe)
    )


def test_exposures_that_begin_later():
    part = landmark(FRAME["t"], FRAME["e"], FRAME["exposed_at"], 6)
    text = landmark_methods(part)
    gone = FRAME[FRAME["t"] <= 6]
    assert "at 6 months" in text
    assert f"the {int(gone['e'].sum())} patients with the event" in text
    assert f"{int((gone['e'] == 0).sum())} censored by then" in text
    curves = simon_makuch(FRAME["t"], FRAME["e"], FRAME["exposed_at"])
    assert f"{curves.n_switched} patients moved" in simon_makuch_methods(curves)
    assert "no follow-up from" not in simon_makuch_methods(curves)
    later = simon_makuch(FRAME["t"], FRAME["e"], FRAME["exposed_at"], start=6)
    assert "from 6" in simon_makuch_methods(later)
    assert f"{len(gone)} patients had no follow-up" in simon_makuch_methods(later)


def test_adjusted_curves():
    model = cox(FRAME, "t", "e", ["age", "sex"])
    told = adjusted_methods(adjusted_survival(model, FRAME, "sex"))
    assert "standardised over 293 patients" in told
    assert "delta-method" in told
