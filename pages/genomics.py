import streamlit as st

from app.shell.controls.views import draw_view_choice
from app.shell.layout import nobody_selected, page_header


def show() -> None:
    looking = page_header(
        "Genomics", "What do they carry, what goes together, and how do groups differ?"
    )
    if not len(looking.cohort.features):
        st.info(
            "This cohort has no alterations: it needs a column for each gene, such as TP53 with 1 "
            "(altered), 0 (not altered) or nothing (not tested), or a table of variants. The Data "
            "page says what was read."
        )
        return
    draw = draw_view_choice("genomics")
    if not nobody_selected(looking):
        draw(looking)


if __name__ == "__main__":
    show()
