"""News of a round: made at a host from what the server says it knows, and merged into what the server shows.

Merging only ever adds: epochs once there stay, a trial once given up or diverged stays so, a round that has ended
stays ended. So news may be lost, come twice, late or in another order, and the server ends up with the same.
"""

from dataclasses import replace

import numpy as np

from core.engine.cluster.questions import News
from core.errors import LessonError
from core.progress import RoundProgress


def news_of(
    progress: RoundProgress,
    version: int,
    epochs_done: np.ndarray,
    decided_rungs: int,
    remaining: float | None,
    fault: LessonError | None,
) -> News | None:
    """What is new at a host for a server; None if that is nothing.

    version, epochs_done: what the server has, -1 for no version; epochs_done: (trials,)
    """
    if progress.version == version:
        return None
    trials = np.flatnonzero(progress.epochs_done > epochs_done)
    first = int(epochs_done[trials].min()) if len(trials) else 0
    end = int(progress.epochs_done[trials].max()) if len(trials) else 0
    return News(
        version=progress.version,
        status=progress.status,
        seconds=progress.seconds,
        remaining=remaining,
        position=progress.position,
        decided_rungs=decided_rungs,
        trials=trials,
        first=first,
        train=progress.train_accuracy[trials, first:end],
        validation=progress.validation_accuracy[trials, first:end],
        epochs_done=progress.epochs_done[trials],
        diverged=progress.diverged[trials],
        given_up=progress.given_up,
        predictions=progress.predictions if progress.status.is_final else None,
        network=progress.network if progress.status.is_final else None,
        fault=fault,
    )


def merged(progress: RoundProgress, news: News) -> RoundProgress:
    """The next version of what a server shows, with a host's news in it; a round that has ended stays as it is."""
    if progress.status.is_final:
        return progress
    train, validation = progress.train_accuracy.copy(), progress.validation_accuracy.copy()
    epochs_done, diverged = progress.epochs_done.copy(), progress.diverged.copy()
    columns = slice(news.first, news.first + news.train.shape[1])
    for curves, new in ((train, news.train), (validation, news.validation)):
        known = curves[news.trials, columns]
        curves[news.trials, columns] = np.where(np.isnan(new), known, new)
    epochs_done[news.trials] = np.maximum(epochs_done[news.trials], news.epochs_done)
    diverged[news.trials] |= news.diverged
    return replace(
        progress,
        train_accuracy=train,
        validation_accuracy=validation,
        epochs_done=epochs_done,
        diverged=diverged,
        given_up=progress.given_up | news.given_up,
        status=news.status,
        version=progress.version + 1,
        seconds=max(progress.seconds, news.seconds),
        remaining=news.remaining,
        position=news.position,
        predictions=news.predictions if news.predictions is not None else progress.predictions,
        network=news.network if news.network is not None else progress.network,
    )
