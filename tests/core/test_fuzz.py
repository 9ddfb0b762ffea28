"""Any input by an address, a file or a plan is taken or refused with a sentence, and changes nothing that was there.

The text of a lesson has its own cases in test_lesson.py.
"""

import json
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from core.classroom import join_codes as codes
from core.engine.engine import EmbeddedEngine
from core.errors import LessonError
from core.export.journal import journal_json
from core.export.journal_file import MAX_BYTES, journal_file
from core.export.journal_reader import import_journal
from core.export.trial_tables import journal_csv
from core.lab.choice import Choice
from core.lab.lab import NOTE_LENGTH, Lab
from core.lab.lab_round import LabRound
from core.lab.seed_repeats import SEEDS
from core.languages import LANGUAGES
from core.lesson import Lesson
from core.lesson_text import read_lesson
from core.plan import RoundPlan
from core.progress import Status
from core.server.labs import Labs
from core.settings import settings_of
from core.space import LEARNING_RATE_REACH, REACHES, LogRange, SearchSpace
from core.store.records import class_record, lab_record
from core.store.store import Store
from core.store.writer import StoreWriter
from pages.components.frame.layout import NARROWEST, OF_A_CLASS, WIDEST, drawable_width
from pages.components.frame.running_server import server
from pages.components.round.brushes import MIN_BOX, box_of, brushes_of
from pages.components.round.searched_axes import default_shown
from pages.components.round.selections import trial_of
from tests.support.app_tests import APP, text, token
from tests.support.databases import everything, past
from tests.support.generated_input import allowed, cases, changed, documents, lesson_texts, plans, scalars, texts
from tests.support.sample_rounds import made
from tests.support.waiting import LIMIT, until

pytestmark = pytest.mark.usefixtures("page_server")

TOKEN = "k" * 24
numbers = st.integers() | st.floats() | scalars | st.sampled_from([10**400, -(10**400), 2**53 + 1, 0.1, -3])


def lab_of(token: str = TOKEN) -> Lab:
    """A lab with all that one can hold but an opened test set."""
    rounds = [
        LabRound(1, made([-2, -3, -4], [0.9, 0.8, 0.1], diverged=(2,)), "the left is dark — 왼쪽은 어둡다"),
        LabRound(2, made([-2, -2.5], [0.9, 0.7], status=Status.STOPPED, seed=1), "=1+1"),
    ]
    repeats = {(1, 0): made([-2] * SEEDS, [0.5] * SEEDS).last_validation().astype("f4")}
    narrow = SearchSpace(LogRange(-3, -2), LogRange(-7, -5))
    return Lab(
        token, RoundPlan(seed=2), rounds, undo_stack=[narrow], chosen=Choice(0.01, 1e-6, 1, 0), repeats=repeats,
        pseudonym="quiet owl",
        created=1e9, used=2e9,
    )  # fmt: skip


JOURNAL = journal_json(lab_of())
DOCUMENT = json.loads(JOURNAL)
PACKED = journal_file(lab_of())


@pytest.fixture
def saver(tmp_path: Path) -> Iterator[StoreWriter]:
    made = StoreWriter(lambda: Store(f"sqlite:///{tmp_path / 'labs.sqlite'}"), 1e6)
    yield made
    made.close()


@pytest.fixture
def stored(saver: StoreWriter, tmp_path: Path) -> "StoredLab":
    """Labs of a server, one of which is open and saved."""
    return StoredLab(saver, f"sqlite:///{tmp_path / 'labs.sqlite'}")


class StoredLab:
    """A server's labs over a store with one lab in it, which must not change."""

    def __init__(self, saver: StoreWriter, url: str) -> None:
        self.labs, self._url, self._saver = Labs(lambda session: True, saver), url, saver
        self.mine = self.labs.adopt(lab_of)
        until(lambda: saver.saved(self.mine.token))
        self._record, self._rows = self._now()

    def _now(self) -> tuple[object, dict[str, list[tuple[object, ...]]]]:
        with past(self._url).connect() as connection:
            return lab_record(self.mine, [1, 2]), everything(connection)

    def is_unchanged(self, besides: int = 0) -> bool:
        """Whether the lab and its rows are as they were, with at most so many labs besides."""
        until(lambda: self._saver.fault() is None)
        record, rows = self._now()
        are_there = all(set(before) <= set(rows[name]) for name, before in self._rows.items())
        return record == self._record and are_there and len(rows["lab"]) <= len(self._rows["lab"]) + besides


# ---------------------------------------------------------------------------------------------------- plans and ranges


@cases(1500)
@given(numbers, numbers)
def test_a_range_is_one_or_is_refused(low: Any, high: Any) -> None:
    try:
        range_ = LogRange(low, high)
    except LessonError:
        return
    assert range_.low <= range_.high
    for reach in REACHES.values():
        inside = range_.within(reach)
        assert reach.low <= inside.low < inside.high <= reach.high


@cases(300)
@given(scalars | st.builds(LogRange, st.floats(-9, 0), st.floats(0, 2)), scalars | st.just(LEARNING_RATE_REACH))
def test_a_search_space_is_one_or_is_refused(learning_rate: Any, weight_decay: Any) -> None:
    try:
        space = SearchSpace(learning_rate, weight_decay)
    except LessonError:
        return
    assert all(REACHES[axis].low <= one.low and one.high <= REACHES[axis].high for axis, one in space.ranges().items())


settings_of_a_plan = st.fixed_dictionaries(
    {},
    optional={
        **{name: numbers | documents | allowed(one.kind) for name, one in settings_of(RoundPlan).items()},
        "space": documents | st.just(SearchSpace()),
        "shuffle": documents,
        "image_order": documents | st.integers(0, 3),
        "values": documents | st.lists(st.tuples(st.floats(), st.floats()), max_size=3).map(tuple),
    },
)


changed_plans = plans().map(RoundPlan.to_json).map(json.loads).flatmap(changed).map(json.dumps)


@cases(1500)
@given(settings_of_a_plan)
def test_a_plan_is_one_or_is_refused(settings: dict[str, Any]) -> None:
    try:
        plan = RoundPlan(**settings)
    except LessonError:
        return
    assert RoundPlan.from_json(plan.to_json()) == plan


@cases(1500)
@given(changed_plans | texts | documents.map(json.dumps))
def test_json_is_a_plan_or_is_refused(given_text: str) -> None:
    try:
        plan = RoundPlan.from_json(given_text)
    except LessonError:
        return
    assert RoundPlan.from_json(plan.to_json()) == plan


@cases(500)
@given(settings_of_a_plan)
def test_a_setting_is_taken_or_the_lab_stays_as_it_is(settings: dict[str, Any]) -> None:
    lab = lab_of()
    before = lab_record(lab, [1, 2])
    try:
        lab.change(**settings)
    except LessonError:
        assert lab_record(lab, [1, 2]) == before
        return
    assert lab.plan == replace(RoundPlan(seed=2), **settings)


@cases(500)
@given(numbers, numbers)
def test_a_value_is_chosen_or_the_lab_stays_as_it_is(learning_rate: Any, weight_decay: Any) -> None:
    lab = lab_of()
    before = lab.chosen
    try:
        lab.choose(Choice(learning_rate, weight_decay))
    except LessonError:
        assert lab.chosen == before
        return
    plan = lab.plan_of_choice()
    assert plan.values == ((learning_rate, weight_decay),)


@cases(500)
@given(st.text(max_size=3 * NOTE_LENGTH), st.integers())
def test_a_note_is_cut_to_what_every_store_takes(note: str, number: int) -> None:
    lab = lab_of()
    lab.note(1, note)
    lab.note(number, note)
    kept_note = lab.rounds[0].note
    assert len(kept_note) <= NOTE_LENGTH and "\0" not in kept_note
    assert kept_note.encode() and kept_note in note.replace("\0", "") or not kept_note


# ---------------------------------------------------------------------------------------------------- files


def beginning(end: int) -> str:
    """A file of which the rest is missing."""
    return JOURNAL[:end]


def opened(content: str | bytes) -> Lab | None:
    """The lab of a file, None if there is a sentence instead."""
    try:
        return import_journal(content, "n" * 24)
    except LessonError:
        return None


@cases(2000)
@given(changed(DOCUMENT))
def test_a_journal_with_a_change_is_a_lab_that_writes_the_same_journal_or_is_refused(document: Any) -> None:
    try:
        lab = import_journal(json.dumps(document), "n" * 24)
    except LessonError as error:
        assert error.sentence.format(**error.values) == str(error) != ""
        return
    again = opened(journal_json(lab))
    assert again is not None and journal_json(again) == journal_json(lab)
    assert lab_record(lab, range(200)) is not None and journal_csv(lab)


@cases(500)
@given(st.integers(0, len(PACKED) - 1), st.integers(0, 255))
def test_a_compressed_journal_with_another_byte_is_a_lab_or_is_refused(place: int, byte: int) -> None:
    raw = bytearray(PACKED)
    raw[place] = byte
    lab = opened(bytes(raw))
    assert lab is None or opened(journal_file(lab)) is not None


@cases(1000)
@given(st.binary(max_size=200) | texts | documents.map(json.dumps) | st.integers(0, len(JOURNAL)).map(beginning))
def test_what_is_no_journal_is_refused(content: str | bytes) -> None:
    if not isinstance(content, str) or content.strip() != JOURNAL.strip():
        assert opened(content) is None


@cases(500)
@given(st.integers(0, len(JOURNAL) - 1), st.integers(0, 255))
def test_a_journal_with_another_byte_is_a_lab_or_is_refused(place: int, byte: int) -> None:
    raw = bytearray(JOURNAL, "utf-8")
    raw[place] = byte
    lab = opened(bytes(raw))
    assert lab is None or opened(journal_json(lab)) is not None


@pytest.mark.parametrize(
    "content", ["[" * MAX_BYTES, '{"a":' * (MAX_BYTES // 5), "9" * MAX_BYTES, " " * (MAX_BYTES + 1)]
)
def test_a_large_file_is_refused(content: str) -> None:
    assert opened(content) is None


@cases(100, slow=True)
@given(content=changed(DOCUMENT).map(json.dumps) | texts)
def test_a_file_that_is_refused_changes_no_lab_and_no_row(stored: StoredLab, content: str) -> None:
    if opened(content) is None:
        with pytest.raises(LessonError):
            stored.labs.adopt(lambda token: import_journal(content, token))
        assert stored.is_unchanged()


# ---------------------------------------------------------------------------------------------------- tokens


@cases(1000)
@given(texts | st.text("abcXYZ019-_", min_size=22, max_size=26))
def test_what_is_no_token_opens_a_new_lab_alone(asked: str) -> None:
    labs = Labs(lambda session: True)
    mine = labs.adopt(lab_of)
    before = lab_record(mine, [1, 2])
    fresh, known = labs.open(asked, "browser", Lesson(budget=9))
    assert not known and fresh is not mine and fresh.rounds == [] and fresh.token not in (asked, mine.token)
    assert lab_record(mine, [1, 2]) == before


@cases(150, slow=True)
@given(asked=texts | st.text("abcXYZ019-_", min_size=24, max_size=24))
def test_what_is_no_token_finds_nothing_in_the_store(stored: StoredLab, asked: str) -> None:
    fresh, known = stored.labs.open(asked, "browser")
    assert not known and fresh.rounds == []
    until(lambda: stored.labs.saver is not None and stored.labs.saver.saved(fresh.token))


def test_tokens_that_were_tried_leave_the_labs_that_are_there(stored: StoredLab) -> None:
    for place in range(20):
        stored.labs.open(f"{place:024}", "browser")
    assert stored.is_unchanged(besides=20)


# ---------------------------------------------------------------------------------------------------- the chart

SHOWN = default_shown(SearchSpace())
ends = st.lists(scalars | st.floats(-9, 1), max_size=3)
selections = st.fixed_dictionaries(
    {},
    optional={
        "brush": documents | st.fixed_dictionaries({}, optional={"lr": documents | ends, "wd": documents | ends}),
        "picked": documents | st.lists(st.fixed_dictionaries({}, optional={"trial": scalars}), max_size=2),
    },
)


@cases(1000)
@given(selections | documents)
def test_what_no_chart_sends_is_no_box_and_no_trial(selection: Any) -> None:
    box, trial = box_of(brushes_of(selection, SHOWN), {}, SearchSpace()), trial_of(selection)
    assert box is None or all(range_.width > 0 for range_ in box.ranges().values())
    assert trial is None or trial >= 0


@cases(300)
@given(st.floats(-8, 1), st.floats(-8, 1), st.floats(-10, 0), st.floats(-10, 0))
def test_a_box_is_the_ranges_it_was_drawn_over(left: float, right: float, low: float, high: float) -> None:
    drawn = brushes_of({"brush": {"lr": [left, right], "wd": [high, low]}}, SHOWN)
    box = box_of(drawn, {}, SearchSpace())
    if min(abs(left - right), abs(low - high)) < MIN_BOX:
        assert box is None
    else:
        assert box is not None
        expected = [min(left, right), max(left, right), min(low, high), max(low, high)]
        found = [end for range_ in box.ranges().values() for end in (range_.low, range_.high)]
        assert found == pytest.approx(expected, abs=0.0501)


@cases(300)
@given(scalars)
def test_any_reported_width_is_one_that_charts_can_be_drawn_for(reported: Any) -> None:
    found = drawable_width(reported, None)
    assert drawable_width(reported, 340) in (340, found) and (found is None or NARROWEST <= found <= WIDEST)


# ---------------------------------------------------------------------------------------------------- the page

PAGES = sorted({path.stem for path in Path(APP).parent.glob("[!_]*.py")} - {Path(APP).stem})
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)  # an address has no halves of characters
addresses = st.fixed_dictionaries(
    {},
    optional={
        "lang": words | st.sampled_from(list(LANGUAGES)),
        "lab": words | st.text("abcXYZ019-_", min_size=24, max_size=24),
        "lesson": lesson_texts.map(lambda one: one.encode(errors="ignore").decode()),
        "class": words,
        "teach": words | st.text("abcXYZ019-_", min_size=24, max_size=24),
        "board": words,
        "desk": words,
        "embed": words,
        "page": words,
    },
)


@pytest.fixture
def no_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the start of a round an error."""

    def begun(self: EmbeddedEngine, *_given: object, **_named: object) -> None:
        raise AssertionError("a round was begun")

    monkeypatch.setattr(EmbeddedEngine, "start", begun)


def sentences(app: AppTest) -> list[str]:
    """The page's warnings, except that the store is slow, as it is on a busy machine."""
    return [one.value for one in app.warning if "cloud_off" not in one.icon]


@cases(150, slow=True)
@given(address=addresses, page=st.sampled_from(PAGES))
def test_any_address_gives_a_page_of_a_new_lab_with_a_sentence_at_most(
    no_rounds: None, address: dict[str, str], page: str
) -> None:
    app = AppTest.from_file(APP, default_timeout=LIMIT)
    for name, value in address.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception, app.exception
    assert len(sentences(app)) <= 2 and not app.error
    if not {*OF_A_CLASS} & {*address}:  # which leads to the class, where nobody gets a lab before joining
        lab, known = server().labs.open(token(app), "test")
        assert known and lab.rounds == [] and lab.token != address.get("lab")
        assert lab.lesson == read_lesson(address.get("lesson", ""))[0]
    if read_lesson(address.get("lesson", ""))[0].opens(page):
        app.switch_page(f"{page}.py").run()
    assert not app.exception, app.exception
    assert "Traceback" not in text(app)


@cases(40, slow=True)
@given(address=addresses)
def test_an_address_with_a_lab_in_it_leaves_the_lab_as_it_is(no_rounds: None, address: dict[str, str]) -> None:
    lab = server().labs.adopt(lab_of)
    before = lab_record(lab, [1, 2])
    app = AppTest.from_file(APP, default_timeout=LIMIT)
    for name, value in {**address, "lab": lab.token}.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception, app.exception
    assert token(app) == lab.token
    assert {*OF_A_CLASS} & {*address} or not sentences(app)
    assert replace(lab_record(lab, [1, 2]), used=before.used) == before


@cases(60, slow=True)
@given(address=addresses, data=st.data())
def test_an_address_of_a_class_leaves_the_class_as_it_is(
    no_rounds: None, address: dict[str, str], data: st.DataObject
) -> None:
    classroom, secret = server().labs.classes.create("Chapter 6", "en", Lesson())
    lab = server().labs.adopt(lambda token: server().labs.classes.join(classroom, token))
    code, key = classroom.code, classroom.board_key
    spelt = st.sampled_from([code, code.lower(), codes.grouped(code), f" {code}\t", code[:-1], code[::-1]])
    address |= {"class": data.draw(spelt, "code")}
    address |= data.draw(
        st.fixed_dictionaries({}, optional={"board": st.sampled_from([key, key[:-1], secret])}), "board"
    )
    address |= data.draw(st.fixed_dictionaries({}, optional={"lab": st.just(lab.token)}), "lab")
    before = class_record(classroom), replace(lab_record(lab, []), used=0)
    app = AppTest.from_file(APP, default_timeout=LIMIT)
    for name, value in address.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception, app.exception
    app.switch_page("class_board.py").run()
    assert not app.exception, app.exception
    assert len(sentences(app)) <= 2 and not app.error
    assert app.session_state["session"].secret is None
    assert (replace(class_record(classroom), used=before[0].used), replace(lab_record(lab, []), used=0)) == before
    assert [*classroom.labs] == [1] and classroom.labs[1] is lab


def test_the_fields_of_a_plan_are_all_tried() -> None:
    declared = {"space", "shuffle", "image_order", "values", *settings_of(RoundPlan)}
    assert declared == {field.name for field in fields(RoundPlan)}
