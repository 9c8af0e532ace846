"""The question of the transplant page: the target trial that its controls describe."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from app.analysis.transplant import Strategy
from app.shell.controls.choice import number, pick, several
from app.shell.links import (
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
from app.shell.session import Looking
from app.study.transplants.choices import progressions
from app.study.transplants.confounders import transplant_versions
from app.study.transplants.kinds import ALLOGENEIC, AUTOLOGOUS, transplant_kinds
from app.study.wording import mid_sentence
from app.views.transplant.defaults import Suggestion, eligible
from app.views.transplant.protocol.trial import TargetTrial
from data_loaders import Cohort

ALTERED = "altered"
HIGHER_FROM = "higher_from"
KIND, _BOTH = "transplant_kind", "both"
_ANY = "any"
_LATEST, _ANY_AGE = 240.0, 120.0
_ASKED_OF = "_question_of"


def draw_question(looking: Looking, suggestion: Suggestion) -> TargetTrial:
    """Draw the controls and return the trial that they describe.

    A number that is left empty is the suggested one, so that another cohort or filter gets its own.

    Parameters
    ----------
    looking
        The cohort and the filter: who is eligible besides the age limit.
    """
    cohort, usual = looking.cohort, suggestion.trial
    controls = _Controls(_begins_anew(looking))
    who, what = st.columns(2, gap="medium")
    with who:
        st.markdown("**Who, and from when**")
        st.caption(f"Eligible: the sidebar's filter ({looking.selection.sentence}), and:")
        oldest = suggestion.oldest
        if suggestion.age is not None and oldest is not None:
            oldest = controls.number(
                "Oldest eligible age, years",
                "oldest",
                oldest,
                most=_ANY_AGE,
                help_=f"{_ANY_AGE:g} is no limit, and takes in who has no age.",
            )
        endpoint = controls.choice("Endpoint", OUTCOME, usual.endpoint, outcome_labels(cohort))
        treatment = controls.choice(
            "Transplant", TRANSPLANT, usual.treatment, transplant_labels(cohort, endpoint)
        )
        kind = _draw_kind(controls, cohort, usual.kind)
        versions = _draw_versions(controls, cohort)
        zero = controls.choice(
            "Time zero",
            TIME_ZERO,
            usual.time_zero or START,
            zero_labels(cohort, endpoint, treatment),
        )
        horizon = controls.number("Horizon, months", "horizon", usual.horizon_months)
    progression = next(iter(progressions(cohort, endpoint)), None)
    with what:
        st.markdown("**Strategies, against no transplant**")
        strategies, grace = _draw_strategies(
            controls, usual, "" if progression is None else mid_sentence(progression.label)
        )
        st.markdown("**Weighted for**")
        confounders = _draw_confounders(controls, cohort, usual.confounders)
        classes = controls.choice(
            "Compared also by class of", CLASSES, usual.classes or NO_CLASSES, class_labels(cohort)
        )
        higher = _draw_higher(controls, cohort, classes)
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
        kind=kind,
        versions=versions,
        higher_from=higher,
    )


def _draw_higher(controls: _Controls, cohort: Cohort, classes: str) -> str:
    """Where higher risk begins: the one comparison of classes that the protocol names."""
    if classes == NO_CLASSES:
        return ""
    levels = list(map(str, cohort.variables[classes.removeprefix("variable:")].levels))
    if len(levels) < 3:
        return ""
    usual = levels[(len(levels) + 1) // 2]
    labels = {level: level for level in levels[1:]}
    chosen = controls.choice("Higher risk begins at", HIGHER_FROM, usual, labels)
    return "" if chosen == usual else chosen


def _draw_kind(controls: _Controls, cohort: Cohort, usual: str) -> str:
    """Which transplants count, where the cohort tells allogeneic from autologous ones."""
    kinds = transplant_kinds(cohort)
    if kinds is None:
        return ""
    numbers = {ALLOGENEIC: kinds.allogeneic.sum(), AUTOLOGOUS: kinds.autologous.sum()}
    labels = {name: f"{name.capitalize()} ({number:,})" for name, number in numbers.items()}
    labels[_BOTH] = "Both alike"
    chosen = controls.choice("Kind of transplant", KIND, usual or _BOTH, labels)
    st.caption(
        "Numbers of the whole cohort. A transplant of the other kind ends a follow-up; one whose "
        "kind is not known counts as allogeneic."
    )
    return "" if chosen == _BOTH else chosen


def _draw_versions(controls: _Controls, cohort: Cohort) -> tuple[tuple[str, str], ...]:
    """Which donor and conditioning count, where the cohort records them of the transplants."""
    chosen = []
    for name in transplant_versions(cohort):
        counts = cohort.patients[name].astype("string").value_counts()
        labels = {_ANY: "Any"} | {str(level): f"{level} ({n:,})" for level, n in counts.items()}
        label = str(cohort.variables[name].label)
        level = controls.choice(label, f"version_{name}", _ANY, labels)
        chosen += [(name, level)] if level != _ANY else []
    if chosen:
        st.caption("A transplant done otherwise, or of which it is not known, ends a follow-up.")
    return tuple(chosen)


def _begins_anew(looking: Looking) -> bool:
    """Whether the last run was about another cohort, which has other questions."""
    before = st.session_state.get(_ASKED_OF)
    st.session_state[_ASKED_OF] = looking.key
    if before in (None, looking.key):
        return False
    # Drawn on another view: it takes its default when it is drawn again.
    st.session_state.pop(ALTERED, None)
    return True


@dataclass(frozen=True)
class _Controls:
    """The controls, each with its suggested value until the reader chooses.

    Attributes
    ----------
    anew
        Whether all take their suggested values: the cohort is another one.
    """

    anew: bool

    def reset(self, key: str, usual: object, valid: Callable[[Any], bool]) -> bool:
        """Set a control to what is suggested where it cannot stay as it is; whether it was.

        In a run in which it is set, a control must not have a default besides.
        """
        state = st.session_state
        stale = self.anew or (key in state and not valid(state[key]))
        if stale:
            state[key] = usual
        return stale

    def choice(self, label: str, key: str, usual: str, labels: Mapping[str, str]) -> str:
        """A selectbox that opens on the suggested option."""
        options = [option for option in [usual] if option in labels]
        options += [option for option in labels if option not in options]
        self.reset(key, options[0], lambda value: value in labels)
        return pick(label, options, key, labels=labels)

    def number(
        self,
        label: str,
        key: str,
        usual: float,
        *,
        most: float = _LATEST,
        help_: str | None = None,
    ) -> float:
        """A number whose empty state is the suggested one."""
        self.reset(key, None, lambda value: value is None or 0 <= value <= most)
        typed = number(
            label,
            key,
            max_value=most,
            step=1.0,
            format="%g",
            placeholder=f"{usual:g}, as these data suggest",
            help=help_,
        )
        return usual if not typed else float(typed)

    def toggle(self, label: str, key: str, *, usual: bool, help_: str | None = None) -> bool:
        """A switch."""
        was_set = self.reset(key, usual, lambda value: isinstance(value, bool))
        return st.toggle(
            label, value=usual and not was_set, key=key, bind="query-params", help=help_
        )


def _draw_strategies(
    controls: _Controls, usual: TargetTrial, progression: str
) -> tuple[tuple[Strategy, ...], float]:
    suggested = {arm.kind: arm.months for arm in usual.strategies}
    within = controls.number("Transplant within, months", "within", suggested["within"])
    strategies = [Strategy("within", within)]
    delayed = controls.toggle(
        "Delayed transplant",
        "delayed",
        usual="delayed" in suggested,
        help_="No transplant before that month, then one within the grace period.",
    )
    if delayed:
        months = controls.number(
            "Delayed to month", "delay", suggested.get("delayed", suggested["within"])
        )
        strategies.append(Strategy("delayed", months))
    if progression and controls.toggle(f"Transplant only after {progression}", "wait", usual=False):
        strategies.append(Strategy("progression"))
    grace = controls.number(
        "Grace period, months",
        "grace",
        usual.grace_months,
        help_="How long after its moment a delayed transplant may take place.",
    )
    return (*strategies, Strategy("never")), grace


def _draw_confounders(controls: _Controls, cohort: Cohort, usual: Sequence[str]) -> tuple[str, ...]:
    labels = confounder_labels(cohort)
    suggested = [name for name in usual if name in labels]
    was_set = controls.reset(
        CONFOUNDERS, suggested, lambda chosen: all(name in labels for name in chosen)
    )
    chosen = several(
        "What decides on a transplant and on survival",
        labels,
        CONFOUNDERS,
        labels=labels,
        default=None if was_set else suggested,
        placeholder="Age, risk, alterations, centre",
        help="Baseline variables, alterations and other treatments. What else decides on both, "
        "such as fitness or a donor, stays unweighted; the protocol lists it.",
    )
    return tuple(chosen)
