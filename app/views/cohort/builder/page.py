"""The filter builder: nested conditions without code, with the sentence and the live n."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from app.cohort.filters import Filter, FilterError, names_patients
from app.cohort.groupings import MAX_NAME, GroupingError
from app.shell.links import feature_labels
from app.shell.saved_filters import save_filter
from app.shell.session import Looking
from app.shell.sidebar import put_filter
from app.study.wording import capitalised, count
from app.views.cohort.builder._draft import (
    ALTERED,
    KNOWN,
    LISTED,
    NUMBER,
    TESTED,
    VARIABLE,
    VARIANT,
    Condition,
    Group,
    draft_of,
    filter_of,
    typed_ids,
    without,
)
from app.views.cohort.overview.analysis import labelled, ranked_variables
from data_loaders import Cohort
from data_loaders.alterations.mutation_rule import counts

_DRAFT = "_builder_draft"
_SAID = "_builder_said"
_NAME = "builder_name"
_GENE = "gene:"
COMBINED = "saved_chosen"
_DEEPEST = 4
_MODES = {"all": "All of these hold", "any": "Any of these holds", "none": "None of these holds"}


def draw_builder(looking: Looking) -> None:
    """The conditions, what they say and whom they select; to be used or saved."""
    draft = _draft(looking)
    st.caption(
        "Every condition is three-valued: where a value is missing or a gene was not tested, the "
        "patient is not known to be in and is left out, also under “none” and “not”."
    )
    _draw_group(looking, draft, draft, depth=0)
    chosen, left_out = filter_of(draft)
    try:
        selection = chosen.apply(looking.cohort)
    except FilterError as error:
        st.error(str(error))
        return
    with st.container(border=True, key="builder_result"):
        st.markdown(f"**{selection.n:,} of {count(looking.cohort.n, 'patient')}**")
        st.markdown(f"{capitalised(selection.sentence)}.")
        notes = []
        if selection.n_missing:
            notes.append(f"{selection.n_missing:,} are left out because it is not known.")
        if left_out:
            notes.append(f"{count(left_out, 'condition')} not complete yet and left out.")
        if any(names_patients(step) for step in chosen.steps):
            notes.append("A list of patients stays in this session and never goes into a link.")
        if notes:
            st.caption(" ".join(notes))
    _draw_actions(looking, Looking(looking.key, looking.cohort, chosen, selection))


def edit_filter(looking: Looking, chosen: Filter) -> None:
    """Put a filter into the builder; call it in a callback."""
    st.session_state[_DRAFT] = (looking.key, draft_of(chosen))


def _draft(looking: Looking) -> Group:
    held = st.session_state.get(_DRAFT)
    if held is None or held[0] != looking.key:
        draft = draft_of(looking.filter)
        if not draft.children:
            draft.children.append(Condition())
        held = st.session_state[_DRAFT] = (looking.key, draft)
    return held[1]  # type: ignore[no-any-return]


def _draw_group(looking: Looking, root: Group, group: Group, depth: int) -> None:
    with st.container(border=True, key=f"builder_group_{group.id}"):
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            modes = list(_MODES)
            group.mode = st.selectbox(
                "How the conditions are joined",
                modes,
                index=modes.index(group.mode),
                format_func=_MODES.__getitem__,
                key=f"builder_mode_{group.id}",
                label_visibility="collapsed",
                width=210,
            )
            st.button(
                "Condition", icon=":material/add:", key=f"builder_add_{group.id}",
                on_click=_add, args=(group, Condition),
            )  # fmt: skip
            if depth < _DEEPEST:
                st.button(
                    "Group", icon=":material/add:", key=f"builder_nest_{group.id}",
                    on_click=_add, args=(group, _new_group), help="Conditions within conditions.",
                )  # fmt: skip
            if depth:
                st.button(
                    "", icon=":material/close:", key=f"builder_drop_{group.id}",
                    on_click=without, args=(root, group.id), help="Take out this group",
                    type="tertiary",
                )  # fmt: skip
        for child in group.children:
            if isinstance(child, Group):
                _draw_group(looking, root, child, depth + 1)
            else:
                _draw_condition(looking.cohort, root, child)


def _new_group() -> Group:
    return Group("any", [Condition()])


def _add(group: Group, make: Callable[[], Group | Condition]) -> None:
    group.children.append(make())


def _draw_condition(cohort: Cohort, root: Group, condition: Condition) -> None:
    labels = _subjects(cohort)
    options = list(labels)
    if condition.what and condition.what not in labels:
        labels = labels | {condition.what: condition.what.removeprefix(VARIABLE)}
        options.append(condition.what)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        what = st.selectbox(
            "Condition on",
            options,
            index=options.index(condition.what) if condition.what else None,
            format_func=lambda key: labels.get(key, key),
            placeholder="Choose what",
            key=f"builder_what_{condition.id}",
            label_visibility="collapsed",
            width=230,
            on_change=_take_gene,
            args=(condition,),
        )
        if what != condition.what:
            condition.what, condition.parts = what or "", {}
        if condition.what:
            condition.negated = (
                st.selectbox(
                    "is or is not",
                    ["is", "is not"],
                    index=int(condition.negated),
                    key=f"builder_not_{condition.id}",
                    label_visibility="collapsed",
                    width=90,
                )
                == "is not"
            )
            _draw_parts(cohort, condition)
        st.button(
            "", icon=":material/close:", key=f"builder_drop_{condition.id}",
            on_click=without, args=(root, condition.id), help="Take out this condition",
            type="tertiary",
        )  # fmt: skip


def _take_gene(condition: Condition) -> None:
    """A gene chosen by its name is the condition that it is altered."""
    chosen = st.session_state[f"builder_what_{condition.id}"] or ""
    if not chosen.startswith(_GENE):
        return
    name = chosen.removeprefix(_GENE)
    condition.what, condition.parts = ALTERED, {"features": [name]}
    st.session_state[f"builder_what_{condition.id}"] = ALTERED
    st.session_state[f"builder_part_{condition.id}"] = [name]


def _subjects(cohort: Cohort) -> dict[str, str]:
    """What a condition can be on, and its label; the telling variables first."""
    ranked = [item.variable for item in ranked_variables(cohort)]
    others = [
        v for v in cohort.variables.values()
        if v.name in cohort.patients.columns and v not in ranked
        and v.kind in {"numeric", "categorical", "ordinal", "binary"}
    ]  # fmt: skip
    subjects = {}
    if cohort.alterations.shape[1]:
        subjects[ALTERED] = "Altered: any of"
    subjects |= {f"{VARIABLE}{v.name}": labelled(v) for v in ranked}
    if cohort.alterations.shape[1]:
        subjects |= {NUMBER: "Number of mutated genes", TESTED: "Tested for"}
    if len(cohort.mutations):
        subjects[VARIANT] = "Variants of a gene (class, VAF)"
    subjects |= {KNOWN: "Value known", LISTED: "List of patient ids"}
    subjects |= {f"{VARIABLE}{v.name}": labelled(v) for v in others}
    return subjects | {
        f"{_GENE}{name}": f"{label} altered" for name, label in feature_labels(cohort).items()
    }


def _draw_parts(cohort: Cohort, condition: Condition) -> None:
    parts, key = condition.parts, f"builder_part_{condition.id}"
    what = condition.what
    if what == ALTERED:
        labels = feature_labels(cohort)
        parts["features"] = _many(list(labels), parts.get("features"), labels, key)
    elif what == TESTED:
        labels = feature_labels(cohort)
        parts["feature"] = _one(list(labels), parts.get("feature"), labels, key)
    elif what == KNOWN:
        labels = {v.name: v.label for v in cohort.variables.values()}
        names = [name for name in labels if name in cohort.patients.columns]
        parts["column"] = _one(names, parts.get("column"), labels, key)
    elif what == VARIANT:
        _draw_variant(cohort, parts, key)
    elif what == NUMBER:
        _draw_range(parts, key, step=1.0)
    elif what == LISTED:
        parts["ids"] = st.text_area(
            "Patient ids", parts.get("ids") or "", key=key, height=90, width=260,
            placeholder="One a line, or separated by commas", label_visibility="collapsed",
        )  # fmt: skip
        ids = typed_ids(parts["ids"])
        found = int(cohort.patients.index.isin(ids).sum())
        if ids:
            st.caption(f"{found:,} of {len(ids):,} found in this cohort")
    else:
        _draw_variable(cohort, what.removeprefix(VARIABLE), parts, key)


def _draw_variable(cohort: Cohort, column: str, parts: dict[str, Any], key: str) -> None:
    variable = cohort.variables.get(column)
    if variable is None or column not in cohort.patients.columns:
        st.caption("This cohort does not have it.")
        return
    if variable.kind == "numeric" and not parts.get("values"):
        _draw_range(parts, key, step=None)
        return
    values = list(cohort.factor(column)[1])
    plain = [float(v) if isinstance(v, int | float) else str(v) for v in values]
    if variable.kind == "numeric":
        plain = sorted(plain)  # type: ignore[type-var]
    else:
        order = [level for level in variable.levels if level in plain]
        plain = order + sorted((v for v in plain if v not in order), key=str)
    yes_no = variable.kind == "binary" and set(plain) <= {0.0, 1.0}
    labels = {
        v: ("Yes" if v else "No") if yes_no else f"{v:g}" if isinstance(v, float) else v
        for v in plain
    }
    held = [v for v in plain if str(v) in {str(value) for value in parts.get("values") or ()}]
    parts["values"] = _many(plain, held, labels, key)


def _draw_variant(cohort: Cohort, parts: dict[str, Any], key: str) -> None:
    mutations = cohort.mutations[counts(cohort.mutations)]
    genes = [str(gene) for gene in mutations["gene"].value_counts().index]
    parts["gene"] = _one(genes, parts.get("gene"), {gene: gene for gene in genes}, key)
    classes = sorted(str(v) for v in mutations["variant_class"].dropna().unique())
    if classes:
        parts["classes"] = _many(
            classes, parts.get("classes"), {v: v for v in classes}, f"{key}_class", "Any class"
        )
    if mutations["vaf"].notna().any():
        low, high = parts.get("vaf") or (0, 100)
        parts["vaf"] = st.slider(
            "VAF, %", 0, 100, (round(low), round(high)), key=f"{key}_vaf", width=200
        )


def _draw_range(parts: dict[str, Any], key: str, *, step: float | None) -> None:
    for end, word in (("low", "from"), ("high", "to")):
        held = parts.get(end)
        parts[end] = st.number_input(
            word, value=None if held is None else float(held), step=step, key=f"{key}_{end}",
            placeholder=word, label_visibility="collapsed", width=120, format="%g",
        )  # fmt: skip
    low, high = parts["low"], parts["high"]
    if low is not None and high is not None and low > high:
        st.caption("The range runs backwards.")


def _one(options: list[str], held: str | None, labels: dict[str, str], key: str) -> str | None:
    chosen: str | None = st.selectbox(
        "Which",
        options,
        index=options.index(held) if held in options else None,
        format_func=lambda option: labels.get(option, option),
        key=key,
        placeholder="Choose",
        label_visibility="collapsed",
        width=200,
    )
    return chosen


def _many(
    options: list[Any], held: list[Any] | None, labels: dict[Any, str], key: str,
    placeholder: str = "Choose one or more",
) -> list[Any]:  # fmt: skip
    known = [value for value in held or () if value in options]
    chosen: list[Any] = st.multiselect(
        "Which",
        options,
        known,
        format_func=lambda option: labels.get(option, str(option)),
        key=key,
        placeholder=placeholder,
        label_visibility="collapsed",
        width=260,
        select_all=False,
    )
    return chosen


def _draw_actions(looking: Looking, drafted: Looking) -> None:
    same = set(drafted.filter.steps) == set(looking.filter.steps)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.button(
            "In force" if same else "Use this filter",
            key="builder_use", type="primary", icon=":material/filter_alt:", disabled=same,
            on_click=put_filter, args=(looking, drafted.filter),
        )  # fmt: skip
        st.button(
            "Start from the filter in force", key="builder_take",
            on_click=edit_filter, args=(looking, looking.filter), disabled=same,
        )  # fmt: skip
        st.button(
            "Start empty", key="builder_empty", on_click=edit_filter, args=(looking, Filter())
        )
        with st.popover("Save and name it", icon=":material/bookmark_add:"):
            st.text_input("Name", key=_NAME, max_chars=MAX_NAME, placeholder="such as Elderly MF")
            st.button(
                "Save", key="builder_save", on_click=save_under_name, args=(drafted, _NAME, _SAID),
                kwargs={"onwards": ": compare or combine it under Saved filters"},
            )  # fmt: skip
    say_saved(_SAID)


def save_under_name(drafted: Looking, name: str, said: str, *, onwards: str = "") -> None:
    """Save a filter under the name typed, and keep what to say of it; call it in a callback.

    Parameters
    ----------
    name, said
        Keys of the session: the field of the name, and what :func:`say_saved` says.
    onwards
        Where to go on from there.
    """
    try:
        kept = save_filter(drafted, st.session_state.get(name) or "")
    except GroupingError as error:
        st.session_state[said] = str(error)
        return
    # What is saved last joins those combined.
    st.session_state.pop(COMBINED, None)
    st.session_state[said] = f"“{kept}” is saved{onwards}."
    st.session_state[name] = ""


def say_saved(said: str) -> None:
    """Say once how saving went."""
    sentence = st.session_state.pop(said, None)
    if sentence:
        st.info(sentence)
