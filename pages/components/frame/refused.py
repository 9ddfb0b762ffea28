"""What was typed into a field and refused."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.errors import LessonError


@dataclass
class Refused:
    """What was typed into a field and not taken, so that it stays there to be corrected; see number_field.py."""

    text: str
    instead_of: str  # what the field showed before
    read: Callable[[str], Any]  # as number_field is given these three
    take: Callable[[Any], object]
    describe: Callable[[Any], str]
    fault: LessonError | None = None  # why; None as long as it is being taken
