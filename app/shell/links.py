"""Links: what a shared address asks for, in labels or in keys, and what of it cannot be had.

Streamlit writes the labels of chosen options into the address. A link written by hand or by
another program may name their keys instead (``cohort=demo:mds``, ``group=alteration:CALR``); these
are turned into labels once, before the first widget is drawn.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from app.cohort.classification import SYSTEMS
from app.cohort.groupings import (
    CLASS,
    SAVED,
    SCORE,
    GroupingError,
    GroupingSpec,
    allele_genes,
    cut_options,
    grouping_options,
)
from app.cohort.scores import SCORES
from app.shell.controls.grouping_parameters import (
    ALLELES,
    CUT,
    FILTERS,
    GENE_A,
    GENE_B,
    GENE_ORDER,
    IN_ORDER,
    NUMBER,
    TWO_GENES,
    option_and_parameters,
)
from app.shell.made.derived import take_derived_from_link
from app.shell.navigation import HOME
from app.shell.saved_groups import saved_groups, saved_option, take_saved_from_link
from app.shell.session import (
    DEFAULT_COHORT,
    address_label,
    cohort_keys,
    hold_public,
    loaded_cohort,
    open_cohort,
    public_cohort,
    public_key,
)
from app.shell.workspace.kept import kept_cohorts, say
from app.study.transplants.choices import risk_classes, survival_endpoints, time_zeros, transplants
from app.study.transplants.confounders import confounder_options
from app.study.workspace import WorkspaceError
from data_loaders import Cohort, CohortError
from data_loaders.settings import MIRROR

COHORT, DISEASE, SEX, AGE, WITH, WITHOUT = "cohort", "dx", "sex", "age", "with", "without"
ASK = "ask"  # conditions while disclosure control is on
ENDPOINT, GROUP, COLOUR, VIEW = "endpoint", "group", "colour", "view"
EVERYONE = "everyone"
OUTCOME, TRANSPLANT, TIME_ZERO = "outcome", "transplant", "zero"
CONFOUNDERS, CLASSES = "confounders", "risk"
START, NO_CLASSES = "start", "none"
SUBGROUP, CONFIDENCE, BURDEN = "subgroup", "confidence", "burden"
_SPECIAL_COLOURS = {
    SUBGROUP: "Subgroup",
    CONFIDENCE: "Confidence",
    BURDEN: "Number of alterations",
}
_COMPOUND = {
    TWO_GENES: "Two genes…",
    IN_ORDER: "Genes in order (hierarchy)…",
    NUMBER: "Number of mutated genes",
    FILTERS: "Saved filters against each other…",
}
_ASKED = "_asked"
_TO_WRITE, _DRAWN = "_choices_to_write", "_choices_drawn"
_LOST = "_grouping_lost"
_GONE = "_cohort_gone"
NEXT = "_cohort_to_open"


def unique_labels(options: Sequence[str], label: Callable[[str], str]) -> dict[str, str]:
    """A label for each option; where two would read alike, the key tells them apart."""
    return told_apart({option: label(option) for option in options})


def told_apart(labels: Mapping[str, str]) -> dict[str, str]:
    """Labels by key; where two would read alike, the key tells them apart."""
    bearers = Counter(labels.values())
    return {
        option: text if bearers[text] == 1 else f"{text} ({option})"
        for option, text in labels.items()
    }


def cohort_labels() -> dict[str, str]:
    """Key and label of every cohort the session can open, as the address names them."""
    return unique_labels(cohort_keys(), address_label)


def endpoint_labels(cohort: Cohort) -> dict[str, str]:
    """Key and label of every endpoint."""
    return told_apart({key: endpoint.label for key, endpoint in cohort.endpoints.items()})


def feature_labels(cohort: Cohort) -> dict[str, str]:
    """Name and label of every alteration."""
    labels = cohort.features["label"].items()
    return told_apart({str(name): str(label) for name, label in labels})


def group_labels(cohort: Cohort) -> dict[str, str]:
    """Key and label of everything that patients can be grouped by."""
    simple = _groups(cohort)
    first = next((i for i, text in enumerate(simple) if text.startswith("alteration:")), None)
    leading = len(simple) if first is None else max(1, first)
    options = [
        *simple[:leading],
        *_compound_groups(cohort),
        *simple[leading:],
        *(f"{CUT}{column}" for column in cut_options(cohort)),
        FILTERS,
        EVERYONE,
    ]
    return unique_labels(options, lambda text: _group_label(cohort, text))


def colour_labels(cohort: Cohort) -> dict[str, str]:
    """Key and label of everything that the map can be coloured by."""
    groups = _groups(cohort)
    numbers = [
        f"number:{variable.name}"
        for variable in cohort.variables.values()
        if variable.kind == "numeric" and variable.role != "outcome"
    ]
    return unique_labels(
        [*_SPECIAL_COLOURS, *groups, *numbers], lambda text: _colour_label(cohort, text)
    )


def outcome_labels(cohort: Cohort) -> dict[str, str]:
    """Key and label of the endpoints in which death is an event."""
    return unique_labels(survival_endpoints(cohort), lambda key: cohort.endpoints[key].label)


def transplant_labels(cohort: Cohort, endpoint: str) -> dict[str, str]:
    """Key and label of the transplants."""
    return told_apart({option.key: option.label for option in transplants(cohort, endpoint)})


def zero_labels(cohort: Cohort, endpoint: str, treatment: str) -> dict[str, str]:
    """Key and label of what can start the clock."""
    names = {START: "Start of follow-up"}
    names |= {o.key: o.label for o in time_zeros(cohort, endpoint, treatment)}
    return told_apart(names)


def class_labels(cohort: Cohort) -> dict[str, str]:
    """Key and label of the risk classes."""
    names = {f"variable:{v.name}": v.label for v in risk_classes(cohort)}
    return told_apart(names | {NO_CLASSES: "No classes"})


def confounder_labels(cohort: Cohort) -> dict[str, str]:
    """Key and label of what can be adjusted for."""
    return unique_labels(confounder_options(cohort), lambda key: _group_label(cohort, key))


def trial_labels(cohort: Cohort) -> dict[str, dict[str, str]]:
    """Key and label of every choice of the trial on the transplant page, by widget key."""
    endpoint = next(iter(outcome_labels(cohort)), None)
    if endpoint is None:
        return {}
    return {
        OUTCOME: outcome_labels(cohort),
        TRANSPLANT: transplant_labels(cohort, endpoint),
        TIME_ZERO: zero_labels(cohort, endpoint, ""),
        CONFOUNDERS: confounder_labels(cohort),
        CLASSES: class_labels(cohort),
    }


def _groups(cohort: Cohort) -> list[str]:
    """What patients can be grouped by; saved groups come early, the page's default stays first."""
    options = [str(spec) for spec in grouping_options(cohort)]
    saved = [saved_option(name) for name in saved_groups(cohort)]
    return [*options[:1], *saved, *options[1:]]


def _compound_groups(cohort: Cohort) -> list[str]:
    """Groupings by several alterations at once that this cohort's data allow."""
    if not (cohort.altered_counts > 0).sum() > 1:
        return []
    classes = [f"{ALLELES}{gene}" for gene in allele_genes(cohort)]
    return [TWO_GENES, IN_ORDER, NUMBER, *classes]


def _group_label(cohort: Cohort, text: str) -> str:
    if text == EVERYONE:
        return "Everyone together"
    if text in _COMPOUND:
        return _COMPOUND[text]
    if text.startswith(ALLELES):
        return f"{text.removeprefix(ALLELES)} mutation class"
    if text.startswith(CUT):
        return f"{cohort.variables[text.removeprefix(CUT)].label} (cut)"
    try:
        return spec_label(cohort, GroupingSpec.parse(text))
    except GroupingError:
        return text


def spec_label(cohort: Cohort, spec: GroupingSpec) -> str:
    """What patients are grouped by, in words."""
    if spec.kind == SAVED:
        return f"Saved: {spec.name}"
    if spec.kind == CLASS:
        return f"{SYSTEMS[spec.name]} (computed)"
    if spec.kind == SCORE:
        return f"{SCORES[spec.name].label} (computed)"
    if spec.kind == "alteration":
        return str(cohort.features.loc[spec.name, "label"])
    return cohort.variables[spec.name].label


def _colour_label(cohort: Cohort, text: str) -> str:
    if text in _SPECIAL_COLOURS:
        return _SPECIAL_COLOURS[text]
    if text.startswith("number:"):
        return cohort.variables[text.removeprefix("number:")].label
    return _group_label(cohort, text)


def read_link() -> None:
    """On a session's first run: keep what the link asks for, and turn keys into labels."""
    if _ASKED in st.session_state:
        return
    if _GONE in st.session_state:
        _drop_other_cohorts_link()
    st.session_state[_ASKED] = {}
    if not len(st.query_params):
        return
    asked_cohort = st.query_params.get(COHORT, "")
    _hold_public_of_link(asked_cohort)
    _open_kept_of_link(asked_cohort)
    if asked_cohort and asked_cohort not in {*cohort_labels(), *cohort_labels().values()}:
        del st.session_state[_ASKED]
        st.session_state[_GONE] = asked_cohort
        return
    st.session_state.pop(_GONE, None)
    changed = _translate(COHORT, cohort_labels())
    asked = {label: key for key, label in cohort_labels().items()}
    key = asked.get(st.query_params.get(COHORT, ""), DEFAULT_COHORT)
    take_derived_from_link(key, loaded_cohort(key))
    cohort = open_cohort(key)
    take_saved_from_link(cohort)
    changed |= _take_apart_group()
    features = feature_labels(cohort)
    grouping = {
        GROUP: group_labels(cohort),
        GENE_A: features,
        GENE_B: features,
        GENE_ORDER: features,
    }
    for name, labels in {
        ENDPOINT: endpoint_labels(cohort),
        COLOUR: colour_labels(cohort),
        WITH: features,
        WITHOUT: features,
        **grouping,
        **trial_labels(cohort),
    }.items():
        changed |= _translate(name, labels)
    st.session_state[_LOST] = any(
        set(st.query_params.get_all(name)) - set(labels.values())
        for name, labels in grouping.items()
    )
    st.session_state[_ASKED] = {name: st.query_params.get_all(name) for name in st.query_params}
    if changed:
        st.rerun()


def _drop_other_cohorts_link() -> None:
    """Where another cohort than the link's was loaded, what the link asked is not of it."""
    held = {*cohort_labels(), *cohort_labels().values()}
    if NEXT in st.session_state and st.session_state[_GONE] not in held:
        leave_gone_cohort()


def gone_cohort() -> str:
    """What the address calls a cohort that this session does not hold; empty where it does."""
    return str(st.session_state.get(_GONE, ""))


def leave_gone_cohort() -> None:
    """Go on without the cohort of the address and what the address asked of it.

    By way of a page without parameters: the controls would take them from the address.
    """
    st.session_state.pop(_GONE, None)
    st.session_state[_ASKED] = {}
    st.switch_page(HOME, query_params={})


def _hold_public_of_link(asked: str) -> None:
    """Open a published cohort that a link names, where it is on this machine already."""
    from data_loaders.catalogue import catalogue, is_cached

    for entry in catalogue().values():
        if asked not in (public_key(entry.name), entry.title):
            continue
        if is_cached(entry) or (entry.files and MIRROR.read()):
            # A damaged or incomplete copy is as good as none: the page says what it lacks.
            with contextlib.suppress(CohortError):
                public_cohort(entry.name)
                hold_public(entry.name)


def _open_kept_of_link(asked: str) -> None:
    """Open a kept cohort that a link names; one that is damaged is then not listed any more."""
    key = {label: key for key, label in cohort_labels().items()}.get(asked, asked)
    if key in kept_cohorts():
        try:
            open_cohort(key)
        except WorkspaceError as error:
            say(str(error))


def _take_apart_group() -> bool:
    """Turn a grouping written whole, ``cut:age_years@60``, into an option and its parameters."""
    found = option_and_parameters(st.query_params.get(GROUP, ""))
    if found is None:
        return False
    st.query_params[GROUP] = found[0]
    for key, value in found[1].items():
        st.query_params[key] = value
    return True


def _translate(name: str, labels: Mapping[str, str]) -> bool:
    asked = st.query_params.get_all(name)
    translated = [labels.get(value, value) for value in asked]
    if translated == asked:
        return False
    st.query_params[name] = translated
    return True


def grouping_was_lost() -> bool:
    """Whether the link asked for groups or genes that cannot be had; says so once."""
    return bool(st.session_state.pop(_LOST, False))


def keep_choices(choices: Mapping[str, object]) -> None:
    """Put choices into widgets and, a moment later, into the address; call it in a callback.

    Streamlit writes a value that is set from code into the address only where the widget was there
    before the run. So what was chosen is set once more in a run that the browser asks for after
    the widgets are drawn: see :func:`write_choices` and :func:`ask_to_write`.

    Parameters
    ----------
    choices
        Value by widget key: an option's key, a list of them, or a range.
    """
    for name, value in choices.items():
        st.session_state[name] = value
    st.session_state[_TO_WRITE] = dict(choices)


def write_choices() -> None:
    """Set what was chosen from code again while it waits; call it before any widget is drawn."""
    for name, value in st.session_state.get(_TO_WRITE, {}).items():
        st.session_state[name] = value
    if st.session_state.pop(_DRAWN, False):
        del st.session_state[_TO_WRITE]


def ask_to_write() -> None:
    """Have the browser ask for the run that writes, if choices wait; call it after the page."""
    if _TO_WRITE not in st.session_state:
        return

    @st.fragment(run_every=0.05)
    def again() -> None:
        if drawn_before:
            st.session_state[_DRAWN] = True
            st.rerun()
        drawn_before.append(True)

    drawn_before: list[bool] = []
    again()


def asked_for() -> dict[str, list[str]]:
    """What the link asked for, once: parameter and values, as labels."""
    asked: dict[str, list[str]] = st.session_state.get(_ASKED, {})
    st.session_state[_ASKED] = {}
    return asked
