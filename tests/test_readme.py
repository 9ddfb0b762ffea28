"""What README and CONTRIBUTING name exists, and the pictures are as old as their sentences."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

from tests.catalogue import texts
from tests.test_architecture import ROOMS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_the_commands_are_scripts_of_the_project() -> None:
    start, test = re.findall(r"```bash\n(.*?)```", README, re.DOTALL)
    assert start.splitlines()[-1] == "scripts/start" and start.startswith("git clone ")
    assert test == "scripts/test\n"


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= 120


def test_every_file_that_the_layout_names_is_there() -> None:
    tree = CONTRIBUTING.split("<!-- layout -->")[1].split("```")[1]
    folders: list[str] = []
    missing = []
    for line in tree.splitlines()[1:]:
        depth, name = (len(line) - len(line.lstrip())) // 2, line.split()[0] if line.split() else ""
        if not name:
            continue
        folders = [*folders[:depth], name]
        path = ROOT.joinpath(*folders)
        if not path.exists():
            missing.append(str(path.relative_to(ROOT)))
    assert missing == []


def test_the_layout_names_the_rooms_in_the_order_of_imports() -> None:
    tree = CONTRIBUTING.split("<!-- layout -->")[1].split("```")[1]
    core = tree.split("\ncore ")[1].split("\npages ")[0].splitlines()[1:]
    named = ["core/" + line.split()[0] + ("" if line.split()[0].endswith(".py") else "/") for line in core]
    assert named == [room for room in ROOMS if room.startswith("core/")]


def test_the_version_is_in_the_list_of_changes() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert f"\n## {version} (" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_every_picture_is_there() -> None:
    pictures = re.findall(r"!\[[^]]*\]\(([^)]+)\)", README)
    assert pictures
    assert [picture for picture in pictures if not (ROOT / picture).exists()] == []


# ---------------------------------------------------------------------------------------------------- pictures

RECORD = ROOT / "docs" / "pictures.json"  # written by python -m tests.browser.screenshots


def pictures() -> dict[str, dict[str, Any]]:
    """What can be read in each picture: {file: {"language": ..., "sentences": {message: text}}}."""
    recorded: dict[str, dict[str, Any]] = json.loads(RECORD.read_text(encoding="utf-8"))
    return recorded


def test_what_can_be_read_in_a_picture_is_recorded() -> None:
    files = {path.name for path in RECORD.parent.iterdir() if path.suffix in (".png", ".gif", ".webp")}
    assert files == pictures().keys()
    assert all(picture["sentences"] for picture in pictures().values())


def test_no_picture_is_older_than_the_sentences_in_it() -> None:
    """Else: python -m tests.browser.screenshots, and look at what it has taken."""
    changed = {
        name: [message for message, text in picture["sentences"].items() if current.get(message) != text]
        for name, picture in pictures().items()
        for current in [texts(picture["language"])]
    }
    assert {name: messages for name, messages in changed.items() if messages} == {}


def test_the_moving_picture_is_small() -> None:
    assert 0 < (RECORD.parent / "round.gif").stat().st_size < 2_000_000  # bytes
