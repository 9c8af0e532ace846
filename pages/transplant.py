from app.shell.layout import nobody_selected, page_header
from app.views.transplant.page import draw_transplant


def show() -> None:
    looking = page_header("Transplant", "Who benefits from a transplant, and when?")
    if not nobody_selected(looking):
        draw_transplant(looking)


if __name__ == "__main__":
    show()
