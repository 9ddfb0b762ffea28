"""How a lab or a class is written to a store that may have lost it, or never had it."""

from collections.abc import Iterable

from core.classroom.classroom import Classroom
from core.lab.lab import Lab
from core.store.class_store import ClassStore
from core.store.deletions import Deletions
from core.store.records import class_record, lab_record
from core.store.schema import LabRecord
from core.store.store import ConstraintError, Store


def write(store: Store, owner: Lab | Classroom, rounds: Iterable[int], deletions: Deletions) -> None:
    """Write a class, or a lab with its rounds of those numbers, but no lab that was deleted. Raises StoreError."""
    if isinstance(owner, Classroom):
        ClassStore(store).save(class_record(owner))
        return
    if owner.token in deletions:
        return
    record, was_known = save_lab(store, owner, rounds)
    if not was_known and owner.rounds:  # a store that has lost the lab, or never had it
        record, _ = save_lab(store, owner, [round_.number for round_ in owner.rounds])
        if record.opening is not None:
            store.open_test(owner.token, record.opening)
    if record.opening is not None:
        store.save_opening(owner.token, record.opening)
    deletions.take_back(store, owner.token)


def save_lab(store: Store, lab: Lab, numbers: Iterable[int]) -> tuple[LabRecord, bool]:
    """A lab's record as it was written, and whether the store had the lab; its class first if the store has lost it."""
    record = lab_record(lab, numbers)
    try:
        return record, store.save(lab.token, record)
    except ConstraintError:
        if lab.classroom is None:
            raise
        ClassStore(store).create(class_record(lab.classroom))
        return record, store.save(lab.token, record)
