"""The shared sidebar: cohort, filter, and the sentence of what is selected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from app.cohort.disclosure import Published
from app.cohort.filters import All, Altered, Between, Clause, Filter, InSet, Not, Selection
from app.cohort.scores import SCORES, offered_scores
from app.shell.accounts import disclosure_policy
from app.shell.cohort_choice import draw_cohort_choice
from app.shell.cohort_filter import (
    MORE,
    can_go,
    drop_condition,
    go,
    keep_filter_in_link,
    keep_usable,
    lost_of_filter,
    more_conditions,
    record_step,
    set_more,
    take_filter_from_link,
)
from app.shell.controls.choice import several
from app.shell.disclosure_words import draw_released_selection
from app.shell.escaping import escape_texts_of
from app.shell.layout import when_open
from app.shell.links import (
    AGE,
    ASK,
    COHORT,
    COLOUR,
    DISEASE,
    GROUP,
    NEXT,
    SEX,
    WITH,
    WITHOUT,
    asked_for,
    colour_labels,
    feature_labels,
    keep_choices,
)
from app.shell.made.derived import DERIVED, define_also, texts_for_link
from app.shell.saved_groups import keep_saved_in_link, saved_groups
from app.shell.session import (
    DATABASE,
    DEFAULT_COHORT,
    SCORE_VARIABLES,
    Looking,
    cohort_keys,
    cohort_title,
    keep_in_address,
    loaded_cohort,
    look_at,
    open_cohort,
)
from app.shell.tables import draw_table
from app.shell.work.engine import held_engine
from app.shell.workspace.keeping import can_open, draw_note, keep_changed
from app.study.adjustment import age_column, sex_column
from app.study.wording import capitalised, count
from data_loaders import Cohort, Variable

_MOST_LEVELS = 40
_LONGEST_CHIP = 60
FILTER_KEYS = (DISEASE, SEX, AGE, ASK, WITH, WITHOUT)
_SCORES_HELP = (
    "Computed from the cohort's own columns and then there wherever its variables are: filters, "
    "covariates, tables, risk classes, tracks, downloads. A class is missing where an input is. "
    "Not a diagnosis."
)


@dataclass(frozen=True)
class FilterColumns:
    """The cohort's columns that the sidebar can filter by; None where it has none."""

    disease: Variable | None
    sex: Variable | None
    age: Variable | None

    @property
    def grouped(self) -> dict[str, Variable]:
        """Those chosen by their values, by the widget's key."""
        both = {DISEASE: self.disease, SEX: self.sex}
        return {key: variable for key, variable in both.items() if variable is not None}


def filter_columns(cohort: Cohort) -> FilterColumns:
    """Find disease, sex and age among the cohort's variables."""
    known = [v for v in cohort.variables.values() if v.name in cohort.patients.columns]
    grouped = [v for v in known if v.kind in {"categorical", "ordinal"}]
    return FilterColumns(
        disease=next((v for v in grouped if v.role == "disease" and _is_short(cohort, v)), None),
        sex=cohort.variables.get(sex_column(cohort) or ""),
        age=cohort.variables.get(age_column(cohort) or ""),
    )


def read_filter(cohort: Cohort, state: Mapping[str, Any]) -> Filter:
    """The filter that the sidebar's widgets express, and the conditions held beyond them.

    Values that the cohort does not have are ignored: a link may name anything.
    """
    columns = filter_columns(cohort)
    clauses: list[Clause] = []
    for key, variable in columns.grouped.items():
        known = set(_values(cohort, variable))
        chosen = tuple(value for value in state.get(key) or () if value in known)
        if chosen:
            clauses.append(InSet(variable.name, chosen))
    if columns.age is not None and state.get(AGE):
        lowest, highest = _age_range(cohort, columns.age)
        low, high = state[AGE]
        if low > lowest or high < highest:
            ends = (float(low) if low > lowest else None, float(high) if high < highest else None)
            clauses.append(Between(columns.age.name, *ends))
    published = _published(cohort)
    if published is not None:
        options = _published_options(published)
        clauses += [options[option][1] for option in state.get(ASK) or () if option in options]
    features = set(cohort.alterations.columns)
    clauses += [Altered(name) for name in state.get(WITH) or () if name in features]
    clauses += [Not(Altered(name)) for name in state.get(WITHOUT) or () if name in features]
    clauses += more_conditions(state)
    return Filter(All(tuple(clauses)))


def widget_state(cohort: Cohort, chosen: Filter) -> dict[str, Any]:
    """The values of the sidebar's widgets that express a filter, as far as they can."""
    return _split(cohort, chosen)[0]


def beyond_widgets(cohort: Cohort, chosen: Filter) -> tuple[Clause, ...]:
    """The conditions of a filter that the sidebar has no widget for."""
    return _split(cohort, chosen)[1]


def _split(cohort: Cohort, chosen: Filter) -> tuple[dict[str, Any], tuple[Clause, ...]]:
    columns = filter_columns(cohort)
    state: dict[str, Any] = {WITH: [], WITHOUT: []}
    rest: list[Clause] = []
    by_column = {v.name: (key, v) for key, v in columns.grouped.items()}
    features = set(cohort.alterations.columns)
    published = _published(cohort)
    options = {} if published is None else _published_options(published)
    asked = {clause: option for option, (_, clause) in options.items()}
    for clause in chosen.steps:
        match clause:
            case _ if clause in asked:
                state.setdefault(ASK, []).append(asked[clause])
            case InSet(column, values) if (
                column in by_column
                and by_column[column][0] not in state
                and {str(value) for value in values} <= set(_values(cohort, by_column[column][1]))
            ):
                state[by_column[column][0]] = [str(value) for value in values]
            case Between(column, low, high) if (
                columns.age
                and column == columns.age.name
                and AGE not in state
                and _on_slider(cohort, columns.age, (low, high))
            ):
                lowest, highest = _age_range(cohort, columns.age)
                state[AGE] = (
                    lowest if low is None else int(low),
                    highest if high is None else int(high),
                )
            case Altered(feature) if feature in features and feature not in state[WITH]:
                state[WITH].append(feature)
            case Not(Altered(feature)) if feature in features and feature not in state[WITHOUT]:
                state[WITHOUT].append(feature)
            case _:
                rest.append(clause)
    return state, tuple(rest)


def _on_slider(cohort: Cohort, age: Variable, ends: tuple[float | None, float | None]) -> bool:
    """Whether the slider can show a range: whole numbers within its own, not all of it."""
    lowest, highest = _age_range(cohort, age)
    given = [end for end in ends if end is not None]
    whole = all(end == int(end) and lowest < end < highest for end in given)
    return bool(given) and whole


def put_filter(looking: Looking, chosen: Filter) -> None:
    """Put a filter in force, in the widgets and beyond them; call it in a callback.

    Every widget is set, also to its resting value: one that is taken out of the session would
    leave its old value in the address.
    """
    cohort = looking.cohort
    set_more(beyond_widgets(cohort, chosen))
    columns = filter_columns(cohort)
    resting: dict[str, Any] = {WITH: [], WITHOUT: []} if cohort.alterations.shape[1] else {}
    published = _published(cohort)
    resting |= {} if published is None else {ASK: []}
    resting |= {key: [] for key in columns.grouped}
    if columns.age is not None and published is None:
        lowest, highest = _age_range(cohort, columns.age)
        if lowest < highest:
            resting[AGE] = (lowest, highest)
    for key, value in (resting | widget_state(cohort, chosen)).items():
        st.session_state[key] = value


def show_view(
    cohort_key: str,
    chosen: Filter,
    settings: Mapping[str, str | list[str]],
    derived: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Put cohort, filter and a page's settings into the widgets; call it in a callback.

    Parameters
    ----------
    derived
        Definitions that the view needs, where the session does not have them.
    """
    clear_filter()
    define_also(cohort_key, loaded_cohort(cohort_key), derived)
    cohort = open_cohort(cohort_key)
    filtered = widget_state(cohort, chosen)
    set_more(beyond_widgets(cohort, chosen))
    keep_choices({COHORT: cohort_key, **filtered, **settings})


def clear_filter() -> None:
    """Take every condition out of the sidebar."""
    for key in (*FILTER_KEYS, MORE):
        st.session_state.pop(key, None)


def open_next(cohort_key: str) -> None:
    """Have the next run open a cohort with an empty filter; what is drawn now stays as it is."""
    st.session_state[NEXT] = cohort_key


def draw_sidebar() -> Looking:
    """Draw cohort and filter, and set what the session looks at."""
    if NEXT in st.session_state:
        clear_filter()
        st.session_state[COHORT] = st.session_state.pop(NEXT)
    keep_changed()
    keys = cohort_keys() + [DATABASE] * (held_engine() is not None)
    key = draw_cohort_choice("Cohort", keys, DEFAULT_COHORT, key=COHORT, on_change=clear_filter)
    if not can_open(key):
        clear_filter()
        st.rerun()
    draw_note(key)
    if key == DATABASE:
        return look_at(key, open_cohort(key), Filter())
    conditions = st.container()
    published = _published(loaded_cohort(key))
    if published is None:
        _draw_score_variables(loaded_cohort(key))
    cohort = open_cohort(key)
    escape_texts_of(cohort, (*map(cohort_title, keys), *saved_groups(cohort)))
    with conditions:
        return _draw_filter(key, cohort, published)


def _draw_score_variables(cohort: Cohort) -> None:
    """Offer the scores that this cohort can feed, where there are any."""
    offered = offered_scores(cohort)
    if offered:
        labels = {key: SCORES[key].label for key in offered}
        several(
            "Scores as variables", offered, SCORE_VARIABLES, labels=labels, placeholder="None",
            help=_SCORES_HELP,
        )  # fmt: skip


def _draw_filter(key: str, cohort: Cohort, published: Published | None) -> Looking:
    if published is None:
        _draw_free_filter(cohort)
    else:
        _draw_published_filter(cohort, published)
    take_filter_from_link(cohort)
    keep_usable(cohort)
    looking = look_at(key, cohort, read_filter(cohort, st.session_state))
    record_step(key, looking.filter)
    keep_filter_in_link()
    keep_in_address(DERIVED, texts_for_link(key, cohort))
    keep_saved_in_link(cohort, st.session_state.get(GROUP), st.session_state.get(COLOUR))
    policy = disclosure_policy()
    if policy is None:
        _draw_sentence(looking)
    else:
        draw_released_selection(looking, policy)
        _draw_more(looking)
    _draw_steps(looking)
    _say_what_was_not_restored(looking)
    return looking


def _published(cohort: Cohort) -> Published | None:
    """What may be asked while disclosure control is on; None while it is off."""
    policy = disclosure_policy()
    if policy is None:
        return None
    with st.spinner("Working out what may be shown of this cohort…", show_time=True):
        return policy.release(cohort).published


def _draw_published_filter(cohort: Cohort, published: Published) -> None:
    """One published value each: the disease, two conditions, one alteration."""
    columns = filter_columns(cohort)
    disease = next(iter(published.of_kind("disease")), None)
    if disease is not None and columns.disease and disease.name == columns.disease.name:
        values = [level for level, c in zip(disease.levels, disease.conditions, strict=True) if c]
        several(disease.label, values, DISEASE, max_selections=1)
    conditions = {key: words for key, (words, _) in _published_options(published).items()}
    several(
        "Conditions, two at most",
        conditions,
        ASK,
        labels=conditions,
        placeholder="One value of a variable",
        max_selections=2,
    )
    labels = {d.name: d.label for d in published.of_kind("alteration")}
    if labels:
        for key, label in ((WITH, "With this altered"), (WITHOUT, "With this not altered")):
            several(
                label, labels, key, labels=labels, placeholder="A gene or an event",
                max_selections=1,
            )  # fmt: skip


def _published_options(published: Published) -> dict[str, tuple[str, Clause]]:
    """Key, words and condition of every published value of a variable."""
    return {
        f"{dimension.name}={place}": (f"{dimension.label}: {level}", clause)
        for dimension in published.of_kind("variable")
        for place, (level, clause) in enumerate(
            zip(dimension.levels, dimension.conditions, strict=True)
        )
        if clause is not None
    }


def _draw_free_filter(cohort: Cohort) -> None:
    columns = filter_columns(cohort)
    for key, variable in columns.grouped.items():
        several(variable.label, _values(cohort, variable), key)
    lowest, highest = (0, 0) if columns.age is None else _age_range(cohort, columns.age)
    if columns.age is not None and lowest < highest:
        st.slider(
            f"{columns.age.label}, years",
            lowest,
            highest,
            (lowest, highest),
            key=AGE,
            bind="query-params",
        )
    if cohort.alterations.shape[1]:
        features = _features_by_frequency(cohort)
        labels = feature_labels(cohort)
        for label, key in (
            ("With all of these altered", WITH),
            ("With none of these altered", WITHOUT),
        ):
            several(label, features, key, labels=labels, placeholder="Genes or events")


def _draw_sentence(looking: Looking) -> None:
    selection = looking.selection
    st.markdown(f"**{selection.n:,} of {count(looking.cohort.n, 'patient')}**")
    if looking.filter.is_empty:
        st.caption("Everyone. Each choice above narrows the selection.")
        return
    st.caption(f"{capitalised(selection.sentence)}.")
    _draw_more(looking)
    if selection.n_missing:
        st.caption(
            f"{selection.n_missing:,} left out because a value is missing or a gene was not tested."
        )
    when_open("Step by step", "filter_attrition", partial(_draw_attrition, selection))


def _draw_attrition(selection: Selection) -> None:
    draw_table(
        selection.attrition,
        key="attrition_steps",
        column_config={
            "clause": st.column_config.TextColumn("Step", width="medium"),
            "n": st.column_config.NumberColumn("Left", width="small"),
            "excluded": st.column_config.NumberColumn("Excluded", width="small"),
            "missing": st.column_config.NumberColumn("Not known", width="small"),
        },
    )


def _draw_steps(looking: Looking) -> None:
    """Undo, redo and clear."""
    back, forth = can_go(-1), can_go(1)
    if looking.filter.is_empty and not back and not forth:
        return
    with st.container(horizontal=True, gap="small", key="filter_steps"):
        for key, icon, by, able, words in (
            ("undo", ":material/undo:", -1, back, "Undo the last change of the filter"),
            ("redo", ":material/redo:", 1, forth, "Redo it"),
        ):
            st.button(
                "", key=key, icon=icon, disabled=not able, help=words, on_click=_go,
                args=(looking, by),
            )  # fmt: skip
        if not looking.filter.is_empty:
            clear = partial(put_filter, looking, Filter())
            st.button("Clear the filter", key="clear_filter", on_click=clear)


def _go(looking: Looking, by: int) -> None:
    put_filter(looking, go(by))


def _draw_more(looking: Looking) -> None:
    """The conditions that have no widget above, each to be taken out."""
    for position, clause in enumerate(more_conditions(st.session_state)):
        words = capitalised(clause.describe(looking.cohort))
        st.button(
            words if len(words) <= _LONGEST_CHIP else f"{words[: _LONGEST_CHIP - 1]}…",
            key=f"condition_{position}",
            icon=":material/close:",
            type="tertiary",
            help=f"Take out: {words}",
            on_click=drop_condition,
            args=(position,),
        )


def _say_what_was_not_restored(looking: Looking) -> None:
    asked = asked_for()
    lost_filter = lost_of_filter()
    if not asked and not lost_filter:
        return
    labels = feature_labels(looking.cohort)
    lost = [lost_filter] * bool(lost_filter)
    for key, name in ((DISEASE, "disease"), (SEX, "sex"), (WITH, "altered"), (WITHOUT, "none of")):
        held = {labels.get(str(value), str(value)) for value in st.session_state.get(key) or ()}
        if set(asked.get(key, ())) - held:
            lost.append(f"a value of the filter “{name}” that this cohort does not have")
    age = [float(value) for value in st.session_state.get(AGE) or ()]
    if asked.get(AGE) and [_as_number(value) for value in asked[AGE]] != age:
        lost.append("the age range")
    colour = asked.get(COLOUR, [""])[0]
    if colour and colour not in colour_labels(looking.cohort).values():
        lost.append(f"the groups “{colour}”, which this session does not hold")
    if lost:
        st.warning(f"This link could not be restored fully: {'; '.join(lost)}.")


def _as_number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _values(cohort: Cohort, variable: Variable) -> list[str]:
    present = [str(value) for value in cohort.factor(variable.name)[1]]
    known = [level for level in variable.levels if level in present]
    return known + sorted(value for value in present if value not in known)


def _is_short(cohort: Cohort, variable: Variable) -> bool:
    return len(cohort.factor(variable.name)[1]) <= _MOST_LEVELS


def _age_range(cohort: Cohort, age: Variable) -> tuple[int, int]:
    values = cohort.numbers(age.name)
    if np.isnan(values).all():
        return 0, 120
    return int(np.floor(np.nanmin(values))), int(np.ceil(np.nanmax(values))) or 1


def _features_by_frequency(cohort: Cohort) -> list[str]:
    order = np.argsort(-cohort.altered_counts, kind="stable")
    return [str(cohort.alterations.columns[i]) for i in order]
