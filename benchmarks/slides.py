"""Slides of every kind of figure: how long twelve steps take, from answers at hand to the file.

Run as ``python -m benchmarks.slides [FILE.pptx]``; with a file, the slides are written there, to be
looked at in PowerPoint or LibreOffice.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from app.cohort.filters import Filter
from app.cohort.groupings import GroupingSpec
from app.study.analyses import answer_to
from app.study.answer import Answer
from app.study.question import Question
from app.study.slides import to_pptx
from app.study.story import Step, Story
from app.views.transplant.defaults import suggest
from data_loaders import Cohort, load_cohort

_KEY = "demo:mds"
_LIMIT_SECONDS = 5.0
_OS = {"endpoint_key": "os"}
_SEARCH = {"evidence": False, "quality": "preview"}


def twelve(cohort: Cohort) -> Story:
    """One step of each kind: curves, incidence, forest, volcano, map, oncoprint, ..."""
    suggestion = suggest(cohort, Filter())
    assert suggestion is not None, "the demo records transplants"  # noqa: S101
    trial = suggestion.trial.to_json()
    asked: list[tuple[str, str, dict[str, Any], dict[str, Any], str]] = [
        ("survival.curves", "variable:ipssm", _OS, {}, ""),
        ("survival.incidence", "alteration:TP53", {"endpoint_key": "aml"}, {}, ""),
        (
            "survival.cox", "",
            {**_OS, "covariates": ("variable:age_years", "alteration:TP53", "alteration:SF3B1")},
            {}, "",
        ),
        ("survival.screen", "", _OS, {}, ""),
        ("subgroups.search", "", _SEARCH, {}, ""),
        ("subgroups.search", "", _SEARCH, {"against": "ipssm"}, "Classes"),
        ("genomics.oncoprint", "", {"kinds": ("gene",), "most": 15}, {}, ""),
        ("cohort.table_one", "alteration:TP53", {}, {}, ""),
        ("genomics.frequencies", "", {"kinds": ("gene",)}, {}, ""),
        ("transplant.emulated", "", {"trial": trial}, {}, ""),
        ("transplant.views", "", {"trial": trial, "view": "states"}, {}, ""),
        ("prognosis.single", "", {"scale": "score:ipss_m", **_OS}, {}, ""),
    ]  # fmt: skip
    return Story(
        "Twelve steps",
        tuple(
            Step(
                Question(
                    _KEY, cohort.fingerprint, analysis, settings=settings, shown=shown,
                    grouping=GroupingSpec.parse(by) if by else None,
                ),
                figure=figure,
            )
            for analysis, by, settings, shown, figure in asked
        ),
    )  # fmt: skip


def main() -> int:
    """Measure, say, and write the file where one is named; 1 where the limit is missed."""
    cohort = load_cohort(_KEY)
    story = twelve(cohort)
    found: dict[Question, Answer] = {}
    for step in story.steps:
        started = time.perf_counter()
        if step.question not in found:
            found[step.question] = answer_to(step.question, cohort)
        print(f"{time.perf_counter() - started:6.2f} s  {step.question.analysis} answered")
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        content = to_pptx(story, cohorts={_KEY: cohort}, answer=lambda question, _: found[question])
        seconds.append(time.perf_counter() - started)
    print(f"twelve slides from the answers: {', '.join(f'{s:.2f}' for s in seconds)} s")
    for name in sys.argv[1:]:
        Path(name).write_bytes(content)
    return int(min(seconds) > _LIMIT_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
