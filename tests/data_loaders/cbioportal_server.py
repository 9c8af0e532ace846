"""A local server that answers as the documented cBioPortal API does, from the toy study.

Paths, parameters and field names follow the API's published description. ``Portal.trouble`` makes
it misbehave: a list of steps, one taken off at each request.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.data_loaders import cbioportal_study as toy

STUDY = "toy_2026"
TOKEN = "a-token-of-the-toy"  # noqa: S105 - of this server alone
_OWNER = {sample: patient for patient, sample, *_ in toy.SAMPLES}
_PANEL = {sample: mutations for sample, mutations, _ in toy.MATRIX}

Rows = list[dict[str, Any]]


@dataclass
class Portal:
    """What the server does and what it saw.

    Parameters
    ----------
    token
        Asked for, if any.
    trouble
        Steps taken one a request: ``500``, ``429``, ``401``, ``302``, ``html``, ``cut``, ``slow``,
        ``drop``, ``junk``, ``list`` or ``ok``.
    requests, headers
        Method, path, query and body of each request, and its head.
    without
        Parts of paths that are not found.
    mangle
        Changes each answer.
    slow
        Seconds that a slow answer takes.
    url
        The address while it runs.
    """

    token: str | None = None
    trouble: list[str] = field(default_factory=list)
    requests: list[tuple[str, str, dict[str, str], Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    without: tuple[str, ...] = ()
    mangle: Callable[[Any], Any] | None = None
    slow: float = 1.0
    url: str = ""


@contextlib.contextmanager
def running(portal: Portal) -> Iterator[str]:
    """The server's address while it runs on a free port of this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"portal": portal}))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        portal.url = f"http://127.0.0.1:{server.server_port}"
        yield portal.url
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    portal: Portal
    protocol_version = "HTTP/1.1"
    wbufsize = 2**16  # head and body in one packet, or each answer waits 40 ms

    def do_GET(self) -> None:
        self._answer("GET", None)

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        self._answer("POST", json.loads(self.rfile.read(length)))

    def log_message(self, *_: object) -> None:
        """Quiet."""

    def _answer(self, method: str, body: Any) -> None:
        parts = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        path = unquote(parts.path)
        self.portal.requests.append((method, path, query, body))
        self.portal.headers.append(dict(self.headers))
        step = self.portal.trouble.pop(0) if self.portal.trouble else "ok"
        if step == "slow":
            time.sleep(self.portal.slow)
        if step == "drop":
            self.close_connection = True
            self.connection.close()
            return
        if step.isdigit():
            self._send(int(step), b"{}", **({"Retry-After": "0"} if step == "429" else {}))
            return
        if self.portal.token and self.headers.get("Authorization") != f"Bearer {self.portal.token}":
            self._send(401, b'{"message": "Unauthorized"}')
            return
        if step == "html":
            self._send(200, b"<!DOCTYPE html><html>Log in</html>", kind="text/html")
            return
        answer = _route(path.removeprefix("/api/"), query, body, self.portal.without)
        if answer is None:
            self._send(404, b'{"message": "Not found"}')
            return
        answer = self.portal.mangle(answer) if self.portal.mangle else answer
        data = json.dumps(answer).encode()
        if step == "cut":
            data = data[: len(data) // 2]
        elif step == "junk":
            data = b'{"message": "something else"}'
        self._send(200, data)

    def _send(self, status: int, data: bytes, kind: str = "application/json", **extra: str) -> None:
        try:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            for name, value in extra.items():
                self.send_header(name, value)
            if 300 <= status < 400:
                self.send_header("Location", "http://127.0.0.1:9/elsewhere")
            self.end_headers()
            self.wfile.write(data)
            self.wfile.flush()
        except (BrokenPipeError, ConnectionResetError):
            pass  # the client gave up, as it is told to


def _route(path: str, query: dict[str, str], body: Any, without: tuple[str, ...]) -> Any:
    parts = path.split("/")
    if any(word in path for word in without):
        return None
    if parts[0] == "studies":
        return _study(parts, query)
    if parts[0] == "gene-panels" and parts[1] in toy.PANELS:
        genes = [
            {"entrezGeneId": i, "hugoGeneSymbol": g} for i, g in enumerate(toy.PANELS[parts[1]])
        ]
        return {"genePanelId": parts[1], "genes": genes}
    if path == "structural-variant/fetch":
        wanted = {item["sampleId"] for item in body["sampleMolecularIdentifiers"]}
        return [row for row in _fusions() if row["sampleId"] in wanted]
    if parts[0] == "molecular-profiles":
        makers: dict[str, Callable[[], Rows]] = {
            "gene-panel-data/fetch": lambda: _profiled(parts[1]),
            "mutations/fetch": _mutations,
            "discrete-copy-number/fetch": _copy_numbers,
        }
        rows = makers["/".join(parts[2:])]()
        return _page([row for row in rows if row["sampleId"] in body["sampleIds"]], query)
    return None


def _study(parts: list[str], query: dict[str, str]) -> Any:
    about = {"studyId": STUDY, "name": "Toy study", "description": "Seven patients.",
             "citation": "Nobody, 2026", "pmid": "1", "cancerTypeId": "mds", "allSampleCount": 8,
             "cancerType": {"name": "Myelodysplastic Syndromes"}}  # fmt: skip
    others = [
        {"studyId": f"other_{i:02}", "name": f"Another study {i:02}", "cancerTypeId": "brca"}
        for i in range(23)
    ]
    if len(parts) == 1:
        word = query.get("keyword", "").lower()
        found = [s for s in (*others, about) if word in f"{s['name']} {s['cancerTypeId']}".lower()]
        return _page(found, query)
    if parts[1] != STUDY:
        return None
    makers: dict[str, Callable[[], Rows]] = {
        "samples": lambda: [{"sampleId": s, "patientId": p} for s, p in _OWNER.items()],
        "clinical-attributes": lambda: [
            {"clinicalAttributeId": "TUMOUR_SHARE", "displayName": "Share of tumour cells"}
        ],
        "clinical-data": lambda: _clinical(query["clinicalDataType"]),
        "molecular-profiles": lambda: [
            {"molecularProfileId": f"{STUDY}_{name}", "molecularAlterationType": kind,
             "datatype": d}
            for name, kind, d in (("mutations", "MUTATION_EXTENDED", "MAF"),
                                  ("log2", "COPY_NUMBER_ALTERATION", "LOG2-VALUE"),
                                  ("cna", "COPY_NUMBER_ALTERATION", "DISCRETE"),
                                  ("sv", "STRUCTURAL_VARIANT", "SV"))
        ],
        "clinical-events": _events,
    }  # fmt: skip
    return about if len(parts) == 2 else _page(makers[parts[2]](), query)


def _page(rows: Rows, query: dict[str, str]) -> Rows:
    size, number = int(query.get("pageSize", 10_000_000)), int(query.get("pageNumber", 0))
    return rows[size * number : size * (number + 1)]


def _clinical(kind: str) -> Rows:
    names = {
        "PATIENT": ("OS_MONTHS", "OS_STATUS", "AGE", "DFS_STATUS", "DFS_MONTHS"),
        "SAMPLE": ("SAMPLE_TYPE", "TUMOUR_SHARE"),
    }[kind]
    rows: Rows = []
    source = toy.PATIENTS if kind == "PATIENT" else toy.SAMPLES
    for row in source:
        ids = (
            {"patientId": row[0]}
            if kind == "PATIENT"
            else {"patientId": row[0], "sampleId": row[1]}
        )
        for name, value in zip(names, row[len(ids) :], strict=True):
            rows.append({**ids, "clinicalAttributeId": name, "value": value, "studyId": STUDY})
    return rows


def _profiled(profile: str) -> Rows:
    kind = profile.removeprefix(f"{STUDY}_")
    rows: Rows = []
    for sample in _OWNER:
        done = sample in (toy.CNA_SAMPLES if kind == "cna" else toy.SEQUENCED)
        panel = _PANEL.get(sample, "NA") if kind != "sv" else "NA"
        rows.append({"sampleId": sample, "profiled": done,
                     **({"genePanelId": panel} if done and panel != "NA" else {})})  # fmt: skip
    return rows


def _mutations() -> Rows:
    return [
        {"sampleId": sample, "patientId": _OWNER[sample], "gene": {"hugoGeneSymbol": gene},
         "mutationType": kind, "proteinChange": change.removeprefix("p."),
         "tumorAltCount": int(alt), "tumorRefCount": int(ref), "mutationStatus": status,
         "referenceAllele": "NA"}
        for gene, sample, kind, change, alt, ref, status in toy.MUTATIONS
    ]  # fmt: skip


def _copy_numbers() -> Rows:
    return [
        {"sampleId": sample, "alteration": int(level), "gene": {"hugoGeneSymbol": gene}}
        for gene, levels in toy.CNA
        for sample, level in zip(toy.CNA_SAMPLES, levels, strict=True)
        if level in {"-2", "2"}
    ]


def _fusions() -> Rows:
    return [
        {"sampleId": sample, "site1HugoSymbol": one, "site2HugoSymbol": two, "svStatus": status,
         "variantClass": kind}
        for sample, one, two, status, kind in toy.FUSIONS
    ]  # fmt: skip


def _events() -> Rows:
    return [
        {"patientId": patient, "eventType": event, "startNumberOfDaysSinceDiagnosis": int(start),
         **({"endNumberOfDaysSinceDiagnosis": int(stop)} if stop else {}),
         "attributes": [{"key": "TREATMENT_TYPE", "value": kind}, {"key": "AGENT", "value": agent}]}
        for patient, start, stop, event, kind, agent in toy.TIMELINE
    ]  # fmt: skip
