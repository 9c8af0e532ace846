"""Asking the worker for subgroups: settings, jobs, progress, stop and start again."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal, cast

import streamlit as st

from app.analysis.subgroups import SubgroupResult, SubgroupSettings
from app.shell.controls.choice import choice, number, pick
from app.shell.session import Looking
from app.shell.work.background import ask_worker, draw_interruption, draw_progress, interrupted
from app.shell.work.jobs import BACKGROUND, Job
from app.study.wording import count
from app.views.subgroups.analysis import KINDS, SubgroupMap, place_result, search_input, with_names
from app.views.subgroups.figures import MAP_HEIGHT

_QUALITIES = ("preview", "standard", "fine", "plain")
_FEATURES = {
    "genes and cytogenetics": tuple(KINDS),
    "genes": ("genes",),
    "cytogenetics": ("cytogenetics",),
}
_QUALITY_HELP = (
    "Standard: five maps joined by consensus. Preview: as many of them as a second holds, all of a "
    "small table. Fine: fifteen. "
    "Plain: one UMAP and one HDBSCAN run as they are, for comparison; its groups depend on the "
    "order of the patients."
)
_MANY_PATIENTS = 5_000
_FINISHED_HEIGHT = 68
_STOPPED_SENTENCE = "You stopped the search."
# What comes later finds its place free, so that nothing jumps when it arrives.
_PLACES = """<style>
.st-key-verdict {min-height: 10.5rem;}
@media (max-width: 640px) {.st-key-verdict {min-height: 17rem;}}
</style>"""


@dataclass(frozen=True)
class SearchRequest:
    """What is asked for: cohort, filter, features and settings."""

    looking: Looking
    kinds: tuple[str, ...]
    settings: SubgroupSettings

    @property
    def group(self) -> str:
        """The same text for everyone who asks the same."""
        cohort, chosen = self.looking.cohort.fingerprint, self.looking.filter.to_json()
        parts = [cohort, chosen, sorted(self.kinds), self.settings.to_dict()]
        return json.dumps(parts, sort_keys=True)

    @property
    def resamples(self) -> int:
        """In how many subsamples the groups are searched for again."""
        return 12 if self.looking.selection.n <= _MANY_PATIENTS else 6

    def key(self, task: str, settings: SubgroupSettings) -> str:
        """Key of one of its jobs; the preview of every quality is the same job."""
        asked = replace(self, settings=settings)
        return f"{task} {asked.group}"


@dataclass(frozen=True)
class Search:
    """The jobs behind a map: a quick one to look at, the full one, and what is asked of it."""

    request: SearchRequest
    preview: Job
    full: Job
    evidence: Job | None
    stability: Job | None

    @property
    def jobs(self) -> list[Job]:
        """Its jobs, in the order they run."""
        every = (self.preview, self.full, self.evidence, self.stability)
        return [job for job in every if job is not None]

    @property
    def best(self) -> Job | None:
        """The better of the two results that is there."""
        return next((job for job in (self.full, self.preview) if job.state == "done"), None)

    @property
    def result(self) -> SubgroupResult | None:
        """The best result so far, with the evidence once that is there."""
        if self.best is None:
            return None
        found = cast("SubgroupResult", self.best.result)
        if self.evidence is not None and self.evidence.state == "done":
            return replace(found, evidence=self.evidence.result)
        return found

    @property
    def finished(self) -> bool:
        """Whether nothing more will come."""
        return all(job.finished for job in self.jobs)

    @property
    def interrupted(self) -> Job | None:
        """The first job that was stopped or broke."""
        return interrupted(self.jobs)

    @property
    def judged(self) -> bool:
        """Whether this quality comes with a verdict and stability."""
        return self.request.settings.quality in ("standard", "fine")


def draw_search_settings() -> tuple[tuple[str, ...], SubgroupSettings]:
    """The settings of the search, folded away; the defaults suit most cohorts."""
    with st.popover("Settings", icon=":material/tune:", width="stretch", key="search_settings"):
        quality = choice("Quality", _QUALITIES, "quality", default="standard", help=_QUALITY_HELP)
        used = pick("Alterations to use", _FEATURES, "features")
        least = number(
            "Leave out alterations rarer than, %",
            "rarer",
            max_value=50.0,
            step=0.5,
            placeholder="0.5% and 5 patients",
        )
        seed = number(
            "Seed",
            "seed",
            value=0,
            least=0,
            max_value=9999,
            help="The same seed gives the same groups; another one shows what hangs on chance.",
        )
    settings = SubgroupSettings(
        quality=cast("Literal['standard']", quality),
        seed=int(seed or 0),
        min_frequency=None if least is None else float(least) / 100,
        evidence=False,
    )
    return _FEATURES[used], settings


def start_search(request: SearchRequest) -> Search:
    """Ask the worker for what is not there yet; at once for the map, later for its tests."""
    settings = request.settings
    quick = replace(settings, quality="preview")
    preview = _job(request, "subgroups", quick, rank=0)
    full = preview if settings == quick else _job(request, "subgroups", settings, rank=1)
    evidence = stability = None
    if full.state == "done" and settings.quality in ("standard", "fine"):
        evidence = _job(request, "evidence", settings, rank=BACKGROUND, result=full.result)
        stability = _job(
            request,
            "stability",
            settings,
            rank=BACKGROUND + 1,
            result=full.result,
            n_resamples=request.resamples,
        )
    return Search(request, preview, full, evidence, stability)


@st.cache_resource(max_entries=16, show_spinner=False)
def _placed(
    key: str,  # noqa: ARG001  (what the cache goes by)
    names: str,
    _looking: Looking,
    _result: SubgroupResult,
) -> SubgroupMap:
    """The map of a result under the user's names; the keys say what it was made from."""
    named = with_names(_result, json.loads(names))
    return place_result(_looking.cohort, _looking.selection.mask, named)


def placed_map(search: Search, names: dict[str, str]) -> SubgroupMap | None:
    """The best result so far on the map, with the evidence once that is there."""
    best, result = search.best, search.result
    if best is None or result is None:
        return None
    fitting = {old: new for old, new in names.items() if old in result.groups}
    text = json.dumps(fitting, sort_keys=True)
    found = _placed(best.key, text, search.request.looking, best.result)
    evidence = result.evidence
    return (
        found
        if evidence is None
        else replace(found, result=replace(found.result, evidence=evidence))
    )


def reserve_places() -> None:
    """Keep room for what is computed in the background."""
    st.html(_PLACES)


def draw_waiting(search: Search) -> None:
    """What stands in the map's place: its outline, or why there will be none."""
    if search.full.state == "refused":
        st.info(search.full.message)
    elif not search.finished:
        left, right = st.columns([6, 5], gap="large")
        left.skeleton(MAP_HEIGHT)
        right.skeleton(MAP_HEIGHT)


def draw_search_status(search: Search) -> None:
    """One line, in a place of fixed height: what is under way, or what was found."""
    with st.container(height=_FINISHED_HEIGHT, border=False, key="search_status"):
        if search.interrupted is not None:
            shown = "" if search.best is None else " What is there already is shown."
            draw_interruption(
                search.request.group,
                search.jobs,
                search.interrupted,
                shown=shown,
                again_key="start_again",
            )
        elif search.finished:
            _draw_summary(search)
        else:
            draw_progress(
                search.request.group,
                search.jobs,
                partial(_in_words, search),
                stop_key="stop_search",
            )


def _job(
    request: SearchRequest, task: str, settings: SubgroupSettings, *, rank: int, **more: Any
) -> Job:
    """The job of a task: already there, or asked for now unless the user stopped the search."""

    def payload() -> dict[str, Any]:
        looking = request.looking
        alterations = search_input(looking.cohort, looking.selection.mask, request.kinds)
        return {"alterations": alterations, "settings": settings, **more}

    return ask_worker(
        request.key(task, settings),
        task,
        payload,
        group=request.group,
        rank=rank,
        stopped=_STOPPED_SENTENCE,
    )


def _in_words(search: Search, job: Job) -> str:
    stage = job.stage[:1].lower() + job.stage[1:]
    if job is search.evidence:
        return f"The map is ready. Testing it against shuffled data: {stage}"
    if job is search.stability:
        return f"The map is ready. How stable is each subgroup? {job.stage}"
    if search.best is not None:
        return f"This is a preview. Refining the subgroups: {stage}"
    return f"Finding subgroups: {stage}"


def _draw_summary(search: Search) -> None:
    result = search.result
    if result is None:
        return
    quality = search.request.settings.quality
    st.markdown(
        f"**{count(len(result.groups), 'subgroup')}** · {len(result.features)} alterations used · "
        f"{quality} quality, seed {result.settings.seed}"
    )
