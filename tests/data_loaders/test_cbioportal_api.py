"""The REST API of an instance, against a local server that answers as the documented one does."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from data_loaders import CohortError
from data_loaders.cbioportal import _download as download
from data_loaders.cbioportal import api, load_study
from data_loaders.cbioportal.client import Address, Client
from tests.data_loaders.cbioportal_server import STUDY, TOKEN, Portal, running
from tests.data_loaders.cbioportal_study import write_toy


@pytest.fixture
def portal() -> Iterator[Portal]:
    portal = Portal()
    with running(portal):
        yield portal


def client(portal: Portal, token: str | None = None, **settings: object) -> Client:
    """One that does not make the tests wait."""
    return Client(Address.parse(portal.url), token, **{"pause": 0.01, "timeout": 5.0, **settings})  # type: ignore[arg-type]


def load(portal: Portal, token: str | None = None, **settings: object):
    own = client(portal, token, **settings)
    try:
        return api.load_from_api(portal.url, STUDY, token, cache=False, client=own)
    finally:
        own.close()


def test_studies_are_listed_and_searched(portal: Portal):
    studies = api.list_studies(portal.url)
    assert len(studies) == 24
    found = api.list_studies(portal.url, "mds")
    assert [s.study_id for s in found] == [STUDY]
    assert (found[0].samples, found[0].cancer_type) == (8, "Myelodysplastic Syndromes")
    assert found[0].citation == "Nobody, 2026"


def test_the_api_and_the_folder_give_the_same_cohort(portal: Portal, tmp_path: Path):
    """Copy numbers aside, of which the API sends only deep ones."""
    cohort, folder = load(portal), load_study(write_toy(tmp_path / STUDY))
    order = folder.patients.index
    assert set(cohort.patients.index) == set(order)
    shared = ["os_months", "os_event", "dfs_months", "dfs_event", "AGE", "TUMOUR_SHARE",
              "transplant_months", "autologous_transplant_months"]  # fmt: skip
    pd.testing.assert_frame_equal(
        cohort.patients.loc[order, shared], folder.patients.loc[order, shared]
    )
    mutations = [name for name in folder.alterations if folder.features.loc[name, "kind"] == "gene"
                 or name in {"JAK2_V617F", "KMT2A fusion", "PML::RARA"}]  # fmt: skip
    pd.testing.assert_frame_equal(
        cohort.alterations.loc[order, mutations], folder.alterations.loc[order, mutations]
    )
    assert cohort.name == "Toy study"
    assert cohort.provenance.citation == "Nobody, 2026 (PMID 1)"
    assert cohort.provenance.source.endswith(f"/study?id={STUDY}")
    assert list(cohort.mutations["protein_change"]) == list(folder.mutations["protein_change"])


def test_copy_numbers_that_are_not_sent_are_neutral_where_profiled(portal: Portal):
    matrix = load(portal).alterations
    assert matrix.loc["P1", "RB1 deletion"]  # -2
    assert matrix.loc["P3", "RB1 deletion"] == False  # noqa: E712 - a shallow loss is not sent
    assert matrix.loc["P5", "MYC amplification"] == False  # noqa: E712 - profiled, nothing sent
    assert matrix.loc["P1", "MYC amplification"] is pd.NA  # off the panel
    assert matrix.loc["P7", "RB1 deletion"] is pd.NA  # not profiled


@pytest.mark.parametrize("size", [1, 3, 7, 8])
def test_pages_are_put_together_whatever_their_size(portal: Portal, size: int):
    whole, paged = load(portal), load(portal, page_size=size)
    assert paged.fingerprint == whole.fingerprint
    pages = {
        query["pageNumber"] for _, path, query, _ in portal.requests if path.endswith("samples")
    }
    assert len(pages) == 8 // size + 1


def test_samples_are_asked_for_in_parts(portal: Portal, monkeypatch: pytest.MonkeyPatch):
    whole = load(portal)
    monkeypatch.setattr(download, "SAMPLES_AT_ONCE", 3)
    assert load(portal).fingerprint == whole.fingerprint
    asked = [
        body["sampleIds"]
        for _, path, _, body in portal.requests
        if path.endswith("mutations/fetch")
    ]
    assert [len(part) for part in asked] == [8, 3, 3, 2]


def test_a_token_is_asked_for_sent_and_never_kept(
    portal: Portal,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
):
    portal.token = TOKEN
    monkeypatch.setattr(api, "cache_folder", lambda: tmp_path / "default")
    with pytest.raises(CohortError, match="asks for a data access token"):
        load(portal)
    with pytest.raises(CohortError, match="does not accept the token") as caught:
        load(portal, "another")
    assert "another" not in str(caught.value)
    with caplog.at_level(logging.DEBUG):
        cohort = api.load_from_api(portal.url, STUDY, TOKEN)
    assert cohort.n == 7
    assert portal.headers[-1]["Authorization"] == f"Bearer {TOKEN}"
    assert TOKEN not in caplog.text
    own = client(portal, TOKEN)
    api.load_from_api(portal.url, STUDY, client=own)
    own.close()
    assert not (tmp_path / "default").exists(), "a study behind a token is not kept unasked"
    api.load_from_api(portal.url, STUDY, TOKEN, cache=tmp_path / "own")
    stored = b"".join(p.read_bytes() for p in (tmp_path / "own").rglob("*") if p.is_file())
    assert stored
    assert TOKEN.encode() not in stored
    assert TOKEN not in repr(Client(Address.parse(portal.url), TOKEN))


def test_the_cache_answers_without_a_request_and_is_checked(portal: Portal, tmp_path: Path):
    def again(**more: object):
        return api.load_from_api(portal.url, STUDY, cache=tmp_path, **more)  # type: ignore[arg-type]

    first = again()
    asked = len(portal.requests)
    assert again().fingerprint == first.fingerprint
    assert again(name="Mine").name == "Mine"
    assert len(portal.requests) == asked
    again(refresh=True)
    assert len(portal.requests) == 2 * asked
    damaged = next(tmp_path.rglob("patients.parquet"))
    damaged.write_bytes(damaged.read_bytes()[:-20])
    assert again().fingerprint == first.fingerprint
    assert len(portal.requests) == 3 * asked, "a damaged cache is downloaded again"


def test_a_forged_cache_is_not_believed(portal: Portal, tmp_path: Path):
    first = api.load_from_api(portal.url, STUDY, cache=tmp_path)
    file = next(tmp_path.rglob("cohort.json"))
    described = json.loads(file.read_text())
    described["patients"][0] = "somebody else"
    file.write_text(json.dumps(described))
    assert api.load_from_api(portal.url, STUDY, cache=tmp_path).fingerprint == first.fingerprint


def test_progress_rises_to_one_in_sentences(portal: Portal):
    told: list[tuple[float, str]] = []
    api.load_from_api(portal.url, STUDY, progress=lambda s, w: told.append((s, w)), cache=False)
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert all(words.endswith(".") and len(words) > 10 for _, words in told)


def test_passing_troubles_are_survived(portal: Portal):
    whole = load(portal)
    for trouble in ("500", "503", "429", "cut", "drop"):
        portal.trouble = ["ok", trouble, trouble, "ok"]
        assert load(portal).fingerprint == whole.fingerprint, trouble


@pytest.mark.parametrize(
    ("trouble", "sentence", "requests"),
    [
        (["500"] * 9, "has a problem of its own (500); try again later", 4),
        (["cut"] * 9, "cut off or damaged; try again", 4),
        (["drop"] * 9, "cannot be reached, or it broke off", 4),
        (["html"], "answers with a web page instead of data", 1),
        (["302"], "sends requests on to another address", 1),
        (["403"], "asks for a data access token (403)", 1),
        (["418"], "refuses the request (418)", 1),
        (["ok", "junk"], "in a form that is not cBioPortal's", 2),
    ],
)
def test_troubles_have_their_sentence(
    portal: Portal, trouble: list[str], sentence: str, requests: int
):
    portal.trouble = trouble
    with pytest.raises(CohortError) as caught:
        load(portal)
    assert sentence in str(caught.value)
    assert str(caught.value).count(". ") == 0
    assert len(portal.requests) == requests


def test_a_slow_answer_is_given_up(portal: Portal):
    portal.trouble, portal.slow = ["slow"] * 9, 0.6
    start = time.monotonic()
    with pytest.raises(CohortError, match=r"did not answer within 0\.15 seconds"):
        load(portal, timeout=0.15)
    assert time.monotonic() - start < 2


def test_a_slow_answer_is_waited_for_within_the_limit(portal: Portal):
    portal.trouble, portal.slow = ["slow"], 0.1
    assert load(portal).n == 7


def test_an_unknown_study_is_said(portal: Portal):
    with pytest.raises(CohortError, match="has no study called nothing_2020"):
        api.load_from_api(portal.url, "nothing_2020", cache=False)


def test_instances_without_timeline_or_panel_files_still_load(portal: Portal):
    portal.without = ("clinical-events", "gene-panels/")
    cohort = load(portal)
    assert "transplant_months" not in cohort.patients
    assert {"timeline", "gene_panel"} <= {issue.code for issue in cohort.issues}
    assert cohort.alterations.loc["P1", "SRSF2"] is pd.NA


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("http://www.cbioportal.org", "unprotected; use https://www.cbioportal.org"),
        ("http://10.0.0.4:8080", "unprotected"),
        ("ftp://www.cbioportal.org", "no web address"),
        ("file:///etc/passwd", "no web address"),
        ("", "no web address"),
        ("https://me:secret@portal.org", "user name or password"),
        ("https://portal.org:port", "no web address"),
    ],
)
def test_addresses_are_checked_before_anything_is_sent(address: str, sentence: str):
    with pytest.raises(CohortError) as caught:
        api.load_from_api(address, STUDY)
    assert sentence in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "root"),
    [
        ("www.cbioportal.org", "https://www.cbioportal.org"),
        ("https://genie.cbioportal.org/", "https://genie.cbioportal.org"),
        ("https://portal.example.org/cbioportal/api/", "https://portal.example.org/cbioportal"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://[::1]:8080/api", "http://[::1]:8080"),
    ],
)
def test_addresses_are_read_as_people_write_them(given: str, root: str):
    assert Address.parse(given).root == root


@pytest.mark.parametrize("study", ["", "../studies", "a/b", "a b", "x" * 300])
def test_study_identifiers_are_checked(portal: Portal, study: str):
    with pytest.raises(CohortError, match="no identifier of a study"):
        api.load_from_api(portal.url, study, cache=False)
    assert not portal.requests


def test_an_instance_that_is_not_there_is_said():
    own = Client(Address.parse("http://127.0.0.1:9"), pause=0.01)
    with pytest.raises(CohortError, match="cannot be reached"):
        api.load_from_api("http://127.0.0.1:9", STUDY, cache=False, client=own)
    own.close()
