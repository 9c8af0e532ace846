"""Which column feeds an input of a score, stated by the user and kept with the mapping."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from app.cohort.scores import score
from app.shell.controls.choice import pick
from app.shell.session import Looking, Source, keep_upload, loaded_cohort, source_of
from data_loaders import Cohort, CohortError

_FOUND, _NONE = "As found", "No column"
_UNITS = ("As the file says", "g/dL", "g/L", "mmol/L", "10⁹/L", "/µL", "%", "fraction")
_NOT_YOURS = (
    "The columns of your own tables can be corrected here once you have loaded them; in code it is "
    "the argument mapping of score()."
)


def draw_correcting(looking: Looking, key: str, inputs: pd.DataFrame) -> None:
    """Let the user say which column feeds an input; for tables that the session loaded."""
    source = source_of(looking.key)
    with st.expander("Another column feeds an input"):
        if source is None:
            st.caption(_NOT_YOURS)
            return
        labels = dict(zip(inputs["input"], inputs["label"], strict=True))
        columns = [_FOUND, _NONE, *looking.cohort.patients.columns, *looking.cohort.features.index]
        wanted = pick("Input", labels, "score_input", labels=labels)
        column = pick("Column", dict.fromkeys(columns), "score_column")
        unit = pick("Unit", _UNITS, "score_unit")
        entry: Any = {"column": column} | ({"unit": unit} if unit != _UNITS[0] else {})
        problem = "" if column in (_FOUND, _NONE) else _problem(looking.cohort, key, wanted, entry)
        if problem:
            st.info(problem)
        st.button(
            "Use this column",
            key="use_score_column",
            disabled=bool(problem),
            on_click=_use,
            args=(looking.key, source, wanted, None if column == _NONE else entry),
            help="Kept with the mapping: its file on the Data page holds it.",
        )


def _problem(cohort: Cohort, key: str, wanted: str, entry: Any) -> str:
    try:
        score(cohort, key, {**cohort.stated_scores, wanted: entry})
    except CohortError as error:
        return str(error)
    return ""


def _use(key: str, source: Source, wanted: str, entry: Any) -> None:
    """State it, or take back what was stated; the cohort is the same but for its scores."""
    cohort = loaded_cohort(key)
    loaded = cohort.provenance.loaded
    if loaded is None:
        return
    said = {name: held for name, held in cohort.stated_scores.items() if name != wanted}
    if entry is None or entry["column"] != _FOUND:
        said[wanted] = entry
    mapping = {name: held for name, held in loaded.mapping.items() if name != "scores"}
    mapping |= {"scores": said} if said else {}
    stated = {name: held for name, held in source.mapping.items() if name != "scores"}
    keep_upload(
        cohort.loaded_by(replace(loaded, mapping=mapping)),
        replace(source, mapping=stated | ({"scores": said} if said else {})),
    )
