"""A reading link shows a lab as it is, opens nothing, tells nothing of the lab's own token, and can be taken back."""

from dataclasses import FrozenInstanceError, fields, is_dataclass, replace

import numpy as np
import pytest

from core.lab.lab import Lab
from core.lab.lab_view import LabView, RoundView
from core.lab.reading_link import (
    READING_TOKEN,
    close_reading_link,
    key_of,
    open_reading_link,
    reading_key,
    reading_token,
)
from core.plan import RoundPlan
from core.progress import RoundProgress
from tests.support.servers import SHORT, Serve


def test_a_lab_has_no_reading_link_until_it_is_asked_for() -> None:
    assert reading_token(Lab("token")) is None and key_of(Lab("token")) is None


def test_the_link_stays_until_it_is_taken_back_and_the_next_is_another() -> None:
    lab, changes = Lab("token"), []
    lab.changed = lambda lab, number: changes.append(number)
    open_reading_link(lab)
    first = reading_token(lab)
    open_reading_link(lab)
    assert reading_token(lab) == first and first is not None and READING_TOKEN.fullmatch(first)
    close_reading_link(lab)
    assert reading_token(lab) is None
    open_reading_link(lab)
    assert reading_token(lab) != first and changes == [None, None, None]


def test_links_of_labs_differ_and_their_keys_are_no_links() -> None:
    labs = [Lab(str(one), reading_salt="same") for one in range(50)]
    tokens = {reading_token(lab) for lab in labs}
    assert len(tokens) == 50 and not tokens & {key_of(lab) for lab in labs} and not tokens & {lab.token for lab in labs}


def test_what_is_seen_stays_after_a_restart(serve: Serve, store_url: str) -> None:
    server = serve(store_url)
    lab = server.open()
    progress = server.ran(lab, SHORT)
    lab.note(1, "why")
    open_reading_link(lab)
    link = reading_token(lab)
    assert link is not None
    server.settled(lab)
    for labs in (server.labs, serve(store_url).labs):
        view = labs.look(link)
        assert view is not None and view.pseudonym == lab.pseudonym
        assert view.rounds[0].note == "why" and view.rounds[0].progress.plan == progress.plan
        assert np.array_equal(view.rounds[0].progress.validation_accuracy, progress.validation_accuracy)
    again = serve(store_url).open(lab.token)
    assert reading_token(again) == link


def test_the_link_opens_no_lab_and_no_lab_is_in_memory_by_it(serve: Serve, store_url: str) -> None:
    server = serve(store_url)
    lab = server.open()
    open_reading_link(lab)
    server.settled(lab)
    link = reading_token(lab)
    assert link is not None
    other = serve(store_url)
    assert other.labs.look(link) is not None and not other.labs.all_in_memory()
    opened, known = other.labs.open(link, "browser")
    assert not known and opened.token not in (link, lab.token)


@pytest.mark.parametrize("given", ["", "x", "a" * 24, "a" * 25, "../" * 8, "한" * 24, "\ud800" * 24, "a" * 23 + "\n"])
def test_other_texts_show_nothing(serve: Serve, store_url: str, given: str) -> None:
    server = serve(store_url)
    server.settled(server.open())
    assert server.labs.look(given) is None


def test_neither_the_labs_token_nor_what_the_store_has_shows_anything(serve: Serve, store_url: str) -> None:
    server = serve(store_url)
    lab = server.open()
    open_reading_link(lab)
    server.settled(lab)
    record = server.saver.load(lab.token)
    assert record is not None and record.reading_key is not None and record.reading_salt is not None
    for given in (lab.token, record.reading_key, record.reading_key[:24], record.reading_salt):
        assert server.labs.look(given) is None


def test_a_link_that_was_taken_back_shows_nothing(serve: Serve, store_url: str) -> None:
    server = serve(store_url)
    lab = server.open()
    open_reading_link(lab)
    link = reading_token(lab)
    assert link is not None and server.labs.look(link) is not None
    close_reading_link(lab)
    server.settled(lab)
    assert server.labs.look(link) is None and serve(store_url).labs.look(link) is None


def test_nothing_can_be_changed_by_what_is_shown() -> None:
    lab = Lab("token", reading_salt="salt")
    view = LabView.of(lab)
    for part in (view, RoundView(1, RoundProgress.of(RoundPlan()), "")):
        assert is_dataclass(part)
        for field in fields(part):
            with pytest.raises(FrozenInstanceError):
                setattr(part, field.name, None)
    reachable, found = [view], set()
    while reachable:
        one = reachable.pop()
        found.add(type(one).__name__)
        if is_dataclass(one):
            reachable += [getattr(one, field.name) for field in fields(one)]
        elif isinstance(one, tuple):
            reachable += one
    assert not found & {"Lab", "LabRound", "FinalTest", "Classroom"}


def test_the_salt_alone_does_not_find_the_link() -> None:
    lab = Lab("token")
    open_reading_link(lab)
    other = replace(lab, token="another")
    assert reading_token(other) != reading_token(lab)
    assert reading_key(reading_token(lab) or "") == key_of(lab)
