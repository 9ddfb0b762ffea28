"""The navigation at every size, the product's name, the menu in the page's language, and keyboard shortcuts."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.classroom import Classroom
from tests.browser.conftest import Server
from tests.browser.student import Student, expect_one, wait_until_true
from tests.support.languages import TRANSLATIONS, shown

MENU = ["Auto", "Light", "Dark", "Print", "About"]
SECTIONS = ["Experiments", "Class", "Help"]
STEPS = ["Validation", "Narrow", "Final test"]
IN_VIEW = """one => {
  const box = one.getBoundingClientRect();
  return box.width > 0 && box.left >= 0 && box.top >= 0 && box.right <= innerWidth && box.bottom <= innerHeight;
}"""
ICONS = re.compile(r"^[a-z_]+(?=[^a-z_])")  # a name's icon is text too


@pytest.fixture
def visit(browser: Browser, server: Server) -> Iterator[Callable[..., Student]]:
    """Opens the app in a browser of its own; at the end no page may have raised a JavaScript error."""
    visitors: list[Student] = []

    def go(width: int, height: int, locale: str = "en-US", **settings: object) -> Student:
        size = {"width": width, "height": height}
        context = browser.new_context(viewport=size, locale=locale, **settings)  # type: ignore[arg-type]
        visitors.append(Student(context.new_page()))
        return visitors[-1].go(server.url)

    yield go
    for visitor in visitors:
        visitor.page.context.close()
    assert [visitor.faults for visitor in visitors] == [[] for _ in visitors]


def named(texts: list[str]) -> list[str]:
    return [ICONS.sub("", text) for text in texts]


def in_language(names: list[str], lang: str) -> list[str]:
    return [shown(name, lang) for name in names]


@pytest.mark.parametrize(
    ("width", "height", "lang"),
    [(1366, 768, "en"), pytest.param(1024, 768, "en", marks=pytest.mark.long),
     *(pytest.param(1366, 768, lang, marks=pytest.mark.long) for lang in TRANSLATIONS)],
)  # fmt: skip
def test_the_steps_come_first_and_everything_else_in_sections(
    visit: Callable[..., Student], width: int, height: int, lang: str
) -> None:
    page = visit(width, height, lang).page
    steps, sections = page.get_by_test_id("stTopNavLink"), page.get_by_test_id("stTopNavSection")
    expect(sections).to_have_text([re.compile(f"^{name}") for name in in_language(SECTIONS, lang)])  # an icon follows
    assert named(steps.all_text_contents()) == in_language(STEPS, lang)
    for element in [*steps.all(), *sections.all(), page.get_by_test_id("stHeaderLogo")]:
        assert element.evaluate(IN_VIEW)
    assert page.title().endswith("· Narrowing Lab")
    page.get_by_test_id("stMainMenu").get_by_role("button").click()
    items = page.get_by_test_id("stMainMenuPopover").locator("[role^=menuitem]:visible")
    assert named(items.all_text_contents()) == in_language(MENU, lang)


@pytest.mark.long
def test_on_a_phone_name_and_menu_stand_above_and_the_list_has_sections(visit: Callable[..., Student]) -> None:
    page = visit(390, 844).page
    expect_one(page.get_by_test_id("stHeaderLogo"), "visible")
    menu = page.get_by_test_id("stMainMenuButton")
    assert menu.evaluate(IN_VIEW)
    menu.click()
    expect_one(page.get_by_role("menuitem", name="About"), "visible")
    page.keyboard.press("Escape")
    page.get_by_test_id("stExpandSidebarButton").click()
    links = page.get_by_test_id("stSidebarNavLink")
    assert named(links.all_text_contents())[:3] == STEPS
    sections = page.get_by_test_id("stNavSectionHeader")
    expect(sections).to_have_text([re.compile(f"^{name}") for name in SECTIONS])


@pytest.mark.long
def test_the_menu_changes_the_theme(visit: Callable[..., Student]) -> None:
    page = visit(1366, 768, color_scheme="light").page
    page.get_by_test_id("stMainMenu").get_by_role("button").click()
    page.get_by_role("menuitemradio", name="Dark").click()
    background = "getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor"
    wait_until_true(page, f"{background} === 'rgb(23, 22, 20)'")


@pytest.mark.long
def test_start_pause_and_undo_have_keys_which_their_tooltips_name(visit: Callable[..., Student]) -> None:
    student = visit(1366, 1000)
    page, keyboard = student.page, student.page.keyboard
    student.set_number("epochs", 200)
    student.set_number("from 10^", -4)
    expect(page.get_by_label("from 10^", exact=True).first).to_have_value("-4")
    page.get_by_role("button", name="Start round 1").hover()
    expect_one(page.get_by_text("Keyboard: Ctrl+Enter"), "visible")
    keyboard.press("Control+Enter")
    expect_one(page.get_by_role("button", name="Pause"), "enabled")
    keyboard.press("Alt+p")
    expect_one(page.get_by_role("button", name="Resume"), "enabled")
    keyboard.press("Alt+p")
    expect_one(page.get_by_role("button", name="Pause"), "enabled")
    keyboard.press("Alt+z")
    expect(page.get_by_label("from 10^", exact=True).first).to_have_value("-6")


@pytest.mark.long
def test_undo_in_a_field_takes_back_what_is_typed_and_no_range(visit: Callable[..., Student]) -> None:
    student = visit(1366, 1000)
    student.set_number("from 10^", -4)
    field = student.page.get_by_label("trials", exact=True)
    field.fill("33")
    student.page.keyboard.press("Control+z")
    expect(field).to_have_value("20")
    expect(student.page.get_by_label("from 10^", exact=True).first).to_have_value("-4")


@pytest.mark.long
def test_a_page_of_a_class_is_in_one_language_from_the_first(classroom: Classroom) -> None:
    """Whatever the browser's language: the navigation too, which is drawn before the class is known."""
    _, code = classroom.create_class()
    page = classroom.open_page(f"?class={code}", locale="ko-KR")
    expect_one(page.get_by_role("button", name="Join this class"), "visible")
    expect(page.get_by_test_id("stTopNavLink").first).to_contain_text("Validation")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    assert re.search("[가-힣]", page.inner_text("body").replace("한국어", "")) is None


@pytest.mark.long
def test_streamlits_own_words_with_a_gap_are_translated_too(visit: Callable[..., Student]) -> None:
    page = visit(1366, 900, "ko-KR").page
    expect(page.locator("[aria-label^='도움말: ']")).not_to_have_count(0)
    page.get_by_text("내보내기").first.click()
    expect(page.get_by_test_id("stFileUploader")).to_contain_text("파일당 최대 20MB")
    assert page.locator("[aria-label^='Help']").count() == 0
