"""Whose workspace a session sees."""

from __future__ import annotations

from urllib.parse import urlsplit

import streamlit as st

from app.shell.accounts import person
from data_loaders.settings import SHARED

PERSON, GROUP = "person:", "group:"
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-Ip")


def known_as() -> tuple[str, ...]:
    """As whom a session is shared with: the person and their groups; nobody without accounts."""
    who = person()
    if who.role is None or not who.subject:
        return ()
    return f"{PERSON}{who.subject}", *(f"{GROUP}{group}" for group in sorted(who.groups))


def owner_of_session() -> str | None:
    """Under what a session's cohorts are kept; None where it may keep nothing.

    With accounts it is the person, if their role may keep. Without, it is whoever sits at this
    machine: on a server that others reach, at an address of its own or by a proxy, every visitor
    would be that one, so nothing is kept there.
    """
    who = person()
    if who.role is not None:
        # Never "local": that is of who sat here before there were accounts.
        return f"{PERSON}{who.subject}" if who.may("keep") else None
    return None if reached_by_others() else "local"


def reached_by_others() -> bool:
    """Whether others than who sits at this machine reach the server, as far as a session can tell.

    At an address of its own, by what its administrator says, or through a proxy: one that names
    neither itself nor the host that was asked is given away by what the browser says of the page.
    """
    headers = st.context.headers
    hosts = {
        str(st.get_option("server.address") or ""),
        urlsplit(f"//{headers.get('Host') or 'localhost'}").hostname,
        urlsplit(headers.get("Origin") or "//localhost").hostname,
    }
    forwarded = any(headers.get(name) for name in _FORWARDED)
    return not hosts <= _LOOPBACK or forwarded or SHARED.read() == "yes"
