"""A class's trials as a table for a spreadsheet: one row a trial of every round that is over, under pseudonyms.

Nicknames are not in it, since they may say who somebody is, nor are test accuracies while the final tests are not
revealed. Students' notes are: a lesson's reasons are what a teacher reads.
"""

import csv
import io
from collections.abc import Callable

from core.classroom.classroom import Classroom, FinalTestAccess
from core.classroom.seats import primary_seat
from core.export.trial_tables import COLUMNS, harmless, trial_rows
from core.lab.lab import Lab
from core.space import AXES

NOTE = COLUMNS.index("note")
CHOSEN = COLUMNS.index("chosen")
CHOICE_COLUMNS = [f"choice_{axis}" for axis in AXES]
CLASS_COLUMNS = ["student", *COLUMNS[:NOTE], "test_accuracy", *CHOICE_COLUMNS, "note"]


def class_csv(classroom: Classroom, spelled: Callable[[str], str] = str) -> str:
    """The table, under CLASS_COLUMNS; empty where there is nothing to say. spelled: a pseudonym as it is to be read

    The note of a round and a student's choice are repeated on every row of theirs.
    """
    file = io.StringIO()
    table = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    table.writerow(CLASS_COLUMNS)
    labs: dict[int, Lab] = classroom.labs
    for seat in sorted(labs):
        member, lab = classroom.members.get(seat), labs[seat]
        counted = classroom.members.get(primary_seat(classroom, seat))
        if member is None or counted is None:  # taken away meanwhile
            continue
        test, name = test_accuracy(classroom, lab), harmless(spelled(counted.pseudonym))
        with lab.lock:
            chosen = lab.chosen.values if lab.chosen is not None else {}
            choice = [chosen.get(axis, "") for axis in AXES]
            for round_ in lab.rounds:
                if round_.progress.status.is_final and (
                    member.last_round is None or round_.number <= member.last_round
                ):
                    for row in trial_rows(lab, round_):
                        tested = test if row[CHOSEN] else ""
                        table.writerow([name, *row[:NOTE], tested, *choice, row[NOTE]])
    return file.getvalue()


def test_accuracy(classroom: Classroom, lab: Lab) -> object:
    """Mean test accuracy of a lab's value, "" while the class is not to know it, or if it was opened after its end."""
    if classroom.final_tests is not FinalTestAccess.REVEALED or lab.final is None or lab.final.outcome is None:
        return ""
    if classroom.ended is not None and lab.final.opened > classroom.ended:
        return ""
    return round(float(lab.final.accuracy().mean()), 4)
