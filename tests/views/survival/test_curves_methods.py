"""The methods paragraph: each option changes its sentence, and no sentence outlives its option."""

from __future__ import annotations

import platform
from dataclasses import replace
from importlib.metadata import version

import numpy as np
import pytest

from app.analysis.survival import kaplan_meier
from app.cohort.filters import Filter
from app.cohort.groupings import by_alteration, by_variable
from app.study.answer import methods_text
from app.views.survival.curves.analysis import survival_by_group
from app.views.survival.curves.answer import survival_answer
from data_loaders import Endpoint, Provenance
from tests.builders import AGE, DIAGNOSIS, OS, make_cohort

N = 240
RNG = np.random.default_rng(5)
AML = Endpoint("aml", "AML transformation", "os_months", "os_event", "died", None, "AML")
LATE = Endpoint("late", "Late survival", "os_months", "os_event", None, "entry_months", "death")
TIME = RNG.exponential(60, N) + 1
COHORT = make_cohort(
    {
        "diagnosis": [None] * 6 + list(RNG.choice(["ET", "MF", "PV"], N - 6)),
        "age_years": [None] * 10 + [50.0, 70.0] * ((N - 10) // 2),
        "os_months": [*TIME[:-4], *[None] * 4],
        "os_event": list((RNG.random(N) < 0.5).astype(float)),
        "died": [0.0] * N,
        "entry_months": list(TIME / 2),
    },
    alterations={"ASXL1": [None] * 9 + [i % 3 == 0 for i in range(N - 9)]},
    variables=(DIAGNOSIS, AGE),
    endpoints=(OS, AML, LATE),
)
EVERYONE = Filter().apply(COHORT)
OLD = Filter.from_dict({"column": "age_years", "between": [60, None]}).apply(COHORT)


def text_of(result, selection=EVERYONE) -> str:
    return methods_text(survival_answer(selection.source, result), selection)


def written(selection=EVERYONE, endpoint="os", by="diagnosis", **options) -> str:
    grouping = None if by is None else by_variable(COHORT, by)
    result = survival_by_group(COHORT, selection.mask, endpoint, grouping, **options)
    return text_of(result, selection)


def test_the_counts_add_up_in_words():
    text = written()
    analysed = N - 6 - 4
    assert f"All {N} patients of the cohort were selected" in text
    assert f"{analysed} were analysed" in text
    assert "6 with a value missing and 4 overall survival not recorded" in text
    events = int(COHORT.patients["os_event"].to_numpy()[6:-4].sum())
    assert f"({events} events in {analysed} patients)" in text
    sizes = COHORT.patients["diagnosis"].iloc[6:-4].value_counts()
    for name, n in sizes.items():
        assert f"{name} (n = {n}," in text


def test_a_filter_is_told_with_whom_it_could_not_judge():
    text = written(OLD)
    assert f"Of {N} patients of the cohort, {OLD.n} were selected: Age 60 years or more." in text
    assert "10 patients" in text
    assert "Left out there" not in written()
    result = survival_by_group(COHORT, OLD.mask, "os")
    with pytest.raises(ValueError, match="selection that the result was made with"):
        text_of(result, EVERYONE)


def test_patients_not_tested_are_named():
    result = survival_by_group(COHORT, EVERYONE.mask, "os", by_alteration(COHORT, "ASXL1"))
    text = text_of(result, EVERYONE)
    assert "9 not tested" in text
    assert "not tested" not in written()


@pytest.mark.parametrize("scale", ["log-log", "log", "plain"])
def test_the_interval_type(scale):
    text = written(conf_type=scale)
    assert f"95% confidence intervals on the {scale} scale" in text
    for other in {"log-log", "log", "plain"} - {scale}:
        assert f"the {other} scale" not in text


def test_the_time_limit():
    assert "ended at 3 years (administrative censoring)" in written(limit=36)
    assert "administrative" not in written()


def test_one_group_has_no_test_and_two_have_no_pairs():
    alone = written(by=None)
    assert "compared" not in alone
    assert "grouped" not in alone
    three = written()
    assert "compared by the log-rank test, 2 degrees of freedom" in three
    assert "(3 pairs), with p-values adjusted by Holm's method" in three
    assert "No adjustment" not in three
    pair = survival_by_group(COHORT, EVERYONE.mask, "os", by_alteration(COHORT, "ASXL1"))
    two = text_of(pair, EVERYONE)
    assert "1 degree of freedom" in two
    assert "No adjustment for multiple testing" in two
    assert "Holm" not in two


@pytest.mark.parametrize(
    ("adjust", "words"),
    [
        ("bh", "Benjamini and Hochberg"),
        ("bonferroni", "Bonferroni's"),
        ("none", "without adjustment"),
    ],
)
def test_the_adjustment_of_the_pairs(adjust, words):
    text = written(adjust=adjust)
    assert words in text
    assert "Holm" not in text


def test_the_test_chosen_its_strata_and_the_trend():
    text = written(weights="peto-peto", strata="age_years")
    assert "compared by the Peto-Peto test" in text
    assert "within strata of age" in text
    assert "log-rank" not in text
    assert "trend" not in text
    diagnosis = by_variable(COHORT, "diagnosis")
    steps = replace(diagnosis, ordered=True)
    result = survival_by_group(COHORT, EVERYONE.mask, "os", steps)
    assert "A trend over the ordered groups" in text_of(result, EVERYONE)


def test_a_withheld_p_value_says_why_and_names_no_test():
    few = Filter.from_dict({"column": "os_months", "between": [None, 4]}).apply(COHORT)
    text = written(few)
    assert "No p-value is given" in text
    assert "log-rank" not in text
    assert "Holm" not in text


def test_competing_events_and_entry_times():
    assert "competing event counted as censoring" in written(endpoint="aml")
    assert "competing" not in written()
    assert "at risk from their entry on (left truncation)" in written(endpoint="late")
    unused = written(endpoint="late", truncated=False)
    assert "Entry times (column entry_months) were not used" in unused
    assert "left truncation" not in unused
    assert "left truncation" not in written()


def test_follow_up_is_the_reverse_kaplan_meier_of_everyone():
    known = COHORT.patients.iloc[:-4]
    km = kaplan_meier(known["os_months"].to_numpy(float), 1 - known["os_event"].to_numpy(float))
    years = km.median / 12
    assert f"years (95% interval): {years:.1f} (" in written(by=None)


def test_the_source_and_the_software():
    text = written()
    assert text.startswith("Data: test, content SHA-256 " + COHORT.fingerprint[:12])
    assert "SYNTHETIC" not in text
    for words in (platform.python_version(), version("scipy"), version("numpy")):
        assert words in text
    simulated = replace(COHORT, provenance=Provenance("demo:x", citation="A 2024", synthetic=True))
    selection = Filter().apply(simulated)
    result = survival_by_group(simulated, selection.mask, "os")
    marked = text_of(result, selection)
    assert marked.startswith("SYNTHETIC DATA")
    assert "demo:x (A 2024)" in marked
    assert "\n\nThe restricted mean survival time is the area" in marked


def test_nobody_at_all_makes_no_claim():
    nobody = Filter.from_dict({"column": "age_years", "between": [200, None]}).apply(COHORT)
    text = written(nobody)
    assert "0 were selected" in text
    for claim in ("Kaplan-Meier", "compared by", "follow-up by"):
        assert claim not in text
