"""What a teacher shows on all pages of a class: a message, and a timer that ends at a moment."""

import json
import time
from dataclasses import asdict, dataclass

from core.classroom.display_names import plain_text
from core.errors import N_, LessonError
from core.typed_numbers import whole_number_from

MAX_MESSAGE = 200  # characters
MINUTES = (1, 180)  # of a timer
OVER_SECONDS = 120.0  # that a page says that the time is up


@dataclass(frozen=True)
class Notice:
    """A message in one line, "" for none, and a timer. Raises LessonError for a message that is too long."""

    message: str = ""
    timer_end: float | None = None  # when it ends, in seconds since 1970; None without one

    def __post_init__(self) -> None:
        message = plain_text(self.message)
        if len(message) > MAX_MESSAGE:
            raise LessonError(N_("A message has at most {most} characters."), most=MAX_MESSAGE)
        object.__setattr__(self, "message", message)

    def seconds_left(self, now: float) -> float | None:
        """Seconds until the timer ends, below 0 once it has; None without one, or some time after its end."""
        if self.timer_end is None or now - self.timer_end > OVER_SECONDS:
            return None
        return self.timer_end - now

    def to_json(self) -> str | None:
        """The notice as JSON, None for an empty one."""
        return json.dumps(asdict(self)) if self != EMPTY else None

    @classmethod
    def from_json(cls, text: str) -> "Notice":
        """What `to_json` wrote. Raises ValueError, TypeError or KeyError for anything else."""
        record = json.loads(text)
        end = record["timer_end"]
        return cls(str(record["message"]), None if end is None else float(end))


EMPTY = Notice()


def timer_end_after(minutes: str) -> float:
    """When a timer of so many minutes, as somebody typed them, ends: seconds since 1970. Raises LessonError."""
    low, high = MINUTES
    fault = LessonError(N_("A timer runs for {low} to {high} minutes."), low=low, high=high)
    return time.time() + 60.0 * whole_number_from(minutes, lambda given: low <= given <= high, fault)
