"""A short Python script that reproduces an analysis of an event during follow-up."""

from __future__ import annotations

from collections.abc import Sequence

from app.cohort.filters import Filter
from app.study.outcomes import Outcome
from app.study.scripts.parts import (
    heading_part,
    imports_part,
    outcome_part,
    script_of,
    selection_part,
)
from app.views.survival.during.analysis import DuringFollowUp
from data_loaders import Cohort


def during_script(
    result: DuringFollowUp,
    outcome: Outcome,
    cohort: Cohort,
    chosen: Filter,
    *,
    adjust: Sequence[str],
    drawn: float,
) -> str:
    """The script, as text to be saved in UTF-8; it is run next to the file.

    Parameters
    ----------
    result
        The result to reproduce.
    outcome
        The follow-up it was made of.
    cohort
        The cohort before the filter.
    chosen
        The filter.
    adjust
        Columns that the adjusted model has besides the exposure.
    drawn
        The landmark whose curves were drawn, in months.
    """
    marks = [float(mark) for mark in result.landmarks["landmark"]]
    analysis = f"""\
exposure = exposure_times(cohort, {result.exposure.key!r}, {result.endpoint.key!r})
result = analyse_during_follow_up(
    cohort,
    outcome,
    exposure,
    landmarks={marks!r},
    drawn={float(drawn)!r},
    start={float(result.start)!r},
    adjust={list(adjust)!r},
)
print(f"{{result.n_exposed}} of {{result.n}} exposed during follow-up")
columns = ["key", "n", "events", "hr", "lower", "upper", "p_value"]
print(answers_table(result)[columns].to_string(index=False, float_format="%.12g".__mod__))
columns = ["landmark", "events_before", "censored_before", "n_exposed", "exposed_later"]
print(result.landmarks[columns].to_string(index=False))
if result.simon_makuch is not None:
    test = result.simon_makuch.test
    print(f"Mantel-Byar: chi-squared {{test.statistic:.12g}}, p = {{test.p_value:.12g}}")"""
    return script_of(
        heading_part(f"{result.endpoint.label} by {result.exposure.noun}", cohort, chosen),
        imports_part(
            cohort,
            {
                "app.views.survival.during.analysis": {"analyse_during_follow_up"},
                "app.views.survival.during.words": {"answers_table"},
                "app.study.exposures": {"exposure_times"},
                "app.study.outcomes": {"outcome_of"},
            },
        ),
        selection_part(cohort, chosen),
        outcome_part(outcome),
        analysis,
    )
