"""A Cox model over sites on the page: an example, a coordinator's rounds, a site's answers."""

from __future__ import annotations

import json
from functools import partial

import pandas as pd
import streamlit as st

from app.cohort.escaping import markdown_escaped
from app.cohort.tally import SiteRecord, TallyError
from app.shell.controls.choice import choice, pick, several
from app.shell.layout import bullets, download, figure_with_downloads
from app.shell.session import DEFAULT_COHORT, Looking, demo_cohort
from app.shell.tables import draw_table
from app.shell.take_away import offer_slides
from app.study.adjustment import adjustment_options, age_and_sex
from app.study.figures.forest import forest_figure
from app.study.figures.theme import framed
from app.study.files.tables import file_stem
from app.views.pooled.analysis import centres_of
from app.views.pooled.answer import OF_FILES, OfSites, counts_answer
from app.views.pooled.page_files import (
    draw_keys,
    draw_own_key,
    draw_record,
    held_record,
    hold_record,
    offer_record,
    signed_words,
)
from app.views.pooled.rounds.coordinator import (
    AcrossSites,
    after_one_shot,
    after_replies,
    first_request,
    one_shot_request,
)
from app.views.pooled.rounds.files import ONE_SHOT, Reply, Request, read_reply, read_request
from app.views.pooled.rounds.model import MOST_TERMS, model_of
from app.views.pooled.rounds.site import RoundsPolicy, reply_to
from app.views.pooled.rounds.words import (
    across_methods,
    across_reading,
    across_title,
    asked_in_words,
    compared,
    forest_rows,
    sums_named,
)

_EXAMPLE, _ASK, _ANSWER = "Example", "Ask the sites", "Answer as a site"
_ROUNDS, _SHOT = "Rounds, exact", "One exchange, approximate (ODAC)"
_MOST_BYTES = 2**20
_PER = {"age_years": 10.0}
_POLICIES = {
    "At least 5 patients in whatever is told": RoundsPolicy(5),
    "At least 10 patients in whatever is told": RoundsPolicy(10),
}


def draw_rounds(looking: Looking) -> None:
    """A Cox model over sites whose rows stay where they are."""
    with st.expander("A Cox model over sites", key="rounds", on_change="rerun") as box:
        if not box.open:
            return
        st.caption(
            "The coordinator sends a small file, every site answers with sums over its patients, "
            "and after five to eight rounds the model is that of the pooled rows, stratified by "
            "site."
        )
        part = choice("What to do", [_EXAMPLE, _ASK, _ANSWER], "rounds_part", quiet=True)
        if part == _EXAMPLE:
            exact, near = _example()
            _draw_model(exact, synthetic=True, more=[compared(exact, near)])
        elif part == _ASK:
            _draw_asking(looking)
        else:
            _draw_answering(looking)


def _draw_asking(looking: Looking) -> None:
    keys = draw_keys("rounds")
    files = st.file_uploader(
        "The request that you sent last, and the replies to it", type="json", key="rounds_files",
        accept_multiple_files=True,
    )  # fmt: skip
    if not files:
        _draw_new_request(looking)
        return
    try:
        request, replies = _opened(files, keys)
        signed = [{"Site": r.site, "Patients": r.counts.n, "Events": r.counts.events,
                   "Signature": r.seal.words} for r in replies]  # fmt: skip
        draw_table(pd.DataFrame(signed), key="rounds_replies")
        if request.purpose == ONE_SHOT:
            lead = pick("Which site is the cohort at hand", list(request.sites), "rounds_lead")
            _draw_model(
                after_one_shot(request, replies, looking.cohort, lead), synthetic=looking.synthetic
            )
            return
        step = after_replies(request, replies)
    except TallyError as error:
        st.error(markdown_escaped(str(error)))
        return
    if isinstance(step, AcrossSites):
        _draw_model(step, synthetic=looking.synthetic)
        return
    st.success(f"Round {request.number} is complete. Send the request of round {step.number}.")
    _draw_download(step, draw_own_key("rounds_key"))


def _draw_new_request(looking: Looking) -> None:
    cohort = looking.cohort
    st.caption(
        "The cohort at hand says what the covariates mean: their names, units and levels go into "
        "the request, and so does the filter of the sidebar."
    )
    left, right = st.columns(2)
    labels = {key: held.label for key, held in cohort.endpoints.items()}
    if not labels:
        st.info("This cohort has no endpoint.")
        return
    with left:
        endpoint = pick("Endpoint", list(labels), "rounds_endpoint", labels=labels)
    names = {name: cohort.variables[name].label for name in adjustment_options(cohort)}
    names |= {str(name): str(label) for name, label in cohort.features["label"].items()}
    with right:
        chosen = several(
            "Covariates", list(names), "rounds_covariates", labels=names,
            default=age_and_sex(cohort), max_selections=MOST_TERMS,
        )  # fmt: skip
    sites = st.text_input(
        "Sites, with commas between", key="rounds_sites", placeholder="Hospital A, Hospital B, …"
    )
    who = st.text_input("Who asks", key="rounds_who", max_chars=80, placeholder="Study centre")
    way = choice("How", [_ROUNDS, _SHOT], "rounds_way")
    if not (sites or "").strip() or not (who or "").strip():
        st.info("Name the sites, at least three, and who asks.")
        return
    try:
        model = model_of(cohort, endpoint, chosen, looking.filter, _PER)
        listed = (sites or "").split(",")
        request = (
            first_request(model, listed, who or "")
            if way == _ROUNDS
            else one_shot_request(model, listed, who or "", looking.selection.cohort)
        )
    except TallyError as error:
        st.error(markdown_escaped(str(error)))
        return
    _draw_download(request, draw_own_key("rounds_key"))


def _draw_download(request: Request, key: str | None) -> None:
    bullets([markdown_escaped(sentence) for sentence in asked_in_words(request)])
    try:
        text = request.to_text(key)
    except TallyError as error:
        st.error(markdown_escaped(str(error)))
        return
    st.caption(f"The request is {signed_words(key)}.")
    name = f"cox-round-{request.number}.calr-request.json"
    download(f"Request of round {request.number} (JSON)", partial(str, text), name, "rounds_ask")


def _draw_answering(looking: Looking) -> None:
    keys = draw_keys("rounds")
    draw_record("rounds")
    file = st.file_uploader("The request", type="json", key="rounds_request")
    if file is None:
        st.info(
            f"Open the request that the coordinator sent; it is answered from {looking.cohort.name}"
            ", all patients, as the request selects them."
        )
        return
    try:
        request = read_request(_bytes(file), keys)
    except TallyError as error:
        st.error(markdown_escaped(str(error)))
        return
    bullets([markdown_escaped(sentence) for sentence in asked_in_words(request)])
    st.caption(markdown_escaped(f"The request is {request.seal.words}."))
    with st.form("rounds_form", border=False):
        left, right = st.columns(2)
        with left:
            site = pick("This site is", list(request.sites), "rounds_site")
        with right:
            policy = pick("What may leave", list(_POLICIES), "rounds_policy")
        own_key = draw_own_key("rounds_site_key")
        asked = st.form_submit_button("Answer", key="rounds_answer", type="primary")
    if not asked:
        return
    try:
        reply, record = reply_to(request, looking.cohort, site, _POLICIES[policy], held_record())
        text = reply.to_text(own_key)
    except TallyError as error:
        st.error(markdown_escaped(str(error)))
        return
    hold_record(record)
    st.markdown(
        markdown_escaped(f"{site}: sums over {reply.counts.n:,} patients, {signed_words(own_key)}.")
    )
    name = f"{file_stem(site)}-round-{request.number}.calr-reply.json"
    with st.container(horizontal=True):
        download("Reply (JSON)", partial(str, text), name, "rounds_reply")
        offer_record("answered")


def _opened(
    files: list[st.runtime.uploaded_file_manager.UploadedFile], keys: dict[str, str]
) -> tuple[Request, list[Reply]]:
    """The request and the replies among the files."""
    requests, replies = [], []
    for file in files:
        content = _bytes(file)
        try:
            kind = str(json.loads(content)["kind"])
        except (ValueError, KeyError, TypeError, RecursionError):
            kind = ""
        try:
            if kind.endswith("request"):
                requests.append(read_request(content))
            else:
                replies.append(read_reply(content, keys))
        except TallyError as error:
            raise TallyError(f"{file.name}: {error}") from error
    if len(requests) != 1:
        raise TallyError("Open one request, the last one that you sent, and the replies to it.")
    return requests[0], replies


def _bytes(file: st.runtime.uploaded_file_manager.UploadedFile) -> bytes:
    if file.size > _MOST_BYTES:
        raise TallyError(f"{file.name} is larger than such a file is.")
    return file.getvalue()


def _draw_model(result: AcrossSites, *, synthetic: bool, more: list[str] | None = None) -> None:
    title = across_title(result)
    sentences = [*across_reading(result), *(more or [])]
    shown = framed(forest_figure(forest_rows(result)), title, synthetic=synthetic)
    chart, words = st.columns([5, 3], gap="large")
    with chart:
        figure_with_downloads(
            shown,
            partial(result.summary.copy),
            key="rounds_forest",
            name=("cox", "sites"),
            alt=f"{title}. " + " ".join(sentences),
            of=OfSites(sums_named(result), synthetic),
        )
    with words:
        bullets([markdown_escaped(sentence) for sentence in sentences])
        table = result.sites.rename(
            columns={"site": "Site", "n": "Patients", "events": "Events"}
        )  # fmt: skip
        draw_table(table, key="rounds_sites_table")
    methods = across_methods(result)
    st.markdown(markdown_escaped(methods))
    download("Methods (TXT)", partial(str, methods), "cox_sites_methods.txt", "rounds_methods")
    told = counts_answer(
        "cox_over_sites", title, {"Figure": shown}, partial(result.summary.copy),
        n=int(result.sites["n"].sum()), sentences=sentences, methods=methods,
    )  # fmt: skip
    stem = file_stem(told.key, synthetic=synthetic)
    offer_slides(told, stem, OF_FILES, sums_named(result))


@st.cache_resource(show_spinner=False, max_entries=1)
def _example() -> tuple[AcrossSites, AcrossSites]:
    """The centres of the first demo cohort, asked by files as hospitals are: nobody's data."""
    cohort = demo_cohort(DEFAULT_COHORT)
    sites = centres_of(cohort, "centre")
    model = model_of(cohort, "os", ["age_years", "sex", "ASXL1"], per=_PER)
    records = {name: SiteRecord() for name in sites}

    def asked(request: Request) -> list[Reply]:
        replies = []
        for name, own in sites.items():
            reply, records[name] = reply_to(request, own, name, RoundsPolicy(), records[name])
            replies.append(read_reply(reply.to_text()))
        return replies

    names = list(sites)
    shot = one_shot_request(model, names, "Example", sites[names[0]])
    near = after_one_shot(shot, asked(shot), sites[names[0]], names[0])
    step: Request | AcrossSites = first_request(model, names, "Example")
    while isinstance(step, Request):
        step = after_replies(step, asked(step))
    return step, near
