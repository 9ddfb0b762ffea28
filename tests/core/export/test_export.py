"""A journal is written as a table and as JSON; the JSON is read back to the bit, and any other file is refused."""

import csv
import gzip
import io
import json
import tracemalloc
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest

from core.data.image_order import FILE_ORDER
from core.errors import LessonError
from core.export import journal_rounds
from core.export.journal import decimals, journal_json
from core.export.journal_file import MAX_BYTES, MAX_LINE, WHOLE, journal_file
from core.export.journal_reader import PLAN_FIELDS_1, import_journal
from core.export.trial_tables import COLUMNS, harmless, journal_csv, setting_columns
from core.lab.choice import Choice
from core.lab.final_evaluation import FinalTest
from core.lab.lab import NOTE_LENGTH, ROUNDS, Lab
from core.lab.lab_round import LabRound
from core.plan import RoundPlan
from core.progress import RoundProgress, Status
from core.space import LogRange, SearchSpace
from tests.support.network_plans import NETWORK_SETTINGS

TOKEN = "t0ken-that-nobody-may-see"
FLAGS = ("diverged", "given_up")


def trained(plan: RoundPlan, status: Status = Status.FINISHED, done: int | None = None) -> RoundProgress:
    """A round with accuracies as 100 images give them, each trial trained for `done` epochs."""
    rng = np.random.default_rng(plan.seed)
    done = plan.epochs if done is None else done
    curves = [(rng.integers(101, size=(plan.trials, plan.epochs)) / 100).astype(np.float32) for _ in range(2)]
    for curve in curves:
        curve[:, done:] = np.nan
    flags, given_up = np.zeros(plan.trials, bool), np.zeros(plan.trials, bool)
    flags[-1] = True
    given_up[0] = done < plan.epochs
    return replace(
        RoundProgress.of(plan),
        train_accuracy=curves[0],
        validation_accuracy=curves[1],
        epochs_done=np.full(plan.trials, done),
        diverged=flags,
        given_up=given_up,
        status=status,
        version=3,
        seconds=1.25,
    )


@pytest.fixture
def lab() -> Lab:
    """Two rounds that are over and one that runs."""
    narrow = SearchSpace(LogRange(-3, -2), LogRange(-7, -5))
    values = ((0.01, 1e-5), (0.1 + 0.2, 1e-7), (1e-3, 3.3e-8))
    plans = [
        RoundPlan(trials=3, epochs=4, seed=7),
        RoundPlan(trials=3, epochs=5, seed=8, values=values, space=narrow, give_up=(2, 3), keep=0.7),
        RoundPlan(trials=2, epochs=3, seed=9, dataset="mnist"),
    ]
    rounds = [
        LabRound(1, trained(plans[0]), 'erste Idee: "größer",\nweiter 👍'),
        LabRound(2, trained(plans[1], Status.STOPPED, 2), "=1+1"),
        LabRound(3, trained(plans[2], Status.RUNNING, 1), "läuft"),
    ]
    return Lab(
        TOKEN,
        RoundPlan(space=narrow, seed=10),
        rounds,
        undo_stack=[SearchSpace(), narrow],
        chosen=Choice(0.1 + 0.2, 1e-7, 2, 1),
        repeats={(1, 2): np.array([0.8, 0.9, 0.85, 0.83, 0.7], np.float32)},
    )


def without_running(lab: Lab) -> Lab:
    lab.rounds = lab.rounds[:2]
    return lab


def rows(lab: Lab) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(journal_csv(lab), newline="")))


# ------------------------------------------------------------------------------------------------------- the table


def test_the_table_has_a_row_for_every_trial_of_the_rounds_that_are_over(lab: Lab) -> None:
    assert journal_csv(lab).splitlines()[0].replace('"', "").split(",") == COLUMNS
    assert [(row["round"], row["trial"]) for row in rows(lab)] == [(n, t) for n in "12" for t in "012"]


def test_the_table_holds_values_exactly_and_accuracies_as_they_were_measured(lab: Lab) -> None:
    for row in rows(lab):
        progress, trial = lab.rounds[int(row["round"]) - 1].progress, int(row["trial"])
        assert float(row["learning_rate"]) == progress.learning_rate[trial]
        assert float(row["weight_decay"]) == progress.weight_decay[trial]
        last = progress.validation_accuracy[trial, progress.epochs_done[trial] - 1]
        assert row["validation_accuracy"] == str(last) and np.float32(row["validation_accuracy"]) == last
        assert row["diverged"] == str(trial == 2)
        assert row["given_up"] == str(row["round"] == "2" and trial == 0)


def test_the_table_says_what_each_rounds_networks_were_made_of(lab: Lab) -> None:
    plan = RoundPlan(trials=3, epochs=4, optimizer="adam", dropout=0.25, batch_normalisation=True, neurons=30)
    lab.rounds[1].stored = trained(plan, Status.FINISHED, 4)
    table = rows(lab)
    for row in table:
        progress = lab.rounds[int(row["round"]) - 1].progress
        made = {name: str(given) for name, given in asdict(progress.plan).items() if name in setting_columns(RoundPlan)}
        assert {name: row[name] for name in setting_columns(RoundPlan)} == made
    assert [row["optimizer"] for row in table] == ["sgd"] * 3 + ["adam"] * 3


def test_the_table_has_each_trials_own_value_of_what_a_round_searched(lab: Lab) -> None:
    plan = RoundPlan(trials=3, epochs=4).searching(("momentum", "neurons", "learning_rate"))
    lab.rounds[1].stored = trained(plan, Status.FINISHED, 4)
    first, second = rows(lab)[:3], rows(lab)[3:]
    assert {(row["momentum"], row["neurons"]) for row in first} == {("0.9", "100")}
    own = lab.rounds[1].progress.hyperparameters
    for trial, row in enumerate(second):
        assert float(row["momentum"]) == own["momentum"][trial] and int(row["neurons"]) == own["neurons"][trial]
        assert float(row["weight_decay"]) == plan.weight_decay


def test_a_journal_with_other_axes_opens_as_the_lab_that_wrote_it(lab: Lab) -> None:
    plan = RoundPlan(trials=3, epochs=4).searching(("momentum", "neurons", "dropout"))
    lab.rounds[1].stored = trained(plan, Status.FINISHED, 4)
    lab.chosen = Choice.of_trial(2, lab.rounds[1].progress, 1)
    lab.undo_stack = [SearchSpace(), plan.space]
    again = import_journal(journal_json(lab), "u" * 24)
    assert again.rounds[1].progress.plan == plan and again.chosen == lab.chosen
    assert again.undo_stack == lab.undo_stack and again.rounds[0].progress.plan == lab.rounds[0].progress.plan


def test_ranks_follow_the_accuracy_and_put_diverged_trials_last(lab: Lab) -> None:
    first = [row for row in rows(lab) if row["round"] == "1"]
    assert sorted(row["rank"] for row in first) == ["1", "2", "3"]
    assert next(row["trial"] for row in first if row["rank"] == "3") == "2"
    a, b = (float(row["validation_accuracy"]) for row in sorted(first, key=lambda row: row["rank"])[:2])
    assert a >= b


def test_the_chosen_trial_and_the_repeats_are_in_their_rows(lab: Lab) -> None:
    table = rows(lab)
    assert [(row["round"], row["trial"]) for row in table if row["chosen"] == "True"] == [("2", "1")]
    repeated = [row for row in table if row["repeats_mean"]]
    assert [(row["round"], row["trial"]) for row in repeated] == [("1", "2")]
    accuracy = [0.8, 0.9, 0.85, 0.83, 0.7]
    mean = sum(accuracy) / 5
    assert float(repeated[0]["repeats_mean"]) == pytest.approx(mean)
    squares = sum((one - mean) ** 2 for one in accuracy)
    assert float(repeated[0]["repeats_sd"]) == pytest.approx((squares / 4) ** 0.5)


def test_a_trial_without_a_score_has_empty_cells(lab: Lab) -> None:
    lab.rounds[0].stored = trained(RoundPlan(trials=3, epochs=4), Status.STOPPED, 0)
    first = rows(lab)[0]
    assert (first["rank"], first["validation_accuracy"], first["train_accuracy"], first["epochs_done"]) == ("",) * 3 + (
        "0",
    )


@pytest.mark.parametrize("note", ['"quoted", with commas', "two\nlines", "a\rb", "끝,", "👍"])
def test_a_note_survives_the_table(lab: Lab, note: str) -> None:
    lab.rounds[0].note = note
    assert rows(lab)[0]["note"] == note


@pytest.mark.parametrize("note", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1"])
def test_a_note_never_becomes_a_formula(lab: Lab, note: str) -> None:
    lab.rounds[0].note = note
    assert rows(lab)[0]["note"] == f"'{note}"


@pytest.mark.parametrize("note", ["", "a=b", "1-2"])
def test_a_plain_note_stays_as_it_is(note: str) -> None:
    assert harmless(note) == note


def test_a_lab_without_rounds_has_a_table_of_its_header_alone() -> None:
    assert journal_csv(Lab("t")).count("\n") == 1


# ------------------------------------------------------------------------------------------------------ there and back


def test_what_comes_back_is_written_the_same_again(lab: Lab) -> None:
    text = journal_json(without_running(lab))
    assert journal_json(import_journal(text, "other")) == text


def test_bytes_open_like_text_even_with_a_byte_order_mark(lab: Lab) -> None:
    text = journal_json(without_running(lab))
    assert journal_json(import_journal(text.encode("utf-8-sig"), "other")) == text


def test_rounds_come_back_to_the_bit(lab: Lab) -> None:
    back = import_journal(journal_json(lab), "other")
    assert back.token == "other"
    for mine, theirs in zip(lab.rounds[:2], back.rounds, strict=True):
        assert theirs.handle is None
        assert (theirs.number, theirs.note) == (mine.number, mine.note)
        for name in ("plan", "status", "seconds"):
            assert getattr(theirs.progress, name) == getattr(mine.progress, name)
        for name in ("learning_rate", "weight_decay", "train_accuracy", "validation_accuracy", "epochs_done", *FLAGS):
            true, found = getattr(mine.progress, name), getattr(theirs.progress, name)
            assert (true.dtype, true.tobytes()) == (found.dtype, found.tobytes())


def test_everything_else_comes_back_too(lab: Lab) -> None:
    back = import_journal(journal_json(lab), "other")
    assert (back.plan, back.undo_stack, back.chosen) == (lab.plan, lab.undo_stack, lab.chosen)
    assert back.repeats.keys() == lab.repeats.keys()
    assert all(back.repeats[key].tobytes() == lab.repeats[key].tobytes() for key in lab.repeats)


def as_version_1(text: str) -> dict[str, Any]:
    """A journal as it was before trials could be given up and before the network had knobs."""
    record = json.loads(text) | {"version": 1}
    for plan in (record["plan"], *(one["plan"] for one in record["rounds"])):
        for name in set(plan) - PLAN_FIELDS_1:
            del plan[name]
    for one in record["rounds"]:
        del one["given_up"]
    return record


def plain(lab: Lab) -> Lab:
    """A lab of before the images were permuted, in which nothing was given up."""
    lab.plan = replace(lab.plan, image_order=FILE_ORDER)
    for round_ in lab.rounds:
        progress = round_.progress
        none = np.zeros(progress.plan.trials, bool)
        plan = replace(progress.plan.to_the_end(), image_order=FILE_ORDER)
        round_.stored = replace(progress, plan=plan, given_up=none)
    return lab


def test_a_journal_of_version_1_opens_with_nothing_given_up(lab: Lab) -> None:
    text = journal_json(plain(without_running(lab)))
    assert journal_json(import_journal(json.dumps(as_version_1(text)), "other")) == text


@pytest.mark.parametrize(
    "path, to",
    [
        (("plan", "keep"), 0.5),
        (("plan", "give_up"), []),
        (("plan",), None),
        (("plan", "seed"), 1.5),
        (("rounds", 0, "plan", "keep"), 0.5),
        (("rounds", 0, "given_up"), [False] * 3),
        (("rounds", 0, "plan"), []),
        (("rounds", 0, "diverged"), None),
        (("rounds", 0), []),
        (("rounds",), None),
    ],
    ids=repr,
)
def test_what_version_1_would_not_have_written_is_refused(lab: Lab, path: tuple[Any, ...], to: Any) -> None:
    place = record = as_version_1(journal_json(plain(without_running(lab))))
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    with pytest.raises(LessonError):
        import_journal(json.dumps(record), "other")


def test_a_setting_that_came_after_a_journal_was_written_has_its_default(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_rounds, "PLAN_FIELDS_2", journal_rounds.PLAN_FIELDS_2 - {"dropout"})
    document = json.loads(journal_json(lab))
    for plan in (document["plan"], *(one["plan"] for one in document["rounds"])):
        del plan["dropout"]
    found = import_journal(json.dumps(document), TOKEN)
    assert found.plan == lab.plan and [one.progress.plan for one in found.rounds] == [
        one.progress.plan for one in lab.rounds if one.progress.status.is_final
    ]
    del document["plan"]["momentum"]
    with pytest.raises(LessonError):
        import_journal(json.dumps(document), TOKEN)


def test_a_round_under_way_is_written_but_left_out_when_it_comes_back(lab: Lab) -> None:
    lab.chosen = Choice(0.01, 1e-5, 3, 0)
    text = journal_json(lab)
    assert [one["number"] for one in json.loads(text)["rounds"]] == [1, 2, 3]
    back = import_journal(text, "other")
    assert [one.number for one in back.rounds] == [1, 2]
    assert back.chosen == Choice(0.01, 1e-5)


def test_neither_token_nor_name_leaves_the_lab(lab: Lab) -> None:
    for text in (journal_json(lab), journal_csv(lab)):
        assert TOKEN not in text and lab.pseudonym not in text


def test_a_journal_of_a_tested_lab_opens_as_a_lab_closed_for_tuning_with_the_same_final_test(lab: Lab) -> None:
    lab.attach_final_test(FinalTest(123.5, replace(lab.plan_of_choice(), epochs=77)))
    text = journal_json(lab)
    assert json.loads(text)["opened"] == {"at": 123.5, "epochs": 77}
    back = import_journal(text, "other")
    assert (back.final.opened, back.final.plan, back.final.outcome) == (123.5, lab.final.plan, None)
    assert back.needs_resume
    with pytest.raises(LessonError, match="choice stands"):
        back.choose(Choice(0.01, 1e-5))
    older = import_journal(changed(lab, "opened", to=True), "other")  # as it was written before
    assert older.final.plan == lab.plan_of_choice()


def test_accuracies_of_any_number_of_images_keep_their_bits() -> None:
    exact = np.concatenate([np.arange(n + 1) / n for n in (97, 397, 1_000, 8_000, 9_500)]).astype(np.float32)
    exact = np.concatenate([exact, np.random.default_rng(0).random(10_000, np.float32)])
    assert np.array(json.loads(json.dumps(decimals(exact))), np.float32).tobytes() == exact.tobytes()


LARGEST = RoundPlan(trials=200, epochs=200, neurons=2, hidden_layers=1, dataset="mnist", images=10_000)


def noisy_rounds(plan: RoundPlan, count: int) -> list[LabRound]:
    """Rounds whose curves rise, and waver from epoch to epoch by chance alone: none of training compresses as badly."""
    rng, rounds = np.random.default_rng(0), []
    held_out = plan.validation_images()
    level = np.linspace(0.1, 0.95, plan.epochs)[None] * rng.uniform(0.3, 1, (plan.trials, 1))
    for number in range(1, count + 1):
        train, validation = (
            (rng.binomial(images, level) / images).astype(np.float32) for images in (plan.images - held_out, held_out)
        )
        progress = replace(
            RoundProgress.of(plan), status=Status.FINISHED, version=1, seconds=1.5, train_accuracy=train,
            validation_accuracy=validation, epochs_done=np.full(plan.trials, plan.epochs),
        )  # fmt: skip
        rounds.append(LabRound(number, progress, "\U0001f600" * NOTE_LENGTH))
    return rounds


@pytest.mark.parametrize(
    ("plan", "count"),
    [
        (RoundPlan(), ROUNDS),
        (RoundPlan(trials=100, epochs=50), 20),
        (replace(LARGEST, dataset="digits", images=500), 2),
        (LARGEST, 3),
        pytest.param(LARGEST, ROUNDS, marks=pytest.mark.long),
    ],
)
def test_whatever_is_saved_can_be_opened(plan: RoundPlan, count: int) -> None:
    lab = Lab("t", rounds=noisy_rounds(plan, count))
    back = import_journal(journal_file(lab), "other")
    assert [(one.number, one.note) for one in back.rounds] == [(one.number, one.note) for one in lab.rounds]
    for one, again in zip(lab.rounds, back.rounds, strict=True):
        assert again.progress.train_accuracy.tobytes() == one.progress.train_accuracy.tobytes()
        assert again.progress.validation_accuracy.tobytes() == one.progress.validation_accuracy.tobytes()


def test_a_large_journal_opens_uncompressed_too_with_all_that_a_lab_holds(lab: Lab) -> None:
    """Some browsers inflate what they have downloaded."""
    lab.rounds = [*lab.rounds[:2], *[replace(one, number=one.number + 2) for one in noisy_rounds(LARGEST, 2)]]
    text = journal_json(lab)
    assert len(text) > WHOLE
    for content in (text, text.encode(), journal_file(lab)):
        assert journal_json(import_journal(content, "other")) == text


# ------------------------------------------------------------------------------------------------------ what is refused


def changed(lab: Lab, *path: Any, to: Any) -> str:
    """The lab's journal with one thing in it replaced."""
    record = json.loads(journal_json(lab))
    place = record
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    return json.dumps(record)


ROUND = ("rounds", 0)
WRONG = [
    (("format",), "another"),
    (("version",), 1),
    (("version",), 3),
    (("opened",), {"at": 1.0, "epochs": 201}),
    (("opened",), {"at": -1.0, "epochs": 20}),
    (("opened",), {"epochs": 20}),
    (("version",), True),
    (("opened",), 0),
    (("more",), 1),
    (("plan", "trials"), 10**40),
    (("plan", "seed"), 1.5),
    (("plan", "more"), 1),
    (("plan", "values"), [[0.1, 0.1]]),
    (("earlier",), {}),
    (("earlier", 0, "learning_rate"), [-2, -6]),
    (("earlier", 0), {}),
    (("earlier",), [{"learning_rate": [-6, -2], "weight_decay": [-8, -4]}] * 101),
    (("chosen", "learning_rate"), 1e6),
    (("chosen", "trial"), 3),
    (("chosen", "number"), 9),
    (("chosen", "number"), [1]),
    (("chosen", "more"), 1),
    (("rounds",), {}),
    (("rounds", 0), None),
    (("rounds", 1, "number"), 1),
    ((*ROUND, "number"), 0),
    ((*ROUND, "number"), ROUNDS + 1),
    ((*ROUND, "number"), True),
    ((*ROUND, "status"), "over"),
    ((*ROUND, "status"), ["finished"]),
    ((*ROUND, "note"), "x" * (NOTE_LENGTH + 1)),
    ((*ROUND, "note"), "\ud800"),
    ((*ROUND, "note"), "a\0b"),
    ((*ROUND, "note"), None),
    ((*ROUND, "seconds"), -1),
    ((*ROUND, "seconds"), 1e300),
    ((*ROUND, "plan", "space"), {"learning_rate": [-6, -2]}),
    ((*ROUND, "plan", "trials"), 4),
    ((*ROUND, "plan", "epochs"), 200),
    ((*ROUND, "epochs_done"), [4, 4]),
    ((*ROUND, "epochs_done", 0), 5),
    ((*ROUND, "epochs_done", 0), 3.0),
    ((*ROUND, "diverged", 0), 0),
    ((*ROUND, "given_up", 0), 0),
    ((*ROUND, "given_up", 0), True),  # though it was trained to its end
    ((*ROUND, "given_up"), [False]),
    (("rounds", 1, "given_up", 2), True),  # though it diverged
    ((*ROUND, "plan", "give_up"), [4]),
    ((*ROUND, "plan", "keep"), 1),
    ((*ROUND, "train_accuracy", 0), [0.1] * 5),
    ((*ROUND, "train_accuracy", 0, 0), 1.0000001),
    ((*ROUND, "validation_accuracy", 0, 0), -0.1),
    ((*ROUND, "validation_accuracy", 0, 0), None),
    ((*ROUND, "validation_accuracy", 0, 0), True),
    ((*ROUND, "validation_accuracy", 0, 0), "0.5"),
    ((*ROUND, "validation_accuracy", 0, 0), 10**400),
    ((*ROUND, "validation_accuracy", 0, 0), [0.5]),
    ((*ROUND, "validation_accuracy"), {"0": 1}),
    (("repeats", 0, "number"), 9),
    (("repeats", 0, "trial"), 3),
    (("repeats", 0, "trial"), "0"),
    (("repeats", 0, "accuracy"), [0.5, 1.5]),
    (("repeats", 0, "accuracy"), [0.5]),
    (("repeats",), [{"number": 1, "trial": 0, "accuracy": [0.5, 0.5]}] * 2),
]


def test_a_journal_keeps_changed_settings_of_the_network(lab: Lab) -> None:
    lab.plan = replace(lab.plan, **NETWORK_SETTINGS["all"])
    assert import_journal(journal_json(lab), "other").plan == lab.plan


@pytest.mark.parametrize("path, to", WRONG, ids=[f"{'.'.join(map(str, path))}-{to!r:.20}" for path, to in WRONG])
def test_what_a_lab_would_not_write_is_refused(lab: Lab, path: tuple[Any, ...], to: Any) -> None:
    with pytest.raises(LessonError):
        import_journal(changed(lab, *path, to=to), "other")


@pytest.mark.parametrize(
    "text",
    [
        "", "x", "null", "[]", "1", '{"format":', b"\xff\xfe\x00", "\ud800", "\ufeff\ufeff{}", "[" * 100_000,
        '{"a":' * 100_000, "9" * 10_000, '{"format": NaN}', " " * (MAX_BYTES + 1), b" " * (MAX_BYTES + 1),
    ],
    ids=range(15),
)  # fmt: skip
def test_what_is_no_journal_is_refused(text: str | bytes) -> None:
    with pytest.raises(LessonError):
        import_journal(text, "other")


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_constants_that_are_no_json_numbers_are_refused(lab: Lab, constant: str) -> None:
    text = changed(lab, *ROUND, "seconds", to=123_456)
    with pytest.raises(LessonError):
        import_journal(text.replace("123456", constant), "other")


def test_deep_nesting_is_refused_wherever_it_stands(lab: Lab) -> None:
    for path in (("plan",), ("earlier",), ("chosen",), ("rounds",), (*ROUND, "plan"), (*ROUND, "note"), ("repeats",)):
        text = changed(lab, *path, to="HERE")
        for depth in (100, 900, 990, 5_000):
            with pytest.raises(LessonError):
                import_journal(text.replace('"HERE"', "[" * depth + "]" * depth), "other")


def packed(content: bytes) -> bytes:
    return gzip.compress(content, 1)


LINES = b'{"format":"narrowing-lab journal",\n"rounds":[\n'


@pytest.mark.parametrize(
    "content",
    [
        packed(b" " * 100 * 2**20),
        packed(b"[" * (MAX_LINE + 1)),
        pytest.param(packed(b"\n" * 6 * 2**20), marks=pytest.mark.long),
        packed(b'{"a":1,\n' * 2**20),
        packed(LINES + b"null,\n" * 2**20),
        packed(LINES + b'{"number":1},\n' * 2**18),
        packed(LINES + b"]],\n" * 2**20),
        packed(b"{}")[:-9],
        packed(b"{}") + packed(b"{}"),
        packed(b"x")[:3],
        b"\x1f\x8b",
        packed(packed(b"{}")),
    ],
    ids=range(12),
)
def test_a_compressed_file_that_is_no_journal_is_refused_in_little_memory(content: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(LessonError):
            import_journal(content, "other")
        assert tracemalloc.get_traced_memory()[1] < 40 * 2**20
    finally:
        tracemalloc.stop()


def test_too_many_rounds_are_refused(lab: Lab) -> None:
    one = json.loads(journal_json(lab))["rounds"][0]
    with pytest.raises(LessonError, match=str(ROUNDS)):
        import_journal(changed(lab, "rounds", to=[one | {"number": n} for n in range(1, ROUNDS + 2)]), "other")
