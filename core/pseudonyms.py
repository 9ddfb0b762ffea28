"""Friendly names for labs, so that nobody need give their own."""

import secrets
from collections.abc import Collection
from itertools import count

from core.errors import N_

ADJECTIVES = [
    N_("amber"), N_("brave"), N_("bright"), N_("calm"), N_("cheerful"), N_("clever"), N_("curious"), N_("eager"),
    N_("gentle"), N_("golden"), N_("happy"), N_("humming"), N_("kind"), N_("lively"), N_("lucky"), N_("merry"),
    N_("nimble"), N_("patient"), N_("playful"), N_("polite"), N_("quick"), N_("quiet"), N_("shiny"), N_("silver"),
    N_("sleepy"), N_("smiling"), N_("snowy"), N_("steady"), N_("sunny"), N_("swift"), N_("thoughtful"), N_("wise"),
]  # fmt: skip
ANIMALS = [
    N_("badger"), N_("beaver"), N_("bee"), N_("crane"), N_("deer"), N_("dolphin"), N_("duck"), N_("eagle"),
    N_("falcon"), N_("fox"), N_("frog"), N_("hare"), N_("hedgehog"), N_("heron"), N_("koala"), N_("lark"),
    N_("lynx"), N_("magpie"), N_("marten"), N_("otter"), N_("owl"), N_("panda"), N_("penguin"), N_("robin"),
    N_("salmon"), N_("seal"), N_("sparrow"), N_("squirrel"), N_("stork"), N_("swan"), N_("tiger"), N_("turtle"),
]  # fmt: skip


DRAWS = 20  # until a name that nobody has gets a number


def draw() -> str:
    """A name such as "quick otter": two words, each of which the catalogue knows."""
    return f"{secrets.choice(ADJECTIVES)} {secrets.choice(ANIMALS)}"


def draw_besides(taken: Collection[str]) -> str:
    """A name that is not taken: another draw, and after DRAWS of them a number behind it."""
    for _ in range(DRAWS):
        if (name := draw()) not in taken:
            return name
    return next(numbered for number in count(2) if (numbered := f"{name} {number}") not in taken)
