"""A story of each demo cohort; the first is the tour of the product."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlencode

from app.cohort.filters import Filter
from app.cohort.groupings import GroupingSpec
from app.cohort.scores import SCORES
from app.study.question import Question
from app.study.story._story import Step, Story
from data_loaders import Cohort, load_cohort

_MPN, _AML, _MDS = "demo:mpn", "demo:aml", "demo:mds"
_CLL, _DLBCL, _CML = "demo:cll", "demo:dlbcl", "demo:cml"
_OS = {"endpoint_key": "os"}
_YEARS = {"until": 180.0}
_GENES = {"kinds": ("gene",)}
_SEARCH = {"evidence": False, "seed": 0}
_TRANSPLANT = {
    **_OS,
    "exposure": "column:transplant_months",
    "landmarks": (3.0, 6.0, 12.0),
    "drawn": 6.0,
}
# The one that the Transplant page opens on.
_TRIAL = {
    "classes": "variable:eln_2022",
    "confounders": [
        "variable:age_years", "variable:sex", "alteration:TP53", "alteration:NPM1",
        "alteration:FLT3_ITD",
    ],
    "eligibility": {"all": [{"between": [None, 65.0], "column": "age_years"}]},
    "endpoint": "os",
    "grace_months": 6.0,
    "horizon_months": 96.0,
    "progression": "endpoint:relapse",
    "strategies": [
        {"kind": "within", "months": 6.0}, {"kind": "delayed", "months": 6.0}, {"kind": "never"},
    ],
    "time_zero": "column:cr_months",
    "treatment": "column:transplant_months",
}  # fmt: skip
_AT_A_GLANCE, _OUTCOME, _SUBGROUPS = "At a glance", "Outcome", "Subgroups"
_TREATMENT, _TRUST = "Treatment", "What to distrust"


def demo_story(key: str, load: Callable[[str], Cohort] = load_cohort) -> Story:
    """The story of a demo cohort, such as ``demo:mpn``, whose story is the tour.

    Parameters
    ----------
    load
        Gives a demo cohort by its key: a session that holds it need not make it again.
    """
    title, steps = _STORIES[key]
    return Story(title, tuple(make(load) for make in steps))


def _step(
    load: Callable[[str], Cohort],
    *,
    cohort: str,
    analysis: str,
    caption: str,
    note: str,
    section: str,
    settings: Mapping[str, Any],
    shown: Mapping[str, Any] | None = None,
    chosen: tuple[str, str] | None = None,
    by: str | None = None,
    figure: str = "",
    page: str = "",
    **view: str,
) -> Step:
    """A step; ``chosen`` is the diagnosis selected: its column and level."""
    held = Filter()
    link = {"cohort": cohort}
    if chosen is not None:
        column, level = chosen
        held = Filter.from_dict({"column": column, "in": [level]})
        link["dx"] = level
    if by is not None:
        view["group"] = by
    question = Question(
        cohort, load(cohort).fingerprint, analysis, held,
        None if by is None else GroupingSpec.parse(by), settings=settings,
        shown=shown or {},
    )  # fmt: skip
    page = page or analysis.partition(".")[0]
    address = f"{page}?{urlencode(link | view)}"
    return Step(question, caption, note, section, figure, address, view)


_MF = ("diagnosis", "MF")
_mpn, _aml, _mds = (partial(partial, _step, cohort=key) for key in (_MPN, _AML, _MDS))


def _scores(cohort: str, first: str, second: str) -> Callable[..., Step]:
    """One score against another, of a page of its own."""
    names = SCORES[first].label, SCORES[second].label
    return partial(
        _step, cohort=cohort, analysis="prognosis.pair",
        caption=f"From {names[0]} to {names[1]}: who changes class, and which of the two orders "
        "survival better",
        note="In the same patients. What is missing never counts as zero: who has no certain class "
        "is left out, and counted.",
        section=_OUTCOME,
        settings={**_OS, "first": f"score:{first}", "second": f"score:{second}"},
        first_scale=names[0], second_scale=names[1], endpoint="os",
        view="Score against score",
    )  # fmt: skip


# Steps that several stories have.


def _carried(cohort: str, whose: str) -> Callable[..., Step]:
    return partial(
        _step, cohort=cohort, analysis="genomics.frequencies",
        caption=f"What {whose} carry", note="Every share is of the patients tested.",
        section=_AT_A_GLANCE, settings=_GENES, genomics="Frequencies",
    )  # fmt: skip


def _by_class(cohort: str, caption: str, by: str, what: str = "class") -> Callable[..., Step]:
    return partial(
        _step, cohort=cohort, analysis="survival.curves", caption=caption,
        note=f"Press G to bring in one {what} after the other.", section=_OUTCOME,
        by=by, settings=_OS, endpoint="os", view="Survival curves",
    )  # fmt: skip


def _competing(
    cohort: str,
    caption: str,
    by: str,
    endpoint: str,
    note: str = "Not one minus Kaplan-Meier, which would say more.",
) -> Callable[..., Step]:
    return partial(
        _step, cohort=cohort, analysis="survival.incidence", caption=caption, note=note,
        section=_OUTCOME, by=by, settings={"endpoint_key": endpoint}, endpoint=endpoint,
        page="survival", view="Competing risks",
    )  # fmt: skip


def _screened(cohort: str) -> Callable[..., Step]:
    return partial(
        _step, cohort=cohort, analysis="survival.screen",
        caption="Each alteration and survival, adjusted for age",
        note="All that were tested count in q.", section=_OUTCOME,
        settings={**_OS, "adjust": ("age_years",)}, endpoint="os", view="Screen",
    )  # fmt: skip


def _what_else(cohort: str, gene: str) -> Callable[..., Step]:
    return partial(
        _step, cohort=cohort, analysis="compare.groups",
        caption=f"What else patients with {gene} carry",
        note="Odds ratios; q over all alterations compared.", section=_SUBGROUPS,
        by=f"alteration:{gene}", settings={}, figure="Alterations",
    )  # fmt: skip


def _waited(note: str) -> Callable[..., Step]:
    return partial(
        _step, cohort=_MDS, analysis="survival.during",
        caption="Transplant looks protective until time is counted right", note=note,
        section=_TREATMENT, settings=_TRANSPLANT, page="survival", endpoint="os",
        view="Events during follow-up",
    )  # fmt: skip


def _every_horizon(cohort: str, gene: str) -> Callable[..., Step]:
    return partial(
        _step, cohort=cohort, analysis="survival.means",
        caption="What to distrust: a difference looked for at every horizon",
        note="Each interval holds for one horizon, chosen beforehand.", section=_TRUST,
        by=f"alteration:{gene}", settings=_OS, endpoint="os", view="Restricted mean over time",
    )  # fmt: skip


def _in_seven(  # noqa: PLR0917 - what is known of a cohort
    cohort: str,
    disease: str,
    risk: str,
    by_risk: str,
    competing: str,
    of_it: str,
    gene: str,
    *,
    scored: Callable[..., Step],
) -> tuple[Callable[..., Step], ...]:
    """The story of a cohort with a risk class, an endpoint with a competing one, and a gene."""
    return (
        _carried(cohort, f"these patients with {disease}"),
        _by_class(cohort, by_risk, risk, "group"),
        scored,
        _competing(cohort, of_it, risk, competing),
        _screened(cohort),
        _what_else(cohort, gene),
        _every_horizon(cohort, gene),
    )


_STORIES: Mapping[str, tuple[str, tuple[Callable[..., Step], ...]]] = {
    _MPN: (
        "A tour of CALR Explorer",
        (
            _mpn(
                analysis="genomics.frequencies",
                caption="JAK2 leads, CALR follows, and ASXL1 belongs to myelofibrosis",
                note="Every share is of the patients tested; a star marks q below 0.05.",
                section=_AT_A_GLANCE,
                by="variable:diagnosis", settings=_GENES, genomics="Frequencies",
            ),
            _mpn(
                analysis="genomics.oncoprint",
                caption="A filter leaves those with myelofibrosis: nearly all carry something",
                note="The filter stands in the sidebar of every page, and in every link.",
                section=_AT_A_GLANCE,
                chosen=_MF, settings={**_GENES, "most": 15}, genomics="Oncoprint",
            ),
            _mpn(
                analysis="survival.curves",
                caption="In myelofibrosis, patients with CALR live longest",
                note="Press G to bring in one driver after the other.",
                section=_OUTCOME,
                chosen=_MF, by="variable:driver", settings=_OS, shown=_YEARS, endpoint="os",
                view="Survival curves",
            ),
            _mpn(
                analysis="subgroups.search",
                caption="A map of all patients by what they carry, and the subgroups found in it",
                note="Each point is a patient; neighbours carry alike. The groups were searched "
                "for, so they are to be confirmed in other patients.",
                section=_SUBGROUPS,
                settings=_SEARCH,
            ),
            _mpn(
                analysis="subgroups.search",
                caption="The largest subgroups do not survive alike",
                note="The curves are those beside the map.",
                section=_SUBGROUPS,
                settings={**_SEARCH, **_OS}, figure="Survival", endpoint="os",
            ),
            _waited(
                "The simulated MDS cohort, as this one records no transplant. Who was transplanted "
                "had to live until then: the naive ratio credits that to transplant. The "
                "Transplant page emulates the trial."
            ),
            _mpn(
                analysis="survival.curves",
                caption="What to distrust: one hazard ratio for curves whose hazards are not "
                "proportional",
                note="The page says so by itself, and offers what does not need it: differences at "
                "chosen times and the restricted mean.",
                section=_TRUST,
                by="variable:diagnosis", settings=_OS, shown=_YEARS, endpoint="os",
                view="Survival curves",
            ),
        ),
    ),
    _AML: (
        "Acute myeloid leukaemia, simulated",
        (
            _carried(_AML, "1,500 patients with acute myeloid leukaemia"),
            _aml(
                analysis="genomics.pairs",
                caption="Which alterations go together, and which avoid each other",
                note="Fisher's exact test of every pair, Benjamini-Hochberg.",
                section=_AT_A_GLANCE,
                settings={**_GENES, "most": 15}, genomics="Together or apart",
            ),
            _by_class(
                _AML, "The ELN 2022 risk classes separate survival", "variable:eln_2022"
            ),
            _scores(_AML, "eln_2017", "eln_2022"),
            _competing(
                _AML, "Relapse after remission, with death in remission as what competes",
                "variable:eln_2022", "relapse",
            ),
            _screened(_AML),
            _aml(
                analysis="transplant.emulated",
                caption="A trial of transplant in first remission, emulated: early, late or never",
                note="Every patient in every strategy, censored when departing from it, weighted "
                "for what decides on a transplant. What is not recorded is not weighted for.",
                section=_TREATMENT,
                settings={"trial": json.dumps(_TRIAL, sort_keys=True)},
                page="transplant", view="Four answers",
            ),
            _every_horizon(_AML, "TP53"),
        ),
    ),
    _MDS: (
        "Myelodysplastic syndromes, simulated",
        (
            _carried(_MDS, "1,500 patients with myelodysplastic syndromes"),
            _by_class(
                _MDS, "IPSS-M orders survival from very low to very high risk", "variable:ipssm"
            ),
            _scores(_MDS, "ipss_r", "ipss_m"),
            _competing(
                _MDS, "Progression to acute leukaemia by TP53, death without it competing",
                "alteration:TP53", "aml", "Death without leukaemia ends the chance of it.",
            ),
            _mds(
                analysis="survival.cox",
                caption="Age, TP53, SF3B1 and ASXL1 side by side in one model",
                note="Each ratio holds the others fixed.",
                section=_OUTCOME,
                settings={
                    **_OS,
                    "covariates": (
                        "variable:age_years", "alteration:TP53", "alteration:SF3B1",
                        "alteration:ASXL1",
                    ),
                },
                endpoint="os", view="Cox model",
            ),
            _what_else(_MDS, "SF3B1"),
            _waited("The Transplant page emulates the trial."),
            _every_horizon(_MDS, "TP53"),
        ),
    ),
    _CLL: (
        "Chronic lymphocytic leukaemia, simulated",
        _in_seven(
            _CLL, "chronic lymphocytic leukaemia", "variable:ighv_status",
            "Survival by the mutation of IGHV", "ttt",
            "First treatment, with death before it as what competes", "TP53",
            scored=partial(
                _step, cohort=_CLL, analysis="prognosis.single",
                caption="The CLL-IPI beside the survival that was published of its classes",
                note="A diamond is the published survival of the class of its colour.",
                section=_OUTCOME, settings={**_OS, "scale": "score:cll_ipi"},
                scale_of_one=SCORES["cll_ipi"].label, endpoint="os", view="One score",
            ),
        ),
    ),
    _DLBCL: (
        "Diffuse large B-cell lymphoma, simulated",
        _in_seven(
            _DLBCL, "diffuse large B-cell lymphoma", "variable:ipi",
            "Survival by the International Prognostic Index", "ttp",
            "Progression, with death before it as what competes", "TP53",
            scored=_scores(_DLBCL, "ipi", "nccn_ipi"),
        ),
    ),
    _CML: (
        "Chronic myeloid leukaemia, simulated",
        _in_seven(
            _CML, "chronic myeloid leukaemia", "variable:elts",
            "Survival by the ELTS score", "mmr",
            "A major molecular response, with what ends the chance of it competing", "ASXL1",
            scored=_scores(_CML, "sokal", "elts"),
        ),
    ),
}  # fmt: skip
