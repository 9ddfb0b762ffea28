"""Insights into a round say what its numbers show."""

from dataclasses import replace

import numpy as np

from core.analysis.insights import insights
from core.progress import RoundProgress, Status
from tests.support.sample_rounds import made

REST, NOTHING = [-3, -4, -4.5, -5], [0.1] * 4  # exponents and accuracies of trials that have learned nothing


def sentences(progress: RoundProgress) -> list[str]:
    return [remark.sentence.format(**remark.values, **remark.terms) for remark in insights(progress)]


def test_best_trials_whose_difference_chance_can_explain_are_a_tie() -> None:
    found = sentences(made([-4, -4.1, -3.9, -4.2, -3.8, -5], [0.80, 0.78, 0.77, 0.70, 0.5, 0.1]))
    assert any("Best-1 to Best-4 differ by 10 of 100" in sentence and "tie" in sentence for sentence in found)


def test_a_hundredth_is_a_tie_also_near_1() -> None:
    found = sentences(made([-4, -3.9], [0.99, 0.98]))
    assert found == ["Best-1 to Best-2 differ by 1 of 100 validation images, which chance can explain: a tie."]


def test_a_clear_winner_is_no_tie() -> None:
    found = sentences(made([-4, -4.1, -3.9, -4.2, -3.8, -5], [0.95, 0.60, 0.57, 0.50, 0.5, 0.1]))
    assert [sentence for sentence in found if "tie" in sentence] == []


def test_a_round_whose_trials_all_tie_says_so_and_names_no_other_range() -> None:
    found = sentences(made([-2.0, -2.1, -2.2, -2.3, -2.4, -2.5], [0.82, 0.82, 0.81, 0.80, 0.80, 0.79]))
    assert len(found) == 1 and found[0].startswith("All trials tie: from the best to the worst it is 3 of 100")
    assert [sentence for sentence in found if "move the range" in sentence] == []


def test_diverged_trials_are_counted_and_placed() -> None:
    found = sentences(
        made([-4, -3.9, -1, -0.5, -4.1, -4.2, -4.3], [0.9, 0.8, 0.1, 0.1, 0.5, 0.4, 0.3], diverged=(2, 3))
    )
    assert any(sentence.startswith("2 of 7 trials diverged") and "from 0.1 up" in sentence for sentence in found)


def test_a_round_no_better_than_guessing_has_its_sentence() -> None:
    assert sentences(made([-6, -5.9, -5.8], [0.12, 0.1, 0.08]))[0].startswith("No trial is better than guessing (0.10)")


def test_sentences_have_no_open_gaps_for_random_rounds() -> None:
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


def test_given_up_trials_are_counted_and_their_mark_on_the_map_is_named() -> None:
    found = [one for one in sentences(halved(LIKE, 4, 5)) if "given up" in one]
    assert len(found) == 1 and found[0].startswith("2 of 7 trials were given up early (hollow circles on the map")
    assert [one for one in sentences(LIKE) if "given up" in one] == []


def test_trials_that_go_on_at_a_rung_are_not_called_a_flat_round() -> None:
    assert any("All trials tie" in sentence for sentence in sentences(LIKE))
    assert not any("All trials tie" in sentence for sentence in sentences(halved(LIKE, 6)))


def test_a_tie_is_only_among_trials_that_went_on() -> None:
    assert any(sentence.startswith("Best-1 to Best-2 differ") for sentence in sentences(halved(LIKE, 2, 3, 4, 5, 6)))
    assert not any("differ by" in sentence for sentence in sentences(halved(LIKE, 1, 2, 3, 4, 5, 6)))
    assert not any("differ by" in sentence for sentence in sentences(halved(LIKE, *range(7))))
