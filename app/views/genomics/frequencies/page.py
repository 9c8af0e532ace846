"""How often alterations occur, and whether groups differ."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import streamlit as st

from app.shell.columns import columns, pinned, two_decimals
from app.shell.controls.choice import choice, pick
from app.shell.layout import download_table
from app.shell.memory import ask, result_or_reason
from app.shell.session import Looking
from app.shell.show import frame, show, take_away
from app.shell.tables import draw_table
from app.study.analyses import answer_of
from app.study.files.tables import file_stem
from app.views.genomics.frequencies.analysis import GroupFrequencies
from app.views.genomics.page_controls import draw_groups, draw_kinds

FREQUENT, DIFFERENT = "Most frequent", "Most different"
_ROWS = [10, 20, 30, 50]


def draw_frequencies(looking: Looking) -> None:
    """Draw the controls, the figure, the table and what they say."""
    left, middle, right = st.columns([5, 5, 3], vertical_alignment="bottom")
    with left:
        kinds = draw_kinds(looking)
    with middle:
        chosen = draw_groups(looking)
    with right:
        most = pick("Rows", _ROWS, "genomics_rows", default=20)
    settings = {"kinds": kinds}
    question = ask(looking, "genomics.frequencies", settings, chosen.spec, chosen.arrangement)
    result: GroupFrequencies | None = result_or_reason(question)
    if result is None:
        return
    by = FREQUENT
    if len(result.differences):
        by = choice("Order", [FREQUENT, DIFFERENT], "genomics_order", quiet=True)
    question = replace(question, shown={"most": most, "different": by == DIFFERENT})
    answer = answer_of(question, looking.cohort, result)
    place = frame()
    show(answer, place)
    if len(result.differences):
        _draw_differences(looking, result)
    take_away(answer, question)


def _draw_differences(looking: Looking, result: GroupFrequencies) -> None:
    wide = _wide(result)
    st.subheader("Differences between the groups", anchor=False)
    draw_table(
        wide.drop(columns=["feature", "kind"]),
        key="genomics_differences",
        column_config=columns(
            *("test", "p_value", "q_value", "odds_ratio"),
            label=pinned("Alteration"),
            or_lower=two_decimals("95% from"),
            or_upper=two_decimals("to"),
        ),
    )
    stem = file_stem(
        looking.cohort.name, "alterations", "by", result.label, synthetic=looking.synthetic
    )
    download_table("The table (CSV)", lambda: wide, key="genomics_differences_csv", stem=stem)


def _wide(result: GroupFrequencies) -> pd.DataFrame:
    """One row an alteration: what each group has in words, then the test."""
    rows = result.by_group
    words = [
        f"{a:,} of {t:,} ({100 * f:.0f}%)" if t else "not tested"
        for a, t, f in zip(rows["altered"], rows["tested"], rows["frequency"], strict=True)
    ]
    cells = rows.assign(words=words).pivot_table(
        index="feature", columns="group", values="words", aggfunc="first"
    )
    table = result.differences.drop(columns=["tested", "altered"])
    groups = cells.reindex(table["feature"])[list(result.groups)].reset_index(drop=True)
    return pd.concat([table, groups], axis=1)
