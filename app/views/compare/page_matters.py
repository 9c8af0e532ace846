"""The views of the Compare page that go into one matter: clinical, alterations, survival."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app.shell.columns import columns, percent, pinned, two_digits
from app.shell.controls.time_axis import draw_axis_end
from app.shell.layout import download_table, figure_with_downloads
from app.shell.tables import draw_table
from app.study.accounting import Accounting
from app.study.figures.theme import framed
from app.study.files.tables import file_stem
from app.views.cohort.table_one.words import legend
from app.views.compare.analysis import (
    OTHERS,
    clinical_differences,
    clinical_reading,
    enrichment,
    enrichment_reading,
)
from app.views.compare.figures import differences_figure, enrichment_figure
from app.views.compare.page_glance import compared_frequencies, compared_survival, compared_table
from app.views.compare.page_groups import Compared, comparison_title, draw_data_driven, draw_guard
from app.views.genomics.frequencies.analysis import GroupFrequencies
from app.views.genomics.frequencies.figures import frequency_alt, frequency_figure
from app.views.survival.curves.figures import survival_alt, survival_figure
from app.views.survival.curves.words import (
    cautions,
    numbers_table,
    reading,
    summary_table,
    survival_title,
)

CONTRAST = "contrast"
_MOST, _DOTS = 15, 10


def draw_clinical(compared: Compared) -> None:
    """Clinical variables ranked by how much the groups differ."""
    looking = compared.looking
    table = compared_table(compared)
    ranked = clinical_differences(table)
    if ranked.empty:
        st.info("This cohort has no clinical variable to compare; the Data page lists what it has.")
        return
    title = comparison_title("Clinical differences", compared)
    said = clinical_reading(ranked, table.names)
    figure_with_downloads(
        framed(
            differences_figure(ranked, colours=compared.two_colours, most=_MOST),
            title,
            synthetic=looking.synthetic,
        ),
        lambda: ranked,
        key="compare_clinical",
        name=("compare", "clinical"),
        alt=f"{title}. {said}",
    )
    st.markdown(f"- {said}")
    draw_table(
        ranked.drop(columns="variable"),
        key="compare_clinical_table",
        column_config=columns(
            *("smd", "test", "p_value", "q_value"),
            label=pinned("Variable"),
            higher_in="Higher in",
            missing="Missing",
        ),
    )
    st.caption(
        f"{legend(table)} Dashed lines: SMD 0.1, often taken as balanced, and 0.2. "
        f"Ranked by p; q is of the {int(ranked['p_value'].notna().sum())} variables tested."
    )
    draw_data_driven(compared)


def draw_alterations(compared: Compared) -> None:
    """Alterations of one group against the others: volcano, frequencies, table."""
    looking = compared.looking
    found = compared_frequencies(compared)
    if found is None or len(found.groups) < 2:
        st.info("This cohort has no alterations to compare; the Data page says what was read.")
        return
    group = _draw_contrast(found)
    contrast = enrichment(found, group, compared.made_of)
    others = contrast.others
    versus = f"{group} against {others}"
    title = f"Alterations, {versus}: {contrast.n:,} and {contrast.n_others:,} patients"
    st.markdown(f"- {enrichment_reading(contrast)}")
    left, right = st.columns(2, gap="large")
    if not contrast.n_tested:
        st.info("No alteration is frequent enough, and tested in enough patients, to be compared.")
        return
    with left:
        figure_with_downloads(
            framed(
                enrichment_figure(contrast, compared.colours), title, synthetic=looking.synthetic
            ),
            lambda: contrast.table,
            key="compare_volcano",
            name=("compare", "alterations"),
            alt=f"{title}. {enrichment_reading(contrast)}",
        )
    with right:
        features = contrast.table.loc[contrast.table["note"] == "", "feature"].head(_DOTS).tolist()
        words = comparison_title("Most different alterations", compared)
        figure_with_downloads(
            framed(frequency_figure(found, features), words, synthetic=looking.synthetic),
            lambda: found.by_group,
            key="compare_frequencies",
            name=("compare", "frequencies"),
            alt=frequency_alt(words, found, features),
        )
    shown = contrast.table.drop(columns=["feature", "kind"])
    draw_table(
        shown,
        key="compare_alterations_table",
        column_config=columns(
            *("p_value", "q_value"),
            label=pinned("Alteration"),
            altered=f"{group}: altered",
            tested="of tested",
            frequency=percent("share"),
            others_altered=f"{'Other groups' if others == OTHERS else others}: altered",
            others_tested="of tested ",
            others_frequency=percent("share "),
            odds_ratio=two_digits("Odds ratio"),
            lower=two_digits("95% from"),
            upper=two_digits("to"),
            note="Not compared because",
        ),
    )
    own = contrast.by_construction
    made = f" Not compared, as the groups are made of them: {', '.join(own)}." if own else ""
    st.caption(
        f"Denominators are the patients tested. Fisher's exact test; conditional odds ratios with "
        f"exact 95% intervals; q (Benjamini-Hochberg) over {contrast.n_tested} compared.{made}"
    )
    draw_data_driven(compared)
    stem = file_stem(looking.cohort.name, "compare", versus, synthetic=looking.synthetic)
    download_table("The table (CSV)", lambda: shown, key="compare_alterations_csv", stem=stem)


def draw_survival(compared: Compared) -> None:
    """Curves with risk table, test and pairs."""
    looking = compared.looking
    result = compared_survival(compared, pairs=True)
    if result is None:
        st.info(
            "This cohort has no endpoint: survival needs a time and an event, such as os_months "
            "and os_event."
        )
        return
    draw_guard(compared)
    title, sentences = survival_title(result), reading(result)
    chart, words = st.columns([5, 3], gap="large")
    with chart:
        place = st.container()
        until = draw_axis_end(result.supported_until, result.last_time)
        with place:
            figure_with_downloads(
                framed(survival_figure(result, until=until), title, synthetic=looking.synthetic),
                partial(numbers_table, result, "years"),
                key="compare_km",
                name=("compare", result.endpoint.key),
                alt=survival_alt(title, result, sentences),
            )
    with words:
        st.subheader("In words", anchor=False)
        for note in result.notes:
            st.info(note)
        st.markdown("\n".join(f"- {sentence}" for sentence in sentences))
        limits = cautions(result, "years")
        if limits:
            st.warning("\n\n".join(limits))
        st.caption(Accounting.of(result.outcome, "are in the curves").caption())
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


def _draw_contrast(found: GroupFrequencies) -> str:
    names = list(found.groups)
    if len(names) == 2:
        return names[0]
    group = st.segmented_control(
        "One group against the others",
        names,
        default=names[0],
        required=True,
        key=CONTRAST,
        bind="query-params",
        wrap=True,
    )
    return group if group in names else names[0]
