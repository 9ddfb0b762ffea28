"""About shows the version that the project declares."""

import tomllib

import pytest

from tests.support.app_tests import opened, ran
from tests.test_architecture import ROOT

pytestmark = pytest.mark.usefixtures("page_server")


def test_the_version_is_that_of_the_project() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    app = ran(opened().switch_page("about.py").run())
    assert f"Version {version}" in [one.value for one in app.caption]
