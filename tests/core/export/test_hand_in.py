"""The page to hand in: complete, of escaped text alone, asking no other site, leading back to the same round."""

import json
import re
from datetime import date
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest

from core.classroom.classroom import Classroom
from core.engine.engine import EmbeddedEngine
from core.export.hand_in import POLICY, hand_in, hand_in_name
from core.export.hand_in_charts import DIVERGED, RING, curves_chart, final_test_chart, range_charts
from core.export.svg import HEIGHT, WIDTH
from core.lab.choice import Choice
from core.lab.lab import Lab
from core.lab.lab_round import LabRound
from core.lab.lab_view import FinalTestView, LabView
from core.plan import RoundPlan
from core.progress import RoundProgress, Status
from core.rounds import run_round
from core.space import LogRange, SearchSpace
from pages.components.frame.translation import catalogue
from tests.support.sample_rounds import made

DAY = date(2026, 11, 29)
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>&amp;</div></body><!-- ${x} {0}"
NARROW = SearchSpace(LogRange(-3, -2), LogRange(-7, -5))


class Page(HTMLParser):
    """The elements of a page with their attributes, its text, and the text of its elements `pre`."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.plans: list[str] = []
        self._in_plan = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._in_plan = tag == "pre" and dict(attrs).get("class") == "plan"

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if self._in_plan:
            self.plans.append(data)

    @property
    def text(self) -> str:
        return " ".join(self.words)


def rounds(*notes: str) -> list[LabRound]:
    first = made([-5, -4, -3, -2], [0.1, 0.2, 0.6, 0.3], diverged=(3,))
    second = made([-3, -2.5, -2], [0.6, 0.8, 0.7], space=NARROW, seed=1, epochs=7)
    return [
        LabRound(number, one, note) for number, (one, note) in enumerate(zip((first, second), notes, strict=True), 1)
    ]


@pytest.fixture
def view() -> LabView:
    lab = Lab("t0ken", rounds=rounds("the edge was best", "look closer"), pseudonym="happy robin")
    lab.chosen = Choice(10**-2.5, 1e-6, 2, 1)
    lab.repeats = {(2, 1): np.array([0.7, 0.8, 0.9, 0.8, 0.8], np.float32)}
    return LabView.of(lab)


def test_it_holds_ranges_reasons_seeds_choice_and_repeats(view: LabView) -> None:
    text = Page(hand_in(view, DAY)).text
    for words in (
        "happy robin", "2026-11-29", "10⁻⁶ … 10⁻²", "10⁻³ … 10⁻²", "the edge was best", "look closer", "0.00316",
        "Taken from round 2, where its validation accuracy was 0.80", "0.800 ± 0.071",
        "The test set has not been opened.",
    ):  # fmt: skip
        assert words in text
    assert "t0ken" not in hand_in(view, DAY)


def test_a_class_is_named(view: LabView) -> None:
    lab = Lab("t", rounds=rounds("", ""))
    lab.classroom = Classroom("ABCDEF", "hash", "9b <b>physics</b>", "en")
    assert "9b <b>physics</b>" in Page(hand_in(LabView.of(lab), DAY)).text


def test_the_final_test_is_shown_with_its_mean_and_deviation() -> None:
    test = FinalTestView(0.0, RoundPlan(), np.array([0.8, 0.9]), np.array([0.7, 0.72]))
    text = Page(hand_in(LabView("calm bee", "", (), None, {}, test), DAY)).text
    assert "Test accuracy 0.710 ± 0.014" in text and "1970-01-01 00:00 UTC" in text


@pytest.mark.parametrize("hostile", [HOSTILE, "&lt;b&gt;", "\u202e<b>\ud800", "</style><script>", "]]><svg onload=x>"])
def test_whatever_somebody_writes_stays_text(hostile: str) -> None:
    lab = Lab("t", rounds=rounds("plain", "plain"), pseudonym="calm bee")
    usual = [tag for tag, _ in Page(hand_in(LabView.of(lab), DAY)).elements]
    lab.note(1, hostile)
    lab.note(2, hostile)
    lab.classroom = Classroom("ABCDEF", "hash", "plain", "en")
    titled = [tag for tag, _ in Page(hand_in(LabView.of(lab), DAY)).elements]
    lab.classroom.title = hostile.encode(errors="ignore").decode()
    page = Page(hand_in(LabView.of(lab), DAY))
    assert [tag for tag, _ in page.elements] == titled and len(titled) == len(usual) + 1
    assert page.text.count(hostile.encode(errors="ignore").decode()) == 3
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]


@pytest.mark.parametrize("language", ["en", "ko"])
def test_it_needs_no_other_file_and_asks_no_other_site(view: LabView, language: str) -> None:
    content = hand_in(view, DAY, language, catalogue(language).gettext)
    page = Page(content)
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"script", "link", "img", "iframe", "object", "embed", "base", "form", "a", "use", "image"}
    assert not {"src", "href", "style", "xlink:href"} & {name for _, given in page.elements for name in given}
    assert "url(" not in content and "@import" not in content and "://" not in content
    assert {"http-equiv": "Content-Security-Policy", "content": POLICY} in [given for _, given in page.elements]
    assert ("html", {"lang": language}) in page.elements


def test_the_page_has_the_students_language(view: LabView) -> None:
    korean = Page(hand_in(view, DAY, "ko", catalogue("ko").gettext)).text
    assert "학습률" in korean and "가중치 감소" in korean and "검증 정확도" in korean
    left = re.sub("happy robin|the edge was best|look closer|Narrowing Lab|digits|plan.json|SGD|ReLU", "", korean)
    shown = left.split("from core.plan")[0].split("@media")[-1].split("}")[-1]
    assert not re.findall("[a-z]{4,}", shown)


def test_the_name_has_pseudonym_and_date(view: LabView) -> None:
    assert hand_in_name(view, DAY) == "narrowing-lab-happy-robin-2026-11-29.html"
    assert hand_in_name(view, DAY, catalogue("ko").gettext) == "narrowing-lab-행복한-울새-2026-11-29.html"


def test_the_plans_on_the_page_train_the_same_rounds_again() -> None:
    engine = EmbeddedEngine(1)
    try:
        first = run_round(RoundPlan(trials=2, epochs=2, images=200, neurons=10), engine)
        page = Page(hand_in(LabView.of(Lab("t", rounds=[LabRound(1, first)])), DAY))
        plan = RoundPlan.from_json("".join(page.plans))
        again = run_round(plan, engine)
    finally:
        engine.close()
    assert plan == first.plan and json.loads(page.plans[0])["seed"] == 0
    assert again.validation_accuracy.tobytes() == first.validation_accuracy.tobytes()


# ---------------------------------------------------------------------------------------------------- charts


def drawn(chart: str) -> ElementTree.Element:
    """A chart as XML, all of whose numbers lie in the drawing."""
    root = ElementTree.fromstring(chart)
    for circle in root.iter("circle"):
        assert 0 <= float(circle.attrib["cx"]) <= WIDTH and 0 <= float(circle.attrib["cy"]) <= HEIGHT
    return root


def range_chart(progress: RoundProgress, coming: SearchSpace | None = None) -> ElementTree.Element:
    (chart,) = range_charts(progress, [SearchSpace()], coming, str)
    return drawn(chart)


def test_trials_lie_where_their_exponents_are_and_the_best_are_ringed() -> None:
    progress = made([-6, -5, -4, -3, -2.5, -2], [0.1, 0.2, 0.3, 0.4, 0.5, 0.6], weight_decay=[-8, -7, -6, -5, -4, -4])
    dots = [one for one in range_chart(progress).iter("circle") if one.attrib["fill"] != "none"]
    rings = [one for one in range_chart(progress).iter("circle") if one.attrib.get("stroke") == RING]
    assert len(dots) == 6 and len(rings) == 5
    across, down = ([float(dot.attrib[name]) for dot in dots] for name in ("cx", "cy"))
    steps = np.diff(across[:4])
    assert np.allclose(steps, steps[0], atol=0.11) and steps[0] > 0  # pixels are written to a tenth
    assert np.allclose(np.diff(down[:5]), np.diff(down[:5])[0], atol=0.11) and down[1] < down[0]


def test_a_diverged_trial_is_a_cross_and_no_point() -> None:
    chart = range_chart(made([-5, -2], [0.5, 0.1], diverged=(1,)))
    assert [one.attrib["stroke"] for one in chart.iter("path")] == [DIVERGED]
    assert len([one for one in chart.iter("circle") if one.attrib["fill"] != "none"]) == 1


def test_the_next_rounds_ranges_are_dashed() -> None:
    progress = made([-5, -2], [0.5, 0.1])
    assert not [one for one in range_chart(progress).iter("rect") if "stroke-dasharray" in one.attrib]
    (dashed,) = [one for one in range_chart(progress, NARROW).iter("rect") if "stroke-dasharray" in one.attrib]
    (own,) = [one for one in range_chart(progress, NARROW).iter("rect") if one.attrib["stroke"] == "#31333f"]
    assert abs(float(dashed.attrib["width"]) / float(own.attrib["width"]) - 1 / 4) < 0.01
    assert abs(float(dashed.attrib["height"]) / float(own.attrib["height"]) - 2 / 4) < 0.01


def test_a_fixed_value_and_a_round_without_scores_are_drawn() -> None:
    fixed = SearchSpace(LogRange(-3, -3), LogRange(-5, -5))
    empty = RoundProgress.of(RoundPlan(fixed, trials=1, epochs=1))
    (chart,) = range_charts(empty, [fixed], None, str)
    assert drawn(chart) is not None and drawn(curves_chart(empty, str)) is not None


def test_the_five_best_curves_are_drawn_and_one_of_training() -> None:
    progress = made([-6, -5, -4, -3, -2.5, -2], [0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    lines = [one for one in drawn(curves_chart(progress, str)).iter("polyline") if one.attrib["stroke"] != "#d9dbdf"]
    assert len(lines) == 6 and len([one for one in lines if "stroke-dasharray" in one.attrib]) == 1
    assert {len(one.attrib["points"].split()) for one in lines} == {4}


def test_a_round_of_one_epoch_shows_points() -> None:
    assert list(drawn(curves_chart(made([-3], [0.5], epochs=1), str)).iter("circle"))


@pytest.mark.parametrize("test", [[0.7, 0.72], [0.1, 0.9], [0.5, 0.5], [1.0, 1.0], [0.0, 0.0]])
def test_the_final_tests_seeds_are_joined(test: list[float]) -> None:
    chart = drawn(final_test_chart(FinalTestView(0, RoundPlan(), np.array(test), np.array(test)), str))
    assert len(list(chart.iter("circle"))) == 4


def test_rounds_under_way_or_stopped_say_so() -> None:
    lab = Lab(
        "t", rounds=[LabRound(1, made([-3], [0.5], status=Status.STOPPED)), LabRound(2, RoundProgress.of(RoundPlan()))]
    )
    text = Page(hand_in(LabView.of(lab), DAY)).text
    assert "This round was stopped before its end." in text and "This round is not over yet." in text


def test_a_view_keeps_what_it_saw(view: LabView) -> None:
    lab = Lab("t", rounds=rounds("before", ""))
    seen = LabView.of(lab)
    lab.note(1, "after")
    lab.repeats = {(1, 1): np.ones(5)}
    assert seen.rounds[0].note == "before" and not seen.repeats
    with pytest.raises(TypeError):
        seen.repeats[1, 1] = np.ones(5)  # type: ignore[index]
