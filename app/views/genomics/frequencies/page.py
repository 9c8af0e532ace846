"""How often alterations occur, and whether groups differ."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from app.shell.columns import columns, pinned, two_decimals
from app.shell.controls.grouping import ChosenGrouping
from app.shell.layout import download_table, figure_with_downloads
from app.shell.session import Looking
from app.shell.tables import draw_table
from app.shell.take_away import TakeAway, draw_take_away
from app.study.figures.theme import framed
from app.study.files.tables import file_stem
from app.study.wording import count, mid_sentence
from app.views.genomics.frequencies.analysis import (
    GroupFrequencies,
    frequency_reading,
    group_frequencies,
)
from app.views.genomics.frequencies.figures import frequency_alt, frequency_figure
from app.views.genomics.page_controls import draw_groups, draw_kinds, draw_most
from app.views.genomics.script import frequency_script
from app.views.genomics.words_methods import frequency_methods

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
        most = draw_most("Rows", _ROWS, 20, key="genomics_rows")
    try:
        found = group_frequencies(
            looking.cohort, looking.selection.mask, kinds, grouping=chosen.grouping
        )
    except ValueError as error:
        st.info(str(error))
        return
    by = DIFFERENT if len(found.differences) and _draw_order() == DIFFERENT else FREQUENT
    features = _leading(found, by, most)
    title = _title(found)
    figure = framed(frequency_figure(found, features), title, synthetic=looking.synthetic)
    chart, words = st.columns([7, 4], gap="large")
    with chart:
        figure_with_downloads(
            figure,
            partial(_numbers, found),
            key="genomics_frequencies",
            name=("alteration", "frequencies"),
            alt=frequency_alt(title, found, features),
        )
    with words:
        st.subheader("In words", anchor=False)
        st.markdown("\n".join(f"- {sentence}" for sentence in frequency_reading(found)))
        st.caption(_accounting(found))
        _draw_by_construction(chosen)
    if len(found.differences):
        _draw_differences(looking, found)
    draw_take_away(
        looking,
        TakeAway(
            key="genomics_frequencies",
            name=("alteration", "frequencies"),
            figures={"Figure": figure},
            sheets=partial(_sheets, found),
            methods=frequency_methods(found, looking.selection),
            script=partial(frequency_script, found, looking.cohort, looking.filter, chosen),
        ),
    )


def _draw_order() -> str:
    chosen = st.segmented_control(
        "Order",
        [FREQUENT, DIFFERENT],
        default=FREQUENT,
        required=True,
        key="genomics_order",
        bind="query-params",
        label_visibility="collapsed",
    )
    return chosen or FREQUENT


def _leading(found: GroupFrequencies, by: str, most: int) -> list[str]:
    """Alterations that somebody has, the leading ones by frequency or by difference."""
    if by == DIFFERENT:
        table = found.differences[found.differences["p_value"].notna()]
    else:
        table = found.overall
    names: list[str] = table.loc[table["altered"] > 0, "feature"].head(most).tolist()
    return names or found.overall["feature"].head(most).tolist()


def _title(found: GroupFrequencies) -> str:
    by = f" by {mid_sentence(found.label)}" if found.groups else ""
    return f"Frequency of alterations{by}, {count(found.analysed, 'patient')}"


def _accounting(found: GroupFrequencies) -> str:
    text = "Denominators are the patients tested for each alteration; intervals are Wilson's, 95%."
    if found.left_out:
        reasons = [f"{number:,} {reason}" for reason, number in found.left_out.items()]
        text += f" In no group: {', '.join(reasons)}."
    return text


def _draw_by_construction(chosen: ChosenGrouping) -> None:
    if chosen.spec is not None and chosen.spec.kind in _OF_ALTERATIONS:
        st.caption(
            "The groups are made of alterations: these differ between the groups by construction, "
            "and their p-values mean nothing."
        )
    elif chosen.grouping is not None and chosen.grouping.data_driven:
        st.caption(
            "The groups were found in these very alterations: that they differ is no finding, and "
            "the p-values are too small."
        )


_OF_ALTERATIONS = ("alteration", "genes", "hierarchy", "burden", "alleles")


def _draw_differences(looking: Looking, found: GroupFrequencies) -> None:
    wide = _wide(found)
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
        looking.cohort.name, "alterations", "by", found.label, synthetic=looking.synthetic
    )
    download_table("The table (CSV)", lambda: wide, key="genomics_differences_csv", stem=stem)


def _wide(found: GroupFrequencies) -> pd.DataFrame:
    """One row an alteration: what each group has in words, then the test."""
    rows = found.by_group
    words = [
        f"{a:,} of {t:,} ({100 * f:.0f}%)" if t else "not tested"
        for a, t, f in zip(rows["altered"], rows["tested"], rows["frequency"], strict=True)
    ]
    cells = rows.assign(words=words).pivot_table(
        index="feature", columns="group", values="words", aggfunc="first"
    )
    table = found.differences.drop(columns=["tested", "altered"])
    groups = cells.reindex(table["feature"])[list(found.groups)].reset_index(drop=True)
    return pd.concat([table, groups], axis=1)


def _numbers(found: GroupFrequencies) -> pd.DataFrame:
    return found.by_group if found.groups else found.overall


def _sheets(found: GroupFrequencies) -> dict[str, pd.DataFrame]:
    sheets = {"Everyone": found.overall}
    if found.groups:
        sheets["By group"] = found.by_group
    if len(found.differences):
        sheets["Differences"] = found.differences
    return sheets
