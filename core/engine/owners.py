"""What an engine asks about the owner of a round: with whom they share the machine, and whether they are there."""

from dataclasses import dataclass

ABSENCE_LIMIT = 60.0  # seconds that an owner may be away, by default, before their rounds are stopped


@dataclass(frozen=True)
class Owner:
    """An owner as they are now.

    group: those who share one part of the workers' time and of the memory: a seat of a class, else an address or a
        browser session
    in_class: groups of a class come before the others
    is_present: rounds of owners who are away get what all others leave
    absence_limit: seconds that the owner may be away before their rounds are stopped
    """

    group: str
    in_class: bool = False
    is_present: bool = True
    absence_limit: float = ABSENCE_LIMIT
