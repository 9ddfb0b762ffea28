"""A lesson's link opens a lab as the lesson says, in both languages, and a link with faults a lesson all the same."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
import segno
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest

from core.lesson import PAGES
from core.lesson_text import read_lesson
from pages.components.frame.qr import MODULE, QUIET, qr_code
from pages.components.frame.running_server import server
from tests.support.app_tests import button, finished, number, opened, ran, text, token, with_more_settings
from tests.support.languages import LANGUAGES, shown

pytestmark = pytest.mark.usefixtures("page_server")

LESSON = "lr.-5..-3~trials.3~epochs.2~budget.10~pages.final_test~hide.dataset.sizes.seed"
FIELDS = {  # what stands on the page for each control
    "dataset": "plan_dataset~", "sizes": "plan_neurons~", "seed": "plan_seed~", "trials": "plan_trials~",
    "network": "plan_dropout~", "give_up": "give_up~",
    "epochs": "plan_epochs~",
}  # fmt: skip


def fields(app: AppTest) -> list[str]:
    """The keys of what can be entered."""
    return [str(one.key) for one in [*app.text_input, *app.button_group, *app.slider, *app.toggle]]


def address(app: AppTest, name: str) -> str:
    given = app.query_params.get(name, "")
    return given[0] if isinstance(given, list) else given


# ---------------------------------------------------------------------------------------------------- the lab


def test_a_lessons_link_opens_a_lab_as_the_lesson_says() -> None:
    app = opened(lesson=LESSON)
    assert app.slider[0].value == (-5.0, -3.0)
    assert (number(app, "plan_trials").value, number(app, "plan_epochs").value) == (3, 2)
    assert server().labs.open(token(app), "test")[0].lesson == read_lesson(LESSON)[0]


@pytest.mark.parametrize("control", FIELDS)
def test_a_hidden_control_is_not_drawn_and_any_other_is(control: str) -> None:
    keys = fields(with_more_settings(opened(lesson=f"hide.{control}")))
    there = {name for name, start in FIELDS.items() if any(key.startswith(start) for key in keys)}
    assert there == set(FIELDS) - {control}


def test_nothing_to_unfold_is_offered_when_all_of_it_is_hidden() -> None:
    def unfolds(lesson: str) -> bool:
        return "More settings" in [one.proto.popover.label for one in opened(lesson=lesson).get("popover")]

    assert unfolds("hide.dataset.sizes.network.seed.axes")
    assert not unfolds("hide.dataset.sizes.network.seed.axes.give_up")


def test_the_page_says_what_is_left_and_the_core_refuses_more() -> None:
    app = opened(lesson=LESSON)
    assert "10 of 10 epochs left" in text_of_captions(app)
    ran(button(app, "Start round 1").click().run())
    app = finished(app)
    assert "4 of 10 epochs left" in text_of_captions(app)
    ran(button(app, "Start round 2").click().run())
    assert "2 × 2 would fit" in app.warning[0].value
    assert len(server().labs.open(token(app), "test")[0].rounds) == 1


def text_of_captions(app: AppTest) -> str:
    return " ".join(caption.value for caption in app.caption)


def test_the_end_of_the_budget_is_what_the_page_begins_with() -> None:
    app = opened(lesson="trials.2~epochs.1~budget.2")
    ran(button(app, "Start round 1").click().run())
    assert "All epochs of this lesson are spent" in text(finished(app))


# ---------------------------------------------------------------------------------------------------- the address


def test_the_address_says_the_lesson_of_the_lab() -> None:
    lab = token(opened(lesson=LESSON))
    app = opened(lab=lab, lesson="budget.7")
    assert address(app, "lesson") == LESSON and address(app, "lab") == lab
    assert server().labs.open(lab, "test")[0].lesson.budget == 10
    assert not app.warning


def test_a_lab_without_a_lesson_gets_none_from_the_address() -> None:
    lab = token(opened())
    app = opened(lab=lab, lesson=LESSON)
    assert address(app, "lesson") == "" and number(app, "plan_trials").value == 20


def test_a_link_to_a_lab_that_is_gone_opens_a_new_one_in_the_lesson() -> None:
    app = opened(lab="x" * 24, lesson=LESSON)
    assert number(app, "plan_trials").value == 3


def test_a_new_lab_keeps_the_lesson() -> None:
    app = opened(lesson=LESSON)
    first = token(app)
    ran(button(app, "New lab").click().run())
    assert token(app) != first
    assert server().labs.open(token(app), "test")[0].lesson == read_lesson(LESSON)[0]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_link_with_faults_gets_one_sentence_and_the_rest_of_the_lesson(lang: str) -> None:
    app = opened(lesson="trials.3~epochs.9999~cellar.5", lang=lang)
    usual = shown("Part of this lesson's link cannot be understood; there the lesson is as it usually comes:", lang)
    assert len(app.warning) == 1 and usual in app.warning[0].value
    assert (number(app, "plan_trials").value, number(app, "plan_epochs").value) == (3, 20)
    ran(number(app, "plan_epochs").set_value(3).run())
    assert not app.warning


# ---------------------------------------------------------------------------------------------------- closed pages


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The app has named its pages, as on a server after its first page; the test frame forgets that at every run."""
    begin = PagesManager.__init__

    def begun(self: PagesManager, *given: object, **more: object) -> None:
        begin(self, *given, **more)  # type: ignore[arg-type]
        PagesManager.uses_pages_directory = False

    monkeypatch.setattr(PagesManager, "__init__", begun)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_that_is_not_open_says_so_and_shows_nothing_of_itself(page: str, named: None) -> None:
    address_of_page = opened().switch_page(f"{page}.py")._page_hash
    app = opened(lesson="pages.none")
    app._page_hash = address_of_page
    ran(app.run())
    assert "not part of your lesson" in text(app)
    assert not app.slider and "can open your lab" in text(app)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_that_is_open_is_shown(page: str, named: None) -> None:
    app = ran(opened(lesson=f"pages.{page}").switch_page(f"{page}.py").run())
    assert "not part of your lesson" not in text(app)


def test_the_steps_of_a_lesson_are_those_of_its_pages() -> None:
    said = "".join(element.proto.body for element in opened(lesson="pages.none").get("html"))
    assert "choose" in said and "split" not in said and ">4 test" not in said


# ---------------------------------------------------------------------------------------------------- the builder


def builder(**given: str) -> AppTest:
    app = opened(**given)
    return ran(app.switch_page("lesson_link.py").run())


def built(app: AppTest) -> str:
    """The lesson of the link that is shown."""
    return parse_qs(urlsplit(app.code[-1].value).query).get("lesson", [""])[0]


def test_a_form_that_nobody_has_touched_gives_the_lesson_as_it_comes() -> None:
    assert built(builder()) == ""


def test_the_form_begins_with_the_lesson_of_the_lab() -> None:
    assert built(builder(lesson=LESSON)) == LESSON


def test_what_is_set_in_the_form_is_in_the_link() -> None:
    app = builder()
    app.slider(key="lesson_learning_rate_range").set_value((-4.0, -1.0))
    number(app, "lesson_trials").set_value(30)
    number(app, "lesson_neurons").set_value(50)
    number(app, "lesson_budget").set_value(3000)
    ran(app.run())
    assert built(app) == "neurons.50~lr.-4..-1~trials.30~budget.3000"


def test_networks_that_are_too_large_get_a_sentence_instead_of_a_link() -> None:
    app = builder()
    for name, value in (("trials", 200), ("neurons", 256), ("hidden_layers", 8)):
        number(app, f"lesson_{name}").set_value(value)
    ran(app.run())
    assert "MB" in app.warning[0].value and not [one for one in app.code if "lesson=" in one.value]


def test_a_budget_too_small_for_a_first_round_has_a_sentence() -> None:
    app = builder()
    number(app, "lesson_budget").set_value(399)
    ran(app.run())
    assert "too small" in app.warning[0].value


def test_the_link_leads_to_the_lesson() -> None:
    app = builder(lesson=LESSON)
    assert number(opened(lesson=built(app)), "plan_trials").value == 3


def test_the_qr_code_holds_the_link() -> None:
    link = f"https://school.example/?lesson={LESSON}"
    drawn = qr_code(link)
    squares = [list(row) for row in segno.make(link, error="m").matrix]
    side = (len(squares) + 2 * QUIET) * MODULE
    assert re.search(rf'width="{side}" height="{side}"', drawn)
    assert dark_squares(drawn) == sum(map(sum, squares))


def dark_squares(drawn: str) -> int:
    """How many squares the strokes of an SVG cover."""
    path = re.findall(r'<path[^>]*stroke="#000"[^>]* d="([^"]+)"', drawn)[0]
    return sum(int(width) for width in re.findall(r"h(\d+)", path))
