import streamlit as st

from app.shell.story.held import held_story
from app.views.story.page import draw_head, draw_steps


def show() -> None:
    st.title("Story", anchor=False)
    st.markdown("What do you want to tell, in which order?")
    draw_head()
    draw_steps(held_story())


if __name__ == "__main__":
    show()
