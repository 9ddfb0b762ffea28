"""The ranking on the class board: ties are explained, and where nothing was learned there is no ranking."""

from core.analysis.guessing import guessing_insight
from core.classroom.ranking import EqualBudgetRanking, Rank
from pages.components.classroom.board_text import ranking_html
from tests.support.sample_rounds import made

NAMES = {1: "Ada", 2: "Emmy"}
RANKING = EqualBudgetRanking(400, (Rank(1, 1, True, 0.99, 400), Rank(2, 1, True, 0.98, 400)), 0.116)


def test_a_tie_is_explained_with_the_least_difference_that_is_none() -> None:
    html = ranking_html(RANKING, False, NAMES, None)
    assert "= is a tie (less than 0.12 apart)" in html
    assert html.count("1 =") == 2


def test_while_nobody_is_better_than_guessing_a_sentence_stands_instead_of_the_ranking() -> None:
    guessing = guessing_insight([made([-3, -4], [0.12, 0.1])])
    html = ranking_html(RANKING, False, NAMES, None, guessing)
    assert "No trial is better than guessing (0.10)" in html and "Try learning rates above 0.001" in html
    assert "<ol>" not in html
    assert "<ol>" in ranking_html(RANKING, True, NAMES, None, guessing)  # a frozen ranking stays as it is
