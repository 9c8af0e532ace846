"""The control that chooses the covariates of a model: none, age and sex in one click, or any."""

from __future__ import annotations

from app.shell.controls.choice import choice, several
from app.shell.links import unique_labels
from app.study.adjustment import adjustment_options, age_and_sex
from app.study.wording import capitalised, listing
from data_loaders import Cohort

NOTHING, CHOSEN = "Nothing", "Chosen"


def draw_adjustment(cohort: Cohort, *, key: str, label: str, usual: bool = False) -> list[str]:
    """Draw the control and return the columns chosen; nothing where the cohort offers none.

    Parameters
    ----------
    label
        What is adjusted.
    usual
        Whether age and sex are chosen at first.
    """
    options = adjustment_options(cohort)
    if not options:
        return []
    both = age_and_sex(cohort)
    short = ["age" if cohort.variables[name].kind == "numeric" else "sex" for name in both]
    preset = capitalised(listing(short))
    choices = [NOTHING, *([preset] if both else []), CHOSEN]
    how = choice(label, choices, key, default=preset if usual and both else NOTHING)
    if how == preset and both:
        return both
    if how != CHOSEN:
        return []
    labels = unique_labels(options, lambda name: cohort.variables[name].label)
    return several(
        "Covariates",
        options,
        f"{key}_covariates",
        labels=labels,
        placeholder="Age, sex, disease, laboratory values",
    )
