"""Accounts, with a real provider of OpenID Connect and a real proxy's address, in Chromium."""

from __future__ import annotations

import asyncio
import contextlib
import json
import queue
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets import Subprotocol
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from app import __version__
from app.serving.processes import find_proxy
from tests.e2e.acts import PATIENCE, choose_files, new_window
from tests.e2e.server import free_port, running, running_app

HOUR = 3600
ROLES = "registry=analyst,readers=viewer,data=keeper,it=administrator"
GONE = "This cohort is not here any more"
USERS = {
    "ada": {"name": "Ada *Lovelace*", "groups": ["registry", "everybody"]},
    "vic": {"groups": ["readers"]},
    "root": {"groups": ["it"]},
    "eve": {"name": "Eve", "groups": ["*", "administrator"]},
    "old": {"groups": ["registry"], "iat": int(time.time()) - 13 * HOUR},
}


@pytest.fixture(scope="module")
def audit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("audit") / "audit.jsonl"


@contextlib.contextmanager
def running_provider() -> Iterator[str]:
    """A provider in a process of its own; yields its address."""
    port = free_port()
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port)]
    for sub, claims in USERS.items():
        command += ["--user-claims", json.dumps({"sub": sub, **claims})]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, audit: Path) -> Iterator[str]:
    """Two processes behind one address, where HAProxy is; else one."""
    port, folder = free_port(), tmp_path_factory.mktemp("server")
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "app.command", "serve", "--port", str(port)]
    processes = "1" if find_proxy() is None else "2"
    with (
        running_provider() as provider,
        running(
            [*command, "--processes", processes],
            address,
            folder / "server.log",
            environment={
                "CALR_EXPLORER_ACCOUNTS": "oidc",
                "CALR_EXPLORER_ROLES": ROLES,
                "CALR_EXPLORER_OIDC_METADATA": f"{provider}/.well-known/openid-configuration",
                "CALR_EXPLORER_OIDC_CLIENT": "calr",
                "CALR_EXPLORER_OIDC_SECRET": "the server's secret at the provider",
                "CALR_EXPLORER_OIDC_COOKIE": "a long random text that signs cookies",
                "CALR_EXPLORER_OIDC_REDIRECT": f"{address}/oauth2callback",
                "CALR_EXPLORER_AUDIT": str(audit),
                "CALR_EXPLORER_STORE": str(folder / "store"),
            },
        ),
    ):
        while processes == "2" and (folder / "server.log").read_text().count("is UP") < 2:
            time.sleep(0.1)
        yield address


@contextlib.contextmanager
def someone(browser: Browser, **options: object) -> Iterator[Page]:
    """A browser of somebody's own."""
    context = new_window(browser, viewport={"width": 1440, "height": 900}, **options)
    context.set_default_timeout(PATIENCE)
    try:
        yield context.new_page()
    finally:
        context.close()


def log_in(page: Page, link: str, who: str) -> None:
    page.goto(link)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("button", name=who, exact=True).click()


def notes(audit: Path, **wanted: object) -> list[dict[str, object]]:
    lines = [json.loads(line) for line in audit.read_text().splitlines()]
    return [line for line in lines if wanted.items() <= line.items()]


def registry_in(folder: Path) -> Path:
    rows = [f"SECRET{i},{i + 1},{i % 2},{i % 3 // 2}" for i in range(40)]
    table = folder / "registry.csv"
    table.write_text("\n".join(["patient_id,os_months,os_event,ASXL1", *rows]))
    return table


def fetched(address: str) -> str:
    with urllib.request.urlopen(address, timeout=120) as reply:  # noqa: S310  (our own server)
        return reply.read().decode()


def test_log_in_take_away_log_out_and_another_users_cohort_by_its_link(
    browser: Browser, address: str, audit: Path, tmp_path: Path
):
    table = registry_in(tmp_path)
    with someone(browser) as page:
        log_in(page, f"{address}/data?source=files", "ada")
        # The provider leads to Home; she came for another page.
        expect(page).to_have_url(re.compile(r"/data"))
        expect(page.get_by_text("Ada *Lovelace* · analyst")).to_be_visible()
        choose_files(page, table)
        expect(page.get_by_role("heading", name="registry", exact=True)).to_be_visible()
        expect(page.get_by_role("link", name="Audit")).to_have_count(0)
        expect(page).to_have_url(re.compile(r"cohort=upload"))
        link = page.url
        page.get_by_text("Save this cohort").click()
        with page.expect_download() as download:
            page.get_by_role("button", name="As Parquet and JSON (ZIP)").click()
        taken = download.value.url
        [note] = notes(audit, person="ada", action="export")
        assert (note["n"], note["what"], note["role"]) == (40, "save_tables", "analyst")
        assert "SECRET" not in audit.read_text()
        assert "registry" not in audit.read_text()
        [cookie] = [one for one in page.context.cookies() if one["name"] == "_streamlit_user"]
        # Of the process that holds the file: the other hears of a log-out within a second.
        place = f"calr_process={process_of(page)}"
        page.get_by_role("button", name="Log out").click()
        # The provider is told, too, and may ask whether its own login shall end.
        expect(page).to_have_url(re.compile("/oauth2/end_session"))
        page.wait_for_load_state()  # going elsewhere while it comes would be interrupted by it
        page.goto(link)
        expect(page.get_by_role("button", name="Log in")).to_be_visible()
        expect(page.get_by_text("SECRET")).to_have_count(0)
    # The address of the file that she took is worth nothing without her login, nor with a copy of
    # its cookie.
    for copied in (place, f"{place}; _streamlit_user={cookie['value']}"):
        asked = urllib.request.Request(taken, headers={"Cookie": copied})  # noqa: S310
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(asked)  # noqa: S310
    with someone(browser) as page:
        log_in(page, link, "root")
        expect(page.get_by_text("root · administrator")).to_be_visible()
        expect(page.get_by_text(GONE)).to_be_visible()
        expect(page.get_by_role("heading", name="registry", exact=True)).to_have_count(0)
        page.goto(f"{address}/audit")
        expect(page.get_by_role("heading", name="Audit")).to_be_visible()
        expect(page.get_by_test_id("stDataFrame")).to_be_visible()
    assert notes(audit, person="ada", action="log_out")


def process_of(page: Page) -> str:
    """Which process a browser was given."""
    named = [one["value"] for one in page.context.cookies() if one["name"] == "calr_process"]
    return named[0] if named else ""


def go_on_until_out(page: Page) -> None:
    """From page to page until one says that the login was ended: a process asks once a second."""
    ended = page.get_by_text("This login was ended.")
    for name in ("Survival", "Cohort") * 10:
        link = page.get_by_role("link", name=name, exact=True)
        if ended.is_visible():
            break
        link.click()
        expect(ended.or_(page.get_by_role("heading", level=1, name=name))).to_be_visible()
    expect(ended).to_be_visible()


def test_a_login_ends_in_every_process_by_its_person_or_an_administrator(
    browser: Browser, address: str, audit: Path
):
    with someone(browser) as here, someone(browser) as there, someone(browser) as boss:
        for page in (here, there):
            log_in(page, address, "ada")
            expect(page.get_by_text("Ada *Lovelace* · analyst")).to_be_visible()
        if find_proxy() is not None:
            assert {process_of(here), process_of(there)} == {"p1", "p2"}
        here.get_by_role("button", name="Log out").click()
        expect(here).to_have_url(re.compile("/oauth2/end_session"))
        go_on_until_out(there)
        expect(there.get_by_role("link", name="Survival")).to_have_count(0)
        log_in(there, address, "ada")
        expect(there.get_by_text("Ada *Lovelace* · analyst")).to_be_visible()
        log_in(boss, f"{address}/audit", "root")
        expect(boss.get_by_text("The last 2,000 lines of all processes")).to_be_visible()
        expect(boss.get_by_role("button", name="End every login")).to_have_count(0)
        boss.get_by_role("combobox", name="Person").fill("ada")
        boss.get_by_role("option", name="ada", exact=True).click()
        boss.get_by_role("button", name="End every login").click()
        expect(boss.get_by_text("Every login of ada has ended.")).to_be_visible()
        go_on_until_out(there)
    assert notes(audit, person="root", action="end_logins", what="ada")


def test_who_has_no_role_or_an_old_login_is_told_so_and_a_viewer_sees_released_counts(
    browser: Browser, address: str, audit: Path
):
    with someone(browser) as page:
        log_in(page, f"{address}/survival", "eve")
        expect(page.get_by_text("none of your groups has a role on this server")).to_be_visible()
        expect(page.get_by_role("link", name="Survival")).to_have_count(0)
    with someone(browser) as page:
        log_in(page, address, "old")
        expect(page.get_by_text("Your login has ended")).to_be_visible()
        expect(page.get_by_role("button", name="Log in")).to_be_visible()
    assert notes(audit, person="eve", action="refused", what="role")
    assert notes(audit, person="old", action="refused", what="expired")
    with someone(browser) as page:
        log_in(page, f"{address}/data?cohort=demo:cll", "vic")
        expect(page.get_by_text("vic · viewer")).to_be_visible()
        # All that is released is worked out first, once a cohort.
        released = page.get_by_text("counts below 5 are hidden")
        expect(released.first).to_be_visible()
        expect(page.get_by_text("looks at the cohorts that it has")).to_be_visible()
        assert page.locator("input[type=file]").count() == 0


@contextlib.contextmanager
def relay(port: int, own: str) -> Iterator[int]:
    """Hand every connection on to a port of this machine, coming from an address of our own."""

    async def pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while block := await source.read(65536):
                target.write(block)
                await target.drain()
        target.close()

    async def hand_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far = await asyncio.open_connection("127.0.0.1", port, local_addr=(own, 0))
        await asyncio.gather(pump(reader, far[1]), pump(far[0], writer))

    async def serve() -> None:
        async with await asyncio.start_server(hand_on, "127.0.0.1", 0) as server:
            opened.put((server.sockets[0].getsockname()[1], asyncio.get_running_loop()))
            await ended.wait()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.wait(others, timeout=5) if others else None

    opened: queue.Queue[tuple[int, asyncio.AbstractEventLoop]] = queue.Queue()
    ended = asyncio.Event()
    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    address, loop = opened.get(timeout=60)
    try:
        yield address
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()


def session_of(
    server: int, own: str, headers: Mapping[str, str], before: str = ""
) -> tuple[str, str]:
    """Connect as a browser does, by hand; the session's id, and all the texts that it is shown.

    Parameters
    ----------
    before
        Id of a session to go on with.
    """
    line = socket.create_connection(("127.0.0.1", server), source_address=(own, 0))
    with connect(
        f"ws://127.0.0.1:{server}/_stcore/stream",
        sock=line,
        additional_headers=headers,
        subprotocols=[Subprotocol(part) for part in ("streamlit", "token", before) if part],
    ) as socket_of_page:
        rerun = BackMsg()
        rerun.rerun_script.query_string = ""
        socket_of_page.send(rerun.SerializeToString())
        session, shown = "", ""
        while True:
            message = ForwardMsg.FromString(socket_of_page.recv(timeout=120))
            kind = message.WhichOneof("type")
            if kind == "new_session":
                session = message.new_session.initialize.session_id
            if kind == "script_finished":
                return session, shown
            shown += str(message)


def nobody_takes_over_a_session(server: int) -> None:
    """Not by its id, nor by playing back what its browser sent, from wherever."""
    kim, rob = ({"X-Forwarded-User": u, "X-Forwarded-Groups": "data"} for u in ("kim", "rob"))
    own, shown = session_of(server, "127.0.0.2", kim)
    assert "kim · keeper" in shown
    assert "2,000" in shown
    assert session_of(server, "127.0.0.2", kim, own)[0] == own
    other, shown = session_of(server, "127.0.0.2", rob, own)
    assert other != own
    assert "rob · keeper" in shown
    again, shown = session_of(server, "127.0.0.1", kim, own)
    assert again not in {own, other}
    assert "you did not come through it" in shown
    # The pages are named, and nothing else.
    assert "2,000" not in shown
    another_site_neither_uploads_nor_connects(server, own)


def another_site_neither_uploads_nor_connects(server: int, session: str) -> None:
    """In the name of who has a page open, as a page elsewhere in the same browser could try."""
    kim = {"X-Forwarded-User": "kim", "X-Forwarded-Groups": "data"}
    abroad = kim | {"Origin": "https://evil.example"}
    with pytest.raises(InvalidStatus, match="403"):
        session_of(server, "127.0.0.2", abroad)
    with socket.create_connection(("127.0.0.1", server), source_address=("127.0.0.2", 0)) as line:
        lines = [f"PUT /_stcore/upload_file/{session}/file HTTP/1.1", "Host: 127.0.0.1"]
        lines += [f"{name}: {value}" for name, value in abroad.items()]
        line.sendall(
            "\r\n".join([*lines, "Connection: close", "Content-Length: 1", "", "x"]).encode()
        )
        answer = line.makefile().read()
    assert answer.startswith("HTTP/1.1 403 ")
    assert "XSRF" in answer


def share_and_take_back(browser: Browser, address: str, table: Path) -> None:
    """A kept cohort is its keeper's, then a group's, and then its keeper's again."""

    def known(user: str, group: str) -> dict[str, dict[str, str]]:
        return {
            "extra_http_headers": {"X-Forwarded-User": user, "X-Forwarded-Groups": group},
        }

    def sees(page: Page, heading: str, *, there: bool) -> None:
        shown = page.get_by_role("heading", name=heading, exact=True)
        expect(shown).to_be_visible() if there else expect(shown).to_have_count(0)

    with (
        someone(browser, **known("kim", "data")) as kim,
        someone(browser, **known("ada", "registry")) as ada,
        someone(browser, **known("rob", "it")) as rob,
    ):
        kim.goto(f"{address}/data?source=files")
        choose_files(kim, table)
        kim.get_by_role("button", name="Keep on this machine").first.click()
        expect(kim.get_by_text("Kept on this machine").first).to_be_visible()
        expect(kim).to_have_url(re.compile("cohort=upload"))
        link = kim.url
        for other in (ada, rob):
            other.goto(link)
            expect(other.get_by_text(GONE)).to_be_visible()
            sees(other, "registry", there=False)
        kim.get_by_test_id("stExpander").get_by_text("Kept on this machine").click()
        kim.get_by_role("button", name="Share", exact=True).click()
        named = kim.get_by_role("textbox", name="As the provider names it")
        named.fill("registry")
        named.press("Enter")
        kim.get_by_test_id("stPopoverBody").get_by_role("button", name="Share", exact=True).click()
        expect(kim.get_by_text("Group registry: read")).to_be_visible()
        ada.goto(link)
        sees(ada, "registry", there=True)
        rob.goto(link)
        expect(rob.get_by_text(GONE)).to_be_visible()
        kim.get_by_role("button", name="Take back").click()
        expect(kim.get_by_text("Group registry: read")).to_have_count(0)
        # Also in the session that has it open.
        ada.get_by_role("link", name="Survival").click()
        expect(ada.get_by_role("heading", name="Survival")).to_be_visible()
        expect(ada.get_by_text("registry is not shared with you any more.")).to_be_visible()
        expect(ada.get_by_text("40 patients")).to_have_count(0)


def test_a_header_counts_from_the_proxy_only(browser: Browser, tmp_path: Path):
    given = {"X-Forwarded-User": "ada", "X-Forwarded-Groups": "everybody,registry"}
    with (
        running_app(
            tmp_path / "server.log",
            CALR_EXPLORER_ACCOUNTS="proxy",
            CALR_EXPLORER_ROLES=ROLES,
            CALR_EXPLORER_PROXIES="127.0.0.2",
            CALR_EXPLORER_USER_HEADER="X-Forwarded-User",
            CALR_EXPLORER_GROUPS_HEADER="X-Forwarded-Groups",
            CALR_EXPLORER_STORE=str(tmp_path / "store"),
            CALR_EXPLORER_LOG="json",
            CALR_EXPLORER_METRICS="on",
            CALR_EXPLORER_DISCLOSURES="5",
        ) as address,
        relay(int(address.rsplit(":", 1)[1]), "127.0.0.2") as port,
    ):
        with someone(browser, extra_http_headers=given) as page:
            page.goto(f"http://127.0.0.1:{port}/methods")
            expect(page.get_by_text("ada · analyst")).to_be_visible()
            expect(page.get_by_text(f"CALR Explorer {__version__}")).to_be_visible()
        # The same from elsewhere, also where it claims to have come through the proxy.
        forged = given | {"X-Forwarded-For": "127.0.0.2"}
        with someone(browser, extra_http_headers=forged) as page:
            page.goto(f"{address}/methods")
            expect(page.get_by_text("you did not come through it")).to_be_visible()
            expect(page.get_by_role("link", name="Survival")).to_have_count(0)
        share_and_take_back(browser, f"http://127.0.0.1:{port}", registry_in(tmp_path))
        nobody_takes_over_a_session(int(address.rsplit(":", 1)[1]))
        told = json.loads(fetched(f"{address}/api/health"))
        assert told["status"] == "ok"
        assert told["version"] == __version__
        assert told["worker"] == {"works": True}
        assert told["disk"]["free_mib"] > 0
        figures = dict(
            line.rsplit(" ", 1)
            for line in fetched(f"{address}/metrics").splitlines()
            if not line.startswith("#")
        )
        assert float(figures['calr_run_seconds_count{page="methods"}']) >= 1
        assert float(figures['calr_actions_total{action="refused"}']) >= 1
        assert float(figures["calr_worker_up"]) == 1
        assert "process_resident_memory_bytes" in figures
    # Streamlit prints its address beside the log.
    log = (tmp_path / "server.log").read_text().splitlines()
    assert not [line for line in log if "ScriptRunContext" in line]
    lines = [json.loads(line) for line in log if line.startswith("{")]
    ours = [line for line in lines if line["logger"] == "calr_explorer"]
    assert ours[0]["message"] == f"CALR Explorer {__version__} starts"
    assert [line["message"] for line in ours if line["level"] == "WARNING"] == [
        "CALR_EXPLORER_DISCLOSURES is no setting of this version, so nothing obeys it"
    ]
