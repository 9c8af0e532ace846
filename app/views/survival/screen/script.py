"""A short Python script that reproduces a screen with the project's own functions."""

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
from app.views.survival.screen.analysis import CohortScreen
from data_loaders import Cohort


def screen_script(
    screen: CohortScreen, outcome: Outcome, cohort: Cohort, chosen: Filter, adjust: Sequence[str]
) -> str:
    """The script, as text to be saved in UTF-8; it is run next to the file.

    Parameters
    ----------
    screen
        The screen to reproduce.
    outcome
        The follow-up it was made of.
    cohort
        The cohort before the filter.
    chosen
        The filter.
    adjust
        Columns that the models were adjusted for.
    """
    asked = [
        "cohort",
        "outcome",
        f"adjust={list(adjust)!r}",
        f"min_altered={screen.min_altered!r}",
        f"kinds={list(screen.kinds)!r}",
        f"adjustment={screen.adjustment!r}",
    ]
    inner = "".join(f"    {argument},\n" for argument in asked)
    models = f"""\
screen = screen_cohort(
{inner})
print(f"{{screen.n_tested}} of {{screen.n_features}} alterations tested, {{screen.events}} events")
columns = ["n", "altered", "events", "hr", "lower", "upper", "p_value", "q_value", "feature"]
print(screen.table[columns].to_string(index=False, float_format="%.12g".__mod__))
print(screen.not_tested[["feature", "reason"]].to_string(index=False))"""
    return script_of(
        heading_part(f"{screen.endpoint.label}, every alteration", cohort, chosen),
        imports_part(
            cohort,
            {
                "app.views.survival.screen.analysis": {"screen_cohort"},
                "app.study.outcomes": {"outcome_of"},
            },
        ),
        selection_part(cohort, chosen),
        outcome_part(outcome),
        models,
    )
