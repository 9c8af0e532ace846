"""The demos of lymphoid and chronic leukaemias on every page, in words of their field."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from app.views.home.page_questions import questions
from data_loaders import load_cohort
from tests.pages.conftest import PAGES, calm, figures, words

Opener = Callable[..., AppTest]
# What nobody says of a lymphoma or of CLL.
MYELOID = re.compile(
    r"\b(AML|MDS|MPN|myelo(?!ma)\w*|JAK2|CALR|ASXL1|NPM1|FLT3\S*|IPSS\S*|DIPSS|blasts?)\b",
    re.IGNORECASE,
)
# These two are of every cohort and every method, whichever is chosen.
GENERAL = {"data", "methods"}


@pytest.mark.parametrize("demo", ["cll", "dlbcl", "cml"])
def test_a_demo_opens_on_every_page_in_words_of_its_field(open_app: Opener, demo: str) -> None:
    foreign = {}
    for page in set(PAGES) - GENERAL:
        at = calm(open_app(page, cohort=f"demo:{demo}"))
        for figure in figures(at):
            assert figure["data"], page
        if demo != "cml":
            said = words(at).replace("CALR Explorer", "")
            found = {match[0] for match in MYELOID.finditer(said)}
            foreign |= {page: found} if found else {}
    assert not foreign


def test_questions_stand_in_their_order_on_a_phone_too(open_app: Opener) -> None:
    titles = [question.title for question in questions(load_cohort("demo:cll"), "demo:cll")]
    said = [block.value for block in calm(open_app("home", cohort="demo:cll")).markdown]
    assert [text for text in said if text.strip("*") in titles] == [f"**{t}**" for t in titles]


@pytest.mark.parametrize(("demo", "said"), [("cll", "CLL"), ("dlbcl", "lymphoma"), ("cml", None)])
def test_myeloid_classifications_say_calmly_where_they_end(
    open_app: Opener, demo: str, said: str | None
) -> None:
    at = calm(open_app("prognosis", cohort=f"demo:{demo}", view="WHO and ICC"))
    told = [block.value for block in at.info if "does not classify" in block.value]
    assert len(told) == (said is not None)
    assert all(f"These patients have {said}," in text for text in told)
    assert bool(figures(at)) == (said is None)
    assert any(box.label == "Disease" for box in at.selectbox) == (said is None)
