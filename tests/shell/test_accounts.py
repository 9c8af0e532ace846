"""Who may come in and what they may do: settings, claims, files, and what is noted."""

from __future__ import annotations

import asyncio
import hashlib
import json
import math
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from streamlit import config
from streamlit.testing.v1 import AppTest
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value

from app.cohort.filters import Filter
from app.shell.accounts import end_logins, ended
from app.shell.accounts.door import PERSON, Door
from app.shell.accounts.rules import LOCAL, AccountsError, Person, Refused, Rules
from app.shell.layout import _taken
from app.shell.session import Looking
from app.shell.story.stages import _held, stage
from app.shell.watch import audit
from data_loaders import load_cohort, settings

NOW = 1_800_000_000.0
OIDC = {
    settings.ACCOUNTS.name: "oidc",
    settings.ROLES.name: "readers=viewer, registry=analyst, data=keeper, a=b=administrator",
}
PROXY = OIDC | {
    settings.ACCOUNTS.name: "proxy",
    settings.PROXIES.name: "10.0.0.0/8, ::1",
    settings.USER_HEADER.name: "X-User",
    settings.GROUPS_HEADER.name: "X-Groups",
}
SECRET = "what signs the cookies of a login"  # noqa: S105


def admitted(claims: Mapping[str, object], **more: str) -> Person | Refused:
    return Rules.of(OIDC | more).admits({"sub": "p", "iat": NOW - 60, **claims}, NOW)


def set_all(monkeypatch: pytest.MonkeyPatch, held: Mapping[str, str]) -> None:
    for name, value in held.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize(
    ("groups", "role"),
    [
        (["readers"], "viewer"),
        (["readers", "data", "registry"], "keeper"),
        (["a=b"], "administrator"),
        ("readers,registry", "analyst"),
        ("readers|other", "viewer"),
        (["Readers"], None),  # as the provider writes it
        ([["data"], 7, None], None),
        ({"data": True}, None),
        (["data"] * 3_000, None),
        (["*"], None),
        (None, None),
    ],
)
def test_the_highest_role_of_a_persons_groups(groups: object, role: str | None):
    found = admitted({"groups": groups})
    assert (found.role if isinstance(found, Person) else None) == role
    assert isinstance(found, Person) or found.why == "role"


def test_everybody_may_have_a_role_and_groups_may_lie_inwards(monkeypatch: pytest.MonkeyPatch):
    everybody = admitted({}, CALR_EXPLORER_ROLES="*=viewer,it=administrator")
    assert isinstance(everybody, Person)
    assert everybody.role == "viewer"
    monkeypatch.setenv(settings.GROUPS_CLAIM.name, "realm_access.roles")
    found = admitted({"realm_access": {"roles": ["registry"]}})
    assert isinstance(found, Person)
    assert found.role == "analyst"


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"sub": ""}, "out"),
        ({"sub": None}, "out"),
        ({"sub": "x" * 256}, "out"),
        ({"sub": "a\nb"}, "out"),
        ({"iat": None}, "expired"),
        ({"iat": NOW - 12 * 3600}, "expired"),
        ({"iat": "now"}, "expired"),
    ],
)
def test_who_is_not_known_or_was_known_too_long_ago_stays_out(
    claims: Mapping[str, object], why: str
):
    found = admitted({"groups": ["data"], **claims})
    assert isinstance(found, Refused)
    assert found.why == why


def test_a_login_ends_wherever_it_is_used_when_its_person_logs_out():
    began = {"sub": "gone", "groups": ["data"]}
    end_logins("gone", NOW - 30)
    found = admitted(began)
    assert isinstance(found, Refused)
    assert found.why == "expired"
    assert isinstance(admitted(began | {"iat": NOW - 20}), Person)
    assert isinstance(admitted(began | {"sub": "another"}), Person)


def test_what_another_process_ended_has_ended_here_and_a_lower_role_ends_the_higher(
    monkeypatch: pytest.MonkeyPatch,
):
    """Another process is one that knows nothing but the store."""

    def in_another_process() -> None:
        for name, value in (("_ended", {}), ("_unwritten", {}), ("_look_at", -math.inf)):
            monkeypatch.setattr(ended, name, value)

    def comes_in(groups: list[str], began: float) -> bool:
        return isinstance(admitted({"sub": "mover", "groups": groups, "iat": began}), Person)

    keeper, analyst, later = NOW - 300, NOW - 200, NOW - 100
    ended.came_in("mover", keeper, 2)
    ended.came_in("mover", keeper + 10, 2)
    in_another_process()
    assert comes_in(["data"], keeper)
    ended.came_in("mover", analyst, 1)
    assert not comes_in(["data"], keeper)
    assert not comes_in(["data"], keeper + 10)
    assert comes_in(["registry"], analyst)
    # A process that first hears of the higher role afterwards ends that one all the same.
    ended.came_in("mover", analyst - 50, 3)
    ended.came_in("mover", later, 2)
    assert comes_in(["registry"], analyst)
    in_another_process()
    end_logins("mover", NOW)
    in_another_process()
    assert not comes_in(["data"], later)
    assert isinstance(admitted({"sub": "other", "groups": ["data"], "iat": keeper}), Person)


def test_while_the_store_is_away_what_was_ended_stays_so_and_is_written_later(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    nowhere = tmp_path / "file"
    nowhere.write_text("no folder")
    monkeypatch.setenv(settings.STORE.name, str(nowhere))
    end_logins("away", NOW - 30)
    assert not isinstance(admitted({"sub": "away", "groups": ["data"]}), Person)
    monkeypatch.setenv(settings.STORE.name, str(tmp_path / "store"))
    monkeypatch.setattr(ended, "_look_at", -math.inf)
    ended.look()
    assert not ended._unwritten
    assert not isinstance(admitted({"sub": "away", "groups": ["data"]}), Person)


def test_a_file_is_made_while_the_login_of_its_page_holds(
    monkeypatch: pytest.MonkeyPatch,
):
    set_all(monkeypatch, OIDC)
    began = time.time() - 60
    found = Rules.of().admits({"sub": "taker", "groups": ["data"], "iat": began}, began)
    assert isinstance(found, Person)
    assert _taken(lambda: "file", found, None, "csv") == "file"

    def broken() -> bytes:
        raise KeyError("a patient's value")

    with pytest.raises(RuntimeError, match=r"KeyError at .*test_accounts\.py") as refused:
        _taken(broken, found, None, "csv")
    assert "value" not in "".join(traceback.format_exception(refused.value))
    end_logins("taker", time.time())
    with pytest.raises(PermissionError, match="login has ended"):
        _taken(lambda: "file", found, None, "csv")


def fragments_after_a_login() -> None:
    import streamlit as st

    from app.views.data.corrections.page import draw_mapping_editor
    from app.views.data.derive.page import draw_deriving
    from app.views.pooled.page import draw_release

    drawn = st.session_state.setdefault("drawn", [])
    for part in (draw_mapping_editor, draw_deriving):
        if part.__name__ not in drawn:
            drawn.append(part.__name__)
            part(None)
    draw_release(None)
    st.write("the whole page")


def test_what_is_left_of_a_page_after_a_login_draws_nothing(monkeypatch: pytest.MonkeyPatch):
    set_all(monkeypatch, PROXY)
    at = AppTest.from_function(fragments_after_a_login, default_timeout=60).run()
    assert not at.exception
    assert [shown.value for shown in at.markdown] == ["the whole page"]
    assert not at.expander


def test_roles_have_rights_and_a_machine_of_ones_own_all_but_one():
    may = {
        role: {r for r in ("load", "export", "keep", "administer") if Person("p", role=role).may(r)}
        for role in ("viewer", "analyst", "keeper", "administrator", None)
    }
    assert may["viewer"] == set()
    assert may["analyst"] == {"load", "export"}
    assert may["keeper"] == may[None] == {"load", "export", "keep"}
    assert may["administrator"] == {"load", "export", "keep", "administer"}


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ({settings.ACCOUNTS.name: "on"}, settings.ACCOUNTS.name),
        ({settings.ROLES.name: "readers"}, settings.ROLES.name),
        ({settings.ROLES.name: "readers=boss"}, settings.ROLES.name),
        ({settings.ROLES.name: ""}, settings.ROLES.name),
        ({settings.LOGIN_HOURS.name: "nan"}, settings.LOGIN_HOURS.name),
        ({settings.LOGIN_HOURS.name: "0"}, settings.LOGIN_HOURS.name),
        ({settings.PROXIES.name: "proxy.example"}, settings.PROXIES.name),
        ({settings.PROXIES.name: ""}, settings.PROXIES.name),
        ({settings.USER_HEADER.name: ""}, settings.USER_HEADER.name),
    ],
)
def test_a_setting_that_cannot_be_obeyed_lets_nobody_in(
    monkeypatch: pytest.MonkeyPatch, said: Mapping[str, str], named: str
):
    with pytest.raises(AccountsError, match=f"{named}.*Nobody comes in"):
        Rules.of(PROXY | said)
    set_all(monkeypatch, PROXY | said)
    assert Client("10.1.2.3").get("/media/x", headers={"X-User": "p"}).status_code == 403


def test_off_is_the_default_and_lets_everyone_in():
    assert Rules.of({}).mode == "off"
    assert Client("203.0.113.9").get("/media/x").text == "None"


# The door.


async def said(request: Request) -> PlainTextResponse:
    who: Person | None = request.scope.get(PERSON)
    return PlainTextResponse(f"{who and who.subject}{request.headers.get('x-user', '')}")


class Client:
    """Asks the door and what stands behind it, coming from an address."""

    def __init__(self, peer: str, **cookies: str) -> None:
        routes = [Route("/stage/{token}", stage), Route("/{path:path}", said)]
        self.app = Starlette(routes=routes, middleware=[Middleware(Door)])
        self.peer, self.cookies = peer, cookies

    def get(self, path: str, headers: Any = None) -> httpx.Response:
        async def ask() -> httpx.Response:
            way = httpx.ASGITransport(self.app, client=(self.peer, 1))
            async with httpx.AsyncClient(
                transport=way, base_url="http://server", cookies=self.cookies
            ) as asking:
                return await asking.get(path, headers=headers)

        return asyncio.run(ask())


def test_headers_count_from_the_proxy_and_once(monkeypatch: pytest.MonkeyPatch):
    set_all(monkeypatch, PROXY)
    named = {"X-User": "ada", "X-Groups": "registry"}
    for peer in ("10.1.2.3", "::1", "::ffff:10.1.2.3"):
        assert Client(peer).get("/media/file", headers=named).text == "adaada"
    for peer in ("203.0.113.9", "127.0.0.1", "testclient"):
        answer = Client(peer).get("/media/file", headers=named)
        assert (answer.status_code, "registry" in answer.text) == (403, False)
        # What is not guarded goes on without them.
        assert Client(peer).get("/static/index.js", headers=named).text == "None"
    twice = [("X-User", "ada"), ("X-Groups", "registry"), ("x-user", "root")]
    assert Client("10.1.2.3").get("/media/file", headers=twice).status_code == 403
    assert Client("10.1.2.3").get("/media/file", headers={"X-User": "ada"}).status_code == 403


def cookie(claims: Mapping[str, object], secret: str = SECRET) -> str:
    told = json.dumps({"is_logged_in": True, "iat": time.time(), **claims})
    return create_signed_value(secret, "_streamlit_user", told).decode()


def test_files_uploads_and_presentations_need_a_login_that_holds(
    monkeypatch: pytest.MonkeyPatch,
):
    set_all(monkeypatch, OIDC)
    monkeypatch.setitem(_held, "stage/token", (b"", "ada"))
    before = config.get_option("server.cookieSecret")
    config.set_option("server.cookieSecret", SECRET)
    try:
        ada, bob = ({"sub": who, "groups": ["registry"]} for who in ("ada", "bob"))
        good = Client("203.0.113.9", _streamlit_user=cookie(ada))
        assert good.get("/media/file").text == "ada"
        for path in ("/media/file", "/_stcore/upload_file/session/file", "/stage/token"):
            for held in (
                {},
                {"_streamlit_user": cookie(ada, "another secret, as long as that")},
                {"_streamlit_user": cookie(ada | {"iat": time.time() - 13 * 3600})},
                {"_streamlit_user": cookie(ada | {"is_logged_in": "yes"})},
                {"_streamlit_user": cookie(ada | {"groups": []})},
            ):
                assert Client("203.0.113.9", **held).get(path).status_code == 403, (path, held)
        # Another's presentation is answered as one that is not there.
        other = Client("203.0.113.9", _streamlit_user=cookie(bob)).get("/stage/token")
        gone = good.get("/stage/none")
        assert (other.status_code, other.text) == (gone.status_code, gone.text) == (404, gone.text)
        # Who logs in is led to the link that they came with, and never elsewhere.
        asked = Client("203.0.113.9").get("/survival?dx=MF&group=alteration:ASXL1")
        kept = asked.cookies["calr_asked"]
        back = Client("203.0.113.9", _streamlit_user=cookie(ada), calr_asked=kept).get("/")
        assert back.headers["location"] == "/survival?dx=MF&group=alteration:ASXL1"
        for evil in ("%2F%2Fevil.example", "https%3A%2F%2Fevil.example", "%2F%5Cevil.example"):
            held = {"_streamlit_user": cookie(ada), "calr_asked": evil}
            assert Client("203.0.113.9", **held).get("/").status_code == 200
        # The same below a path of the address.
        config.set_option("server.baseUrlPath", "calr-explorer")
        assert Client("203.0.113.9").get("/calr-explorer/media/file").status_code == 403
        kept = Client("203.0.113.9").get("/calr-explorer/cohort").cookies["calr_asked"]
        led = Client("203.0.113.9", _streamlit_user=cookie(ada), calr_asked=kept)
        assert led.get("/calr-explorer/").headers["location"] == "/calr-explorer/cohort"
    finally:
        config.set_option("server.cookieSecret", before)
        config.set_option("server.baseUrlPath", "")


# What is noted.


def test_lines_are_appended_and_a_full_file_is_put_aside(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    file = tmp_path / "audit.jsonl"
    monkeypatch.setenv(settings.AUDIT.name, str(file))
    monkeypatch.setattr(audit, "_FULL", 400)
    monkeypatch.setattr(audit, "_KEPT", 3)
    ada = Person("ada", role="analyst")
    for n in range(40):
        audit.note(ada, "filter", fingerprint="f" * 64, filter_hash="a" * 16, n=n)
    whole = sorted(tmp_path.glob("audit*.jsonl"))
    assert len(whole) == 4
    lines = [json.loads(line) for path in whole for line in path.read_text().splitlines()]
    assert [line["n"] for line in lines] == list(range(40))[-len(lines) :]
    assert set(lines[-1]) == {"at", "person", "role", "action", "fingerprint", "filter", "n"}
    assert file.stat().st_mode & 0o077 == 0
    # The store has them, too, until they are too old.
    kept, stored = audit.last_notes("ada")
    assert stored
    assert [one["n"] for one in kept] == list(range(40))[::-1]
    assert {k: v for k, v in kept[0].items() if v is not None} == lines[-1]
    assert audit.noted_people()[0] == "ada"
    monkeypatch.setattr(audit, "_moment", lambda _before=None: "2999")
    audit.note(Person("eve"), "refused", what="role")
    assert [one["person"] for one in audit.last_notes()[0]] == ["eve"]
    assert audit.audit_works()


def who_comes_to_a_closed_door() -> None:
    import streamlit as st

    from app.shell.accounts import stop_at_the_gate

    stop_at_the_gate(st.session_state["refused"])


@pytest.mark.parametrize(
    ("mode", "why", "noted"),
    [(OIDC, "out", False), (OIDC, "role", True), (OIDC, "expired", True), (PROXY, "out", True)],
)
def test_who_has_yet_to_log_in_fills_no_audit(
    mode: Mapping[str, str], why: Any, noted: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    set_all(monkeypatch, mode | {settings.AUDIT.name: str(tmp_path / "audit.jsonl")})
    at = AppTest.from_function(who_comes_to_a_closed_door, default_timeout=60)
    at.session_state["refused"] = Refused(why, "No.", "" if why == "out" else "ada")
    at.run()
    assert not at.exception
    assert (tmp_path / "audit.jsonl").exists() == noted


def test_a_filter_is_noted_by_a_hash_that_nobody_finds_by_trying():
    cohort = load_cohort("demo:mds")
    chosen = Filter.from_dict({"column": "age_years", "between": [60, None]})
    plain = json.dumps(chosen.to_dict(), sort_keys=True).encode()
    looking = Looking("demo:mds", cohort, chosen, chosen.apply(cohort))
    before = config.get_option("server.cookieSecret")
    hashes = {hashlib.sha256(plain).hexdigest()[:16]}
    try:
        for secret in (SECRET, "of another server", SECRET):
            config.set_option("server.cookieSecret", secret)
            hashes.add(looking.for_audit()["filter_hash"])
    finally:
        config.set_option("server.cookieSecret", before)
    assert len(hashes) == 3


def test_a_file_that_cannot_be_written_is_known(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv(settings.AUDIT.name, str(tmp_path / "nowhere" / "audit.jsonl"))
    audit.note(LOCAL, "open", n=1)
    assert not audit.audit_works()
    monkeypatch.setenv(settings.AUDIT.name, str(tmp_path / "audit.jsonl"))
    audit.note(LOCAL, "open", n=1)
    assert audit.audit_works()


def test_nothing_is_noted_on_a_machine_of_ones_own():
    before = audit.last_notes()
    audit.note(LOCAL, "open", n=1)
    assert audit.last_notes() == before
