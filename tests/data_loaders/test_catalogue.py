"""The public catalogue: its data, the mirror, downloads from a local server, the command line."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import resource
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data_loaders import Cohort, CohortError, load_cohort
from data_loaders.catalogue import (
    CatalogueEntry,
    cache_folder,
    catalogue,
    entry_named,
    is_cached,
    load_catalogue,
)
from data_loaders.catalogue._loading import _published, _study
from data_loaders.catalogue._mpn import mpn_table
from data_loaders.catalogue.entries import PublishedFile, read_entries
from data_loaders.catalogue.fetching import fetch
from data_loaders.commands import main
from data_loaders.settings import CACHE, MIRROR
from tests.data_loaders import cbioportal_server

ROOT = Path(__file__).resolve().parents[2]
COMMIT = "0123456789abcdef0123456789abcdef01234567"
CLINICAL = b"""patient_id,sex,age_years,os_months,os_event
P1,F,61,12.5,1
P2,M,70,30,0
P3,F,55,7,1
"""
GENES = b"patient_id,ASXL1,TET2\nP1,1,0\nP2,0,0\nP3,1,1\n"
FILES = {"clinical.csv": CLINICAL, "genes.csv": GENES}


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test touches the user's cache, mirror or proxy."""
    monkeypatch.setenv(CACHE.name, str(tmp_path / "cache"))
    for variable in (MIRROR.name, "HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(variable, raising=False)
    return tmp_path / "cache"


def published(name: str, data: bytes) -> PublishedFile:
    digest = hashlib.sha256(data).hexdigest()
    return PublishedFile("owner/toy", COMMIT, f"data/{name}", digest, len(data))


def toy(files: dict[str, bytes] | None = None) -> CatalogueEntry:
    given = FILES if files is None else files
    return CatalogueEntry(
        name="toy_2026",
        title="Toy (2026)",
        disease="Toy disease",
        family="MDS",
        citation="Nobody et al. 2026",
        licence="None",
        evidence="This test",
        patients=3,
        files=tuple(published(name, data) for name, data in given.items()),
    )


@dataclass
class Publisher:
    """A server of files that can misbehave; ``requests`` holds what it was asked for."""

    files: dict[str, bytes] = field(default_factory=lambda: dict(FILES))
    trouble: str = ""
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    url: str = ""


class _Handler(BaseHTTPRequestHandler):
    publisher: Publisher

    def do_GET(self) -> None:
        self.publisher.requests.append((self.path, dict(self.headers)))
        trouble = self.publisher.trouble
        data = self.publisher.files.get(self.path.rpartition("/")[2])
        if trouble.isdigit():
            self.send_response(int(trouble))
            if trouble == "302":
                self.send_header("Location", "http://127.0.0.1:1/login")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif data is None:
            self.send_error(404)
        else:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self._send(data, trouble)

    def _send(self, data: bytes, trouble: str) -> None:
        sent = {
            "": data,
            "cut": data[:20],
            "short": data[:20],
            "other": data.replace(b"P1", b"P9"),
            "long": data + b"P4,F,1,1,1\n",
            "html": b"<html><body>Please log in</body></html>",
        }.get(trouble, data)
        if trouble == "silent":
            time.sleep(1)
        self.send_response(200)
        self.send_header("Content-Length", str(len(data if trouble == "cut" else sent)))
        self.end_headers()
        if trouble == "drip":
            for byte in sent:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                time.sleep(0.1)
        else:
            self.wfile.write(sent)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    state = Publisher()
    handler = type("Handler", (_Handler,), {"publisher": state})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def sentence_of(call: Callable[[], object]) -> str:
    with pytest.raises(CohortError) as caught:
        call()
    sentence = str(caught.value)
    assert re.fullmatch(r"[\w].*\.", sentence), sentence
    assert "\n" not in sentence
    return sentence


# The data


def test_entries_are_complete():
    entries = catalogue()
    assert {"mpn_grinfeld_2018", "mds_iwg_2022", "aml_papaemmanuil_2016", "laml_tcga_2013"} <= {
        name for name, entry in entries.items() if entry.files
    }
    studies = [entry.study_id for entry in entries.values() if entry.study_id]
    assert {
        "mds_iwg_2022", "laml_tcga", "laml_tcga_pub", "laml_tcga_pan_can_atlas_2018",
        "aml_ohsu_2022", "aml_ohsu_2018", "dlbcl_duke_2017", "cll_broad_2022", "mpn_cimr_2013",
    } <= set(studies)  # fmt: skip
    assert len(set(studies)) == len(studies)
    for name, entry in entries.items():
        assert name == entry.name
        assert entry.size or entry.name == "laml_tcga"  # whose publisher states no number
        assert bool(entry.download_bytes) == bool(entry.files)
        assert entry.source
        repositories = {(file.repository, file.commit) for file in entry.files}
        assert len(repositories) <= 1, "the provenance names one repository"


def test_the_catalogue_needs_no_network(monkeypatch: pytest.MonkeyPatch, capsys: Any):
    def refuse(*_: object) -> None:
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert main(["list"]) == 0
    listed = capsys.readouterr().out
    for entry in catalogue().values():
        assert f"{entry.name}: {entry.title}\n" in listed
        assert entry.citation in listed
        assert entry.licence in listed


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": "No Key"}, "no key"),
        ({"licence": " "}, "licence is missing"),
        ({"patients": 0}, "none"),
        ({"patients": "many"}, "none"),
        ({"wrong": 1}, "unknown wrong"),
        ({"study_id": "toy"}, "either files or a study"),
        ({"files": []}, "either files or a study"),
        ({"clinical": "absent.csv"}, "not told apart"),
        ({"recipe": "bake"}, "recipe"),
        ({"commit": "main"}, "not pinned"),
        ({"sha256": "abc"}, "not pinned"),
        ({"path": "../secrets.csv"}, "not pinned"),
        ({"bytes": 0}, "not pinned"),
    ],
)
def test_damaged_entries_are_refused(change: dict[str, Any], words: str):
    file = vars(published("clinical.csv", CLINICAL)).copy()
    entry: dict[str, Any] = {
        "name": "toy_2026", "title": "Toy", "disease": "Toy", "family": "MDS", "citation": "Nobody",
        "licence": "None", "evidence": "None", "files": [file],
    }  # fmt: skip
    assert list(read_entries(json.dumps([entry]))) == ["toy_2026"]
    for key, value in change.items():
        (file if key in file else entry)[key] = value
    assert words in sentence_of(lambda: read_entries(json.dumps([entry])))


def test_unknown_names_are_told_what_comes_close():
    assert "; mds_iwg_2022, " in sentence_of(lambda: load_catalogue("mds_iwg_202"))
    assert "its list has the names" in sentence_of(lambda: load_catalogue("../../etc/passwd"))
    assert entry_named("mds_iwg_2022").family == "MDS"


# The published cohorts, from the mirror


@pytest.fixture
def mirrored(public_cohorts: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(MIRROR.name, str(public_cohorts))
    return public_cohorts


@pytest.mark.shared
def test_hashes_are_those_of_the_published_files(public_cohorts: Path):
    for entry in catalogue().values():
        for file in entry.files:
            data = (public_cohorts / entry.name / file.name).read_bytes()
            assert (hashlib.sha256(data).hexdigest(), len(data)) == (file.sha256, file.bytes)
    sources = (public_cohorts / "SOURCES.md").read_text()
    for entry in catalogue().values():
        for file in entry.files:
            assert f"{file.repository} @ {file.commit}" in sources
            assert f"| {Path(file.path).parent}/" in sources.replace(", ", "| ")


def events(cohort: Cohort, key: str) -> tuple[int, int]:
    """Patients with a time and a status, and how many had the event."""
    known = cohort.patients[[cohort.endpoints[key].time, cohort.endpoints[key].event]].dropna()
    return len(known), int(known.iloc[:, 1].sum())


def altered(cohort: Cohort, feature: str) -> int:
    return int((cohort.feature_state(feature) == 1).sum())


def answer(answers: list[dict[str, Any]], key: str) -> Any:
    return next(item["value"] for item in answers if item["id"] == key)


@pytest.mark.shared
@pytest.mark.usefixtures("mirrored")
@pytest.mark.parametrize("name", [name for name, entry in catalogue().items() if entry.files])
def test_published_cohorts_load_in_one_call(name: str, known_answers: list[dict[str, Any]]):
    entry, said = entry_named(name), list[tuple[str, float]]()
    cohort = load_catalogue(name, progress=lambda what, share: said.append((what, share)))
    assert cohort.n == entry.patients
    assert set(entry.endpoints) <= set(cohort.endpoints)
    check_figures(cohort, name, lambda key: answer(known_answers, key))
    provenance = cohort.provenance
    assert provenance.source == f"catalogue:{name}"
    assert provenance.citation == entry.citation
    assert provenance.licence == entry.licence
    assert provenance.version == f"{entry.files[0].repository}@{entry.files[0].commit}"
    assert not provenance.synthetic
    assert cohort.name == entry.title
    shares = [share for _, share in said]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert not cache_folder().exists(), "a mirror needs no cache"


def check_figures(cohort: Cohort, name: str, known: Callable[[str], Any]) -> None:
    """Figures that the publications or R give, or counts of the files by other means."""
    if name == "mpn_grinfeld_2018":
        assert cohort.patients["diagnosis"].value_counts().to_dict() == known("KA042")
        counts = {"deaths": "os", "AML": "aml", "MF_transformation": "mf"}
        assert {k: events(cohort, v)[1] for k, v in counts.items()} == known("KA043")
        drivers = known("KA046").values()
        assert altered(cohort, "CALR") == sum(diagnosis["CALR"] for diagnosis in drivers) == 378
    elif name == "mds_iwg_2022":
        assert cohort.n == known("KA001")
        assert events(cohort, "os") == (known("KA025")["n"], known("KA025")["events"])
        percent = known("KA029")
        for gene in ("TET2", "ASXL1", "SF3B1", "TP53"):
            assert altered(cohort, gene) / 29.57 == pytest.approx(percent[gene], abs=0.006)
    elif name == "aml_papaemmanuil_2016":
        assert events(cohort, "os") == (1540, 904)
        assert altered(cohort, "NPM1") == 436
    else:
        assert name == "laml_tcga_2013"
        assert events(cohort, "os") == (188, 122)
        assert altered(cohort, "FLT3") == 52


@pytest.mark.shared
def test_mpn_workspace_gives_the_table_that_was_derived_independently(mirrored: Path):
    """R derived mpn_patients.csv from the workspace; here it is read without R."""
    derived = load_cohort(mirrored / "mpn_grinfeld_2018" / "mpn_patients.csv")
    cohort = load_catalogue("mpn_grinfeld_2018")
    assert cohort.fingerprint == derived.fingerprint
    assert cohort.issues == derived.issues


@pytest.mark.shared
def test_mpn_workspace_that_is_none(public_cohorts: Path):
    data = (public_cohorts / "mpn_grinfeld_2018" / "MPNmultistate.RData").read_bytes()
    other = (public_cohorts / "aml_papaemmanuil_2016" / "AMLSG_Clinical_Anon.RData").read_bytes()
    for damaged, words in (
        (data[:100_000], "cut off or damaged"),
        (b"RDX2\nX\n" + data, "damaged"),
        (b"patient_id,os\n1,2\n", "no R workspace"),
        (other, "no table called MPNinput"),
    ):
        assert words in sentence_of(lambda damaged=damaged: mpn_table("a.RData", damaged))


@pytest.mark.shared
def test_commands_on_the_published_cohorts(mirrored: Path, capsys: Any):
    assert main(["fetch", "laml_tcga_2013"]) == 0
    printed = capsys.readouterr()
    assert "AML (TCGA 2013): 200 patients" in printed.out
    assert "endpoint os: Overall survival, 122 of 188" in printed.out
    assert 'load_cohort("catalogue:laml_tcga_2013")' in printed.out
    assert printed.err.startswith("Fetching tcga_laml.maf.gz ...\n")
    folder = mirrored / "laml_tcga_2013"
    clinical = str(folder / "tcga_laml_annot.tsv")
    assert main(["check", str(folder / "tcga_laml.maf.gz"), "--clinical", clinical]) == 0
    assert "warning: Overall survival: 12 patients" in capsys.readouterr().out


# The mirror


def put(mirror: Path, files: dict[str, bytes] = FILES) -> None:
    (mirror / "toy_2026").mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (mirror / "toy_2026" / name).write_bytes(data)


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "mirror"
    put(folder)
    monkeypatch.setenv(MIRROR.name, str(folder))
    return folder


def test_the_mirror_stands_in_for_the_network(mirror: Path, publisher: Publisher):
    assert fetch(toy(), host=publisher.url) == FILES
    (mirror / "toy_2026" / "genes.csv").unlink()
    assert "does not hold toy_2026/genes.csv" in sentence_of(
        lambda: fetch(toy(), host=publisher.url)
    )
    assert publisher.requests == []


@pytest.mark.parametrize("data", [CLINICAL.replace(b"P1", b"P9"), CLINICAL + b"\n", b""])
def test_other_files_in_the_mirror_are_refused(mirror: Path, data: bytes):
    put(mirror, {"clinical.csv": data})
    assert "SHA-256 differs" in sentence_of(lambda: fetch(toy()))


def test_links_out_of_the_mirror_are_not_followed(mirror: Path, tmp_path: Path):
    outside = tmp_path / "outside.csv"
    outside.write_bytes(CLINICAL)
    inside = mirror / "kept.csv"
    inside.write_bytes(CLINICAL)
    file = mirror / "toy_2026" / "clinical.csv"
    for target, allowed in ((outside, False), (inside, True)):
        file.unlink()
        file.symlink_to(target)
        if allowed:
            assert fetch(toy()) == FILES
        else:
            assert "leads out of it" in sentence_of(lambda: fetch(toy()))
    file.unlink()
    file.symlink_to(file)
    assert "does not hold" in sentence_of(lambda: fetch(toy()))


def test_a_mirror_that_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(MIRROR.name, str(tmp_path / "nowhere"))
    assert MIRROR.name in sentence_of(lambda: load_catalogue("mds_iwg_2022"))


# Downloads


def test_downloaded_once_and_then_kept(publisher: Publisher, own_cache: Path):
    said: list[tuple[str, float]] = []
    assert not is_cached(toy())
    assert fetch(toy(), lambda *given: said.append(given), host=publisher.url) == FILES
    paths = [path for path, _ in publisher.requests]
    assert paths == [f"/owner/toy/{COMMIT}/data/{name}" for name in FILES]
    shares = [share for _, share in said]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert {what for what, _ in said} == {"Fetching clinical.csv", "Fetching genes.csv"}
    assert is_cached(toy())
    assert {path.name for path in own_cache.rglob("*") if path.is_file()} == set(FILES)
    assert fetch(toy(), host="http://127.0.0.1:1") == FILES  # where nothing answers
    assert len(publisher.requests) == 2


def test_a_downloaded_cohort(publisher: Publisher):
    fetch(toy(), host=publisher.url)
    cohort = _published(toy(), lambda *_: None)
    assert cohort.n == 3
    assert list(cohort.feature_state("ASXL1")) == [1, 0, 1]
    np.testing.assert_array_equal(cohort.patients["os_months"], [12.5, 30, 7])
    assert cohort.provenance.source == "catalogue:toy_2026"
    assert cohort.provenance.version == f"owner/toy@{COMMIT}"


def test_nothing_is_sent_but_the_question(
    publisher: Publisher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password hunter2\n")
    monkeypatch.setenv("NETRC", str(netrc))
    fetch(toy(), host=publisher.url)
    for _, headers in publisher.requests:
        assert "Authorization" not in headers
        assert "Cookie" not in headers
        assert headers["User-Agent"] == "calr-explorer"


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        ("other", "SHA-256 differs"),
        ("short", "SHA-256 differs"),
        ("long", "SHA-256 differs"),
        ("html", "SHA-256 differs"),
        ("cut", "broke off"),
        ("404", r"no longer has clinical\.csv .* \(404\)"),
        ("403", r"does not hand out clinical\.csv \(403\)"),
        ("500", r"does not hand out clinical\.csv \(500\)"),
        ("302", "sends the download of clinical.csv on to another address"),
        ("silent", "too slowly"),
        ("drip", "too slowly"),
    ],
)
def test_downloads_that_fail(publisher: Publisher, own_cache: Path, trouble: str, words: str):
    publisher.trouble = trouble
    begin = time.monotonic()
    sentence = sentence_of(lambda: fetch(toy(), host=publisher.url, silence=0.3, total=0.5))
    assert re.search(words, sentence), sentence
    assert time.monotonic() - begin < 3
    assert [path for path in own_cache.rglob("*") if path.is_file()] == []
    publisher.trouble = ""
    assert fetch(toy(), host=publisher.url) == FILES


def test_a_damaged_cache_is_mended(publisher: Publisher, own_cache: Path):
    fetch(toy(), host=publisher.url)
    kept = next(own_cache.rglob("clinical.csv"))
    kept.write_bytes(CLINICAL[:30])
    sentence = sentence_of(lambda: fetch(toy(), host="http://127.0.0.1:1"))
    assert "check the network" in sentence
    assert fetch(toy(), host=publisher.url) == FILES
    assert kept.read_bytes() == CLINICAL
    assert len(publisher.requests) == 3


def test_without_a_network():
    for host in ("http://127.0.0.1:1", "http://no.such.host.invalid"):
        sentence = sentence_of(lambda host=host: fetch(toy(), host=host))
        assert "check the network" in sentence
        assert MIRROR.name in sentence


def test_proxies(publisher: Publisher, monkeypatch: pytest.MonkeyPatch):
    host = "http://publisher.invalid"
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    sentence = sentence_of(lambda: fetch(toy(), host=host))
    assert "The proxy does not let this machine reach publisher.invalid" in sentence
    monkeypatch.setenv("http_proxy", publisher.url)
    publisher.trouble = "407"
    assert "asks for a password" in sentence_of(lambda: fetch(toy(), host=host))
    publisher.trouble = ""
    assert fetch(toy(), host=host) == FILES


def test_no_room_on_the_disk(publisher: Publisher):
    """A limit on the size of files stands in for the end of the disk: writing fails as there."""
    large = {"large.csv": b"patient_id,os_months\n" + b"P1,1\n" * 1_000_000}
    publisher.files = large
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**21, hard))
    try:
        sentence = sentence_of(lambda: fetch(toy(large), host=publisher.url))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "no room to keep large.csv" in sentence
    assert CACHE.name in sentence


def test_a_cache_folder_that_cannot_be(
    publisher: Publisher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    blocked = tmp_path / "a file"
    blocked.write_text("")
    monkeypatch.setenv(CACHE.name, str(blocked))
    sentence = sentence_of(lambda: fetch(toy(), host=publisher.url))
    assert "cannot be written to the cache folder" in sentence


def test_the_cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    assert cache_folder() == tmp_path / "cache"
    monkeypatch.delenv(CACHE.name)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "xdg" / "calr-explorer"
    monkeypatch.setenv(CACHE.name, "~/elsewhere")
    assert cache_folder() == Path.home() / "elsewhere"


# Studies of cBioPortal


def test_a_study_comes_over_the_api_and_is_kept(monkeypatch: pytest.MonkeyPatch, own_cache: Path):
    study = {
        "name": "toy_study", "title": "Toy study", "disease": "Toy", "family": "MDS",
        "citation": "Nobody et al. 2026", "licence": "ODbL", "evidence": "None",
        "study_id": cbioportal_server.STUDY, "as_of": "2026-11-24",
    }  # fmt: skip
    entry = read_entries(json.dumps([study]))["toy_study"]
    portal, said = cbioportal_server.Portal(), list[tuple[str, float]]()
    with cbioportal_server.running(portal) as address:
        monkeypatch.setattr("data_loaders.cbioportal.api.PUBLIC", address)
        cohort = _study(entry, lambda *given: said.append(given))
    asked = len(portal.requests)
    assert asked > 0
    assert cohort.n > 0
    assert cohort.name == "Toy study"
    assert cohort.provenance.source == "catalogue:toy_study"
    assert cohort.provenance.licence == "ODbL"
    assert cohort.provenance.version.startswith(f"cBioPortal, study {cbioportal_server.STUDY}, ")
    shares = [share for _, share in said]
    assert shares == sorted(shares)
    assert (own_cache / "cbioportal").is_dir()
    # The server has ended: this one comes from the cache.
    again = _study(entry, lambda *_: None)
    assert again.fingerprint == cohort.fingerprint
    assert len(portal.requests) == asked


# The command line


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603
        [sys.executable, "-m", "data_loaders", *arguments],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_errors_of_a_command_are_one_sentence(tmp_path: Path):
    done = run(
        "fetch",
        "laml_tcga_2013",
        https_proxy="http://127.0.0.1:1",
        **{CACHE.name: str(tmp_path)},
    )
    assert done.returncode == 1
    assert done.stdout == ""
    fetching, sentence = done.stderr.splitlines()
    assert fetching == "Fetching tcga_laml.maf.gz ..."
    assert sentence.startswith("The proxy does not let this machine reach raw.githubusercontent")


@pytest.mark.parametrize(
    "arguments",
    [("fetch", "nope"), ("check", "/nowhere/nope.csv"), ("check", ""), ("check", str(ROOT))],
)
def test_commands_that_cannot_be_done(arguments: tuple[str, ...], capsys: Any):
    assert main(arguments) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert re.fullmatch(r"\S.*\.\n", printed.err)


def test_a_file_is_checked(tmp_path: Path, capsys: Any):
    file, mapping = tmp_path / "patients.csv", tmp_path / "mapping.json"
    file.write_bytes(CLINICAL)
    mapping.write_text(json.dumps({"ignore": ["sex"]}))
    assert main(["check", str(file), "--mapping", str(mapping)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("patients: 3 patients, ")
    assert lines[1] == "endpoint os: Overall survival, 2 of 3"
    assert "info: The mapping leaves out sex." in lines


def test_a_reader_of_the_list_may_leave_early():
    done = subprocess.run(  # noqa: S602
        f"{sys.executable} -m data_loaders list | true",
        shell=True,
        cwd=ROOT,
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.stderr == b""
