"""Writes the sample of a schema of the database: python -m tests.golden.record_store 0007

Once, with the migration that brings it: a sample that is there is what that version has written, and stays.
"""

import json
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from core.classroom.class_questions import QuestionsOpen
from core.classroom.classroom import FinalTestAccess, RankingVisibility
from core.classroom.seats import remove
from core.engine.engine import EmbeddedEngine
from core.lab.choice import Choice
from core.lab.extra_training import open_test_set, repeat_trials, select_by_test_set
from core.lab.lab import Lab
from core.lesson import Lesson
from core.plan import RoundPlan
from core.server.labs import Labs
from core.space import LogRange, SearchSpace
from core.store import store as store_module
from core.store.store import Store
from core.store.writer import StoreWriter
from tests.golden.test_formats import SAMPLES, read_class, read_lab
from tests.support.waiting import LIMIT, until

WIDE = SearchSpace(LogRange(-3, 1), LogRange(-8, 0))  # some trials diverge
PLAN = RoundPlan(WIDE, trials=4, epochs=3, images=200, hidden_layers=1, neurons=12, batch_size=10)
LESSON = Lesson(replace(PLAN, seed=11), budget=500, hidden=("network",))


def trained(labs: Labs, lab: Lab, engine: EmbeddedEngine, **settings: object) -> None:
    """One more round, to its end."""
    lab.change(**settings)
    lab.start(engine).wait(LIMIT)


def lab_with_everything(labs: Labs, engine: EmbeddedEngine) -> Lab:
    """Rounds, one of which gives trials up, notes, repeats, a choice, and a final test with selection."""
    lab = labs.adopt(lambda token: Lab(token, PLAN))
    trained(labs, lab, engine)
    lab.note(1, '넓게 본다: first look, "everything" 😀')
    lab.set_ranges(SearchSpace(LogRange(-1.5, 0.3), LogRange(-5, -1)))
    trained(labs, lab, engine, trials=5, epochs=4, give_up=(1, 2), keep=0.6, optimizer="adam", activation="sigmoid")
    repeat_trials(lab, engine, 1, [0, 2])
    until(lambda: not lab.has_extra_training)
    best = lab.rounds[1].progress
    trial = int(best.ranking()[0])
    lab.choose(Choice(float(best.learning_rate[trial]), float(best.weight_decay[trial]), 2, trial))
    open_test_set(lab, engine, labs.saver.record_opening, 3)  # type: ignore[union-attr]
    until(lambda: not lab.has_extra_training)
    select_by_test_set(lab, engine)
    until(lambda: not lab.has_extra_training)
    labs.saver.mark_dirty(lab)  # type: ignore[union-attr]
    return lab


def write_sample(file: Path) -> dict[str, object]:
    """A database with labs and a class that nobody can join any more; what has to be read from it."""
    saver, engine = StoreWriter(lambda: Store(f"sqlite:///{file}"), 180.0), EmbeddedEngine(1)
    with closing(saver), closing(engine):
        labs = Labs(lambda session: True, saver)
        alone = [lab_with_everything(labs, engine), labs.adopt(lambda token: Lab(token, replace(PLAN, shuffle=False)))]
        classroom, secret = labs.classes.create("Chapter 6: 반 <3>", "ko", LESSON)
        seated = [labs.adopt(lambda token: labs.classes.join(classroom, token)) for _ in range(4)]
        for lab in seated[:2]:
            trained(labs, lab, engine)
        classroom.set_nickname(1, "Ada")
        classroom.set_nickname(2, "눈사람")
        classroom.hide(secret, 2, True)
        classroom.open_board(secret, True)
        classroom.open_joining(secret, False)
        classroom.set_notice(secret, message="Save your notes: 정리하세요", timer_end=2e9)
        classroom.hide_nicknames(secret, True)
        classroom.open_questions(secret, QuestionsOpen.AFTER)
        classroom.set_final_tests(secret, FinalTestAccess.REVEALED)
        classroom.set_ranking(secret, RankingVisibility.FROZEN, labs.classes.board(classroom).ranking)
        assert saver.wait(seated[3].token, LIMIT)
        remove(classroom, secret, [4])  # a seat that can be given back
        labs.classes.end(classroom, secret)
        for key in (*(lab.token for lab in (*alone, *seated)), classroom.code):
            assert saver.wait(key, LIMIT)
        return {
            "class": read_class(classroom, secret),
            "labs": {lab.token: read_lab(lab) for lab in (*alone, *seated)},
        }


def bring_down(file: Path, schema: str) -> None:
    """Give a database the tables of an earlier schema, and as few bytes as it needs."""
    engine = sa.create_engine(f"sqlite:///{file}", poolclass=sa.NullPool)
    with engine.begin() as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(Path(store_module.__file__).with_name("migrations")))
        command.downgrade(config, schema)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("PRAGMA page_size = 512")
        connection.exec_driver_sql("VACUUM")


def main() -> None:
    """Write the sample of the schema that is named."""
    (schema,) = sys.argv[1:]
    file = SAMPLES / f"store-{schema}.sqlite"
    if file.exists():
        sys.exit(f"{file} is there: it stays as it is.")
    found = write_sample(file)
    bring_down(file, schema)
    (SAMPLES / f"store-{schema}.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
