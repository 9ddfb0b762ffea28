"""Labs of a class that are at other servers, as copies of what a board and the teacher's desk need of them.

home of a lab --once a second while a board is watched--> rounds under way --> copies at the other servers
round that is over, result of a final test --> the store --once a second--> copies at the other servers
"""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from core.classroom.classroom import Classroom
from core.lab.choice import Choice
from core.lab.lab import Lab
from core.lab.lab_round import LabRound
from core.plan import RoundPlan
from core.progress import RoundProgress
from core.store.homes import living
from core.store.live_rounds import (
    OVERLAP,
    LiveRound,
    RoundKey,
    read_choices,
    read_live,
    read_openings,
    read_rounds,
    rounds_written,
    write_live,
)
from core.store.records import arrays_record
from core.store.restoring import UNREADABLE, opening_from_record, progress_from_arrays, round_from_record
from core.store.schema import RoundRecord
from core.store.store import Store


@dataclass
class RemoteRound(LabRound):
    """A round under way at another server."""

    home: str = ""  # id of that server
    home_lives: bool = True

    @property
    def needs_resume(self) -> bool:
        """Whether its server ended in the middle of it."""
        return not self.home_lives


def remote_copy(lab: Lab) -> Lab:
    """What stays of a lab whose home another server is by now: its rounds that are over."""
    over = [LabRound(one.number, one.progress) for one in lab.rounds if one.progress.status.is_final]
    return Lab("", lab.plan, over, pseudonym=lab.pseudonym, chosen=lab.chosen, final=lab.final, lesson=lab.lesson)


@dataclass
class Followed:
    """What a server knows already of a class's labs at the others."""

    rounds: dict[RoundKey, float] = field(default_factory=dict)  # when each was written
    live: dict[str, float] = field(default_factory=dict)  # the same of rounds under way, by the key of their lab
    openings: set[str] = field(default_factory=set)  # keys of labs
    pushed: dict[str, RoundProgress] = field(default_factory=dict)  # by key: what the others have of this server's
    begun: dict[str, tuple[str, RoundProgress]] = field(default_factory=dict)  # by key: plan of the latest, its begin
    seats: dict[str, int] = field(default_factory=dict)  # by key, of the labs that are copied here
    gone: set[str] = field(default_factory=set)  # keys of labs that were, and were dropped with their seats

    def begun_round(self, live: LiveRound) -> RoundProgress:
        """A round when it has not begun; kept, since its trials' values are the most of what a round costs."""
        text, begun = self.begun.get(live.lab, ("", None))
        if begun is None or text != live.record.plan:
            begun = RoundProgress.of(RoundPlan.from_json(live.record.plan))
            self.begun[live.lab] = live.record.plan, begun
        return begun


class RemoteLabs:
    """The labs of classes at other servers, and this server's labs for them. Used by one thread.

    store: the store, its tables in place; raises StoreError    home: the id of this server
    """

    def __init__(self, store: Callable[[], Store], home: str) -> None:
        self._store, self._home = store, home
        self._followed: WeakKeyDictionary[Classroom, Followed] = WeakKeyDictionary()

    def push(self, classroom: Classroom) -> None:
        """Write down how far rounds of this server's labs are, if they have gone on. Raises StoreError."""
        followed, keys = self._of(classroom), _keys(classroom)
        labs: dict[int, Lab] = classroom.labs
        news: dict[str, tuple[RoundProgress, RoundRecord]] = {}
        for seat, lab in labs.items():
            round_ = lab.latest if lab.token else None
            if round_ is None or round_.needs_resume or seat not in keys:
                continue
            progress = round_.progress
            if not progress.status.is_final and followed.pushed.get(keys[seat]) is not progress:
                news[keys[seat]] = progress, arrays_record(round_.number, progress)
        if not news:
            return
        with self._store().transaction() as connection:
            write_live(connection, classroom.code, self._home, {lab: record for lab, (_, record) in news.items()})
        followed.pushed.update({lab: progress for lab, (progress, _) in news.items()})

    def pull(self, classroom: Classroom) -> None:
        """Bring the copies of labs at other servers up to date. Raises StoreError."""
        seats = {key: seat for seat, key in _keys(classroom).items() if not _is_here(classroom, seat)}
        followed = self._of(classroom)
        followed.gone |= followed.seats.keys() - seats.keys()
        if followed.gone & seats.keys():  # given back: what is known of the class is read again
            followed = self._followed[classroom] = Followed()
        followed.seats = seats
        with self._store().transaction() as connection:
            since = max(followed.rounds.values(), default=0.0) - OVERLAP
            written = rounds_written(connection, classroom.code, since)
            new = {key: at for key, at in written.items() if key[0] in seats and followed.rounds.get(key) != at}
            rounds = read_rounds(connection, new)
            live = read_live(connection, classroom.code, self._home, max(followed.live.values(), default=0.0) - OVERLAP)
            openings = read_openings(connection, classroom.code, followed.openings)
            choices = read_choices(connection, classroom.code)
            alive = living(connection)
        followed.rounds.update(new)
        for key, record in rounds.items():
            with suppress(*UNREADABLE):  # its owner is told when the lab is opened
                _enter(_copy(classroom, seats[key[0]]), round_from_record(record))
        for one in live:
            if one.lab in seats and followed.live.get(one.lab) != one.written:
                followed.live[one.lab] = one.written
                begun = followed.begun_round(one)
                progress = progress_from_arrays(begun, one.record)
                _enter(_copy(classroom, seats[one.lab]), RemoteRound(one.record.number, progress, home=one.home))
        for lab, chosen in choices.items():
            if lab in seats:
                with suppress(*UNREADABLE):
                    _copy(classroom, seats[lab]).chosen = Choice.from_record(json.loads(chosen)) if chosen else None
        for lab, opening in openings.items():
            followed.openings.add(lab)
            if lab in seats:
                copy = _copy(classroom, seats[lab])
                copy.chosen = Choice.from_record(json.loads(opening.chosen)) if opening.chosen else None
                copy.attach_final_test(opening_from_record(opening.record))
        for seat in seats.values():
            for round_ in classroom.labs[seat].rounds if seat in classroom.labs else ():
                if isinstance(round_, RemoteRound):
                    round_.home_lives = round_.home in alive

    def _of(self, classroom: Classroom) -> Followed:
        return self._followed.setdefault(classroom, Followed())


def _keys(classroom: Classroom) -> dict[int, str]:
    """The keys of a class's labs, by seat."""
    return {seat: member.lab for seat, member in classroom.members.items()}


def _is_here(classroom: Classroom, seat: int) -> bool:
    lab = classroom.labs.get(seat)
    return lab is not None and bool(lab.token)


def _copy(classroom: Classroom, seat: int) -> Lab:
    """The copy of the lab at a seat, a new one if there is none."""
    with classroom.lock:
        if seat not in classroom.labs:
            member = classroom.members.get(seat)
            name = member.pseudonym if member is not None else ""
            classroom.labs = {**classroom.labs, seat: Lab("", pseudonym=name, lesson=classroom.lesson)}
        copy: Lab = classroom.labs[seat]
    return copy


def _enter(copy: Lab, round_: LabRound) -> None:
    """Enter a round in a copy, unless the copy has it at its end."""
    known = copy.round(round_.number)
    if known is not None and known.stored.status.is_final and not round_.stored.status.is_final:
        return
    if known is not None and isinstance(known, RemoteRound) and not round_.stored.started:
        return
    others = [one for one in copy.rounds if one.number != round_.number]
    copy.rounds = sorted([*others, round_], key=lambda one: one.number)
