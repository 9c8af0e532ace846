"""Every setting that a deployment makes, with its default and meaning: environment variables.

Each is declared here and nowhere else, whoever reads it, so that a table of them
(:func:`settings_table`) is complete. A setting is read when it is needed, not at import, except
where its own meaning says "at start". What is set and not declared (:func:`unknown_settings`) is a
slip of the pen: the server says so in its log.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

PREFIX = "CALR_EXPLORER_"


@dataclass(frozen=True)
class Setting:
    """One environment variable.

    Parameters
    ----------
    name
        Of the variable.
    default
        What holds where it is not set, as it would be written; empty where that is nothing.
    meaning
        What it does and how it is written, as sentences for who runs the server.
    """

    name: str
    default: str
    meaning: str

    def read(self, environment: Mapping[str, str] | None = None) -> str:
        """What is set, without blanks around it; the default where nothing is."""
        held = os.environ if environment is None else environment
        return held.get(self.name, "").strip() or self.default

    def listed(self, environment: Mapping[str, str] | None = None) -> tuple[str, ...]:
        """What is set as a list by commas."""
        return parts_of(self.read(environment))


def parts_of(text: str) -> tuple[str, ...]:
    """The parts of a list by commas."""
    return tuple(part for part in map(str.strip, text.split(",")) if part)


def _ours(name: str, default: str, meaning: str) -> Setting:
    return Setting(f"{PREFIX}{name}", default, meaning)


CACHE = _ours(
    "CACHE", "",
    "Folder of downloads and of cohorts that a script asked to keep; the user's cache folder where "
    "it is not set. The value off keeps no cohort of local files.",
)  # fmt: skip
MIRROR = _ours(
    "MIRROR", "",
    "Folder with a copy of the catalogue's files: they are taken from there and never downloaded.",
)  # fmt: skip
SOURCES = _ours(
    "SOURCES", "",
    "Folders and hosts, by commas, that databases and portals may be read from: "
    "/srv/registry,db.hospital.example:5432. Where others reach the server, nothing else may; on a "
    "machine of one's own everything may while it is not set.",
)  # fmt: skip
DISCLOSURE = _ours(
    "DISCLOSURE", "off",
    "Disclosure control: counts below this whole number of 3 or more are hidden, such as 5 or 11.",
)  # fmt: skip
STORE = _ours(
    "STORE", "",
    "Where cohorts are kept for their users: a folder (by default calr-explorer in the user's data "
    "folder), or the address of a PostgreSQL database, postgresql://user:password@host/database.",
)  # fmt: skip
MAX_FILE_MIB = _ours(
    "MAX_FILE_MIB", "500", "Largest file that is read, in MiB, uploads too. Read at start."
)
MAX_FOLDER_MIB = _ours(
    "MAX_FOLDER_MIB", "2048", "Largest folder or archive that is read, in MiB. Read at start."
)
MAX_ROWS = _ours("MAX_ROWS", "2000000", "Most rows of a table. Read at start.")
MAX_COLUMNS = _ours("MAX_COLUMNS", "20000", "Most columns of a table. Read at start.")
MAX_CELLS = _ours("MAX_CELLS", "100000000", "Most cells of a table. Read at start.")
BROWSER = Setting(
    "BROWSER_PATH", "",
    "The Chrome or Chromium that draws figures as SVG and PNG; the usual places are searched where "
    "it is not set.",
)  # fmt: skip
NUMBA_CACHE = Setting(
    "NUMBA_CACHE_DIR", "",
    "Folder for what numba compiles; a temporary one where it is not set and nothing else can be "
    "written. Read at start.",
)  # fmt: skip
PROCESSES = _ours(
    "PROCESSES", "1",
    "Server processes that share an address and the visitors (calr-explorer serve); all for one a "
    "processor core. More than one need HAProxy. Read at start.",
)  # fmt: skip
SHARED = _ours(
    "SHARED", "no",
    "yes where others reach the server though it listens to this machine only, as behind a proxy: "
    "it then reads no database and no portal that is not listed.",
)  # fmt: skip
COMMON = _ours(
    "COMMON", "",
    "Private folder in which the processes of a server share the numbers of large kept cohorts, so "
    "that memory holds them once; calr-explorer serve makes one.",
)  # fmt: skip
MAX_SESSIONS = _ours(
    "MAX_SESSIONS", "200",
    "Most visitors of one server process; others are asked to wait. Read at start.",
)  # fmt: skip
MAX_MEMORY_MIB = _ours(
    "MAX_MEMORY_MIB", "1000000",
    "Memory of one server process, in MiB, beyond which nobody new is let in and no file is read "
    "(on Linux). Read at start.",
)  # fmt: skip
MAX_SENT_MIB = _ours(
    "MAX_SENT_MIB", "4096",
    "Most that a person sends to one server process within an hour, in MiB; without accounts that "
    "is a session.",
)  # fmt: skip
MAX_HELD_MIB = _ours(
    "MAX_HELD_MIB", "4096",
    "Most memory that the cohorts of a person take in one server process, in MiB.",
)  # fmt: skip
ACCOUNTS = _ours(
    "ACCOUNTS", "off",
    "Who may come in: off (whoever reaches the server), oidc (who logs in with an OpenID Connect "
    "provider) or proxy (whom a proxy names in a header).",
)  # fmt: skip
ROLES = _ours(
    "ROLES", "",
    "Which group has which role, by commas: calr-readers=viewer,registry=analyst,data=keeper,"
    "it=administrator. The group * is everybody who is known. Nobody without a role comes in.",
)  # fmt: skip
GROUPS_CLAIM = _ours(
    "GROUPS_CLAIM", "groups",
    "Claim of the provider that lists a person's groups; dots lead inwards: realm_access.roles.",
)  # fmt: skip
LOGIN_HOURS = _ours(
    "LOGIN_HOURS", "12", "Hours after which a person must log in again; a decimal number."
)
VIEWER_DISCLOSURE = _ours(
    "VIEWER_DISCLOSURE", "5",
    "Disclosure control for the role viewer, written as CALR_EXPLORER_DISCLOSURE; of both the "
    "stricter holds.",
)  # fmt: skip
OIDC_METADATA = _ours(
    "OIDC_METADATA", "",
    "Address of the provider's metadata, https://…/.well-known/openid-configuration. Where it is "
    "not set, Streamlit's secrets.toml has the section [auth]. Read at start.",
)  # fmt: skip
OIDC_CLIENT = _ours("OIDC_CLIENT", "", "Name of this server at the provider. Read at start.")
OIDC_SECRET = _ours("OIDC_SECRET", "", "Its secret at the provider. Read at start.")
OIDC_REDIRECT = _ours(
    "OIDC_REDIRECT", "",
    "Address of this server that the provider leads back to; ends in /oauth2callback. Read at "
    "start.",
)  # fmt: skip
OIDC_COOKIE = _ours(
    "OIDC_COOKIE", "",
    "Long random text that signs the cookie of a login, the same for all processes of a server. "
    "Read at start.",
)  # fmt: skip
OIDC_SCOPE = _ours(
    "OIDC_SCOPE", "openid profile email", "What is asked of the provider. Read at start."
)
PROXIES = _ours(
    "PROXIES", "",
    "Addresses and networks, by commas, of the proxies that may name a person: 10.0.0.5,fd00::/8. "
    "From elsewhere the headers are taken away.",
)  # fmt: skip
USER_HEADER = _ours(
    "USER_HEADER", "", "Header in which the proxy names the person: X-Forwarded-User."
)
GROUPS_HEADER = _ours(
    "GROUPS_HEADER", "",
    "Header in which the proxy lists the person's groups, by commas or bars: X-Forwarded-Groups.",
)  # fmt: skip
AUDIT = _ours(
    "AUDIT", "",
    "File to which every opening, filter and export is appended as a line of JSON, without a value "
    "of a patient; at 10 MiB it is put aside, and the last 50 are kept. With accounts the same is "
    "in the store, whether a file is named or not.",
)  # fmt: skip
AUDIT_DAYS = _ours("AUDIT_DAYS", "365", "Days that the store keeps what the audit noted.")
METRICS = _ours(
    "METRICS", "off",
    "on: figures for Prometheus at /metrics, without a value of a patient; the proxy keeps them "
    "from the outside. Read at start.",
)  # fmt: skip
LOG = _ours(
    "LOG", "text", "json: the log is one line of JSON each, without patient data. Read at start."
)

# In the order above.
SETTINGS = tuple(held for held in list(globals().values()) if isinstance(held, Setting))


def settings_table() -> str:
    """All settings as a Markdown table: name, default, meaning."""
    rows = [
        f"| `{one.name}` | {f'`{one.default}`' if one.default else ''} | {one.meaning} |"
        for one in SETTINGS
    ]
    return "\n".join(["| Setting | Default | Meaning |", "|---|---|---|", *rows])


def unknown_settings(environment: Mapping[str, str] | None = None) -> list[str]:
    """Names that begin like ours and are no setting: misspelt, or of another version."""
    held = os.environ if environment is None else environment
    known = {one.name for one in SETTINGS}
    return sorted(name for name in held if name.startswith(PREFIX) and name not in known)
