import streamlit as st

from app.shell.controls.choice import choice
from app.shell.layout import nobody_selected, page_header
from app.views.genomics.allele_fractions.page import draw_vaf
from app.views.genomics.burden.page import draw_burden
from app.views.genomics.frequencies.page import draw_frequencies
from app.views.genomics.oncoprint.page import draw_oncoprint
from app.views.genomics.pairs.page import draw_pairs
from app.views.genomics.variants.page import draw_variants

VIEWS = {
    "Frequencies": draw_frequencies,
    "Oncoprint": draw_oncoprint,
    "Together or apart": draw_pairs,
    "Variants": draw_variants,
    "Allele fractions": draw_vaf,
    "Burden": draw_burden,
}


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
    view = choice("View", VIEWS, "genomics", quiet=True, wrap=True)
    if nobody_selected(looking):
        return
    VIEWS[view](looking)


if __name__ == "__main__":
    show()
