"""What the views of the genomics page ask for alike."""

from __future__ import annotations

import streamlit as st

from app.shell.controls.grouping import ChosenGrouping, draw_grouping
from app.shell.links import GROUP, group_labels
from app.shell.session import Looking
from data_loaders.model import FeatureKind

KIND_CHOICE = "kinds"
_NAMES: dict[FeatureKind, str] = {
    "gene": "Genes",
    "refinement": "Refinements",
    "cytogenetic": "Cytogenetics",
    "combination": "Combinations",
}
# A refinement says again what its gene says, so it comes on request.
_OF_SEVERAL = ("categorical", "ordinal")
_FIRST: tuple[FeatureKind, ...] = ("gene", "cytogenetic")


def draw_kinds(looking: Looking) -> list[FeatureKind]:
    """The control that chooses genes, their refinements and cytogenetic events."""
    kinds = looking.cohort.feature_kinds
    default = [kind for kind in kinds if kind in _FIRST] or kinds
    if len(kinds) < 2:
        return kinds
    names = {_NAMES[kind]: kind for kind in kinds}
    picked = st.pills(
        "Alterations",
        list(names),
        selection_mode="multi",
        default=[_NAMES[kind] for kind in default],
        key=KIND_CHOICE,
        wrap=True,
        bind="query-params",
        help="Refinements are parts of a gene's mutations, such as CALR type 1 or FLT3-ITD.",
    )
    return [names[name] for name in picked if name in names] or default


def draw_groups(looking: Looking) -> ChosenGrouping:
    """The control that chooses the groups to compare, the same as on the other pages.

    A first visit compares diagnoses: groups made of alterations, which other pages may start with,
    would show here what they were made of.
    """
    if GROUP not in st.session_state and GROUP not in st.query_params:
        options = group_labels(looking.cohort)
        disease = next((name for name in options if _is_disease(looking, name)), "")
        if disease:
            st.query_params[GROUP] = options[disease]
            st.rerun()
    return draw_grouping(looking, next(iter(looking.cohort.endpoints), ""))


def _is_disease(looking: Looking, option: str) -> bool:
    kind, _, name = option.partition(":")
    variable = looking.cohort.variables.get(name)
    if kind != "variable" or variable is None:
        return False
    return name == "diagnosis" or (variable.role == "disease" and variable.kind in _OF_SEVERAL)
