"""The answers of a class to the questions about the lesson as a table for a spreadsheet, under numbers for names."""

import csv
import io

from core.analysis.learning_gain import FEWEST
from core.classroom.class_questions import QUESTIONS, ClassAnswers, QuestionsOpen, right

COLUMNS = ["respondent", "phase", *(f"question_{n}" for n in range(1, len(QUESTIONS) + 1)), "right"]


def answers_csv(answers: ClassAnswers) -> str:
    """One row for each time that somebody answered, under COLUMNS; a phase that too few have answered is left out.

    An answer is the number of its option from 1, 0 for UNKNOWN, followed by "right" or "wrong". Numbers of respondents
    follow the order of hashes, which says nothing of who they are.
    """
    file = io.StringIO()
    table = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    table.writerow(COLUMNS)
    numbers = {who: number for number, who in enumerate(sorted({*answers.before, *answers.after}), 1)}
    for phase in (QuestionsOpen.BEFORE, QuestionsOpen.AFTER):
        found = answers.of(phase)
        for who in sorted(found) if len(found) >= FEWEST else ():
            cells = [
                f"{0 if option == len(question.options) else option + 1} {'right' if is_right else 'wrong'}"
                for option, question, is_right in zip(found[who], QUESTIONS, right(found[who]), strict=True)
            ]
            table.writerow([numbers[who], str(phase), *cells, sum(right(found[who]))])
    return file.getvalue()
