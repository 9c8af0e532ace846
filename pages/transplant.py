from app.ui.layout import nobody_selected, page_header
from app.ui.transplant import draw_transplant
from app.ui.transplant_views.answers import draw_answers
from app.ui.transplant_views.benefits import draw_benefits
from app.ui.transplant_views.learning import draw_learning
from app.ui.transplant_views.protocol import draw_protocol
from app.ui.transplant_views.states import draw_states
from app.ui.transplant_views.timing import draw_timing

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
