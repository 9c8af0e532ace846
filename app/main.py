"""The router: puts the project on the path, draws the shared sidebar, runs the page."""

import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

import streamlit as st  # noqa: E402  (the path comes first)

from app.shell.accounts import Person, draw_who, stop_at_the_gate, visitor  # noqa: E402
from app.shell.disclosure_words import stop_on_wrong_setting  # noqa: E402
from app.shell.escaping import install  # noqa: E402
from app.shell.layout import configure_page, draw_brand, page_footer  # noqa: E402
from app.shell.links import ask_to_write, gone_cohort, read_link, write_choices  # noqa: E402
from app.shell.navigation import navigation  # noqa: E402
from app.shell.sidebar import draw_sidebar  # noqa: E402
from app.shell.watch.figures import count_run  # noqa: E402
from app.shell.work.turns import turn  # noqa: E402
from app.shell.workspace.kept import refresh_kept  # noqa: E402
from app.shell.workspace.place import draw_going_on, remember_place  # noqa: E402
from app.views.data.page_gone import draw_gone_cohort  # noqa: E402
from app.views.tallied.page import draw_tallied  # noqa: E402
from app.views.tallied.page_database import draw_whom  # noqa: E402

began = time.perf_counter()
install()
configure_page()
who = visitor()
page = navigation(who)
draw_brand()
if not isinstance(who, Person):
    stop_at_the_gate(who)
with turn():
    stop_on_wrong_setting()
    refresh_kept()
    # After the navigation: a rerun before it would forget which page the link names.
    read_link()
    write_choices()
    gone = gone_cohort()
    with st.sidebar:
        draw_who(who)
        if not gone:
            above = st.container()
            draw_sidebar()
            draw_whom()
            with above:
                draw_going_on()
    if gone:
        draw_gone_cohort()
    else:
        if not draw_tallied(page.url_path):
            page.run()
        remember_place()
    page_footer()
    ask_to_write()
count_run(page.url_path, time.perf_counter() - began)
