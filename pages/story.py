from app.shell.layout import page_header
from app.shell.story.held import held_story
from app.views.story.page import draw_head, draw_steps
from app.views.story.page_ledger import draw_ledger


def show() -> None:
    page_header("Story", "What do you want to tell, in which order?")
    draw_head()
    draw_steps(held_story())
    draw_ledger()


if __name__ == "__main__":
    show()
