"""A lab with a round, a choice, and its final test done: where the tests of it begin."""

from core.lab.choice import Choice
from core.lab.extra_training import open_test_set
from core.lab.final_evaluation import FinalTest
from core.lab.lab import Lab
from core.plan import RoundPlan
from core.space import LogRange, SearchSpace
from tests.support.servers import Server
from tests.support.waiting import until

RATE, DECAY = -1.5, -1.0  # exponents: so much decay that the weights of pixels without ink shrink visibly
FIXED = SearchSpace(LogRange(RATE, RATE), LogRange(DECAY, DECAY))
CHOICE = Choice(10.0**RATE, 10.0**DECAY)
PLAN = RoundPlan(FIXED, trials=3, epochs=2, images=200, hidden_layers=2, neurons=30)
EPOCHS = 6
WILD = 60  # epochs in which a weight decay of 1 at a learning rate of 10, a factor of -9, leaves float32


def tuned(server: Server, plan: RoundPlan = PLAN, choice: Choice = CHOICE) -> Lab:
    """A lab with a round and a choice."""
    lab = server.open()
    server.ran(lab, plan)
    lab.choose(choice)
    return lab


def final_of(server: Server, lab: Lab, epochs: int = EPOCHS) -> FinalTest:
    """The final test of a lab, done and written down."""
    open_test_set(lab, server.engine, server.saver.record_opening, epochs)
    until(lambda: lab.final is not None and lab.final.outcome is not None)
    server.settled(lab)
    assert lab.final is not None
    return lab.final
