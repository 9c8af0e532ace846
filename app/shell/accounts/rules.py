"""Who may come in and what they may do: the settings of accounts, read, checked and applied.

Nothing here knows of a session: claims in, a person or a refusal out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Literal

from app.shell.accounts.ended import ended_before
from data_loaders import settings
from data_loaders.settings import parts_of

Role = Literal["viewer", "analyst", "keeper", "administrator"]
Right = Literal["load", "export", "keep", "administer"]
# Each role has the rights of those before it.
ROLES: dict[Role, frozenset[Right]] = {
    "viewer": frozenset(),
    "analyst": frozenset({"load", "export"}),
    "keeper": frozenset({"load", "export", "keep"}),
    "administrator": frozenset({"load", "export", "keep", "administer"}),
}
EVERYBODY = "*"
_MODES = ("off", "oidc", "proxy")
_LONGEST = 255
_MOST_GROUPS = 2_000


class AccountsError(ValueError):
    """A setting that cannot be obeyed; the message is one sentence for who runs the server."""


@dataclass(frozen=True)
class Person:
    """Who a session is.

    Parameters
    ----------
    subject
        What the provider knows the person by, never another's; ``local`` where accounts are off.
    role
        None where accounts are off: who reaches the server then runs it, or was let in elsewhere.
    until
        When the login ends, in seconds since 1970; None where it does not.
    groups
        What the provider says they are in.
    began
        When the login began, in seconds since 1970.
    """

    subject: str
    name: str = ""
    role: Role | None = None
    until: float | None = None
    groups: frozenset[str] = frozenset()
    began: float = 0.0

    def may(self, right: Right) -> bool:
        """Whether the person has a right."""
        return right != "administer" if self.role is None else right in ROLES[self.role]


LOCAL = Person("local")


@dataclass(frozen=True)
class Refused:
    """Why somebody does not come in.

    Unknown (``out``), ``expired``, without a ``role``, or nobody may (``closed``). ``began`` is
    when the login did that gives no role.
    """

    why: Literal["out", "expired", "role", "closed"]
    sentence: str
    subject: str = ""
    began: float = 0.0


@dataclass(frozen=True)
class Rules:
    """What a deployment says of accounts.

    Parameters
    ----------
    mode
        ``off``, ``oidc`` or ``proxy``.
    roles
        The role of each group.
    proxies
        Networks whose word is taken.
    """

    mode: str
    roles: Mapping[str, Role]
    hours: float
    proxies: tuple[IPv4Network | IPv6Network, ...]

    @classmethod
    def of(cls, environment: Mapping[str, str] | None = None) -> Rules:
        """The rules that the environment sets.

        Raises
        ------
        AccountsError
            If a setting cannot be obeyed: nobody must come in then.
        """
        mode = settings.ACCOUNTS.read(environment).lower()
        if mode == "off":
            return _OFF  # many things ask in a run
        return _rules(mode, *(one.read(environment) for one in _SETTINGS))

    def trusts(self, peer: str | None) -> bool:
        """Whether a peer's address is that of a proxy whose word is taken."""
        try:
            address = ip_address(peer or "")
        except ValueError:
            return False
        address = getattr(address, "ipv4_mapped", None) or address
        return any(address in network for network in self.proxies)

    def admits(self, claims: Mapping[str, object], now: float) -> Person | Refused:
        """The person that claims speak of, or why they are refused.

        Parameters
        ----------
        claims
            Of a provider whose signature was checked, or of a trusted proxy: ``sub``, ``groups``
            (or what the setting names), ``iat`` (seconds since 1970), ``name``, ``email``.
        now
            Seconds since 1970.
        """
        subject = claims.get("sub")
        if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST:
            return Refused("out", "Log in to go on.")
        if not subject.isprintable():
            return Refused("out", "The provider named you by what is no name.")
        began = claims.get("iat")
        if not isinstance(began, int | float) or now >= began + self.hours * 3600:
            sentence = f"Your login has ended, as it does after {self.hours:g} hours. Log in again."
            return Refused("expired", sentence, subject)
        if began < ended_before(subject):
            # Also in another tab, another process, or on a copied cookie.
            again = "Reload the page" if self.mode == "proxy" else "Log in"
            return Refused("expired", f"This login was ended. {again} to go on.", subject)
        name = _name(claims) or subject
        groups = _groups(claims)
        role = self._role(groups)
        if role is None:
            return Refused(
                "role",
                f"You are logged in as {name}, but none of your groups has a role on this server. "
                "Ask its administrator for one.",
                subject,
                float(began),
            )
        until = float(began) + self.hours * 3600
        return Person(subject, name, role, until, groups, float(began))

    def holds(self, who: Person, now: float) -> bool:
        """Whether a login has neither run out nor been ended, wherever that was."""
        if who.until is None:
            return self.mode == "off"
        return now < who.until and who.began >= ended_before(who.subject)

    def _role(self, groups: frozenset[str]) -> Role | None:
        held = {self.roles[group] for group in groups | {EVERYBODY} if group in self.roles}
        return next((role for role in reversed(ROLES) if role in held), None)


_OFF = Rules("off", {}, math.inf, ())
_SETTINGS = (settings.ROLES, settings.LOGIN_HOURS, settings.PROXIES, settings.USER_HEADER)


@lru_cache(8)
def _rules(mode: str, roles: str, hours: str, proxies: str, user_header: str) -> Rules:
    """Rules from the texts of the settings: many things ask for them in a run."""
    if mode not in _MODES:
        raise _wrong(settings.ACCOUNTS, "is off, oidc or proxy")
    table, networks = _roles(parts_of(roles)), _networks(parts_of(proxies))
    if mode == "proxy":
        for needed, text in ((settings.PROXIES, proxies), (settings.USER_HEADER, user_header)):
            if not text:
                raise _wrong(needed, "must be set where a proxy names the person")
    return Rules(mode, table, _hours(hours), networks)


def _name(claims: Mapping[str, object]) -> str:
    for key in ("name", "preferred_username", "email"):
        text = claims.get(key)
        if isinstance(text, str) and text.strip() and text.isprintable():
            return text.strip()[:_LONGEST]
    return ""


def _groups(claims: Mapping[str, object]) -> frozenset[str]:
    """Groups as a list, or as one text by commas or bars; what is neither is no group."""
    path = settings.GROUPS_CLAIM.read()
    found: object = claims.get(path)
    if found is None:
        found = claims
        for part in path.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
    if isinstance(found, str):
        found = found.replace("|", ",").split(",")
    if not isinstance(found, list | tuple) or len(found) > _MOST_GROUPS:
        return frozenset()
    # The star is a word of the setting, not a group that somebody could be in.
    return frozenset(one.strip() for one in found if isinstance(one, str)) - {EVERYBODY}


def _roles(entries: tuple[str, ...]) -> dict[str, Role]:
    table: dict[str, Role] = {}
    for entry in entries:
        group, sign, role = (part.strip() for part in entry.rpartition("="))
        known = next((name for name in ROLES if name == role.lower()), None)
        if not sign or not group or known is None:
            raise _wrong(settings.ROLES, f"is a list of group=role with {', '.join(ROLES)}")
        table[group] = known
    if not table:
        raise _wrong(settings.ROLES, "must give a role to at least one group")
    return table


def _hours(text: str) -> float:
    try:
        hours = float(text)
    except ValueError:
        hours = math.nan
    if not (math.isfinite(hours) and hours > 0):
        raise _wrong(settings.LOGIN_HOURS, "is a number of hours above zero, such as 12")
    return hours


def _networks(entries: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(ip_network(entry) for entry in entries)
    except ValueError:
        raise _wrong(settings.PROXIES, "is a list of addresses and networks") from None


def _wrong(setting: settings.Setting, needs: str) -> AccountsError:
    return AccountsError(
        f"The environment variable {setting.name} {needs}. Nobody comes in until it is corrected."
    )
