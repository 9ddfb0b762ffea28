"""How a teacher changes who sits where: seats taken away and given back, seats of one pair counted as one.

A seat that was taken away is remembered in `former`, so that it can be given back to the same lab. Of seats that are
merged each keeps its lab; the class counts their rounds as those of the first one.
"""

from collections.abc import Collection

from core.classroom.classroom import MAX_SEATS, Classroom
from core.classroom.member import Member
from core.errors import N_, LessonError

MAX_FORMER = 100  # seats that were taken away and can be given back, the latest


def free_seat(classroom: Classroom, seat: int) -> Member | None:
    """Take a seat away for good; its lab stays where its link leads, outside the class. None without the seat."""
    with classroom.exclusive(classroom):
        if (member := classroom.members.get(seat)) is None:
            return None
        lab = classroom.labs.get(seat)
        classroom.labs = {place: one for place, one in classroom.labs.items() if place != seat}
        if lab is not None:
            lab.classroom = lab.class_seat = None
        classroom.members = {place: one for place, one in classroom.members.items() if place != seat}
        for other in classroom.members.values():
            if other.merged_into == seat:
                other.merged_into = None
        classroom.removed |= {member.lab}
        if classroom.frozen is not None:
            classroom.frozen = classroom.frozen.without(seat)
        classroom.record_change()
        return member


def remove(classroom: Classroom, secret: str, seats: Collection[int]) -> None:
    """Take seats away, so that they can be given back."""
    classroom.check(secret)
    with classroom.exclusive(classroom):
        for seat in seats:
            if (member := free_seat(classroom, seat)) is None:
                continue
            member.removed, member.merged_into = True, None
            former = {**classroom.former, seat: member}
            forgotten = list(former)[:-MAX_FORMER]
            classroom.former = {place: one for place, one in former.items() if place not in forgotten}
            classroom.removed |= {former[place].lab for place in forgotten}
            classroom.removed -= {member.lab}
            classroom.record_change()


def forget_lab(classroom: Classroom, lab: str) -> None:
    """Take the seat of a lab that has been deleted away, also if the teacher did so before. lab: see store.lab_id"""
    seats = [seat for seat, member in (classroom.members | classroom.former).items() if member.lab == lab]
    if not seats:
        return
    with classroom.exclusive(classroom):
        for seat in seats:
            free_seat(classroom, seat)
            classroom.former = {place: one for place, one in classroom.former.items() if place != seat}
        classroom.removed |= {lab}
        classroom.record_change()


def readmit(classroom: Classroom, secret: str, seat: int) -> Member | None:
    """Give a seat back that was taken away; None if it cannot be given back any more.

    Raises LessonError in a class that is full or has ended.
    """
    classroom.check(secret)
    with classroom.exclusive(classroom):
        if (member := classroom.former.get(seat)) is None:
            return None
        if classroom.ended is not None:
            raise LessonError(N_("This class has ended; nobody can join it any more."))
        if classroom.is_full:
            raise LessonError(N_("This class is full: it has {seats} seats."), seats=MAX_SEATS)
        classroom.former = {place: one for place, one in classroom.former.items() if place != seat}
        member.removed = False
        classroom.members = dict(sorted({**classroom.members, seat: member}.items()))
        classroom.record_change()
        return member


def merge(classroom: Classroom, secret: str, seats: Collection[int]) -> None:
    """Count seats as one, the one that was taken first; seats that were merged with one of them come along.

    Raises LessonError for fewer than two seats that are there.
    """
    classroom.check(secret)
    with classroom.exclusive(classroom):
        chosen = {primary_seat(classroom, seat) for seat in seats if seat in classroom.members}
        if len(chosen) < 2:
            raise LessonError(N_("Choose two students or more whose work is to count as one."))
        first = min(chosen)
        for seat in [one for one in classroom.members if primary_seat(classroom, one) in chosen - {first}]:
            classroom.members[seat].merged_into = first
            if classroom.frozen is not None:
                classroom.frozen = classroom.frozen.without(seat)
        classroom.record_change()


def separate(classroom: Classroom, secret: str, seat: int) -> None:
    """Let all seats that count as one with this one count for themselves again."""
    classroom.check(secret)
    with classroom.exclusive(classroom):
        first = primary_seat(classroom, seat)
        for member in classroom.members.values():
            if member.merged_into == first:
                member.merged_into = None
        classroom.record_change()


def primary_seat(classroom: Classroom, seat: int) -> int:
    """The seat under which a seat's work counts: its own unless it was merged into another that is there."""
    member = classroom.members.get(seat)
    into = None if member is None else member.merged_into
    return seat if into is None or into not in classroom.members else into


def merged_seats(classroom: Classroom) -> dict[int, list[int]]:
    """By each seat that counts, in rising order: it and the seats that were merged into it."""
    groups: dict[int, list[int]] = {}
    for seat in sorted(classroom.members):
        groups.setdefault(primary_seat(classroom, seat), []).append(seat)
    return dict(sorted(groups.items()))
