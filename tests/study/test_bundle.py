"""A bundle reproduces on a machine with only Python, names nobody unasked, and is an RO-Crate."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rocrate.rocrate import ROCrate

from app.cohort.groupings import GroupingSpec
from app.study.analyses import answer_to
from app.study.bundle import BundleError, to_zip
from app.study.bundle.run import differing, same
from app.study.question import Question, Second
from app.study.story import Step, Story, answered, opened
from data_loaders import Cohort, load_cohort
from data_loaders.uploads import load_upload
from tests.study.every_view import genes, maf, patients


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    table = patients()
    variants = maf(table["patient_id"], genes())
    return load_upload(
        {
            "clinical.csv": table.to_csv(index=False).encode(),
            "variants.maf": variants.to_csv(sep="\t", index=False).encode(),
        }
    )


@pytest.fixture(scope="module")
def story(cohort: Cohort) -> Story:
    def asked(analysis: str, by: str | None, **settings: object) -> Question:
        grouping = None if by is None else GroupingSpec.parse(by)
        return Question(
            "upload:abc", cohort.fingerprint, analysis, grouping=grouping, settings=settings
        )

    return Story(
        "For review",
        (
            Step(asked("survival.curves", "variable:sex", endpoint_key="os"), "Survival"),
            Step(asked("genomics.oncoprint", None, kinds=["gene"], most=4), "What they carry"),
            Step(asked("survival.curves", None, endpoint_key="none"), "Not here"),
        ),
    )


@pytest.fixture(autouse=True)
def without_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.study.bundle._step.export_available", lambda: (False, "none"))


def unpacked(content: bytes, folder: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(folder)
    return folder


def run(folder: Path) -> subprocess.CompletedProcess[str]:
    """As a reviewer would: this Python, nothing of this project but what is in the folder."""
    clean = {name: held for name, held in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run(
        [sys.executable, "run.py"], cwd=folder, env=clean, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip


def test_with_the_data_it_gives_the_same_numbers(cohort: Cohort, story: Story, tmp_path: Path):
    content = to_zip(story, cohorts={"upload:abc": cohort}, with_data=True)
    folder = unpacked(content, tmp_path)
    done = run(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines() == [
        "01_survival-curves: the same numbers", "02_genomics-oncoprint: the same numbers",
    ]  # fmt: skip
    first = folder / "steps" / "01_survival-curves"
    assert Question.from_dict(json.loads((first / "question.json").read_text())) == (
        story.steps[0].question
    )
    printed = (first / "printed.txt").read_text()
    assert "Note: the data are not" not in printed
    expected = json.loads((first / "expected.json").read_text())
    assert differing(expected, printed) == []
    assert differing(expected, printed.replace("female", "others")) != []
    assert not same("p 0.0125", "p 0.0126")
    assert same("p 0.01250000001 a", "p  0.0125  a")
    why = (folder / "steps" / "03_survival-curves" / "not_answered.txt").read_text()
    assert "has no endpoint" in why
    crate = ROCrate(folder)
    names = {entity.id for entity in crate.data_entities}
    assert {"steps/01_survival-curves/script.py", "data/cohort_1/patients.parquet"} <= names
    assert len(names) > 20


def test_without_the_data_it_names_nobody_and_says_what_it_needs(cohort: Cohort, story: Story):
    content = to_zip(story, cohorts={"upload:abc": cohort}, further={"ledger.csv": "question,p\n"})
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        held = {name: archive.read(name) for name in names if not name.startswith("source/")}
    assert not [name for name, inner in held.items() if b"MRN-" in inner]
    assert not [name for name in names if name.startswith("data/") or "Cells" in name]
    assert b"clinical.csv, variants.maf" in held["README.md"]
    assert held["ledger.csv"] == b"question,p\n"
    assert "environment/requirements.lock" in names
    assert "source/app/study/bundle/run.py" in names
    assert not [name for name in names if "__pycache__" in name or "tests/" in name]
    figures = [name for name in held if "/figures/" in name]
    assert figures == [
        "steps/01_survival-curves/figures/Figure.json",
        "steps/01_survival-curves/figures/Figure.html",
    ]


def test_an_answer_knows_its_question(cohort: Cohort, story: Story):
    cohorts = {"upload:abc": cohort}
    answer = answer_to(story.steps[0].question, cohort)
    with zipfile.ZipFile(io.BytesIO(to_zip(answer, cohorts=cohorts))) as archive:
        assert "steps/01_survival-curves/script.py" in archive.namelist()
    with pytest.raises(BundleError, match="nothing to put"):
        to_zip(Story())
    alone = Question("upload:abc", cohort.fingerprint, "patient.swimmer")
    with pytest.raises(BundleError, match="single patient"):
        to_zip(alone, cohorts=cohorts)


def test_a_step_of_two_cohorts_brings_the_second_one_and_the_groups_saved_of_both(
    cohort: Cohort, tmp_path: Path
) -> None:
    first = load_cohort("demo:mds")
    second, spec = Second.of("upload:abc", cohort), GroupingSpec.parse("alteration:TP53")
    settings = {"other": second.to_dict(), "where": "{}", "by": str(spec), "endpoint_key": "os"}
    question = Question(
        "demo:mds", first.fingerprint, "compare.cohorts", grouping=spec, settings=settings
    )
    # The same name, other patients: what each of the cohorts has saved under it.
    by_sex = GroupingSpec.parse("saved:Mine")
    ours, theirs = ({"Mine": spec.build(held, np.ones(held.n, bool))} for held in (first, cohort))
    settings |= {"other": Second.of("upload:abc", cohort, theirs).to_dict(), "by": str(by_sex)}
    named = replace(question, grouping=by_sex, saved=ours, settings=settings)
    story = Story("Two", (Step(question), Step(named)))
    cohorts = {"demo:mds": first, "upload:abc": cohort}
    told = [one.answer for one in answered(story, cohorts)]
    assert None not in told
    assert told[0].tables()["Clinical"].equals(told[1].tables()["Clinical"])  # type: ignore[union-attr]
    # A file of the story does not say who is in the groups of an upload, and then says so.
    read = Story.from_json(story.to_json())
    assert read.steps[1].question.second == Second.of("upload:abc", cohort)
    assert [one.state for one in opened(read, cohorts)] == ["fine", "broken"]
    without = unpacked(to_zip(story, cohorts=cohorts), tmp_path / "without")
    for file in without.glob("steps/**/*"):
        assert file.is_dir() or b"MRN-" not in file.read_bytes()
    assert "clinical.csv" in (without / "README.md").read_text(encoding="utf-8")
    folder = unpacked(to_zip(story, cohorts=cohorts, with_data=True), tmp_path / "whole")
    done = run(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    for file in folder.glob("steps/*/printed.txt"):
        printed = file.read_text(encoding="utf-8")
        assert "Note: the data are not those" not in printed
        assert "Clinical" in printed
