from app.shell.controls.choice import choice
from app.shell.layout import page_header
from app.shell.work.engine import held_engine
from app.views.pooled.database.page import COUNTS_OF, OF_DATABASE, draw_database
from app.views.pooled.page import draw_pooled, draw_release
from app.views.pooled.rounds.page import draw_rounds

_SITES = "Releases of hospitals"


def show() -> None:
    looking = page_header("Pooled", "What do patients say whose rows stay where they are?")
    asks = held_engine() is not None
    of = choice(
        "Counts of", (_SITES, OF_DATABASE), COUNTS_OF, default=OF_DATABASE if asks else _SITES
    )
    if of == OF_DATABASE:
        draw_database()
        return
    draw_pooled(looking)
    draw_rounds(looking)
    draw_release(looking)


if __name__ == "__main__":
    show()
