"""Local files that were loaded before: the same cohort, for the user only, and only on request."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pandas as pd
import pytest

from data_loaders import CohortError, load_cohort
from data_loaders import _load_cache as load_cache


def table(path: Path, ages: list[int], name: str = "p") -> Path:
    ids = [f"{name}{i}" for i in range(len(ages))]
    frame = pd.DataFrame(
        {"patient_id": ids, "age": ages, "os_months": ages, "os_event": [0, 1] * (len(ages) // 2)}
    )
    frame.to_csv(path, index=False)
    return path


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CALR_EXPLORER_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "loaded"


def entries(kept: Path) -> list[Path]:
    return sorted(kept.iterdir()) if kept.exists() else []


def test_nothing_is_kept_unless_asked_for(tmp_path: Path, kept: Path) -> None:
    load_cohort(table(tmp_path / "a.csv", [50, 60]))
    assert not entries(kept)


def test_a_second_load_is_equal_and_does_not_read_the_table(
    tmp_path: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = table(tmp_path / "a.csv", [50, 60])
    plain, first = load_cohort(path), load_cohort(path, cache=True)
    assert len(entries(kept)) == 1
    monkeypatch.setattr("data_loaders.loading.read_table", lambda *_: pytest.fail("it was read"))
    second = load_cohort(path, cache=True)
    assert plain.fingerprint == first.fingerprint == second.fingerprint
    assert (second.name, second.issues) == (plain.name, plain.issues)
    assert second.provenance == plain.provenance


def test_whatever_differs_is_loaded_anew(tmp_path: Path, kept: Path) -> None:
    path = table(tmp_path / "a.csv", [50, 60])
    load_cohort(path, cache=True)
    load_cohort(path, cache=True, name="Other")
    load_cohort(path, cache=True, mapping={"ignore": ["age"]})
    assert len(entries(kept)) == 3
    table(path, [51, 60])
    assert load_cohort(path, cache=True).patients["age"].tolist() == [51, 60]
    assert len(entries(kept)) == 4


def test_another_version_of_the_loaders_does_not_use_it(
    tmp_path: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = table(tmp_path / "a.csv", [50, 60])
    load_cohort(path, cache=True)
    monkeypatch.setattr(load_cache, "_loader_version", lambda: b"another")
    load_cohort(path, cache=True)
    assert len(entries(kept)) == 2


def test_a_folder_and_joined_files(tmp_path: Path, kept: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    clinical = table(folder / "clinical.csv", [50, 60])
    genes = folder / "genes.csv"
    genes.write_text("patient_id,TP53\np0,1\np1,0\n")
    for _ in range(2):
        whole = load_cohort(folder, cache=True)
        joined = load_cohort(clinical, mutations=genes, cache=True)
        assert whole.feature_state("TP53").tolist() == [1, 0]
        assert joined.feature_state("TP53").tolist() == [1, 0]
    assert len(entries(kept)) == 2
    genes.write_text("patient_id,TP53\np0,0\np1,1\n")
    assert load_cohort(folder, cache=True).feature_state("TP53").tolist() == [0, 1]
    assert load_cohort(clinical, mutations=genes, cache=True).feature_state("TP53")[1] == 1


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_only_the_user_may_read_what_is_kept(tmp_path: Path, kept: Path) -> None:
    load_cohort(table(tmp_path / "a.csv", [50, 60]), cache=True)
    (entry,) = entries(kept)
    assert stat.S_IMODE(kept.stat().st_mode) == stat.S_IMODE(entry.stat().st_mode) == 0o700
    modes = {stat.S_IMODE(file.stat().st_mode) for file in entry.iterdir()}
    assert modes == {0o600}


def test_what_is_damaged_is_read_anew(tmp_path: Path, kept: Path) -> None:
    path = table(tmp_path / "a.csv", [50, 60])
    first = load_cohort(path, cache=True)
    (entry,) = entries(kept)
    (entry / "patients.parquet").write_bytes(b"no")
    assert load_cohort(path, cache=True).fingerprint == first.fingerprint
    assert (entry / "patients.parquet").read_bytes() != b"no"


def test_the_oldest_makes_room(tmp_path: Path, kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [table(tmp_path / f"{i}.csv", [50 + i, 60]) for i in range(3)]
    load_cohort(paths[0], cache=True)
    (old,) = entries(kept)
    size = sum(file.stat().st_size for file in old.iterdir())
    monkeypatch.setattr(load_cache, "MAX_CACHE_BYTES", int(2.5 * size))
    load_cohort(paths[1], cache=True)
    (newer,) = set(entries(kept)) - {old}
    os.utime(newer, (1, 1))  # unused since 1970, while the first was just used
    load_cohort(paths[0], cache=True)
    load_cohort(paths[2], cache=True)
    assert old in entries(kept)
    assert newer not in entries(kept)
    assert len(entries(kept)) == 2


@pytest.mark.parametrize("value", ["off", "OFF", " off "])
def test_it_can_be_switched_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CALR_EXPLORER_CACHE", value)
    assert load_cohort(table(tmp_path / "a.csv", [50, 60]), cache=True).n == 2
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]


def test_a_cache_that_cannot_be_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    monkeypatch.setenv("CALR_EXPLORER_CACHE", str(blocked))
    assert load_cohort(table(tmp_path / "a.csv", [50, 60]), cache=True).n == 2


def test_what_is_wrong_is_said_as_without_it(tmp_path: Path, kept: Path) -> None:
    with pytest.raises(CohortError, match="cannot be found"):
        load_cohort(tmp_path / "gone.csv", cache=True)
    empty = tmp_path / "empty.csv"
    empty.write_bytes(b"")
    with pytest.raises(CohortError, match="is empty"):
        load_cohort(empty, cache=True)
    assert not entries(kept)


def test_the_last_cohort_of_a_process_is_remembered_and_a_changed_file_is_not(
    tmp_path: Path,
) -> None:
    path = table(tmp_path / "a.csv", [50, 60])
    first = load_cohort(path)
    first.patients["mine"] = 1
    again = load_cohort(path)
    assert "mine" not in again.patients
    assert again.features is first.features, "read once"
    table(path, [50, 61])
    assert load_cohort(path).patients["age"].tolist() == [50, 61]
