from app.shell.layout import page_header
from app.views.pooled.page import draw_pooled, draw_release
from app.views.pooled.rounds.page import draw_rounds


def show() -> None:
    looking = page_header("Pooled", "What do patients say whose rows stay where they are?")
    draw_pooled(looking)
    draw_rounds(looking)
    draw_release(looking)


if __name__ == "__main__":
    show()
