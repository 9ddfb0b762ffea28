"""A student's seat in a class."""

from dataclasses import dataclass


@dataclass
class Member:
    """A student's seat."""

    seat: int  # from 1, in the order of joining
    lab: str  # hash of the lab's token (store.lab_id), with which the lab cannot be opened
    pseudonym: str
    nickname: str = ""
    hidden: bool = False  # the teacher has hidden the nickname
    last_round: int | None = None  # number of the last round that counts, once the class has ended
    removed: bool = False  # the teacher has taken the seat away and may give it back
    merged_into: int | None = None  # seat under which the work of this one counts

    @property
    def public_nickname(self) -> str:
        """The nickname as others see it, "" for none."""
        return "" if self.hidden else self.nickname
