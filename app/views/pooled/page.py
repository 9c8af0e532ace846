"""The page of several sites: their releases opened, what they say together, one's own release."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import pandas as pd
import plotly.graph_objects as go
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.analysis.pooling import FEWEST_SITES
from app.cohort.escaping import markdown_escaped
from app.cohort.groupings import GroupingError, GroupingSpec, grouping_options
from app.cohort.tally import (
    Release,
    ReleasePolicy,
    TallyError,
    digest_of,
    read_release,
    tally_of,
)
from app.shell.accounts import may
from app.shell.controls.choice import choice, pick, several
from app.shell.layout import bullets, download, download_table, figure_with_downloads
from app.shell.session import DEFAULT_COHORT, Looking, cohort_title, demo_cohort
from app.shell.tables import draw_table
from app.shell.take_away import offer_slides
from app.study.figures.theme import framed
from app.study.files.tables import file_stem
from app.study.wording import count
from app.views.pooled._tables import frequencies_by_site, table_by_site
from app.views.pooled.analysis import (
    PooledSurvival,
    agreement,
    differences,
    pooled_survival,
    releases_by_centre,
    shared_questions,
)
from app.views.pooled.answer import OF_FILES, OfSites, counts_answer
from app.views.pooled.figures import pooled_figure, pooled_incidence_figure, sites_forest
from app.views.pooled.incidence import PooledIncidence, competes_everywhere, pooled_incidence
from app.views.pooled.page_files import (
    draw_keys,
    draw_own_key,
    draw_record,
    held_record,
    hold_record,
    offer_record,
    signed_words,
)
from app.views.pooled.words import (
    forest_title,
    incidence_reading,
    pooled_methods,
    pooled_notes,
    pooled_reading,
    pooled_title,
    releases_named,
)
from app.views.survival.curves.page_ratios import draw_ratios
from data_loaders.wording import listing

_FILES, _SITE, _WRITTEN = "pooled_files", "release_site", "_release_written"
_MOST_BYTES = 32 * 2**20
_INCIDENCE, _FREE = "Cumulative incidence", "Free of the event"
_POLICIES = {
    "Hide counts below 5, round to 5": ReleasePolicy(5, 5),
    "Hide counts below 10, round to 10": ReleasePolicy(10, 10),
    "Exact counts on the grid": ReleasePolicy(1, 1),
}
_EXAMPLE_GROUPS = ("alteration:TP53", "alteration:ASXL1", "alteration:CALR")


def draw_pooled(looking: Looking, say_whom: Callable[[str, str, bool], None]) -> None:
    """Open releases, or the example, and show what they say together.

    Parameters
    ----------
    looking
        The cohort at hand: a demo cohort's centres are the example, else the first demo's.
    say_whom
        Says in the page's header how many, of whom, and whether they are synthetic.
    """
    files = st.file_uploader(
        "Releases of the sites (each a file that a site has written)", type=["json", "parquet"],
        key=_FILES, accept_multiple_files=True,
        help="Counts and sums, never a row of a patient. They stay in this session.",
    )  # fmt: skip
    releases = _read(files or [], draw_keys("pooled") if files else {})
    if len(releases) < FEWEST_SITES:
        if files:
            st.info(
                f"Open the releases of at least {FEWEST_SITES} sites: of two, each could take its "
                "own counts away and have the other's. Until then this is an example."
            )
        shown = looking.key if looking.key.startswith("demo:") else DEFAULT_COHORT
        releases = _example(shown)
        whom = f"example: the centres of the {cohort_title(shown)}"
        st.caption("Example: each centre is as if it had released the counts of all its patients.")
    else:
        whom = f"the releases of {listing([release.name for release in releases])}"
        st.caption("Shown are these files; the cohort and filter in the sidebar do not count.")
    synthetic = any(release.synthetic for release in releases)
    say_whom(count(len(releases), "site"), markdown_escaped(whom), synthetic)
    asked = shared_questions(releases)
    if not asked:
        st.warning(
            "These releases have no endpoint in common: ask the sites to release the same one."
        )
        return
    agreed = agreement(releases)
    labels = {key: str(releases[0].endpoints[key]["label"]) for key in asked}
    left, right = st.columns(2)
    with left:
        endpoint = pick("Endpoint", list(asked), "pooled_endpoint", labels=labels)
    with right:
        named = {group: "No groups" if group is None else _name(group) for group in asked[endpoint]}
        group = pick("Groups", asked[endpoint], "pooled_group", labels=named)
    way = _FREE
    if competes_everywhere(releases, endpoint):
        way = choice("Estimate", [_INCIDENCE, _FREE], "pooled_estimate", quiet=True)
    try:
        if way == _INCIDENCE:
            _draw_incidence(pooled_incidence(releases, endpoint, group), agreed)
        else:
            _draw_survival(pooled_survival(releases, endpoint, group), agreed)
        _draw_agreement(releases, agreed)
        _draw_tables(releases, _of_sites(agreed, synthetic=synthetic))
    except (TallyError, ValueError) as error:
        st.info(markdown_escaped(str(error)))


def _draw_survival(result: PooledSurvival, agreed: pd.DataFrame) -> None:
    sentences = pooled_reading(result)
    forest = None
    if result.effects is not None:
        forest = framed(
            sites_forest(result.effects, result), forest_title(result), synthetic=result.synthetic
        )
    chart = _draw_result(result, pooled_figure(result), sentences, agreed, forest)
    if forest is not None:
        with chart:
            figure_with_downloads(
                forest,
                partial(pd.DataFrame, result.effects),
                key="pooled_sites",
                name=("pooled", "sites"),
                alt=f"{forest_title(result)}. 95% intervals, one row a site and all together.",
                of=_of_sites(agreed, synthetic=result.synthetic),
            )
            if result.ratios is not None:
                draw_ratios(result.ratios)


def _draw_incidence(result: PooledIncidence, agreed: pd.DataFrame) -> None:
    _draw_result(result, pooled_incidence_figure(result), incidence_reading(result), agreed)


def _draw_result(
    result: PooledSurvival | PooledIncidence,
    figure: go.Figure,
    sentences: list[str],
    agreed: pd.DataFrame,
    forest: go.Figure | None = None,
) -> DeltaGenerator:
    """The curves, what they say and how they came about; the place under the curves."""
    title = pooled_title(result, len(agreed))
    shown = framed(figure, title, synthetic=result.synthetic)
    same = [(row.site, row.same_patients) for row in agreed.itertuples() if row.same_patients]
    notes, methods = pooled_notes(result, same), pooled_methods(result, agreed)
    chart, words = st.columns([5, 3], gap="large")
    with chart:
        figure_with_downloads(
            shown,
            partial(_curves_table, result),
            key="pooled",
            name=("pooled", result.endpoint),
            alt=f"{title}. " + " ".join(sentences),
            of=_of_sites(agreed, synthetic=result.synthetic),
        )
    with words:
        st.subheader("In words", anchor=False)
        for note in notes:
            st.info(markdown_escaped(note))
        bullets([markdown_escaped(sentence) for sentence in sentences])
    with st.expander("How these numbers came about"):
        st.markdown(markdown_escaped(methods))
        download("Methods (TXT)", partial(str, methods), "pooled_methods.txt", "pooled_methods")
    told = counts_answer(
        "pooled", title,
        {"Figure": shown} if forest is None else {"Figure": shown, "Sites": forest},
        partial(_curves_table, result), n=result.n, sentences=sentences, methods=methods,
        left_out=result.left_out, notes=notes,
    )  # fmt: skip
    stem = file_stem(told.key, synthetic=result.synthetic)
    offer_slides(told, stem, OF_FILES, releases_named(agreed))
    return chart


def _draw_agreement(releases: list[Release], agreed: pd.DataFrame) -> None:
    st.subheader("What agrees, and who wrote it", anchor=False)
    table = agreed.assign(
        patients=[f"{n:,}" if n >= 0 else "hidden" for n in agreed["patients"]],
        endpoints=[", ".join(held) for held in agreed["endpoints"]],
        groups=[", ".join(map(_name, held)) for held in agreed["groups"]],
    ).drop(columns="same_patients")
    table.columns = ["Site", "Patients", "Released", "Hidden below", "Rounded to", "Signature",
                     "Endpoints", "Groups", "Release"]  # fmt: skip
    draw_table(table, key="pooled_agreement")
    differ = differences(releases)
    told = differ or ["Endpoints, their competing events, and the units of variables agree."]
    bullets([markdown_escaped(sentence) for sentence in told])


def _of_sites(agreed: pd.DataFrame, *, synthetic: bool) -> OfSites:
    return OfSites(releases_named(agreed), synthetic)


def _draw_tables(releases: list[Release], source: OfSites) -> None:
    def offer(numbers: Callable[[], pd.DataFrame], key: str, what: str) -> None:
        stem = file_stem("pooled", what, synthetic=source.synthetic)
        download_table("CSV", numbers, key=key, stem=stem, of=source)

    with st.expander(
        "Who the patients are, by site", key="pooled_tables", on_change="rerun"
    ) as box:
        if not box.open:
            return
        patients, alterations = st.tabs(["Patients", "Alterations"])
        with patients:
            draw_table(table_by_site(releases), key="pooled_table_one")
            offer(partial(table_by_site, releases), "pooled_table_one_csv", "patients")
        with alterations:
            frequencies = frequencies_by_site(releases).drop(columns="frequency")
            draw_table(frequencies, key="pooled_frequencies")
            offer(partial(frequencies_by_site, releases), "pooled_frequencies_csv", "alterations")


def draw_release(looking: Looking) -> None:
    """Write this cohort's release under a policy; nothing for whom may take nothing away."""
    if not may("export"):
        return
    words = "Write a release of the cohort at hand"
    with st.expander(words, key="release", on_change="rerun") as box:
        if not box.open:
            return
        st.caption(
            "A release holds counts at points of follow-up half a year apart, frequencies, and "
            "sums of numbers, of the patients selected in the sidebar. Look at the file before you "
            "send it."
        )
        draw_record("release")
        options = [str(spec) for spec in grouping_options(looking.cohort)]
        # All at once: a key that was typed last is in the file.
        with st.form("release_form", border=False):
            site = st.text_input(
                "Name of the site", key=_SITE, max_chars=80, placeholder="Hospital A"
            )
            policy = pick("What may leave", list(_POLICIES), "release_policy")
            groups = several(
                "Groups", options, "release_groups", labels={o: _name(o) for o in options},
                placeholder="None", max_selections=8,
            )  # fmt: skip
            key = draw_own_key("release_key")
            asked = st.form_submit_button("Write the release", key="release_write", type="primary")
        if asked:
            st.session_state.pop(_WRITTEN, None)
            _write(looking, (site or "").strip(), _POLICIES[policy], groups, key)
        # It stays until another is written or the cohort is another: a page may run at any time.
        written = st.session_state.get(_WRITTEN)
        if written is not None and written[0] == looking.cohort.fingerprint:
            _, stem, words, text, parquet = written
            st.markdown(words)
            with st.container(horizontal=True):
                download("Release (JSON)", partial(str, text), f"{stem}.calr-release.json",
                         "release_file")  # fmt: skip
                download("Release (Parquet)", partial(bytes, parquet),
                         f"{stem}.calr-release.parquet", "release_parquet")  # fmt: skip
                offer_record("released")


def _write(
    looking: Looking, site: str, policy: ReleasePolicy, groups: list[str], key: str | None
) -> None:
    """Write a release, keep it for the page and note it in the record; or say why not."""
    if not site:
        st.info("Give the site a name, by which others tell it apart.")
        return
    record = held_record()
    try:
        release = tally_of(looking.cohort).release(
            policy, site=site, groups=groups, selected=looking.filter,
            made=datetime.now(UTC).date(), record=record,
        )  # fmt: skip
        text, parquet = release.to_text(key), release.to_parquet(key)
    except (TallyError, GroupingError) as error:
        st.error(markdown_escaped(str(error)))
        return
    many = int(release.content["counts"][0]["table"]["n"][0])
    tables = count(len(release.content["events"]), "event table")
    words = f"{tables} of about {count(many, 'patient')}, {signed_words(key)}."
    st.session_state[_WRITTEN] = (
        looking.cohort.fingerprint, file_stem(site), words, text, parquet
    )  # fmt: skip
    hold_record(record.noted(looking.cohort, looking.selection.mask, digest_of(release.content)))


def _read(
    files: list[st.runtime.uploaded_file_manager.UploadedFile], keys: dict[str, str]
) -> list[Release]:
    """The releases that can be read; what is wrong with the others is said."""
    releases: dict[str, Release] = {}
    for file in files:
        wrong = "it is larger than a release is." if file.size > _MOST_BYTES else ""
        if not wrong:
            try:
                release = _opened(file.file_id, json.dumps(keys), file.getvalue())
                if release.name in releases:
                    wrong = f"{release.name} is open already: two sites need two names."
                releases.setdefault(release.name, release)
            except TallyError as error:
                wrong = str(error)
        if wrong:
            st.error(markdown_escaped(f"{file.name}: {wrong}"))
    return list(releases.values())


@st.cache_resource(scope="session", show_spinner=False, max_entries=64)
def _opened(file_id: str, keys: str, _content: bytes) -> Release:  # noqa: ARG001  (what is kept)
    """A release, read once for the session that brought it, under the keys at hand."""
    return read_release(_content, json.loads(keys))


@st.cache_resource(show_spinner=False, max_entries=8)
def _example(key: str) -> list[Release]:
    """The centres of a demo cohort as sites: nobody's data, made once for everyone."""
    cohort = demo_cohort(key)
    groups = [g for g in _EXAMPLE_GROUPS if g.partition(":")[2] in cohort.alterations.columns]
    made = datetime.now(UTC).date()
    return releases_by_centre(cohort, "centre", ReleasePolicy(1, 1), groups, made)


def _name(group: str) -> str:
    """``TP53`` for ``alteration:TP53``: what a grouping is by, in words."""
    kind, _, name = group.partition(":")
    spec = GroupingSpec.parse(group)
    return str(name) if kind in {"alteration", "variable"} else str(spec)


def _curves_table(result: PooledSurvival | PooledIncidence) -> pd.DataFrame:
    parts = [curve.table.assign(group=name) for name, curve in result.curves.items()]
    table = pd.concat(parts, ignore_index=True)
    return table[["group", *table.columns.drop("group")]]
