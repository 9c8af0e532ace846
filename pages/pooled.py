from app.shell.layout import later_header
from app.shell.session import looking_at
from app.views.pooled.page import draw_pooled, draw_release
from app.views.pooled.rounds.page import draw_rounds


def show() -> None:
    looking = looking_at()
    say_whom = later_header("Pooled", "What do patients say whose rows stay where they are?")
    draw_pooled(looking, say_whom)
    draw_rounds(looking)
    draw_release(looking)


if __name__ == "__main__":
    show()
