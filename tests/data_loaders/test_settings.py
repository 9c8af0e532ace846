"""Every setting is declared in one place."""

from __future__ import annotations

import re

from data_loaders.settings import SETTINGS, SOURCES, settings_table, unknown_settings
from tests.conftest import ROOT

# What a script that was taken away asks its own environment for; the server never reads them.
OF_SCRIPTS = {"CALR_EXPLORER_DATABASE", "CALR_EXPLORER_TOKEN"}


def test_whatever_the_source_and_the_pages_call_a_setting_is_declared():
    known = {one.name for one in SETTINGS} | OF_SCRIPTS
    sources = [path for folder in ("app", "data_loaders") for path in (ROOT / folder).rglob("*.py")]
    named = {
        name
        for path in (*sources, ROOT / "README.md", *(ROOT / "docs").glob("*.md"))
        for name in re.findall(r"CALR_EXPLORER_[A-Z0-9_]*[A-Z0-9]", path.read_text("utf-8"))
    }
    assert named <= known
    assert len(named) > 4


def test_nothing_else_reads_the_environment():
    """But the worker and the server's own processes, which hand theirs on."""
    readers = [
        path.relative_to(ROOT).as_posix()
        for folder in ("app", "data_loaders")
        for path in (ROOT / folder).rglob("*.py")
        if re.search(r"environ\.get\(|environ\[[^\]]*\](?! =)|getenv", path.read_text("utf-8"))
    ]
    assert [name for name in readers if not name.startswith("app/study/scripts/")] == []


def test_the_table_has_a_row_for_each_and_a_slip_of_the_pen_is_found():
    rows = settings_table().splitlines()[2:]
    assert [row.split("`")[1] for row in rows] == [one.name for one in SETTINGS]
    assert len({one.name for one in SETTINGS}) == len(SETTINGS)
    held = {"CALR_EXPLORER_DISCLOSURES": "5", SOURCES.name: "/srv", "HOME": "/"}
    assert unknown_settings(held) == ["CALR_EXPLORER_DISCLOSURES"]
    assert SOURCES.listed({SOURCES.name: " /srv, db:5432 ,"}) == ("/srv", "db:5432")
