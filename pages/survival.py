import streamlit as st

from app.cohort.escaping import literal
from app.shell.controls.views import draw_view_choice
from app.shell.layout import nobody_selected, page_header


def show() -> None:
    looking = page_header("Survival", "How long until the event, and do groups differ?")
    if not looking.cohort.endpoints:
        asked = [i.sentence for i in looking.cohort.issues if i.code == "untimed_event"]
        st.info(
            "This cohort has no endpoint: survival needs a column with a time and one with the "
            "event, such as os_months and os_event. The Data page lists what was read."
            + "".join(f"\n\n{literal(sentence)}" for sentence in asked)
        )
        return
    draw = draw_view_choice("survival")
    if not nobody_selected(looking):
        draw(looking)


if __name__ == "__main__":
    show()
