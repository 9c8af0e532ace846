"""The choice of one of a few options."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest


def test_a_choice_is_always_one_of_its_options():
    def page() -> None:
        import streamlit as st

        from app.shell.controls.choice import choice

        st.write(choice("Unit", ["years", "months"], "unit"))
        st.write(str(choice("Lanes", (20, 40), "lanes", default=40, linked=False, quiet=True)))

    at = AppTest.from_function(page).run()
    assert [text.value for text in at.markdown] == ["years", "40"]
    at.segmented_control(key="unit").set_value("months").run()
    assert [text.value for text in at.markdown] == ["months", "40"]
    assert not at.exception
