"""Labs take the seats again that their class's teacher has given back to them."""

from core.classroom import seats
from core.classroom.classroom import Classroom
from core.server.labs import Labs
from core.store.class_store import ClassStore
from core.store.restoring import lab_from_record
from core.store.store import lab_id


def readmit(labs: Labs, classroom: Classroom, secret: str, seat: int) -> None:
    """Give a seat back that was taken away. Raises LessonError."""
    if seats.readmit(classroom, secret, seat) is None:
        return
    seat_readmitted(labs, classroom)
    if seat not in classroom.labs and labs.saver is not None and labs.classes.shared is None:
        stored = ClassStore(labs.saver.prepared_store()).labs(classroom.code, [seat])
        if seat in stored:  # and nobody has the lab open
            with classroom.lock:
                classroom.labs = {seat: lab_from_record("", stored[seat]), **classroom.labs}


def seat_readmitted(labs: Labs, classroom: Classroom) -> None:
    """Let labs in memory here take seats that were given back, at this server or another. Raises StoreError."""
    empty = classroom.members.keys() - {seat for seat, lab in classroom.labs.items() if lab.token}
    if not empty:
        return
    unseated = {lab_id(lab.token): lab for lab in labs.all_in_memory() if lab.class_seat is None}
    for seat in empty if unseated else ():
        if (lab := unseated.get(classroom.members[seat].lab)) is not None:
            lab.class_seat = classroom.code, seat
            labs.classes.seat(lab)
