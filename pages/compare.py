from app.shell.controls.choice import choice
from app.shell.layout import nobody_selected, page_header
from app.views.compare.page_groups import draw_controls
from app.views.compare.page_subgroups import draw_composition
from app.views.compare.page_views import draw_alterations, draw_clinical, draw_glance, draw_survival
from app.views.compare.two_cohorts.page_controls import draw_cohorts

VIEWS = {
    "At a glance": draw_glance,
    "Clinical": draw_clinical,
    "Alterations": draw_alterations,
    "Survival": draw_survival,
    "Subgroups": draw_composition,
    "Two cohorts": draw_cohorts,
}


def show() -> None:
    looking = page_header("Compare", "How do these groups of patients differ?")
    if nobody_selected(looking):
        return
    compared = draw_controls(looking)
    view = choice("View", VIEWS, "compare", quiet=True, wrap=True)
    if compared is not None:
        VIEWS[view](compared)


if __name__ == "__main__":
    show()
