"""The controls of the Cox model view and what they ask for."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any, Literal

import streamlit as st

from app.cohort.groupings import GroupingSpec
from app.shell.controls.choice import choice, number, pick, several
from app.shell.controls.curve_options import draw_time_options
from app.shell.controls.endpoint import draw_endpoint_choice
from app.shell.links import spec_label, unique_labels
from app.shell.saved_groups import saved_groups, saved_option
from app.shell.session import Looking
from app.study.wording import TimeUnit
from app.views.survival.cox.analysis import Kinds
from app.views.survival.cox.frame import (
    Covariate,
    covariate_options,
    default_covariates,
    describe_covariate,
)
from data_loaders import Cohort

COVARIATES, ACROSS = "covariates", "across"
_KINDS: dict[str, Kinds] = {
    "Multivariable": "multivariable",
    "Univariable": "univariable",
    "Both": "both",
}
_FIRTH: dict[str, bool | Literal["auto"]] = {
    "Where an effect would be infinite": "auto",
    "Never": False,
    "Always": True,
}
_LAST = "_last_covariates"


def covariate_labels(cohort: Cohort) -> dict[str, str]:
    """Spec and label of everything that a model can be made of; saved groups come early."""
    options = covariate_options(cohort)
    saved = [saved_option(name) for name in saved_groups(cohort)]
    first = next((i for i, text in enumerate(options) if text.startswith("alteration:")), 0)
    return unique_labels(
        [*options[:first], *saved, *options[first:]],
        lambda text: spec_label(cohort, GroupingSpec.parse(text)),
    )


def draw_model_controls(looking: Looking) -> tuple[dict[str, Any], TimeUnit]:
    """Draw the controls; the settings of the models, and the unit of times."""
    cohort = looking.cohort
    left, middle, right = st.columns([4, 8, 3], vertical_alignment="bottom")
    with left:
        endpoint = draw_endpoint_choice(cohort)
    labels = covariate_labels(cohort)
    _read_link(labels)
    usual = [spec for spec in default_covariates(cohort, endpoint) if spec in labels]
    anew = _is_another_cohort(looking, labels)
    if anew:
        st.session_state[COVARIATES] = usual
        st.session_state.pop(ACROSS, None)
    chosen = several(
        "Covariates", labels, COVARIATES, labels=labels, default=None if anew else usual,
        placeholder="Variables, genes or events", place=middle,
    )  # fmt: skip
    st.session_state[_LAST] = (looking.key, tuple(chosen))
    with right.popover("Options", icon=":material/tune:", width="stretch"):
        kinds = choice("Each covariate by itself, or all together", _KINDS, "models")
        time = draw_time_options()
        described = [describe_covariate(cohort, spec, saved_groups(cohort)) for spec in chosen]
        units, references = _draw_scales(described)
        st.divider()
        strata = _draw_strata(cohort, labels, chosen)
        interactions = _draw_interactions(labels, chosen)
        firth = pick(
            "Firth's correction",
            _FIRTH,
            "firth",
            help="Keeps the effect finite where nobody with a level had the event.",
        )
    settings = {
        "endpoint_key": endpoint,
        "covariates": chosen,
        "strata": strata,
        "interactions": interactions,
        "units": units,
        "references": references,
        "kinds": _KINDS[kinds],
        "firth": _FIRTH[firth],
        "limit": time.limit,
    }
    # What is not asked for is no part of the question, nor of its script.
    return {name: value for name, value in settings.items() if value not in ((), None)}, time.unit


def _read_link(labels: dict[str, str]) -> None:
    """On a session's first drawing: turn keys in a link into labels, and say what is not there."""
    asked = st.query_params.get_all(COVARIATES)
    if _LAST in st.session_state or not asked:
        return
    translated = [labels.get(value, value) for value in asked]
    if translated != asked:
        st.query_params[COVARIATES] = translated
        st.rerun()
    if set(translated) - set(labels.values()):
        st.warning(
            "This link could not be restored fully: this cohort does not have all the covariates "
            "that it asks for."
        )


def _is_another_cohort(looking: Looking, labels: dict[str, str]) -> bool:
    """Whether the cohort changed to one that lacks a covariate of the model before."""
    key, specs = st.session_state.get(_LAST, (looking.key, ()))
    return key != looking.key and any(spec not in labels for spec in specs)


def _draw_scales(
    described: Sequence[Covariate],
) -> tuple[tuple[tuple[str, float], ...], tuple[tuple[str, str], ...]]:
    """Units of the numbers and reference levels, where they are not the usual ones."""
    units, references = [], []
    if described:
        st.divider()
    for covariate in described:
        name = covariate.spec.partition(":")[2]
        if covariate.kind == "number":
            unit = f" ({covariate.unit})" if covariate.unit else ""
            label = f"{covariate.name}: hazard ratio per{unit}"
            per = number(label, f"per_{name}", value=covariate.per, format="%g")
            if per and per != covariate.per:
                units.append((covariate.spec, float(per)))
        elif covariate.kind == "levels" and len(covariate.levels) > 1:
            level = pick(f"{covariate.name}: compare with", covariate.levels, f"ref_{name}")
            if level in covariate.levels[1:]:
                references.append((covariate.spec, str(level)))
    return tuple(units), tuple(references)


def _draw_strata(cohort: Cohort, labels: dict[str, str], chosen: Sequence[str]) -> tuple[str, ...]:
    options = [
        spec
        for spec in labels
        if spec not in chosen and not _is_number(cohort, GroupingSpec.parse(spec))
    ]
    strata = several(
        "Strata", options, "layers", labels=labels, placeholder="none",
        help="A baseline hazard for each: for what is not proportional and needs no estimate.",
    )  # fmt: skip
    return tuple(strata)


def _is_number(cohort: Cohort, spec: GroupingSpec) -> bool:
    return spec.kind == "variable" and cohort.variables[spec.name].kind == "numeric"


def _draw_interactions(
    labels: dict[str, str], chosen: Sequence[str]
) -> tuple[tuple[str, str], ...]:
    pairs = {f"{labels[a]} × {labels[b]}": (a, b) for a, b in combinations(chosen, 2)}
    asked = several(
        "Interactions", pairs, "interactions", placeholder="none",
        help="Whether the effect of one covariate differs with another.",
    )  # fmt: skip
    return tuple(pairs[words] for words in asked)
