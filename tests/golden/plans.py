"""The rounds whose results are recorded: every setting of a plan at least once, small enough to train in seconds."""

from dataclasses import replace

from core.data.image_order import FILE_ORDER
from core.plan import RoundPlan
from core.space import LogRange, SearchSpace

WIDE = SearchSpace(LogRange(-2, 1), LogRange(-8, 0))  # rounding is amplified by large steps, and some trials diverge
GENTLE = SearchSpace(LogRange(-3, -1.5), LogRange(-6, -3))  # where optimizers that adapt their steps learn
SMALL = RoundPlan(WIDE, trials=7, epochs=20, images=700, hidden_layers=2, neurons=30, seed=5)
ADAPTING = replace(SMALL, space=GENTLE, trials=6)

PLANS = {
    "the lesson's round": RoundPlan(),
    "the lesson's round, narrowed": RoundPlan(SearchSpace(LogRange(-2.5, -1), LogRange(-6, -3)), trials=8, seed=1),
    "diverging": replace(SMALL, space=SearchSpace(LogRange(-1, 1), LogRange(-1, 0)), trials=12),
    "several stacks": replace(SMALL, space=SearchSpace(LogRange(-2.5, 1), LogRange(-8, 0)), trials=23),
    "momentum": replace(SMALL, optimizer="momentum", space=SearchSpace(LogRange(-4, 1), LogRange(-8, 0))),
    "little momentum": replace(SMALL, optimizer="momentum", momentum=0.3, batch_normalisation=True),
    "adagrad": replace(ADAPTING, optimizer="adagrad", initial_weights="xavier"),
    "adam": replace(ADAPTING, optimizer="adam", initial_weights="deviation", deviation=0.2),
    "another adam": replace(ADAPTING, optimizer="adam", beta1=0.5, beta2=0.99),
    "sigmoid": replace(SMALL, activation="sigmoid", initial_weights="xavier", hidden_layers=1),
    "batch normalisation": replace(SMALL, batch_normalisation=True),
    "dropout": replace(SMALL, dropout=0.2),
    "all at once": replace(ADAPTING, optimizer="adam", batch_normalisation=True, dropout=0.3, trials=7),
    "rungs": replace(SMALL, trials=12, give_up=(2, 4, 8), keep=0.4),
    "rungs with momentum": replace(SMALL, trials=11, optimizer="momentum", batch_normalisation=True, give_up=(6,)),
    "given values": replace(
        SMALL, trials=4, values=((0.1, 1e-5), (0.012345678901234567, 1.5e-3), (1e-8, 1.0), (10.0, 1e-10))
    ),
    "not shuffled": replace(SMALL, shuffle=False),
    "products in halves": replace(SMALL, neurons=120, hidden_layers=3, trials=3),
    "other sizes": replace(SMALL, images=331, validation_rate=0.3, hidden_layers=1, neurons=7, batch_size=33),
    "large batches": replace(SMALL, images=1_234, batch_size=250, validation_rate=0.15, trials=4),
    "several stacks in the order of the files": replace(  # as labs of before the images were permuted go on
        SMALL, space=SearchSpace(LogRange(-2.5, 1), LogRange(-8, 0)), trials=23, image_order=FILE_ORDER
    ),
    "mnist": replace(SMALL, dataset="mnist", images=500, hidden_layers=3, neurons=100, trials=6),
    "mnist, all at once": replace(
        ADAPTING, dataset="mnist", optimizer="adam", batch_normalisation=True, dropout=0.5, trials=4, give_up=(5,)
    ),
}
# whose networks also classify images that they have not seen
FINALS = ("several stacks", "several stacks in the order of the files", "momentum", "all at once")
