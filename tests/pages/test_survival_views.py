"""Every view of the survival page: on cohorts that lack something, and what its options do."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.study.analyses import views_of
from data_loaders import Cohort, load_table_bytes
from tests.pages.conftest import calm, figures, open_upload, words
from tests.pages.test_odd_cohorts import TABLES, counts_everyone, table

Opener = Callable[..., AppTest]
NUMBERS = ("Differences", "Restricted mean", "Given survival so far", "Every pair")
SCALES = ("1 − survival", "Log-minus-log")
HEADER = "patient_id,diagnosis,age_years,os_months,os_event,CALR,JAK2"
DEGENERATE = {
    "all_events": table(
        HEADER, [f"A{i},MF,{40 + i},{i + 1},1,{i % 2},{i % 3 % 2}" for i in range(40)]
    ),
    "all_tied": table(
        HEADER, [f"A{i},MF,{40 + i},12,{i % 2},{i % 2},{i % 3 % 2}" for i in range(40)]
    ),
    "times_of_zero": table(
        HEADER, [f"A{i},MF,{40 + i},0,{i % 2},{i % 2},{i % 3 % 2}" for i in range(40)]
    ),
    "forty_groups": table(
        HEADER, [f"A{i},D{i % 40},{40 + i % 50},{i % 90 + 1},{i % 2},{i % 2},0" for i in range(400)]
    ),
    "constant_covariate": table(HEADER, [f"A{i},MF,60,{i + 1},{i % 2},1,0" for i in range(40)]),
    "separation": table(
        HEADER, [f"A{i},MF,{40 + i},{40 - i},{i % 2},{i % 2},{1 - i % 2}" for i in range(40)]
    ),
    "collinear": table(
        HEADER,
        [f"A{i},MF,{40 + i},{i * 7 % 40 + 1},{i // 2 % 2},{i % 2},{i % 2}" for i in range(40)],
    ),
    "nobody_tested": table(HEADER, [f"A{i},MF,{40 + i},{i + 1},{i % 2},," for i in range(40)]),
}


def loaded(name: str) -> Cohort:
    return load_table_bytes(f"{name}.csv", (TABLES | DEGENERATE)[name])


@pytest.mark.parametrize("view", views_of("survival"))
@pytest.mark.parametrize("name", [*TABLES, *DEGENERATE])
def test_no_view_breaks_on_what_a_cohort_lacks(name: str, view: str):
    cohort = loaded(name)
    at = calm(open_upload(cohort, "survival", query={"view": view}))
    counts_everyone(at, cohort)
    shown = words(at)
    assert "nan" not in shown.lower().split()
    assert len(figures(at)) or len(at.info) or len(at.warning), "a figure or a sentence"


@pytest.mark.parametrize(("numbers", "scale"), list(zip(NUMBERS, cycle(SCALES), strict=False)))
@pytest.mark.parametrize("name", ["one_patient", "no_event", "a_group_of_one", *DEGENERATE])
def test_no_table_and_no_scale_of_the_curves_breaks(name: str, numbers: str, scale: str):
    at = open_upload(loaded(name), "survival", query={"numbers": numbers, "scale": scale})
    assert not at.exception, at.exception


def test_one_minus_survival_rises(open_app: Opener):
    falling = figures(open_app("survival"))[0]["data"]
    rising = figures(open_app("survival", scale="1 − survival"))[0]["data"]
    lines = [
        [trace for trace in traces if trace.get("hovertemplate")] for traces in (falling, rising)
    ]
    assert len(lines[0]) == len(lines[1]) == 4
    for down, up in zip(*lines, strict=True):
        assert 1 - np.array(plain(down["y"])) == pytest.approx(np.array(plain(up["y"])))


def plain(values: object) -> list[float]:
    """A trace's numbers, which plotly may have packed."""
    if isinstance(values, dict):
        import base64

        packed = base64.b64decode(values["bdata"])
        return list(np.frombuffer(packed, dtype=values["dtype"]))
    return list(values)  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"test": "Peto-Peto"}, "Peto-Peto test"),
        ({"test": "Fleming-Harrington"}, "Fleming-Harrington test (rho = 0, gamma = 1)"),
        ({"strata": "Sex"}, "within strata of sex"),
    ],
)
def test_the_test_asked_for_is_said_and_drawn(open_app: Opener, query: dict[str, str], said: str):
    at = open_app("survival", **query)
    assert not at.exception
    assert said in words(at)
    annotations = [a["text"] for a in figures(at)[0]["layout"]["annotations"]]
    assert any(("test p" in text) for text in annotations)


def test_times_typed_are_read_and_others_are_answered(open_app: Opener):
    at = open_app("survival", numbers="Differences", times="2, four, 6")
    assert "“four” is not a time" in words(at)
    frame = at.dataframe[0].value
    assert sorted(set(frame["Years"])) == ["2", "6"]


def test_the_horizon_of_restricted_means(open_app: Opener):
    at = open_app("survival", numbers="Restricted mean", tau="5.0")
    assert not at.exception
    assert "first 5 years" in words(at)
    means = [float(text.split()[0]) for text in at.dataframe[0].value.iloc[:, 1]]
    assert all(0 < mean < 5 for mean in means)


def test_conditional_survival_exceeds_the_plain_one_at_the_same_time(open_app: Opener):
    at = open_app("survival", numbers="Given survival so far")
    given = at.dataframe[0].value["1 year more (95% CI)"]
    plain_table = open_app("survival").dataframe[0].value["3-year (95% CI)"]
    for conditional, unconditional in zip(given, plain_table, strict=True):
        assert int(conditional.split("%")[0]) >= int(unconditional.split("%")[0])
