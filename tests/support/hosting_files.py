"""Reads the Dockerfile and the proxy's settings as far as the tests need them."""

import re
import shlex
from pathlib import Path

ROOT = Path(__file__).parents[2]


def caddy_headers() -> dict[str, str]:
    """The headers that the proxy adds to every answer."""
    block = re.search(r"\n\theader \{\n(.*?)\n\t\}", (ROOT / "hosting/Caddyfile").read_text(), re.DOTALL)
    assert block
    return dict(re.findall(r'^\t\t([A-Z][A-Za-z-]+) "(.*)"$', block[1], re.MULTILINE))


def dockerfile() -> list[tuple[str, list[str]]]:
    """Its instructions, each with its words."""
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.split()[0], shlex.split(line)[1:]) for line in lines]


def exec_form(words: list[str]) -> list[str]:
    """The words of an instruction that is written as a list."""
    return [word.strip("[],") for word in words]
