"""Who this session is, and the door that it stands before otherwise."""

from __future__ import annotations

import time
from typing import Any

import streamlit as st
from streamlit.auth_util import get_secrets_auth_section, is_authlib_installed
from streamlit.runtime.scriptrunner import get_script_run_ctx

from app.cohort.disclosure import Disclosure, DisclosureError
from app.cohort.escaping import markdown_escaped
from app.shell.accounts.door import PROXY_GROUPS, PROXY_USER, proxy_claims
from app.shell.accounts.ended import came_in, end_logins
from app.shell.accounts.rules import (
    LOCAL,
    ROLES,
    AccountsError,
    Person,
    Refused,
    Right,
    Rules,
)
from app.shell.watch.audit import Action, note
from data_loaders import settings

_BEGAN, _NOTED = "_session_began", "_session_noted"


def visitor() -> Person | Refused:
    """Who this session is, judged anew at each call: a login ends also while one works."""
    try:
        rules = Rules.of()
    except AccountsError as error:
        return Refused("closed", str(error))
    if rules.mode == "off":
        return LOCAL
    if get_script_run_ctx(suppress_warning=True) is None:
        return Refused("out", "There is no session.")
    said: dict[str, Any] = st.user.to_dict()
    if rules.mode == "proxy":
        began = st.session_state.setdefault(_BEGAN, time.time())
        said = proxy_claims(said.get(PROXY_USER), said.get(PROXY_GROUPS), began)
    elif said.get("is_logged_in") is not True:
        said = {}
    return rules.admits(said, time.time())


def still_in(who: Person) -> bool:
    """Whether somebody's login still holds, where no session can be asked: beside its thread."""
    try:
        return Rules.of().holds(who, time.time())
    except AccountsError:
        return False


def rerun_if_out() -> None:
    """Run the whole page, which has the gate, once a login has ended; first in every fragment.

    A fragment runs without the rest of its page.
    """
    if not isinstance(visitor(), Person):
        st.rerun()


def person() -> Person:
    """Who this session is, where the gate has let it in; nobody with any right otherwise."""
    found = visitor()
    return found if isinstance(found, Person) else _NOBODY


_NOBODY = Person("", role="viewer", until=0.0)


def may(right: Right) -> bool:
    """Whether this session's person has a right."""
    return person().may(right)


def owner() -> str:
    """To whom what this session keeps belongs: ``local`` where accounts are off."""
    return person().subject


def disclosure_policy() -> Disclosure | None:
    """The disclosure policy of this session: the server's, or the stricter one of its role.

    Raises
    ------
    DisclosureError
        If a setting cannot be obeyed: nothing must be shown then.
    """
    everybody = Disclosure.of()
    if person().role != "viewer":
        return everybody
    own = settings.VIEWER_DISCLOSURE
    try:
        of_role = Disclosure.of({settings.DISCLOSURE.name: own.read()})
    except DisclosureError as error:
        raise DisclosureError(str(error).replace(settings.DISCLOSURE.name, own.name)) from None
    stricter = [one for one in (everybody, of_role) if one is not None]
    return max(stricter, key=lambda one: one.threshold, default=None)


def stop_at_the_gate(refused: Refused) -> None:
    """Show why somebody is not let in, and how they may be; nothing else is drawn."""
    mode = settings.ACCOUNTS.read().lower()
    # Who has yet to log in was not refused: to note them would let anybody fill the audit.
    if mode != "oidc" or refused.why != "out":
        fresh = _note_once(Person(refused.subject or "unknown"), "refused", refused.why)
        if fresh and refused.why == "role":
            end_logins(refused.subject, refused.began)  # those before it, with a role
    st.title("CALR Explorer", anchor=False)
    lacks = _oidc_lacks() if mode == "oidc" else ""
    if lacks:
        st.error(lacks)
    elif mode == "oidc" and refused.why in {"out", "expired"}:
        st.markdown(markdown_escaped(refused.sentence))
        if st.button("Log in", key="log_in", type="primary", icon=":material/login:"):
            st.login()
    elif mode == "oidc" and refused.why == "role":
        st.warning(markdown_escaped(refused.sentence))
        _draw_way_out()
    elif refused.why == "out" and mode == "proxy":
        st.warning(
            "This server lets in whom its proxy names, and you did not come through it: use the "
            "address that your administrator gave you."
        )
    else:
        st.warning(markdown_escaped(refused.sentence))
    st.stop()


def draw_who(who: Person) -> None:
    """Who is logged in, with the way out; nothing where accounts are off."""
    if who.role is None:
        return
    if _note_once(who, "log_in"):
        came_in(who.subject, who.began, list(ROLES).index(who.role))
        rerun_if_out()  # where a later login has a lower role
    with st.container(horizontal=True, vertical_alignment="center", key="who"):
        st.caption(f"{markdown_escaped(who.name)} · {who.role}")
        if settings.ACCOUNTS.read().lower() == "oidc":
            _draw_way_out()


def _draw_way_out() -> None:
    if st.button("Log out", key="log_out", type="tertiary", icon=":material/logout:"):
        note(person(), "log_out")
        end_logins(person().subject, time.time())
        st.logout()


def _note_once(who: Person, action: Action, what: str = "") -> bool:
    """Once a session, as a page is drawn at every click; whether it was now."""
    if st.session_state.get(_NOTED) == (action, what):
        return False
    st.session_state[_NOTED] = (action, what)
    note(who, action, what=what)
    return True


def oidc_secrets() -> dict[str, Any] | None:
    """What Streamlit needs to know of the provider, where the environment says it."""
    if not settings.OIDC_METADATA.read():
        return None
    return {
        "auth": {
            "redirect_uri": settings.OIDC_REDIRECT.read(),
            "cookie_secret": settings.OIDC_COOKIE.read(),
            "client_id": settings.OIDC_CLIENT.read(),
            "client_secret": settings.OIDC_SECRET.read(),
            "server_metadata_url": settings.OIDC_METADATA.read(),
            "client_kwargs": {"scope": settings.OIDC_SCOPE.read()},
        }
    }


def _oidc_lacks() -> str:
    """What a login needs and this server has not; empty where it has all."""
    if not is_authlib_installed():
        return "Nobody can log in: this server lacks the package Authlib (make serve installs it)."
    said = get_secrets_auth_section()
    needed = ("redirect_uri", "cookie_secret", "client_id", "client_secret", "server_metadata_url")
    missing = [name for name in needed if not said.get(name)]
    if missing:
        return (
            f"Nobody can log in: this server is not told {', '.join(missing)}, neither in the "
            f"environment ({settings.OIDC_METADATA.name} and beside it) nor in secrets.toml."
        )
    return ""
