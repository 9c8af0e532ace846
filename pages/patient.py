from app.shell.controls.choice import choice
from app.shell.layout import nobody_selected, page_header
from app.views.patient.page import draw_one_patient
from app.views.patient.swimmer.page import draw_swimmer

VIEWS = {"One patient": draw_one_patient, "Swimmer plot": draw_swimmer}


def show() -> None:
    looking = page_header(
        "Patient", "What happened to one patient, who is like them, and how did those do?"
    )
    view = choice("View", VIEWS, "patients", quiet=True)
    if not nobody_selected(looking):
        VIEWS[view](looking)


if __name__ == "__main__":
    show()
