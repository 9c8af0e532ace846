"""Whose workspace a session sees: the one seam that accounts have to fill."""

from __future__ import annotations

from urllib.parse import urlsplit

import streamlit as st

LOCAL = "local"
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-Ip")


def owner_of_session() -> str | None:
    """Id of the user, under which cohorts are kept; None where nobody can be told from others.

    Without accounts it is whoever sits at this machine. On a server that others reach, at an
    address of its own or by a proxy, every visitor would be that one: nothing is kept there.
    """
    listens = str(st.get_option("server.address") or "")
    headers = st.context.headers
    host = urlsplit(f"//{headers.get('Host') or 'localhost'}").hostname
    forwarded = any(headers.get(name) for name in _FORWARDED)
    return LOCAL if {listens, host} <= _LOOPBACK and not forwarded else None
