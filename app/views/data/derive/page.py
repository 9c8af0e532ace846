"""Deriving variables and endpoints on the Data page: a form with a live preview, and the list."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from itertools import count as count_from
from typing import Any

import numpy as np
import streamlit as st

from app.cohort.derived import (
    Definition,
    Derived,
    DerivedEndpoint,
    Names,
    derived_where_possible,
    made_of,
    typed,
)
from app.cohort.escaping import Escapes, literal
from app.shell.accounts import disclosure_policy, rerun_if_out
from app.shell.escaping import escaped_figure
from app.shell.layout import download
from app.shell.made.derived import define, definitions_of, refused_definitions
from app.shell.session import Looking, loaded_cohort, source_of
from app.study.figures.escaped import escaped
from app.study.files.tables import file_stem
from app.views.cohort.overview.analysis import distribution, in_words
from app.views.cohort.overview.figures import draw_distribution
from app.views.data.derive.analysis import Trial, examples, tried, variable_of
from app.views.data.derive.words import language_table, result_words
from data_loaders import Cohort, CohortError
from data_loaders.mapping.record import MAPPING_ENDING

_CHANGED, _EDITED, _SAID = "_derive_changed", "_derive_edited", "_derive_said"
_VARIABLE, _ENDPOINT = "A variable", "An endpoint"
_WHAT, _KIND, _INSERT = "derive_what", "derive_kind", "derive_insert"
_AS_VARIABLE, _AS_ALTERATION = "A variable", "An alteration"
_TEXTS = ("name", "formula", "unit", "missing", "description", "event_label")
_LISTS, _SINGLE = ("events", "competing", "censor_at"), ("start", "follow_up")
_PICTURED = frozenset({"numeric", "categorical", "ordinal", "binary"})


@st.fragment
def draw_deriving(looking: Looking) -> None:
    """What is derived of the cohort, and the form that derives more."""
    rerun_if_out()
    if st.session_state.pop(_CHANGED, False):
        st.rerun()  # every part of the page has it now
    if disclosure_policy() is not None:
        st.info("Nothing can be derived while disclosure control is on.")
        return
    key, cohort = looking.key, loaded_cohort(looking.key)
    held = definitions_of(key, cohort)
    if st.session_state.get(_EDITED, (key, 0))[0] != key:
        _empty_form()
    _draw_held(key, cohort, held)
    _draw_form(looking, cohort, held)


# What is there ----------------------------------------------------------------------------------


def _draw_held(key: str, cohort: Cohort, held: Sequence[Definition]) -> None:
    if not held:
        st.caption(
            "Variables, combinations of alterations and endpoints by a formula. They are then "
            "wherever the cohort's own are: filters, groups, covariates, tables, scripts."
        )
    refused = refused_definitions(key, cohort) if held else {}
    for at, definition in enumerate(held):
        with st.container(border=True, key=f"derived_{at}"):
            words, buttons = st.columns([7, 3], vertical_alignment="center")
            with words:
                what = "endpoint" if isinstance(definition, DerivedEndpoint) else definition.kind
                st.markdown(f"**{literal(definition.name)}** · {what}")
                st.code(made_of(definition), language=None, wrap_lines=True)
                if definition.name in refused:
                    st.warning(literal(refused[definition.name]))
            with buttons, st.container(horizontal=True, gap="small"):
                st.button(
                    "Change", key=f"derive_edit_{at}", icon=":material/edit:", type="tertiary",
                    on_click=_edit, args=(key, at, definition),
                )  # fmt: skip
                st.button(
                    "Remove", key=f"derive_remove_{at}", icon=":material/delete:", type="tertiary",
                    on_click=_remove, args=(key, cohort, at),
                )  # fmt: skip
    if said := st.session_state.pop(_SAID, None):
        st.warning(literal(said))
    source = source_of(key)
    if held and source is not None and cohort.file_columns:
        mapping = {**source.mapping, "derived": [one.to_dict() for one in held]}
        download(
            "Save with the mapping (JSON)",
            partial(str.encode, json.dumps(mapping, indent=1, ensure_ascii=False)),
            f"{file_stem(cohort.name)}{MAPPING_ENDING}",
            "derive_save",
            mime="application/json",
            help="Keep it next to the table: loaded together, all of this is derived again.",
        )


def _edit(key: str, at: int, definition: Definition) -> None:
    _fill(definition)
    st.session_state[_EDITED] = (key, at)


def _remove(key: str, cohort: Cohort, at: int) -> None:
    held = list(definitions_of(key, cohort))
    gone = held.pop(at)
    before = derived_where_possible(cohort, definitions_of(key, cohort))[1]
    after = derived_where_possible(cohort, held)[1]
    needing = [name for name in after if name not in before]
    if needing:
        st.session_state[_SAID] = f"{gone.name} is used by {', '.join(needing)}: remove that first."
        return
    define(key, held)
    _empty_form()
    st.session_state[_CHANGED] = True


# The form ---------------------------------------------------------------------------------------


def _draw_form(looking: Looking, cohort: Cohort, held: Sequence[Definition]) -> None:
    edited: int | None = st.session_state.get(_EDITED, (looking.key, None))[1]
    st.markdown("##### " + ("Derive" if edited is None else "Change"))
    before = derived_where_possible(cohort, held if edited is None else held[:edited])[0]
    if edited is None:
        _draw_examples(cohort, held)
    what = _one_of("What is derived", (_VARIABLE, _ENDPOINT), _WHAT)
    (_draw_variable_fields if what == _VARIABLE else _draw_endpoint_fields)(before)
    _draw_description()
    result = st.container()
    _draw_language()
    with result:
        try:
            definition = _variable(before) if what == _VARIABLE else _endpoint(before)
            if definition is None:
                return
            place = len(held) if edited is None else edited
            wanted = [*held[:place], definition, *held[place + 1 :]]
            trial = tried(cohort, wanted, place)
        except CohortError as error:
            st.error(literal(str(error)))
            return
        _draw_result(looking, trial)
        _draw_buttons(looking.key, wanted, edited)


def _one_of(label: str, options: tuple[str, str], key: str) -> str:
    """One of two side by side, the first to begin with; a definition that is changed sets it."""
    st.session_state.setdefault(key, options[0])
    return str(st.segmented_control(label, options, key=key, required=True))


def _draw_examples(cohort: Cohort, held: Sequence[Definition]) -> None:
    names = {one.name for one in held}
    offered = [one for one in examples(cohort) if one.name not in names]
    if offered:
        with st.container(horizontal=True, gap="small", key="derive_examples"):
            for at, one in enumerate(offered):
                st.button(
                    one.name, key=f"derive_example_{at}", type="tertiary",
                    icon=":material/lightbulb:", on_click=_fill, args=(one,),
                )  # fmt: skip


def _draw_variable_fields(cohort: Cohort) -> None:
    name, unit, missing = st.columns([4, 2, 2])
    name.text_input("Name", key="derive_name", max_chars=60, placeholder="LDH ratio")
    unit.text_input("Unit", key="derive_unit", max_chars=60, placeholder="follows from the formula")
    missing.text_input(
        "Where missing", key="derive_missing", max_chars=60, placeholder="stays missing",
        help="A number or a category that stands where the formula gives nothing. A yes or no "
        "stays missing: not tested is not wild type.",
    )  # fmt: skip
    formula, names = st.columns([4, 2])
    formula.text_area(
        "Formula", key="derive_formula", max_chars=1000, height=92,
        placeholder='cut(age_years, 60, 75)   ·   SRSF2 and not NPM1   ·   diagnosis == "MF"',
    )  # fmt: skip
    with names:
        _draw_insert(cohort)


def _draw_description() -> None:
    st.text_input(
        "Note for the data dictionary", key="derive_description", max_chars=400,
        placeholder="the formula stands there anyway",
    )  # fmt: skip


def _draw_insert(cohort: Cohort) -> None:
    """All names that a formula can use, found by what one types; the chosen one is put in."""
    names, labels = Names(cohort), _labels(cohort)
    st.selectbox(
        "Put in a name",
        names.all(),
        index=None,
        format_func=lambda name: labels.get(name, name),
        key=_INSERT,
        on_change=_insert,
        placeholder="Search variables and alterations",
        filter_mode="contains",
        help="It is added at the end of the formula.",
    )


def _labels(cohort: Cohort) -> dict[str, str]:
    """Names with their labels and units, where these say more."""
    found = {}
    for name, variable in Names(cohort).described.items():
        unit = f", {variable.unit}" if variable.unit else ""
        found[name] = f"{name} · {variable.label}{unit}"
    return found


def _insert() -> None:
    name = st.session_state[_INSERT]
    if name:
        text = st.session_state.get("derive_formula", "")
        gap = "" if not text or text[-1] in " (" else " "
        st.session_state["derive_formula"] = f"{text}{gap}{name}"
        st.session_state[_INSERT] = None


def _said(part: str) -> str:
    """A field of the form as text; several values are divided by commas."""
    held = st.session_state.get(f"derive_{part}")
    return ", ".join(held) if isinstance(held, list) else str(held or "").strip()


def _variable(cohort: Cohort) -> Derived | None:
    """The definition typed so far; None where there is no formula yet."""
    if not _said("formula"):
        return None
    said = {part: _said(part) for part in _TEXTS} | {"name": _said("name") or _unnamed(cohort)}
    wanted = st.session_state.get(_KIND, _AS_ALTERATION) == _AS_ALTERATION
    definition, either = variable_of(cohort, said, alteration=wanted)
    if either:
        _one_of("Used as", (_AS_ALTERATION, _AS_VARIABLE), _KIND)
    return definition


def _unnamed(cohort: Cohort) -> str:
    taken = {*cohort.patients.columns, *cohort.features.index, *cohort.endpoints}
    return next(
        name for at in count_from(1) if not {name := f"Derived {at}", f"derived_{at}"} & taken
    )


def _draw_endpoint_fields(cohort: Cohort) -> None:
    st.caption(
        "Choose endpoints, dates or times of the cohort, or type a formula and press Enter. All "
        "are dates, or all are months from the cohort's own time zero."
    )
    endpoints, moments = list(cohort.endpoints), _moments(cohort)
    labels = {key: f"{key} · {one.label}" for key, one in cohort.endpoints.items()}
    labels |= _labels(cohort)
    name, label = st.columns([3, 2])
    name.text_input(
        "Name", key="derive_name", max_chars=60, placeholder="Time from remission to relapse"
    )
    label.text_input(
        "What happens, as a noun", key="derive_event_label", max_chars=60,
        placeholder="follows from the events",
    )  # fmt: skip

    def several(label: str, part: str, options: list[str], placeholder: str, words: str) -> None:
        held = st.session_state.get(f"derive_{part}") or []
        st.multiselect(
            label, list(dict.fromkeys([*options, *held])), key=f"derive_{part}", help=words,
            format_func=lambda one: labels.get(one.strip("`"), one), placeholder=placeholder,
            accept_new_options=True, select_all=False,
        )  # fmt: skip

    def single(label: str, part: str, options: list[str], placeholder: str, words: str) -> None:
        held = st.session_state.get(f"derive_{part}")
        st.selectbox(
            label, list(dict.fromkeys([*options, *([held] if held else [])])), index=None,
            key=f"derive_{part}", help=words, placeholder=placeholder, accept_new_options=True,
            format_func=lambda one: labels.get(one.strip("`"), one),
        )  # fmt: skip

    left, right = st.columns(2)
    with left:
        several(
            "Events, the first counts", "events", [*endpoints, *moments], "relapse, os",
            "A date or time has happened where there is one; event(time, condition) says whether.",
        )  # fmt: skip
        single(
            "Time zero", "start", [*moments, *endpoints], "as of the endpoints chosen",
            "Who had an event before it, or was followed no longer than to it, is left out.",
        )  # fmt: skip
        single(
            "Followed to", "follow_up", [*endpoints, *moments], "as of the endpoints chosen",
            "When a patient without an event was last known to be free of it.",
        )  # fmt: skip
    with right:
        several(
            "Competing events", "competing", [*endpoints, *moments], "none",
            "They keep a patient from the events that count.",
        )  # fmt: skip
        several(
            "Censored at", "censor_at", [*moments, *endpoints], "nothing",
            "Follow-up ends there for this endpoint, as at a transplant.",
        )  # fmt: skip


def _moments(cohort: Cohort) -> list[str]:
    """Dates and times in months that do not belong to an endpoint, as they are typed."""
    described = Names(cohort).described
    return [
        typed(name)
        for name, variable in described.items()
        if (variable.kind == "date" or variable.unit == "months")
        and name not in cohort.endpoint_columns
    ]


def _endpoint(cohort: Cohort) -> DerivedEndpoint | None:
    if not _said("events"):
        return None
    names = Names(cohort)
    parts = {part: _said(part) for part in ("event_label", "description")}
    for part in (*_LISTS, *_SINGLE):
        held = st.session_state.get(f"derive_{part}") or []
        texts = held if isinstance(held, list) else [held]
        parts[part] = ", ".join(_quoted(names, text) for text in texts)
    return DerivedEndpoint(_said("name") or _unnamed(cohort), **parts)


def _quoted(names: Names, text: str) -> str:
    """A name of several words as a formula holds it, where it was typed without its backticks."""
    found = names.find(text.strip("`"), endpoints=True)
    return typed(found[1]) if found else text


# The result -------------------------------------------------------------------------------------


def _draw_result(looking: Looking, trial: Trial) -> None:
    with st.container(border=True, key="derive_result"):
        for sentence in result_words(trial):
            st.markdown(literal(sentence))
    name = trial.found.definition.name
    if name in trial.cohort.variables and trial.found.kind in _PICTURED:
        shown = distribution(trial.cohort, name, np.ones(trial.cohort.n, dtype=bool))
        figure = draw_distribution(shown, narrowed=False, synthetic=looking.synthetic, brush=False)
        if name not in looking.cohort.variables:  # the page does not know these texts yet
            figure = escaped(figure, Escapes(frozenset({name, *trial.found.levels})))
        with st.container(width=560):
            st.plotly_chart(
                escaped_figure(figure), key="derive_figure", config={"displayModeBar": False},
                alt=f"Distribution of {name}: {in_words(shown)}",
            )  # fmt: skip


def _draw_buttons(key: str, wanted: Sequence[Definition], edited: int | None) -> None:
    named = bool(_said("name"))
    with st.container(horizontal=True, gap="small"):
        st.button(
            "Add to the cohort" if edited is None else "Use the change",
            key="derive_add", type="primary", icon=":material/check:", disabled=not named,
            help=None if named else "Give it a name first.", on_click=_keep, args=(key, wanted),
        )  # fmt: skip
        st.button("Empty the form", key="derive_empty", on_click=_empty_form)


def _keep(key: str, wanted: Sequence[Definition]) -> None:
    define(key, wanted)
    _empty_form()
    st.session_state[_CHANGED] = True


def _fill(definition: Definition) -> None:
    """Put a definition into the form; call it in a callback."""
    _empty_form()
    fields = {*_TEXTS, *_LISTS, *_SINGLE}
    said = {name: text for name, text in definition.to_dict().items() if name in fields}
    st.session_state[_WHAT] = _VARIABLE if isinstance(definition, Derived) else _ENDPOINT
    if isinstance(definition, Derived):
        alteration = definition.kind == "alteration"
        st.session_state[_KIND] = _AS_ALTERATION if alteration else _AS_VARIABLE
    for part, text in said.items():
        value: Any = [text] if part in _LISTS else text if part in _SINGLE else str(text)
        st.session_state[f"derive_{part}"] = value


def _empty_form() -> None:
    for part in _TEXTS:
        st.session_state[f"derive_{part}"] = ""
    for part in _LISTS:
        st.session_state[f"derive_{part}"] = []
    for part in (*_SINGLE, "insert"):
        st.session_state[f"derive_{part}"] = None
    st.session_state.pop(_KIND, None)
    st.session_state.pop(_EDITED, None)


def _draw_language() -> None:
    with st.expander("What a formula can say", icon=":material/help:"):
        st.dataframe(language_table(), hide_index=True, key="derive_language")
        st.caption(
            "Names of more than one word stand between backticks. Units are kept: g/L is not added "
            "to 10⁹/L. What cannot be worked out, such as a division by zero, is missing and "
            "counted. A formula is read, never run."
        )
