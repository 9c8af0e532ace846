from app.shell.layout import nobody_selected, page_header
from app.views.transplant.answers.page import draw_answers
from app.views.transplant.benefits.page import draw_benefits
from app.views.transplant.learning.page import draw_learning
from app.views.transplant.page import draw_transplant
from app.views.transplant.protocol.page import draw_protocol
from app.views.transplant.states.page import draw_states
from app.views.transplant.timing.page import draw_timing

VIEWS = {
    "The protocol": draw_protocol,
    "Four answers": draw_answers,
    "States": draw_states,
    "When": draw_timing,
    "Who benefits": draw_benefits,
    "Learn": draw_learning,
}


def show() -> None:
    looking = page_header("Transplant", "Who benefits from a transplant, and when?")
    if not nobody_selected(looking):
        draw_transplant(looking, VIEWS)


if __name__ == "__main__":
    show()
