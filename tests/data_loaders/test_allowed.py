"""What a server may read for its users, besides their own files."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_loaders import CohortError
from data_loaders.allowed import Allowed
from data_loaders.settings import SOURCES


def refused(allowed: Allowed, url: str) -> bool:
    try:
        allowed.check_database(url)
    except CohortError:
        return True
    return False


def test_on_ones_own_machine_any_database_may_be_named_and_nothing_else():
    own = Allowed.of(shared=False, environment={})
    assert not own.nothing
    assert not refused(own, "duckdb:///home/me/registry.duckdb")
    assert not refused(own, "postgresql://me@db.example/registry")
    for other in (".csv", "/etc/passwd", "demo:aml", "catalogue:mds_iwg_2022", "/dev/zero", ""):
        assert refused(own, other), "a path of the server is no database"


def test_a_shared_server_reads_nothing_that_is_not_listed():
    none = Allowed.of(shared=True, environment={})
    assert none.nothing
    for url in ("duckdb:///srv/a.duckdb", "postgresql://localhost/x", "postgresql://db.example/x"):
        assert refused(none, url)
    with pytest.raises(CohortError, match=SOURCES.name):
        none.check_web("https://www.cbioportal.org")


def test_what_is_listed_is_read_and_links_do_not_lead_out_of_it(tmp_path: Path):
    inside, outside = tmp_path / "registry", tmp_path / "private"
    inside.mkdir()
    outside.mkdir()
    (outside / "a.duckdb").touch()
    (inside / "link.duckdb").symlink_to(outside / "a.duckdb")
    setting = {SOURCES.name: f" {inside}, db.hospital.example:5433, WWW.cbioportal.org "}
    listed = Allowed.of(shared=True, environment=setting)
    assert not refused(listed, f"duckdb://{inside}/a.duckdb")
    assert refused(listed, f"duckdb://{outside}/a.duckdb")
    assert refused(listed, f"duckdb://{inside}/../private/a.duckdb")
    assert refused(listed, f"duckdb://{inside}/link.duckdb")
    assert refused(listed, f"duckdb://{inside}2/a.duckdb")
    assert not refused(listed, "postgresql://u:p@db.hospital.example:5433/registry")
    assert refused(listed, "postgresql://u:p@db.hospital.example/registry")
    assert refused(listed, "postgresql://localhost/registry")
    assert refused(listed, "postgresql://u:p@db.hospital.example:5433/r?host=10.0.0.1")
    listed.check_web("https://www.cbioportal.org/api")
    listed.check_web("www.cbioportal.org")
    for other in (
        "https://169.254.169.254",
        "http://127.0.0.1:8080",
        "https://cbioportal.org.evil",
    ):
        with pytest.raises(CohortError, match="listed"):
            listed.check_web(other)


def test_a_refusal_does_not_tell_whether_something_is_there(tmp_path: Path):
    there = tmp_path / "is.duckdb"
    there.touch()
    none = Allowed.of(shared=True, environment={})
    said = set()
    for url in (f"duckdb://{there}", f"duckdb://{tmp_path}/not.duckdb"):
        with pytest.raises(CohortError) as caught:
            none.check_database(url)
        said.add(str(caught.value))
    assert len(said) == 1
