from app.shell.layout import page_header
from app.shell.story.held import held_story
from app.views.story.page import draw_head, draw_steps


def show() -> None:
    page_header("Story", "What do you want to tell, in which order?")
    draw_head()
    draw_steps(held_story())


if __name__ == "__main__":
    show()
