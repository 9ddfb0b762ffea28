"""A flood writes one line a second, which says how many were left out."""

import logging

import pytest

from pages.components.web.seldom_log import SeldomLog


def test_a_flood_writes_a_line_a_second(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    log = SeldomLog(logging.getLogger("flooded"), lambda: now[0])
    for _ in range(2000):
        log.warning("code %d", 1002)
        now[0] += 0.001
    assert [record.getMessage() for record in caplog.records] == [
        "code 1002",
        "code 1002 (999 more lines like it were left out.)",
    ]
