"""The question of the transplant page: the target trial that its controls describe."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app.analysis.transplant import Strategy, TargetTrial
from app.analysis.transplant.defaults import (
    Suggestion,
    eligible,
    progressions,
)
from app.analysis.wording import mid_sentence
from app.ui.links import (
    CLASSES,
    CONFOUNDERS,
    NO_CLASSES,
    OUTCOME,
    START,
    TIME_ZERO,
    TRANSPLANT,
    class_labels,
    confounder_labels,
    outcome_labels,
    transplant_labels,
    zero_labels,
)
from app.ui.session import Looking
from data_loaders import Cohort

ALTERED = "altered"
_LATEST, _ANY_AGE = 240.0, 120.0
_NUMBERS = ("oldest", "horizon", "within", "delay", "grace")
_ASKED_OF = "_question_of"


def draw_question(looking: Looking, suggestion: Suggestion) -> TargetTrial:
    """Draw the controls and return the trial that they describe.

    A number that is left empty is the suggested one, so that another cohort or filter gets its own.

    Parameters
    ----------
    looking
        The cohort and the filter: who is eligible besides the age limit.
    suggestion
        What the cohort supports as it stands.
    """
    cohort, usual = looking.cohort, suggestion.trial
    _begin_anew(looking, suggestion)
    who, what = st.columns(2, gap="medium")
    with who:
        st.markdown("**Who, and from when**")
        st.caption(f"Eligible: the sidebar's filter ({looking.selection.sentence}), and:")
        oldest = suggestion.oldest
        if suggestion.age is not None and oldest is not None:
            oldest = _months(
                "Oldest eligible age, years",
                "oldest",
                oldest,
                most=_ANY_AGE,
                help_=f"{_ANY_AGE:g} is no limit, and takes in who has no age.",
            )
        endpoint = _choice("Endpoint", OUTCOME, usual.endpoint, outcome_labels(cohort))
        treatment = _choice(
            "Transplant", TRANSPLANT, usual.treatment, transplant_labels(cohort, endpoint)
        )
        zero = _choice(
            "Time zero",
            TIME_ZERO,
            usual.time_zero or START,
            zero_labels(cohort, endpoint, treatment),
        )
        horizon = _months("Horizon, months", "horizon", usual.horizon_months)
    progression = next(iter(progressions(cohort, endpoint)), None)
    with what:
        st.markdown("**Strategies, against no transplant**")
        strategies, grace = _draw_strategies(
            usual, "" if progression is None else mid_sentence(progression.label)
        )
        st.markdown("**Weighted for**")
        confounders = _draw_confounders(cohort, usual.confounders)
        classes = _choice(
            "Compared also by class of", CLASSES, usual.classes or NO_CLASSES, class_labels(cohort)
        )
    return TargetTrial(
        eligibility=eligible(
            looking.filter, suggestion.age, None if oldest == _ANY_AGE else oldest
        ),
        treatment=treatment,
        time_zero=None if zero == START else zero,
        endpoint=endpoint,
        strategies=strategies,
        grace_months=grace,
        horizon_months=horizon,
        confounders=confounders,
        classes=None if classes == NO_CLASSES else classes,
        progression=None if progression is None else progression.key,
    )


def _begin_anew(looking: Looking, suggestion: Suggestion) -> None:
    """Another cohort has other questions: what was typed for the last one is taken out."""
    before = st.session_state.get(_ASKED_OF)
    st.session_state[_ASKED_OF] = looking.key
    if before in (None, looking.key):
        return
    for key in _NUMBERS:
        st.session_state[key] = None
    st.session_state[CONFOUNDERS] = list(suggestion.trial.confounders)
    # Drawn on another view: it takes its default when it is drawn again.
    st.session_state.pop(ALTERED, None)


def _choice(label: str, key: str, usual: str, labels: dict[str, str]) -> str:
    """A selectbox that opens on the suggested option."""
    options = [option for option in [usual] if option in labels]
    options += [option for option in labels if option not in options]
    chosen = st.selectbox(
        label,
        options,
        format_func=lambda option: labels.get(option, option),
        key=key,
        bind="query-params",
    )
    return chosen if chosen in labels else options[0]


def _months(
    label: str, key: str, usual: float, *, most: float = _LATEST, help_: str | None = None
) -> float:
    """A number whose empty state is the suggested one."""
    typed = st.number_input(
        label,
        min_value=0.0,
        max_value=most,
        value=None,
        step=1.0,
        format="%g",
        placeholder=f"{usual:g}, as these data suggest",
        key=key,
        bind="query-params",
        help=help_,
    )
    return usual if not typed else float(typed)


def _draw_strategies(usual: TargetTrial, progression: str) -> tuple[tuple[Strategy, ...], float]:
    suggested = {arm.kind: arm.months for arm in usual.strategies}
    within = _months("Transplant within, months", "within", suggested["within"])
    strategies = [Strategy("within", within)]
    delayed = st.toggle(
        "Delayed transplant",
        value="delayed" in suggested,
        key="delayed",
        bind="query-params",
        help="No transplant before that month, then one within the grace period.",
    )
    if delayed:
        months = _months("Delayed to month", "delay", suggested.get("delayed", suggested["within"]))
        strategies.append(Strategy("delayed", months))
    if progression and st.toggle(
        f"Transplant only after {progression}", value=False, key="wait", bind="query-params"
    ):
        strategies.append(Strategy("progression"))
    grace = _months(
        "Grace period, months",
        "grace",
        usual.grace_months,
        help_="How long after its moment a delayed transplant may take place.",
    )
    return (*strategies, Strategy("never")), grace


def _draw_confounders(cohort: Cohort, usual: Sequence[str]) -> tuple[str, ...]:
    labels = confounder_labels(cohort)
    chosen = st.multiselect(
        "What decides on a transplant and on survival",
        list(labels),
        default=None if CONFOUNDERS in st.session_state else list(usual),
        format_func=lambda option: labels.get(option, option),
        key=CONFOUNDERS,
        placeholder="Age, risk, alterations, centre",
        bind="query-params",
        help="Anything else that decides on both, such as fitness or a donor, stays unweighted.",
    )
    return tuple(name for name in chosen if name in labels)
