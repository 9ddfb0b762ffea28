"""What the page says of a round is what its numbers show."""

from dataclasses import replace

import numpy as np

from core.progress import RoundProgress, Status
from core.remarks import remarks
from core.space import LogRange, SearchSpace
from tests.made import made

REST, NOTHING = [-3, -4, -4.5, -5], [0.1] * 4  # exponents and accuracies of trials that have learned nothing


def sentences(progress: RoundProgress) -> list[str]:
    return [remark.sentence.format(**remark.values, **remark.terms) for remark in remarks(progress)]


def test_best_trials_at_the_upper_edge_say_move_up() -> None:
    told = sentences(made([-2.0, -2.1, -2.2, -2.3, -2.4, *REST], [0.9, 0.8, 0.7, 0.6, 0.5, *NOTHING]))
    assert told[0].startswith(
        "learning rate: 5 of the Best-5 lie in the upper quarter of the range, 3 within 5% of its edge"
    )
    assert "move the range up" in told[0]


def test_best_trials_at_the_lower_edge_say_move_down() -> None:
    told = sentences(made([-6.0, -5.9, -5.8, -5.7, -5.6, *REST], [0.9, 0.8, 0.7, 0.6, 0.5, *NOTHING]))
    assert "move the range down" in told[0] and "lower quarter" in told[0]


def test_at_the_end_of_the_reach_nobody_is_sent_further() -> None:
    space = SearchSpace(LogRange(-3, 1), LogRange(-8, -4))
    told = sentences(
        made([1, 0.9, 0.8, 0.7, 0.6, -1.5, -2, -2.5, -3], [0.9, 0.8, 0.7, 0.6, 0.5, *NOTHING], space=space)
    )
    assert "goes no higher here" in told[0] and "move" not in told[0]


def test_best_trials_in_the_middle_say_nothing_of_edges() -> None:
    told = sentences(
        made(
            [-4, -4.1, -3.9, -4.2, -3.8, -6, -2],
            [0.9, 0.8, 0.7, 0.6, 0.5, 0.1, 0.1],
            weight_decay=[-6, -6.1, -5.9, -6.2, -5.8, -8, -4],
        )
    )
    assert [sentence for sentence in told if "quarter" in sentence or "spread" in sentence] == []


def test_a_hyperparameter_that_the_best_do_not_agree_on_decides_little() -> None:
    told = sentences(
        made(
            [-4, -4.1, -3.9, -4.2, -3.8, -6, -2],
            [0.9, 0.8, 0.7, 0.6, 0.5, 0.1, 0.1],
            weight_decay=[-7.9, -6, -5, -4.5, -7, -8, -4],
        )
    )
    assert any(sentence.startswith("weight decay: the Best-5 are spread over 85%") for sentence in told)


def test_best_trials_within_the_standard_error_are_a_tie() -> None:
    told = sentences(made([-4, -4.1, -3.9, -4.2, -3.8, -5], [0.80, 0.78, 0.77, 0.70, 0.5, 0.1]))
    assert any("Best-1 to Best-3 differ by 3 of 100" in sentence and "tie" in sentence for sentence in told)


def test_a_clear_winner_is_no_tie() -> None:
    told = sentences(made([-4, -4.1, -3.9, -4.2, -3.8, -5], [0.90, 0.80, 0.77, 0.70, 0.5, 0.1]))
    assert [sentence for sentence in told if "tie" in sentence] == []


def test_a_flat_round_says_that_narrowing_shows_only_noise() -> None:
    told = sentences(made([-2.0, -2.1, -2.2, -2.3, -2.4, -2.5], [0.82, 0.82, 0.81, 0.80, 0.80, 0.79]))
    assert any("hardly matter" in sentence for sentence in told)
    assert [sentence for sentence in told if "move the range" in sentence] == []


def test_diverged_trials_are_counted_and_placed() -> None:
    told = sentences(made([-4, -3.9, -1, -0.5, -4.1, -4.2, -4.3], [0.9, 0.8, 0.1, 0.1, 0.5, 0.4, 0.3], diverged=(2, 3)))
    assert any(sentence.startswith("2 of 7 trials diverged") and "from 0.1 up" in sentence for sentence in told)


def test_nothing_better_than_guessing_is_said_plainly() -> None:
    assert sentences(made([-6, -5.9, -5.8], [0.12, 0.1, 0.08]))[0].startswith("No trial is better than guessing (0.10)")


def test_before_half_of_the_epochs_no_range_is_judged() -> None:
    late = made([-2.0, -2.1, -2.2, -2.3, -2.4, *REST], [0.9, 0.8, 0.7, 0.6, 0.5, *NOTHING], status=Status.RUNNING)
    early = replace(late, epochs_done=np.full(9, 1), validation_accuracy=late.validation_accuracy[:, ::-1])
    assert any("move the range" in sentence for sentence in sentences(late))
    assert [sentence for sentence in sentences(early) if "move the range" in sentence] == []


def test_no_round_is_too_odd_to_be_spoken_of() -> None:
    rng = np.random.default_rng(1)
    for _ in range(300):
        trials = int(rng.integers(1, 30))
        odd = made(
            list(rng.uniform(-6, -2, trials)),
            list(rng.choice([0.0, 0.1, 0.5, 1.0], trials)),
            diverged=tuple(np.flatnonzero(rng.random(trials) < rng.random())),
            status=Status.RUNNING if rng.random() < 0.5 else Status.STOPPED,
        )
        for sentence in sentences(replace(odd, epochs_done=rng.integers(0, 5, trials))):
            assert "{" not in sentence


# ---------------------------------------------------------------------------------------------------- given up early


def halved(progress: RoundProgress, *gone: int) -> RoundProgress:
    """The round with some trials given up after two of their four epochs."""
    given_up = np.isin(np.arange(progress.plan.trials), gone)
    done = np.where(given_up, 2, progress.epochs_done)
    curves = progress.validation_accuracy.copy()
    curves[given_up, 2:] = np.nan
    return replace(progress, given_up=given_up, epochs_done=done, validation_accuracy=curves)


LIKE = made(list(np.linspace(-4.2, -3.8, 7)), [0.80, 0.80, 0.79, 0.79, 0.78, 0.78, 0.77])


def test_trials_that_were_given_up_are_told_with_their_sign_on_the_map() -> None:
    told = [one for one in sentences(halved(LIKE, 4, 5)) if "given up" in one]
    assert len(told) == 1 and told[0].startswith("2 of 7 trials were given up early (hollow circles on the map")
    assert [one for one in sentences(LIKE) if "given up" in one] == []


def test_that_nothing_matters_is_not_said_of_trials_that_a_rung_has_picked() -> None:
    assert any("hardly matter" in sentence for sentence in sentences(LIKE))
    assert not any("hardly matter" in sentence for sentence in sentences(halved(LIKE, 6)))


def test_a_tie_is_only_among_trials_that_went_on() -> None:
    assert any(sentence.startswith("Best-1 to Best-2 differ") for sentence in sentences(halved(LIKE, 2, 3, 4, 5, 6)))
    assert not any("differ by" in sentence for sentence in sentences(halved(LIKE, 1, 2, 3, 4, 5, 6)))
    assert not any("differ by" in sentence for sentence in sentences(halved(LIKE, *range(7))))


def test_ranges_are_spoken_of_when_those_that_go_on_are_halfway() -> None:
    at_the_edge = made([-2.0, -2.1, -2.2, -2.3, -2.4, *REST], [0.9, 0.8, 0.7, 0.6, 0.5, *NOTHING])
    racing = replace(halved(at_the_edge, 2, 3, 4, 5, 6, 7, 8), status=Status.RUNNING)
    assert "move the range up" in sentences(replace(racing, epochs_done=np.array([2, 2, *[1] * 7])))[0]
    assert not any("move" in one for one in sentences(replace(racing, epochs_done=np.ones(9, int))))
