"""Style sheets and scripts that lie in files beside the modules which use them."""

from pathlib import Path


def script(module: str, name: str) -> str:
    """The JavaScript of a component. module: `__file__` of who uses it    name: of a file beside it"""
    return Path(module).with_name(name).read_text(encoding="utf-8")


def style(module: str, name: str) -> str:
    """A style sheet as HTML, for st.html. module, name: as for `script`"""
    return f"<style>\n{script(module, name)}</style>"
