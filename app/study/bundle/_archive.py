"""The archive: steps, source, environment, log, and a description that repositories read."""

from __future__ import annotations

import io
import platform
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from importlib.metadata import distributions
from pathlib import Path

import pandas as pd
from plotly.offline import get_plotlyjs

from app.cohort.groupings import saved_to_json
from app.study.answer import Answer
from app.study.bundle._crate import crate
from app.study.bundle._step import PLOTLY, step_files
from app.study.files.software import product, software
from app.study.files.tables import file_stem
from app.study.methods import source_sentence
from app.study.question import Question
from app.study.scripts.lists import named_filters_literal, plain_literal
from app.study.scripts.loading import loading_lines
from app.study.scripts.parts import GROUPS_FILE, GROUPS_OF_OTHER_FILE, SELECTED
from app.study.story import Answered, Step, Story, StoryError, answered
from data_loaders import Cohort, load_cohort
from data_loaders.cohort_folder import write_cohort
from data_loaders.loading import is_everybodys

_ROOT = Path(__file__).parents[3]
_SOURCE = ("app", "data_loaders")
_ENVIRONMENT = ("requirements.lock", "requirements.txt", "LICENSE")


class BundleError(ValueError):
    """A bundle that cannot be made; the message is one sentence for the user."""


def to_zip(
    shown: Story | Answer | Question,
    *,
    cohorts: Mapping[str, Cohort] | None = None,
    answer: Callable[[Question, Cohort], Answer] | None = None,
    with_data: bool = False,
    further: Mapping[str, bytes | str] | None = None,
) -> bytes:
    """One archive that reproduces an answer or a story on a machine with only Python.

    Each step has its figures, tables, methods, question and a script; ``run.py`` runs all scripts
    with the source in the archive and compares what they print. Without the data it says which
    files to put into ``data/``; simulated cohorts are made by the source itself.

    Parameters
    ----------
    shown
        A story, or a question, or an answer that knows its question.
    cohorts
        Those of the questions, by key; None for the cohorts that everybody has.
    answer
        Answers a question; a session gives what it remembers.
    with_data
        Whether the cohorts, rows of patients with their identifiers, are put into it.
    further
        Files beside, by name: the session's ledger.

    Raises
    ------
    BundleError
        If there is nothing to reproduce.
    """
    try:
        story = _story(shown)
    except StoryError as error:
        raise BundleError(str(error)) from error
    if not story.steps:
        raise BundleError("There is nothing to put into a bundle yet.")
    told = answered(story, cohorts, answer)
    with tempfile.TemporaryDirectory(prefix="calr-bundle-") as holder:
        files = dict(_files(story, told, Path(holder), with_data=with_data))
    files |= further or {}
    files["ro-crate-metadata.json"] = crate(story.title, told, files)
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return held.getvalue()


def _story(shown: Story | Answer | Question) -> Story:
    if isinstance(shown, Story):
        return shown
    question = shown.question if isinstance(shown, Answer) else shown
    if question is None:
        raise BundleError("This answer does not know its question: give the question itself.")
    title = shown.title if isinstance(shown, Answer) else question.analysis
    return Story(title, (Step(question),))


def _files(
    story: Story, told: tuple[Answered, ...], holder: Path, *, with_data: bool
) -> Iterator[tuple[str, bytes | str]]:
    yield "README.md", _readme(story, told, with_data=with_data)
    yield "run.py", (Path(__file__).parent / "run.py").read_text(encoding="utf-8")
    yield PLOTLY, get_plotlyjs()
    yield "log.csv", _log(told)
    bundled = _bundled(told, holder) if with_data else {}
    for number, one in enumerate(told, start=1):
        folder = f"steps/{number:02}_{file_stem(one.step.question.analysis)}"
        source = None if one.selection is None else one.selection.source
        cohort = None if source is None else bundled.get(source.fingerprint, source)
        other = None if one.other is None else bundled.get(one.other.fingerprint, one.other)
        for name, content in step_files(one, cohort, other):
            yield f"{folder}/{name}", content
        question = one.step.question
        keys = (question.cohort, *([] if question.second is None else [question.second.key]))
        if with_data or all(map(is_everybodys, keys)):
            for name, content in _beside(one):
                yield f"{folder}/beside/{name}", content
    for path in sorted(holder.rglob("*")):
        if path.is_file():
            yield f"data/{path.relative_to(holder).as_posix()}", path.read_bytes()
    yield from _source()
    held = {one.metadata["Name"]: one.version for one in distributions()}
    packages = [f"{name}=={held[name]}" for name in sorted(held, key=str.lower)]
    versions = [product(), software(), platform.platform(), "", *packages]
    yield "environment/versions.txt", "\n".join(versions) + "\n"


def _bundled(told: tuple[Answered, ...], holder: Path) -> dict[str, Cohort]:
    """The cohorts that nobody else has, written below a folder and read back, by fingerprint."""
    found = dict[str, Cohort]()
    for one in told:
        question = one.standing.question
        if one.selection is None or question is None:
            continue
        second = question.second
        keys = (question.cohort, *(() if second is None else (second.key,)))
        for key, source in zip(keys, one.cohorts, strict=True):
            if not is_everybodys(key) and source.fingerprint not in found:
                folder = write_cohort(source, holder / f"cohort_{len(found) + 1}")
                found[source.fingerprint] = load_cohort(folder)
    return found


def _beside(told: Answered) -> Iterator[tuple[str, bytes | str]]:
    """The groups and lists of patients that a step's script asks for."""
    question = told.standing.question
    if told.selection is None or question is None:
        return
    if question.saved:
        yield GROUPS_FILE, saved_to_json(told.selection.source, question.saved)
    if told.other is not None and question.second is not None and question.second.saved:
        yield GROUPS_OF_OTHER_FILE, saved_to_json(told.other, question.second.groups)
    grouping = question.grouping
    lists = plain_literal(question.filter.to_dict(), SELECTED)[1]
    if grouping is not None and grouping.filters:
        lists += named_filters_literal(grouping.filters)[1]
    for held in lists:
        yield held.name, "\n".join(held.ids)


def _source() -> Iterator[tuple[str, bytes]]:
    """The source that the scripts run with, and what it runs on."""
    for folder in _SOURCE:
        for path in sorted((_ROOT / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield f"source/{path.relative_to(_ROOT).as_posix()}", path.read_bytes()
    # Installed, they stand in the package: what lies beside it is anybody's.
    installed = _ROOT / "app" / "environment"
    beside = installed if installed.is_dir() else _ROOT
    for name in _ENVIRONMENT:
        if (beside / name).is_file():
            yield f"environment/{name}", (beside / name).read_bytes()


def _log(told: tuple[Answered, ...]) -> str:
    """What was made, of how many patients of which cohort."""
    rows = [
        {
            "step": number,
            "analysis": one.step.question.analysis,
            "cohort": one.step.question.cohort,
            "fingerprint": one.step.question.fingerprint
            if one.selection is None
            else one.selection.source.fingerprint,
            "selected": None if one.answer is None else one.answer.accounting.selected,
            "analysed": None if one.answer is None else one.answer.accounting.analysed,
            "note": one.said,
            "made_utc": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "made_with": product(),
        }
        for number, one in enumerate(told, start=1)
    ]
    text: str = pd.DataFrame(rows).to_csv(index=False)
    return text


def _readme(story: Story, told: tuple[Answered, ...], *, with_data: bool) -> str:
    sources = dict.fromkeys(
        source_sentence(one.selection) for one in told if one.selection is not None
    )
    beside = dict.fromkeys(
        name for one in told for cohort in one.cohorts for name in loading_lines(cohort).beside
    )
    if with_data:
        data = "The data are in `data/`: rows of patients with their identifiers. Keep it so."
    elif beside:
        data = (
            "The data are not in this bundle. Put what the cohorts were loaded from into `data/`: "
            f"{', '.join(beside)}. Lists and groups of patients that a script needs are named at "
            "its head."
        )
    else:
        data = "No data are needed: the source makes the simulated cohorts, or fetches public ones."
    captions = [
        f"{number}. {one.step.caption or one.step.question.analysis}"
        for number, one in enumerate(told, start=1)
    ]
    return f"""# {story.title}

{chr(10).join(sources)}

Made with {product()}, on {software()}. For research; results generate hypotheses and are not
medical advice.

## Steps

{chr(10).join(captions)}

Each folder in `steps/` has the question, its answer in words, methods, figures, tables, and the
script that makes them.

## Reproduce

{data}

```sh
python -m venv venv
venv/bin/pip install -r environment/requirements.lock
venv/bin/python run.py
```

`run.py` runs each script with the source in this archive and says whether its tables are those of
the bundle; what a script printed stands beside it in `printed.txt`.
"""
