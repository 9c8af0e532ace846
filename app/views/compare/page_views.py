"""The views of the Compare page: all at a glance, and each matter by itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from app.cohort.groupings import COMBINATIONS
from app.shell.columns import PRINTED, columns, counted, percent, pinned
from app.shell.controls.choice import choice
from app.shell.controls.time_axis import draw_axis_end
from app.shell.layout import bullets, download_table, figure_with_downloads
from app.shell.memory import ask, result_of
from app.shell.show import frame, show, take_away
from app.shell.story.adding import draw_adding
from app.shell.tables import draw_table
from app.study.analyses import answer_of
from app.study.answer import Answer
from app.study.files.tables import file_stem
from app.study.question import Question
from app.study.wording import count
from app.views.cohort.table_one.words import legend
from app.views.compare.analysis import OTHERS, Comparison, Enrichment, enrichment
from app.views.compare.answer import (
    DIFFERENT,
    draw_differences,
    most_different,
)
from app.views.compare.page_groups import Compared, draw_data_driven, draw_guard
from app.views.compare.words import (
    clinical_reading,
    comparison_title,
    contrast_title,
    disjoint_sentence,
    enrichment_reading,
    survival_reading,
)
from app.views.genomics.frequencies.figures import frequency_alt
from app.views.survival.curves.analysis import GroupSurvival
from app.views.survival.curves.answer import survival_answer
from app.views.survival.curves.figures import survival_alt
from app.views.survival.curves.words import numbers_table, summary_table, survival_title

CONTRAST = "contrast"
_MOST = 15


def draw_glance(compared: Compared) -> None:
    """Sizes and overlap, the answer in words, then clinical, alterations and survival."""
    looking, result, survival = compared.looking, compared.result, compared.result.survival
    if survival is not None:
        draw_guard(compared)
    sizes, words = st.columns([5, 6], gap="large")
    clinical, curves = st.columns(2, gap="large")
    until = None
    if survival is not None:
        with curves:
            place = st.container()
            until = draw_axis_end(survival.supported_until, survival.last_time)
    question = replace(compared.question, shown={"until": until})
    answer = answer_of(question, looking.cohort, result)
    if survival is not None:
        with place:
            _draw_curves(answer, survival)
    with sizes:
        _draw_sizes(compared, answer)
    with words:
        st.subheader("How do they differ?", anchor=False)
        bullets(answer.sentences)
        draw_data_driven(compared)
    with clinical:
        _draw_differences(result, answer.figures["Clinical"](), key="glance_clinical")
    if result.contrast is not None and result.contrast.n_tested:
        _draw_contrast(answer, result.contrast, key="glance_alterations")
    take_away(answer, question)


def draw_clinical(compared: Compared) -> None:
    """Clinical variables ranked by how much the groups differ."""
    result, ranked = compared.result, compared.result.ranked
    if ranked.empty:
        st.info("This cohort has no clinical variable to compare; the Data page lists what it has.")
        return
    _draw_differences(
        result, draw_differences(result, _MOST), key="compare_clinical",
        beside=partial(draw_adding, *_answered(compared), "Clinical"),
    )  # fmt: skip
    st.markdown(f"- {clinical_reading(ranked, result.names)}")
    draw_table(
        ranked.drop(columns="variable"),
        key="compare_clinical_table",
        # What it is ranked by stands before the groups, whose words may reach beyond the edge.
        column_order=[
            *("label", "smd", "p_value", "q_value", "higher_in"),
            *result.table.names,
            *("test", "missing"),
        ],
        column_config=columns(
            *("smd", "test"),
            label=pinned("Variable"),
            higher_in="Higher in",
            p_value="p",
            q_value="q",
            missing="Missing",
        ),
        printed=PRINTED,
    )
    st.caption(
        f"{legend(result.table)} Dashed lines: SMD 0.1, often taken as balanced, and 0.2. "
        f"Ranked by p; q is of the {int(ranked['p_value'].notna().sum())} variables tested."
    )
    draw_data_driven(compared)


def draw_alterations(compared: Compared) -> None:
    """Alterations of one group against the others: volcano, frequencies, table."""
    looking, result, found = compared.looking, compared.result, compared.result.frequencies
    if found is None or len(found.groups) < 2:
        st.info("This cohort has no alterations to compare; the Data page says what was read.")
        return
    group, *others = found.groups
    if len(others) > 1:
        group = choice("One group against the others", found.groups, CONTRAST, wrap=True)
    contrast = enrichment(found, group)
    st.markdown(f"- {enrichment_reading(contrast)}")
    left, right = st.columns(2, gap="large")
    answer, question = _answered(compared, contrast_of=group)
    tell = partial(draw_adding, answer, question)
    with left:
        if contrast.n_tested:
            beside = partial(tell, "Alterations")
            _draw_contrast(answer, contrast, key="compare_volcano", beside=beside)
        else:
            st.info("No alteration is to be compared: the table says why not.")
    with right:
        figure_with_downloads(
            answer.figures["Frequencies"](),
            lambda: found.by_group,
            key="compare_frequencies",
            name=("compare", "frequencies"),
            alt=frequency_alt(comparison_title(DIFFERENT, result), found, most_different(contrast)),
            beside=partial(tell, "Frequencies"),
        )
    shown = contrast.table.drop(columns=["feature", "kind"])
    against = "Other groups" if contrast.others == OTHERS else contrast.others
    draw_table(
        shown,
        key="compare_alterations_table",
        column_config=columns(
            label=pinned("Alteration"),
            altered=counted(f"{group}: altered"),
            tested=counted("of tested"),
            frequency=percent("share"),
            others_altered=counted(f"{against}: altered"),
            others_tested=counted("of tested "),
            others_frequency=percent("share "),
            odds_ratio="Odds ratio",
            lower="95% from",
            upper="to",
            p_value="p",
            q_value="q",
            note="Not compared because",
        ),
        printed=PRINTED,
    )
    st.caption(
        f"Denominators are the patients tested. Fisher's exact test; conditional odds ratios with "
        f"exact 95% intervals; q (Benjamini-Hochberg) over {contrast.n_tested} compared."
    )
    draw_data_driven(compared)
    versus = f"{group} against {contrast.others}"
    stem = file_stem(looking.cohort.name, "compare", versus, synthetic=looking.synthetic)
    download_table("The table (CSV)", lambda: shown, key="compare_alterations_csv", stem=stem)


def draw_survival(compared: Compared) -> None:
    """Curves with risk table, test and pairs."""
    result = compared.result.survival
    if result is None:
        st.info(
            "This cohort has no endpoint: survival needs a time and an event, such as os_months "
            "and os_event."
        )
        return
    draw_guard(compared)
    place = frame()
    with place.below:
        until = draw_axis_end(result.supported_until, result.last_time)
    answer = survival_answer(compared.looking.cohort, result, until=until)
    show(replace(answer, key="compare_km", name=("compare", result.endpoint.key)), place)
    with place.below:
        draw_adding(*_answered(compared, until=until), "Survival")
    with place.words:
        draw_data_driven(compared)
    draw_table(summary_table(result, "years"), key="compare_km_summary")
    if result.pairwise is not None:
        draw_table(
            result.pairwise,
            key="compare_km_pairs",
            column_config=columns(
                *("statistic", "p_value", "p_adjusted"),
                a="Group",
                b="against",
                n_a="n",
                n_b="n ",
                note="Note",
            ),
        )
        st.caption(f"Every pair of groups; p adjusted by {result.adjust.capitalize()}.")


def _answered(compared: Compared, **shown: Any) -> tuple[Answer, Question]:
    """What the comparison says, drawn as stated, and to which question."""
    question = replace(compared.question, shown=shown)
    return answer_of(question, compared.looking.cohort, compared.result), question


def _draw_differences(
    result: Comparison, drawn: go.Figure, *, key: str, beside: Callable[[], None] | None = None
) -> None:
    said = clinical_reading(result.ranked, result.names)
    figure_with_downloads(
        drawn,
        lambda: result.ranked,
        key=key,
        name=("compare", "clinical"),
        alt=f"{comparison_title('Clinical differences', result)}. {said}",
        beside=beside,
    )


def _draw_contrast(
    answer: Answer, contrast: Enrichment, *, key: str, beside: Callable[[], None] | None = None
) -> None:
    figure_with_downloads(
        answer.figures["Alterations"](),
        lambda: contrast.table,
        key=key,
        name=("compare", "alterations"),
        alt=f"{contrast_title(contrast)}. {enrichment_reading(contrast)}",
        beside=beside,
    )


def _draw_curves(answer: Answer, survival: GroupSurvival) -> None:
    figure_with_downloads(
        answer.figures["Survival"](),
        partial(numbers_table, survival, "years"),
        key="glance_km",
        name=("compare", survival.endpoint.key),
        alt=survival_alt(survival_title(survival), survival, [survival_reading(survival)]),
    )


def _draw_sizes(compared: Compared, answer: Answer) -> None:
    looking, result = compared.looking, compared.result
    grouping, sizes, n = result.grouping, result.sizes, sum(result.sizes)
    named = ", ".join(f"{name} {size:,}" for name, size in zip(result.names, sizes, strict=True))
    figure_with_downloads(
        answer.figures["Sizes"](),
        lambda: pd.DataFrame({"group": grouping.names, "n": sizes, "of": n}),
        key="compare_sizes",
        name=("compare", "sizes"),
        alt=f"{comparison_title('Patients', result)}. {named}",
    )
    st.caption(
        f"{n:,} of {count(looking.selection.n, 'selected patient')} are compared: {named}."
        f" {disjoint_sentence(result)}"
    )
    if compared.spec.filters:
        _draw_overlap(compared)


def _draw_overlap(compared: Compared) -> None:
    """How the filters overlapped before they were made into groups."""
    looking, spec = compared.looking, compared.spec
    asked = json.dumps({name: held.to_dict() for name, held in spec.filters.items()})
    question = ask(looking, "cohort.overlap", {"filters": asked})
    found = result_of(question)
    answer = answer_of(question, looking.cohort, found)
    figure_with_downloads(
        answer.figure, answer.numbers, key="compare_overlap_figure", name=("compare", "overlap"),
        alt=answer.alt, beside=partial(draw_adding, answer, question),
    )  # fmt: skip
    policy = (
        "Each combination is a group of its own, so that nobody is in two."
        if spec.kind == COMBINATIONS
        else "Patients in several filters are left out of all groups."
    )
    st.caption(
        f"{policy} In none: {found.outside:,}; not known for at least one: {found.unknown:,}."
    )
