"""Whose page runs next when more are asked for than one core draws.

A run takes one core, whoever asks for it, and many at once slow each other down. So a few run at a time, fewer of those
who have taken much, and of those who wait the one goes first whose runs have taken least in the last seconds: a student
whose page ticks passes a program that asks for whole pages without end. A run that waits for something holds nobody up:
it counts for LEASE at most, and while the process has CPU to spare everybody goes on at once.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

SLOTS = 2  # runs at a time while the CPU is busy
MORE_SLOTS = 8  # for those who have taken little
LITTLE = 0.5  # seconds of runs, decayed: ticks of 20 ms every 2.8 s add up to 0.1
LEASE = 0.25  # seconds that a run counts for
LOOK = 0.01  # seconds between two looks at the CPU while somebody waits
BUSY = 0.6  # of a core: what the process has used of it since the last look
LATE = 0.003  # seconds that a look comes late when somebody else has the interpreter, or the machine no core to spare
HALF_LIFE = 10.0  # seconds until what a run has taken counts half


@dataclass(eq=False)
class Turn:
    """One socket's place among the others."""

    taken: float = 0.0  # seconds that its runs have had, decayed
    counted: float = 0.0  # when they were last counted
    began: float | None = None  # when its present run was let go on; None without one


class Turns:
    """All sockets of a server.

    clock: seconds    cpu: CPU seconds of this process
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, cpu: Callable[[], float] = time.process_time
    ) -> None:
        self._clock, self._cpu = clock, cpu
        self._running: set[Turn] = set()
        self._waiting: dict[asyncio.Future[None], Turn] = {}
        self._looked = 0.0, 0.0  # clock and CPU at the last look
        self._timer: asyncio.TimerHandle | None = None

    async def begin(self, turn: Turn) -> None:
        """Wait until the turn's next run may begin; its present one, if there is any, is over."""
        self.end(turn)
        if self._has_slot(turn) and (not self._waiting or self._is_light(turn)):
            self._start(turn)
            return
        loop = asyncio.get_running_loop()
        place = loop.create_future()
        self._waiting[place] = turn
        if self._timer is None:
            self._looked = self._clock(), self._cpu()
            self._timer = loop.call_later(LOOK, self._look)
        try:
            await place
        finally:
            self._waiting.pop(place, None)

    def end(self, turn: Turn) -> None:
        """The turn's run is over; nothing happens when there is none."""
        if turn.began is None:
            return
        now = self._clock()
        turn.taken = self._decayed(turn) + min(now - turn.began, LEASE) / max(1, self._recent())
        turn.counted, turn.began = now, None
        self._running.discard(turn)
        self._admit_all()

    def resume(self, turn: Turn) -> None:
        """A run of the turn's that had been counted as over works again; it cannot be made to wait."""
        if turn.began is None:
            self._start(turn)

    def age(self, turn: Turn) -> float:
        """Seconds since the turn's present run began; infinite without one."""
        return float("inf") if turn.began is None else self._clock() - turn.began

    def _recent(self) -> int:
        """How many runs count at the moment."""
        return sum(self.age(one) < LEASE for one in self._running)

    def _is_light(self, turn: Turn) -> bool:
        return self._decayed(turn) <= LITTLE

    def _has_slot(self, turn: Turn) -> bool:
        return self._recent() < SLOTS + MORE_SLOTS * self._is_light(turn)

    def _decayed(self, turn: Turn) -> float:
        return turn.taken * 0.5 ** ((self._clock() - turn.counted) / HALF_LIFE)

    def _start(self, turn: Turn) -> None:
        turn.began = self._clock()
        self._running.add(turn)

    def _next(self) -> asyncio.Future[None]:
        """The place of the one who has taken least."""
        return min(self._waiting, key=lambda one: self._decayed(self._waiting[one]))

    def _admit_all(self) -> None:
        """Let all go on for whom there is a slot."""
        while self._waiting and self._has_slot(self._waiting[self._next()]):
            self._admit()

    def _admit(self) -> None:
        """Let the next one go on."""
        place = self._next()
        self._start(self._waiting.pop(place))
        if not place.done():
            place.set_result(None)

    def _look(self) -> None:
        """Let somebody go on where runs have ceased to count, or the CPU has time to spare."""
        self._timer = None
        before, self._looked = self._looked, (self._clock(), self._cpu())
        passed, used = self._looked[0] - before[0], self._looked[1] - before[1]
        is_busy = passed > LOOK + LATE or used > BUSY * passed
        self._admit_all()
        if self._waiting and not is_busy:
            self._admit()
        if self._waiting:
            self._timer = asyncio.get_running_loop().call_later(LOOK, self._look)
