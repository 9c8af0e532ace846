from app.shell.controls.views import draw_view_choice
from app.shell.layout import nobody_selected, page_header
from app.views.compare.page_groups import draw_controls


def show() -> None:
    looking = page_header("Compare", "How do these groups of patients differ?")
    if nobody_selected(looking):
        return
    compared = draw_controls(looking)
    draw = draw_view_choice("compare")
    if compared is not None:
        draw(compared)


if __name__ == "__main__":
    show()
