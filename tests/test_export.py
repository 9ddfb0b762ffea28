"""A journal leaves as a table and as JSON; the JSON comes back to the bit, and nothing else does any harm."""

import csv
import io
import json
import random
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest

from core.choice import Choice
from core.errors import LessonError
from core.export import COLUMNS, LARGEST, SETTINGS, decimals, harmless, import_journal, journal_csv, journal_json
from core.final_test import FinalTest
from core.journal import PLAN_PARTS_1
from core.lab import NOTE_LENGTH, ROUNDS, Lab
from core.lab_round import Kept, LabRound
from core.plan import RoundPlan
from core.progress import RoundProgress, Status
from core.space import LogRange, SearchSpace
from tests.knobs import KNOBS

TOKEN = "t0ken-that-nobody-may-see"
MUTATIONS = 2_000
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
        LabRound(1, Kept(trained(plans[0])), 'erste Idee: "größer",\nweiter 👍'),
        LabRound(2, Kept(trained(plans[1], Status.STOPPED, 2)), "=1+1"),
        LabRound(3, Kept(trained(plans[2], Status.RUNNING, 1)), "läuft"),
    ]
    return Lab(
        TOKEN,
        RoundPlan(space=narrow, seed=10),
        rounds,
        earlier=[SearchSpace(), narrow],
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
    lab.rounds[1].handle = Kept(trained(plan, Status.FINISHED, 4))
    table = rows(lab)
    for row in table:
        progress = lab.rounds[int(row["round"]) - 1].progress
        told = {name: str(given) for name, given in asdict(progress.plan).items() if name in SETTINGS}
        assert {name: row[name] for name in SETTINGS} == told
    assert [row["optimizer"] for row in table] == ["sgd"] * 3 + ["adam"] * 3


def test_ranks_follow_the_accuracy_and_put_diverged_trials_last(lab: Lab) -> None:
    first = [row for row in rows(lab) if row["round"] == "1"]
    assert sorted(row["rank"] for row in first) == ["1", "2", "3"]
    assert next(row["trial"] for row in first if row["rank"] == "3") == "2"
    a, b = (float(row["validation_accuracy"]) for row in sorted(first, key=lambda row: row["rank"])[:2])
    assert a >= b


def test_the_chosen_trial_and_the_repeats_stand_in_their_rows(lab: Lab) -> None:
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
    lab.rounds[0].handle = Kept(trained(RoundPlan(trials=3, epochs=4), Status.STOPPED, 0))
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
        assert isinstance(theirs.handle, Kept)
        assert (theirs.number, theirs.note) == (mine.number, mine.note)
        for name in ("plan", "status", "seconds"):
            assert getattr(theirs.progress, name) == getattr(mine.progress, name)
        for name in ("learning_rate", "weight_decay", "train_accuracy", "validation_accuracy", "epochs_done", *FLAGS):
            true, found = getattr(mine.progress, name), getattr(theirs.progress, name)
            assert (true.dtype, true.tobytes()) == (found.dtype, found.tobytes())


def test_everything_else_comes_back_too(lab: Lab) -> None:
    back = import_journal(journal_json(lab), "other")
    assert (back.plan, back.earlier, back.chosen) == (lab.plan, lab.earlier, lab.chosen)
    assert back.repeats.keys() == lab.repeats.keys()
    assert all(back.repeats[key].tobytes() == lab.repeats[key].tobytes() for key in lab.repeats)


def as_version_1(text: str) -> dict[str, Any]:
    """A journal as it was before trials could be given up and before the network had knobs."""
    record = json.loads(text) | {"version": 1}
    for plan in (record["plan"], *(one["plan"] for one in record["rounds"])):
        for name in set(plan) - PLAN_PARTS_1:
            del plan[name]
    for one in record["rounds"]:
        del one["given_up"]
    return record


def plain(lab: Lab) -> Lab:
    """A lab in which nothing was given up."""
    for round_ in lab.rounds:
        progress = round_.progress
        none = np.zeros(progress.plan.trials, bool)
        round_.handle = Kept(replace(progress, plan=progress.plan.to_the_end(), given_up=none))
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


def test_a_lab_whose_test_set_is_open_says_so_and_is_not_gone_on_with(lab: Lab) -> None:
    lab.final = FinalTest(0.0, lab.plan_of_choice())
    text = journal_json(lab)
    assert json.loads(text)["opened"] is True
    with pytest.raises(LessonError, match="test set"):
        import_journal(text, "other")


def test_accuracies_of_any_number_of_images_keep_their_bits() -> None:
    exact = np.concatenate([np.arange(n + 1) / n for n in (97, 397, 1_000, 8_000, 9_500)]).astype(np.float32)
    exact = np.concatenate([exact, np.random.default_rng(0).random(10_000, np.float32)])
    assert np.array(json.loads(json.dumps(decimals(exact))), np.float32).tobytes() == exact.tobytes()


def test_a_hundred_rounds_as_the_lesson_begins_and_one_of_the_largest_fit_into_a_file() -> None:
    usual = trained(RoundPlan())
    many = Lab("t", rounds=[LabRound(number, Kept(usual), "a reason") for number in range(1, ROUNDS + 1)])
    large = Lab("t", rounds=[LabRound(1, Kept(trained(RoundPlan(trials=200, epochs=200, neurons=10))))])
    for lab in (many, large):
        text = journal_json(lab)
        assert len(text) <= LARGEST
        assert len(import_journal(text, "other").rounds) == len(lab.rounds)


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


def test_a_journal_keeps_a_network_whose_knobs_are_turned(lab: Lab) -> None:
    lab.plan = replace(lab.plan, **KNOBS["all"])
    assert import_journal(journal_json(lab), "other").plan == lab.plan


@pytest.mark.parametrize("path, to", WRONG, ids=[f"{'.'.join(map(str, path))}-{to!r:.20}" for path, to in WRONG])
def test_what_a_lab_would_not_write_is_refused(lab: Lab, path: tuple[Any, ...], to: Any) -> None:
    with pytest.raises(LessonError):
        import_journal(changed(lab, *path, to=to), "other")


@pytest.mark.parametrize(
    "text",
    [
        "", "x", "null", "[]", "1", '{"format":', b"\xff\xfe\x00", "\ud800", "\ufeff\ufeff{}", "[" * 100_000,
        '{"a":' * 100_000, "9" * 10_000, '{"format": NaN}', " " * (LARGEST + 1), b" " * (LARGEST + 1),
    ],
    ids=range(15),
)  # fmt: skip
def test_what_is_no_journal_is_refused(text: str | bytes) -> None:
    with pytest.raises(LessonError):
        import_journal(text, "other")


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_are_none_are_refused(lab: Lab, constant: str) -> None:
    text = changed(lab, *ROUND, "seconds", to=123_456)
    with pytest.raises(LessonError):
        import_journal(text.replace("123456", constant), "other")


def test_deep_nesting_is_refused_wherever_it_stands(lab: Lab) -> None:
    for path in (("plan",), ("earlier",), ("chosen",), ("rounds",), (*ROUND, "plan"), (*ROUND, "note"), ("repeats",)):
        text = changed(lab, *path, to="HERE")
        for depth in (100, 900, 990, 5_000):
            with pytest.raises(LessonError):
                import_journal(text.replace('"HERE"', "[" * depth + "]" * depth), "other")


def test_too_many_rounds_are_refused(lab: Lab) -> None:
    one = json.loads(journal_json(lab))["rounds"][0]
    with pytest.raises(LessonError, match=str(ROUNDS)):
        import_journal(changed(lab, "rounds", to=[one | {"number": n} for n in range(1, ROUNDS + 2)]), "other")


def places(part: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON document."""
    inside = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    return [*([path] if path else []), *(found for key, one in inside for found in places(one, (*path, key)))]


def mutated(text: str, rng: random.Random) -> str | bytes:
    """A journal with something wrong in it, or by chance nothing: in its bytes or in its parts."""
    if rng.random() < 0.4:
        raw = bytearray(text.encode())
        for _ in range(rng.randint(1, 4)):
            at = rng.randrange(len(raw))
            match rng.randrange(3):
                case 0:
                    raw[at] = rng.randrange(256)
                case 1:
                    del raw[at : at + rng.randint(1, 40)]
                case 2:
                    raw[at:at] = rng.choice([b"[", b"{", b"-", b"9" * 400, b"null", b"1e", b"\\ud800", b'"'])
        return bytes(raw)
    record = json.loads(text)
    for _ in range(rng.randint(1, 3)):
        *path, last = rng.choice(places(record))
        place = record
        for step in path:
            place = place[step]
        odd = [None, True, -1, 0, 1, 2**70, 0.5, 1e308, "", "x", [], [[]], {}, {"a": 1}, [0.1, 0.2], "nan", place]
        if rng.random() < 0.2:
            del place[last]
        else:
            place[last] = json.loads(json.dumps(rng.choice(odd)))
    return json.dumps(record)


def test_whatever_is_in_the_file_only_a_sentence_or_a_lab_that_works_comes_out(lab: Lab) -> None:
    text, rng = journal_json(lab), random.Random(20_261_124)
    refused = 0
    for _ in range(MUTATIONS):
        try:
            back = import_journal(mutated(text, rng), "other")
        except LessonError as error:
            assert str(error) and error.sentence.format(**error.values) == str(error)
            refused += 1
        else:  # small changes of a number or a note are another lab's journal
            assert journal_json(import_journal(journal_json(back), "again")) == journal_json(back)
            assert journal_csv(back)
    assert MUTATIONS * 0.5 < refused < MUTATIONS
