"""Whatever comes in by an address, a file or a plan: a sentence at most, and nothing that was there is changed.

The text of a lesson has its own cases in test_preset.py.
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

from core import codes
from core.again import SEEDS
from core.archive import class_record, lab_record
from core.choice import Choice
from core.datasets import DATASETS
from core.engine.local import Engine
from core.errors import LessonError
from core.export import journal_json
from core.journal import LARGEST, import_journal
from core.lab import NOTE_LENGTH, Lab
from core.lab_round import Kept, LabRound
from core.labs import Labs
from core.plan import CHOICES, FRACTIONS, KEEPS, LIMITS, RoundPlan
from core.preset import Preset
from core.progress import Status
from core.saving import Saver
from core.space import LEARNING_RATE_REACH, REACHES, LogRange, SearchSpace
from core.store import Store
from pages.components import session
from pages.components.layout import NARROWEST, OF_A_CLASS, WIDEST, drawable
from pages.components.live import SLIP, box_of, trial_of
from pages.components.text import LANGUAGES
from tests.anything import cases, changed, documents, lesson_texts, plans, scalars, texts
from tests.database import everything, past
from tests.made import made
from tests.test_page import APP, text, token
from tests.waiting import LIMIT, until

TOKEN = "k" * 24
numbers = st.integers() | st.floats() | scalars | st.sampled_from([10**400, -(10**400), 2**53 + 1, 0.1, -3])


def lab_of(token: str = TOKEN) -> Lab:
    """A lab with all that one can hold but an opened test set."""
    rounds = [
        LabRound(1, Kept(made([-2, -3, -4], [0.9, 0.8, 0.1], diverged=(2,))), "the left is dark — 왼쪽은 어둡다"),
        LabRound(2, Kept(made([-2, -2.5], [0.9, 0.7], status=Status.STOPPED, seed=1)), "=1+1"),
    ]
    repeats = {(1, 0): made([-2] * SEEDS, [0.5] * SEEDS).last_validation().astype("f4")}
    narrow = SearchSpace(LogRange(-3, -2), LogRange(-7, -5))
    return Lab(
        token, RoundPlan(seed=2), rounds, [narrow], Choice(0.01, 1e-6, 1, 0), repeats, pseudonym="quiet owl",
        created=1e9, used=2e9,
    )  # fmt: skip


JOURNAL = journal_json(lab_of())
DOCUMENT = json.loads(JOURNAL)


@pytest.fixture
def saver(tmp_path: Path) -> Iterator[Saver]:
    made = Saver(lambda: Store(f"sqlite:///{tmp_path / 'labs.sqlite'}"), 1e6)
    yield made
    made.close()


@pytest.fixture
def kept(saver: Saver, tmp_path: Path) -> "House":
    """Labs of a server, one of which is open and written down."""
    return House(saver, f"sqlite:///{tmp_path / 'labs.sqlite'}")


class House:
    """Labs over a store, and what of them must not change."""

    def __init__(self, saver: Saver, url: str) -> None:
        self.labs, self._url, self._saver = Labs(lambda session: True, saver), url, saver
        self.mine = self.labs.adopt(lab_of)
        until(lambda: saver.saved(self.mine.token))
        self._record, self._rows = self._now()

    def _now(self) -> tuple[object, dict[str, list[tuple[object, ...]]]]:
        with past(self._url).connect() as connection:
            return lab_record(self.mine, [1, 2]), everything(connection)

    def unchanged(self, besides: int = 0) -> bool:
        """Whether the lab and its rows are as they were, and no more than so many labs have come to it."""
        until(lambda: self._saver.fault() is None)
        record, rows = self._now()
        mine = all(set(before) <= set(rows[name]) for name, before in self._rows.items())
        return record == self._record and mine and len(rows["lab"]) <= len(self._rows["lab"]) + besides


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
        **{name: numbers | st.integers(low, high) for name, (low, high) in LIMITS.items()},
        "dataset": documents | st.sampled_from(DATASETS),
        "validation_rate": numbers | st.floats(0.05, 0.5),
        "space": documents | st.just(SearchSpace()),
        "shuffle": documents,
        "give_up": documents | st.lists(st.integers(-1, 30), max_size=6).map(tuple),
        "keep": numbers | st.floats(*KEEPS),
        "batch_normalisation": documents | st.booleans(),
        **{name: documents | st.sampled_from(choices) for name, choices in CHOICES.items()},
        **{name: numbers | st.floats(*ends) for name, ends in FRACTIONS.items()},
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
    lab = opened(json.dumps(document))
    if lab is not None:
        again = opened(journal_json(lab))
        assert again is not None and journal_json(again) == journal_json(lab)
        assert lab_record(lab, range(200)) is not None


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


@pytest.mark.parametrize("content", ["[" * LARGEST, '{"a":' * (LARGEST // 5), "9" * LARGEST, " " * (LARGEST + 1)])
def test_a_large_file_is_refused(content: str) -> None:
    assert opened(content) is None


@cases(100, slow=True)
@given(content=changed(DOCUMENT).map(json.dumps) | texts)
def test_a_file_that_is_refused_changes_no_lab_and_no_row(kept: House, content: str) -> None:
    if opened(content) is None:
        with pytest.raises(LessonError):
            kept.labs.adopt(lambda token: import_journal(content, token))
        assert kept.unchanged()


# ---------------------------------------------------------------------------------------------------- tokens


@cases(1000)
@given(texts | st.text("abcXYZ019-_", min_size=22, max_size=26))
def test_what_is_no_token_opens_a_new_lab_alone(asked: str) -> None:
    labs = Labs(lambda session: True)
    mine = labs.adopt(lab_of)
    before = lab_record(mine, [1, 2])
    fresh, known = labs.open(asked, "browser", Preset(budget=9))
    assert not known and fresh is not mine and fresh.rounds == [] and fresh.token not in (asked, mine.token)
    assert lab_record(mine, [1, 2]) == before


@cases(150, slow=True)
@given(asked=texts | st.text("abcXYZ019-_", min_size=24, max_size=24))
def test_what_is_no_token_finds_nothing_in_the_store(kept: House, asked: str) -> None:
    fresh, known = kept.labs.open(asked, "browser")
    assert not known and fresh.rounds == []
    until(lambda: kept.labs.saver is not None and kept.labs.saver.saved(fresh.token))


def test_tokens_that_were_tried_leave_the_labs_that_are_there(kept: House) -> None:
    for place in range(20):
        kept.labs.open(f"{place:024}", "browser")
    assert kept.unchanged(besides=20)


# ---------------------------------------------------------------------------------------------------- the chart

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
    box, trial = box_of(selection), trial_of(selection)
    assert box is None or all(range_.width > 0 for range_ in box.ranges().values())
    assert trial is None or trial >= 0


@cases(300)
@given(st.floats(-8, 1), st.floats(-8, 1), st.floats(-10, 0), st.floats(-10, 0))
def test_a_box_is_the_ranges_it_was_drawn_over(left: float, right: float, low: float, high: float) -> None:
    box = box_of({"brush": {"lr": [left, right], "wd": [high, low]}})
    if min(abs(left - right), abs(low - high)) < SLIP:
        assert box is None
    else:
        assert box is not None
        expected = [min(left, right), max(left, right), min(low, high), max(low, high)]
        found = [end for range_ in box.ranges().values() for end in (range_.low, range_.high)]
        assert found == pytest.approx(expected, abs=0.0501)


@cases(300)
@given(scalars)
def test_whatever_width_is_told_a_chart_can_be_drawn(told: Any) -> None:
    found = drawable(told, None)
    assert drawable(told, 340) in (340, found) and (found is None or NARROWEST <= found <= WIDEST)


# ---------------------------------------------------------------------------------------------------- the page

PAGES = sorted(path.stem for path in Path(APP).with_name("pages").glob("[!_]*.py"))
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
def idle(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that must not be asked for anything."""

    def begun(self: Engine, *_given: object, **_named: object) -> None:
        raise AssertionError("a round was begun")

    session.engine()
    monkeypatch.setattr(Engine, "start", begun)


def sentences(app: AppTest) -> list[str]:
    """What the page warns of, but that a busy machine is slow to write."""
    return [one.value for one in app.warning if "cloud_off" not in one.icon]


@cases(150, slow=True)
@given(address=addresses, page=st.sampled_from(PAGES))
def test_any_address_gives_a_page_of_a_new_lab_with_a_sentence_at_most(
    idle: None, address: dict[str, str], page: str
) -> None:
    app = AppTest.from_file(APP, default_timeout=LIMIT)
    for name, value in address.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception, app.exception
    assert len(sentences(app)) <= 2 and not app.error
    if not {*OF_A_CLASS} & {*address}:  # which leads to the class, where nobody gets a lab before joining
        lab, known = session.labs().open(token(app), "test")
        assert known and lab.rounds == [] and lab.token != address.get("lab")
        assert lab.preset == Preset.from_text(address.get("lesson", ""))[0]
    if Preset.from_text(address.get("lesson", ""))[0].opens(page):
        app.switch_page(f"pages/{page}.py").run()
    assert not app.exception, app.exception
    assert "Traceback" not in text(app)


@cases(40, slow=True)
@given(address=addresses)
def test_an_address_with_a_lab_in_it_leaves_the_lab_as_it_is(idle: None, address: dict[str, str]) -> None:
    lab = session.labs().adopt(lab_of)
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
    idle: None, address: dict[str, str], data: st.DataObject
) -> None:
    classroom, secret = session.classes().create("Chapter 6", "en", Preset())
    lab = session.labs().adopt(lambda token: session.classes().join(classroom, token))
    code, key = classroom.code, classroom.board_key
    spelt = st.sampled_from([code, code.lower(), codes.written(code), f" {code}\t", code[:-1], code[::-1]])
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
    app.switch_page("pages/class_board.py").run()
    assert not app.exception, app.exception
    assert len(sentences(app)) <= 2 and not app.error
    assert app.session_state["session"].secret is None
    assert (replace(class_record(classroom), used=before[0].used), replace(lab_record(lab, []), used=0)) == before
    assert [*classroom.labs] == [1] and classroom.labs[1] is lab


def test_the_fields_of_a_plan_are_all_tried() -> None:
    tried = {"space", "dataset", "validation_rate", "shuffle", "values", "give_up", "keep", "batch_normalisation"}
    tried |= {*LIMITS, *CHOICES, *FRACTIONS}
    assert tried == {field.name for field in fields(RoundPlan)}
