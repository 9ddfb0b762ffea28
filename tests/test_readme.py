"""The README's commands are there, and what it names exists."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_two_commands_are_one_line_each() -> None:
    commands = re.findall(r"```bash\n(.*?)```", README, re.DOTALL)[:2]
    assert [command.count("\n") for command in commands] == [1, 1]
    assert "streamlit run app.py" in commands[0] and "pytest" in commands[1]


def test_every_file_that_the_layout_names_is_there() -> None:
    tree = README.split("<!-- layout -->")[1].split("```")[1]
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


def test_every_picture_is_there() -> None:
    pictures = re.findall(r"!\[[^]]*\]\(([^)]+)\)", README)
    assert pictures
    assert [picture for picture in pictures if not (ROOT / picture).exists()] == []
