"""Damaged studies, archives and answers: a cohort or a sentence, never anything else."""

from __future__ import annotations

import io
import random
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_loaders import Cohort, CohortError
from data_loaders.cbioportal import api, load_study
from data_loaders.cbioportal.client import Address, Client
from data_loaders.uploads import load_upload
from tests.data_loaders.cbioportal_server import STUDY, Portal, running
from tests.data_loaders.cbioportal_study import write_toy

WORDS = ["", "\t", "\n", "#", "NA", '"', "-2", "1e999", "\x00", "é", "S1", "P1", "a\tb", "0", "\r",
         "PATIENT_ID", "SAMPLE_ID", "nan", ":", "../x", "9" * 40, "TP53", "1:DECEASED"]  # fmt: skip


JUNK: list[Any] = [None, 5, -1, 1.5, True, "", "x", "a\tb\nc", [], {}, [None], ["x"], [{}],
                   {"a": 1}, [[1]]]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_toy(tmp_path_factory.mktemp("study") / "toy")


@pytest.fixture(scope="module")
def portal() -> Iterator[Portal]:
    portal = Portal()
    with running(portal):
        yield portal


def check(load: Callable[[], Cohort]) -> None:
    """A whole cohort, or a sentence without a path."""
    try:
        cohort = load()
    except CohortError as error:
        words = str(error)
    else:
        assert cohort.n > 0
        assert cohort.fingerprint
        assert not cohort.alterations.columns.duplicated().any()
        return
    assert words.endswith((".", "?"))
    assert tempfile.gettempdir() not in words


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_damaged_studies(folder: Path, data: st.DataObject):
    """Bytes cut, put in and replaced, cells exchanged, in any file of a study."""
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place) / "toy"
        shutil.copytree(folder, copy)
        files = sorted(path for path in copy.rglob("*.txt"))
        for _ in range(data.draw(st.integers(1, 3))):
            path = data.draw(st.sampled_from(files))
            text = path.read_bytes()
            start = data.draw(st.integers(0, len(text)))
            end = start + data.draw(st.sampled_from([0, 1, 5, 40, 10_000]))
            word = data.draw(
                st.one_of(st.sampled_from(WORDS).map(str.encode), st.binary(max_size=6))
            )
            path.write_bytes(text[:start] + word + text[end:])
        check(lambda: load_study(copy))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    junk=st.sampled_from(JUNK), at=st.integers(0, 14), depth=st.integers(0, 3),
    seed=st.integers(0, 999),
)  # fmt: skip
def test_strange_answers(portal: Portal, junk: Any, at: int, depth: int, seed: int):
    """One value of one answer is something else."""
    choice = random.Random(seed)  # noqa: S311 - the server's thread draws
    seen = iter(range(10**6))

    def mangle(answer: Any) -> Any:
        return _replaced(answer, junk, depth, choice) if next(seen) == at else answer

    portal.mangle = mangle
    own = Client(Address.parse(portal.url), pause=0.001, timeout=5)
    try:
        check(lambda: api.load_from_api(portal.url, STUDY, cache=False, client=own))
    finally:
        portal.mangle = None
        own.close()


def _replaced(answer: Any, junk: Any, depth: int, choice: random.Random) -> Any:
    if depth and isinstance(answer, list) and answer:
        place = choice.randrange(len(answer))
        new = _replaced(answer[place], junk, depth - 1, choice)
        return [*answer[:place], new, *answer[place + 1 :]]
    if depth and isinstance(answer, dict) and answer:
        key = choice.choice(sorted(answer))
        return {**answer, key: _replaced(answer[key], junk, depth - 1, choice)}
    return junk


def zipped(folder: Path, top: str = "") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, f"{top}{path.relative_to(folder).as_posix()}")
    return buffer.getvalue()


def test_archives_give_the_folders_cohort(folder: Path):
    cohort = load_study(folder)
    for data in (zipped(folder), zipped(folder, "toy/")):
        assert load_upload({"toy.zip": data}).fingerprint == cohort.fingerprint


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_damaged_archives(folder: Path, data: st.DataObject):
    whole = zipped(folder)
    start = data.draw(st.integers(0, len(whole)))
    end = start + data.draw(st.sampled_from([0, 1, 30, 10**6]))
    damaged = whole[:start] + data.draw(st.binary(max_size=4)) + whole[end:]
    check(lambda: load_upload({"x.zip": damaged}))
