"""Files, links and addresses of every version so far are read by the present code.

The samples were made by the versions that wrote them; beside each is what it must be read as.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from core.classroom.classroom import Classroom, hash_secret
from core.classroom.ranking import EqualBudgetRanking
from core.data.image_order import FILE_ORDER, PERMUTED_ORDER
from core.export.journal import journal_json
from core.export.journal_reader import import_journal
from core.lab.final_evaluation import FinalTest, Outcome, SelectionByTestSet
from core.lab.lab import Lab
from core.lab.lab_round import LabRound
from core.lesson import Lesson
from core.lesson_text import parts, read_lesson, write_lesson
from core.plan import RoundPlan
from core.space import spaces_to_json
from core.store import store as store_module
from core.store.class_store import ClassStore
from core.store.restoring import classroom_from_record, lab_from_record
from core.store.store import Store
from pages.components.frame.layout import FIRST, page_titles
from pages.components.frame.running_server import server
from tests.golden.results import sha
from tests.support.waiting import LIMIT

SAMPLES = Path(__file__).with_name("samples")
APP = str(Path(__file__).parents[2] / "pages/navigation.py")
page_server = pytest.mark.usefixtures("page_server")
OF_A_ROUND = ("learning_rate", "weight_decay", "train_accuracy", "validation_accuracy")  # recorded by their hashes
OF_A_LAB = ("plan", "earlier", "chosen", "rounds", "repeats")  # what a journal holds of it
OF_A_TEMPTATION = ("number", "trial", "validation", "opened", "fresh")
FINAL_ACCURACIES = {  # of each sample's final test, as the version that wrote it showed them
    "0001": [40 / 150, 36 / 150, 33 / 150, 36 / 150, 58 / 150],
    "0002": [40 / 150, 36 / 150, 33 / 150, 36 / 150, 58 / 150],
    "0003": [100 / 150, 92 / 150, 98 / 150, 101 / 150, 82 / 150],
    "0004": [100 / 150, 92 / 150, 98 / 150, 101 / 150, 82 / 150],
    "0005": [92 / 150, 96 / 150, 103 / 150, 114 / 150, 117 / 150],
    "0006": [92 / 150, 96 / 150, 103 / 150, 114 / 150, 117 / 150],
    "0007": [92 / 150, 96 / 150, 103 / 150, 114 / 150, 117 / 150],
    "0008": [92 / 150, 96 / 150, 103 / 150, 114 / 150, 117 / 150],
    "0009": [92 / 150, 96 / 150, 103 / 150, 114 / 150, 117 / 150],
}
SCHEMAS = tuple(FINAL_ACCURACIES)
# what a class has that was written before there was any other
BEFORE = {"joining_open": True, "notice": ["", None], "questions": "off", "nicknames_hidden": False, "former": []}


def text(name: str) -> str:
    return (SAMPLES / name).read_text(encoding="utf-8")


def sample(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text(name))
    return found


PLANS, PRESETS = sample("plans.json"), sample("presets.json")
LINKS, ADDRESSES = sample("lessons.json")["links"], sample("addresses.json")
NEWEST_PLANS = [name for name in PLANS if name.startswith("all")]
NEWEST_PRESETS = [name for name in PRESETS if name.startswith(("6c0deb1,", "with an order of images,"))]


# ---------------------------------------------------------------------------------------------------- what was read


def read_round(round_: LabRound) -> dict[str, object]:
    progress = round_.progress
    return {
        "number": round_.number,
        "status": str(progress.status),
        "note": round_.note,
        "seconds": progress.seconds,
        "plan": json.loads(progress.plan.to_json()),
        "epochs_done": progress.epochs_done.tolist(),
        "diverged": progress.diverged.tolist(),
        "given_up": progress.given_up.tolist(),
        **{name: sha(getattr(progress, name)) for name in OF_A_ROUND},
    }


def read_opening(final: FinalTest) -> dict[str, object]:
    outcome, temptation = final.outcome, final.selection
    assert outcome is not None
    return {
        "opened": final.opened,
        "plan": json.loads(final.plan.to_json()),
        "validation": sha(outcome.validation),
        "classes": sha(outcome.classes),
        "temptation": temptation and [sha(getattr(temptation, name)) for name in OF_A_TEMPTATION],
    }


def read_lab(lab: Lab) -> dict[str, object]:
    return {
        "pseudonym": lab.pseudonym,
        "created": lab.created,
        "plan": json.loads(lab.plan.to_json()),
        "earlier": json.loads(spaces_to_json(lab.undo_stack)),
        "chosen": json.loads(lab.chosen.to_json()) if lab.chosen else None,
        "rounds": [read_round(one) for one in lab.rounds],
        "repeats": [[number, trial, sha(found)] for (number, trial), found in sorted(lab.repeats.items())],
        "opening": read_opening(lab.final) if lab.final else None,
        "seat": list(lab.class_seat) if lab.class_seat else None,
        "preset": json.loads(lab.lesson.to_json()),
    }


def read_class(classroom: Classroom, secret: str) -> dict[str, object]:
    classroom.check(secret)
    simple = ("code", "title", "language", "rounds_open", "board_open", "joining_open", "board_key", "ended", "created")
    return {
        **{name: getattr(classroom, name) for name in simple},
        "secret": secret,
        "preset": json.loads(classroom.lesson.to_json()),
        "ranking": str(classroom.ranking),
        "finals": str(classroom.final_tests),
        "frozen": json.loads(classroom.frozen.to_json()) if classroom.frozen else None,
        "members": [
            [one.seat, one.lab, one.pseudonym, one.nickname, one.hidden, one.last_round]
            for one in classroom.members.values()
        ],
        "seats": sorted(classroom.labs),
        "notice": [classroom.notice.message, classroom.notice.timer_end],
        "questions": str(classroom.questions),
        "nicknames_hidden": classroom.nicknames_hidden,
        "former": sorted(classroom.former),
    }


# ---------------------------------------------------------------------------------------------------- texts


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_of_every_version_is_read(name: str) -> None:
    assert json.loads(RoundPlan.from_json(PLANS[name]["text"]).to_json()) == PLANS[name]["read"]


@pytest.mark.parametrize("name", NEWEST_PLANS)
def test_a_plan_is_written_as_it_was(name: str) -> None:
    assert RoundPlan.from_json(PLANS[name]["text"]).to_json() == PLANS[name]["text"]


def test_the_default_plan_is_the_recorded_one() -> None:
    assert RoundPlan().to_json() == PLANS["all with an order of images, defaults"]["text"]


@pytest.mark.parametrize("name", PRESETS)
def test_a_lesson_of_every_version_is_read_from_the_store(name: str) -> None:
    assert json.loads(Lesson.from_json(PRESETS[name]["json"]).to_json()) == PRESETS[name]["read"]


@pytest.mark.parametrize("name", NEWEST_PRESETS)
def test_a_lesson_is_written_as_it_was(name: str) -> None:
    lesson = Lesson.from_json(PRESETS[name]["json"])
    assert (lesson.to_json(), write_lesson(lesson)) == (PRESETS[name]["json"], PRESETS[name]["link"])


@pytest.mark.parametrize("link", LINKS)
def test_a_lessons_link_is_read(link: str) -> None:
    lesson, faults = read_lesson(link)
    plan = LINKS[link]["plan"] | {"image_order": PERMUTED_ORDER}  # a lab that begins today has today's order
    assert not faults and json.loads(lesson.to_json()) == LINKS[link] | {"plan": plan}


def test_every_part_of_a_lessons_link_is_in_a_sample() -> None:
    assert {piece.split(".")[0] for link in LINKS for piece in link.split("~") if piece} == set(parts(RoundPlan))


def test_the_results_of_a_final_test_and_a_frozen_ranking_are_read_and_written_as_they_were() -> None:
    read = sample("results-read.json")
    outcome = Outcome.from_json(text("outcome.json"))
    assert {"validation": sha(outcome.validation), "classes": sha(outcome.classes)} == read["outcome"]
    assert outcome.to_json() + "\n" == text("outcome.json")
    temptation = SelectionByTestSet.from_json(text("temptation.json"))
    assert {name: sha(getattr(temptation, name)) for name in OF_A_TEMPTATION} == read["temptation"]
    assert temptation.to_json() + "\n" == text("temptation.json")
    standing = EqualBudgetRanking.from_json(text("standing.json"))
    assert json.loads(standing.to_json()) == read["standing"]
    assert standing.to_json() + "\n" == text("standing.json")


# ---------------------------------------------------------------------------------------------------- journals


@pytest.mark.parametrize("version", [1, 2])
def test_a_journal_of_every_version_opens_as_the_lab_that_wrote_it(version: int) -> None:
    lab = read_lab(import_journal(text(f"journal-{version}.json"), "t" * 24))
    assert {part: lab[part] for part in OF_A_LAB} == sample(f"journal-{version}-read.json")["lab"]


def test_a_journal_is_written_as_it_was() -> None:
    assert journal_json(import_journal(text("journal-2.json"), "t" * 24)) == text("journal-2.json")


# ---------------------------------------------------------------------------------------------------- databases


@contextmanager
def prepared(schema: str, folder: Path) -> Iterator[Store]:
    """The sample of a schema, brought to the present one."""
    file = shutil.copy(SAMPLES / f"store-{schema}.sqlite", folder / "labs.sqlite")
    with closing(Store(f"sqlite:///{file}")) as store:
        store.prepare()
        yield store


def test_every_schema_has_a_sample() -> None:
    """A new one gets its own from tests/golden/record_store.py."""
    migrations = Path(store_module.__file__).with_name("migrations") / "versions"
    assert sorted(file.name[:4] for file in migrations.glob("[0-9]*.py")) == list(SCHEMAS)


@pytest.mark.parametrize("schema", SCHEMAS)
def test_labs_of_every_schema_are_read(schema: str, tmp_path: Path) -> None:
    expected = sample(f"store-{schema}.json")["labs"]
    as_it_comes = json.loads(Lesson().to_json())
    with prepared(schema, tmp_path) as store:
        for token, lab in expected.items():
            record = store.load(token)
            assert record is not None
            preset = lab["preset"] if record.preset else as_it_comes
            assert read_lab(lab_from_record(token, record)) == lab | {"preset": preset}


@pytest.mark.parametrize("schema", [one for one in SCHEMAS if one >= "0004"])
def test_a_class_is_read_by_its_code_and_by_its_teachers_secret(schema: str, tmp_path: Path) -> None:
    expected = BEFORE | sample(f"store-{schema}.json")["class"]
    with prepared(schema, tmp_path) as store:
        stored = ClassStore(store)
        record = stored.load(expected["code"])
        assert record is not None and record == stored.load_taught(hash_secret(expected["secret"]))
        classroom = classroom_from_record(record, stored.labs(record.code))
    assert read_class(classroom, expected["secret"]) == expected
    of_seats = {lab["seat"][1]: lab for lab in sample(f"store-{schema}.json")["labs"].values() if lab["seat"]}
    assert {seat: read_lab(lab) for seat, lab in classroom.labs.items()} == of_seats


@pytest.mark.parametrize("schema", SCHEMAS)
def test_a_final_test_has_the_accuracies_and_the_order_of_images_that_it_had(schema: str, tmp_path: Path) -> None:
    found = []
    with prepared(schema, tmp_path) as store:
        for token in sample(f"store-{schema}.json")["labs"]:
            record = store.load(token)
            assert record is not None
            if (final := lab_from_record(token, record).final) is not None:
                assert final.plan.image_order == (FILE_ORDER if schema <= "0004" else PERMUTED_ORDER)
                found.append(final.accuracy().tolist())
    assert found == [FINAL_ACCURACIES[schema]]


def test_the_samples_hold_what_is_to_be_read() -> None:
    for schema in SCHEMAS:
        labs_of = sample(f"store-{schema}.json")["labs"].values()
        rounds = [one for lab in labs_of for one in lab["rounds"]]
        assert any(any(one["diverged"]) for one in rounds)
        assert any(any(one["given_up"]) for one in rounds) == (schema > "0001")
        assert any(lab["repeats"] for lab in labs_of) and any(lab["opening"] for lab in labs_of)


# ---------------------------------------------------------------------------------------------------- addresses


def at(page: str = "", **parameters: str) -> AppTest:
    """The app at an address: the name of a page, as it follows the host, and what follows it."""
    app = AppTest.from_file(APP, default_timeout=LIMIT)
    for name, value in parameters.items():
        app.query_params[name] = value
    app.run()  # the app names its pages
    if page:
        app._page_hash = calc_hash(page)  # as a browser asks for it
        app.run()
        assert app._finished_page_script_hash == calc_hash(page), "the app has no page of that name"
    assert not app.exception, app.exception
    return app


def parameter(app: AppTest, name: str) -> str:
    found = app.query_params.get(name, "")
    return found[0] if isinstance(found, list) else found


def shown(app: AppTest) -> str:
    return "".join([*(one.proto.body for one in app.get("html")), *(one.value for one in app.markdown)])


def test_the_pages_have_the_recorded_names() -> None:
    assert list(page_titles()) == ADDRESSES["pages"] and ADDRESSES["default"] == FIRST


@page_server
@pytest.mark.parametrize("page", ADDRESSES["pages"])
def test_a_page_opens_at_its_name(page: str) -> None:
    assert shown(at(page, lang="en"))


@page_server
def test_a_labs_address_opens_it_in_the_language_of_the_address() -> None:
    lab = server().labs.open(None, "golden")[0]
    app = at(lab=lab.token, lang="ko")
    assert parameter(app, "lab") == lab.token and app.button(key="start").label == "라운드 1 시작"


@page_server
def test_a_lessons_address_opens_a_lab_of_it() -> None:
    link = "trials.7~budget.60~pages.final_test"
    app = at(lesson=link)
    assert server().labs.open(parameter(app, "lab"), "golden")[0].lesson == read_lesson(link)[0]


@page_server
def test_the_addresses_of_a_class_lead_to_joining_to_the_board_and_to_the_desk() -> None:
    classroom, secret = server().labs.classes.create("Golden 6", "en", Lesson())
    code = classroom.code
    assert any(one.key == "join_class" for one in at(**{"class": code}).button)
    board = at(**{"class": code, "board": classroom.board_key})
    assert "Golden 6" in shown(board) and not board.button
    assert "The teacher&#x27;s desk" in shown(at(**{"class": code, "desk": "1"}))
    desk = at(teach=secret)
    assert "Golden 6" in shown(desk)
    assert [one.label for one in desk.toggle] == [
        "rounds may be started", "board on the students' screens", "students may join",
    ]  # fmt: skip


def test_a_hash_tells_type_shape_and_content() -> None:
    arrays: list[np.ndarray] = [np.zeros(4), np.zeros((2, 2)), np.zeros(4, np.float32), np.ones(4)]
    assert len({sha(one) for one in arrays}) == len(arrays)
