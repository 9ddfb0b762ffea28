"""The files of a host, read as far as the tests need them."""

import re
import shlex
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


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


def yaml(text: str) -> Any:
    """A document of mappings, lists and plain values, as compose.yaml is; indented by two spaces."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return _block([(len(line) - len(line.lstrip()), line.strip()) for line in lines])


def _block(lines: list[tuple[int, str]]) -> Any:
    """What lines of one depth, and those deeper below each, say."""
    if not lines:
        return None
    if lines[0][1].startswith("- "):
        return [line.removeprefix("- ").strip('"') for _, line in lines]
    found: dict[str, Any] = {}
    starts = [place for place, (depth, _) in enumerate(lines) if depth == lines[0][0]]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        name, _, value = lines[start][1].partition(":")
        found[name] = value.strip().strip('"') or _block(lines[start + 1 : end])
    return found
