"""Accounts: who a session is and what they may do. Off by default: everyone is ``local`` then.

The settings are judged in :mod:`app.shell.accounts.rules`; sessions at every run by the gate
(:mod:`app.shell.accounts.gate`, called by ``app/main.py``), other requests by the door
(:mod:`app.shell.accounts.door`, before ``app/server.py``).
"""

from app.shell.accounts.ended import end_logins
from app.shell.accounts.gate import (
    disclosure_policy,
    draw_who,
    may,
    owner,
    person,
    rerun_if_out,
    still_in,
    stop_at_the_gate,
    visitor,
)
from app.shell.accounts.rules import Person, Refused
