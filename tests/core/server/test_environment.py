"""Every environment variable that cannot be used as it stands is named in the log, and no other."""

from pathlib import Path

import pytest

from core.server.environment import log_unusable_variables

NAMES = ("DATABASE_URL", "LAB_DAYS", "MNIST_DIR", "FORWARDED_ALLOW_IPS")


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


def logged(caplog: pytest.LogCaptureFixture) -> str:
    caplog.clear()
    log_unusable_variables()
    return " ".join(one.message for one in caplog.records)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("DATABASE_URL", "labs.sqlite"),
        ("DATABASE_URL", "postgresql://labs:secret@host:port/labs"),
        ("DATABASE_URL", "mysql://labs:secret@host/labs"),
        ("MNIST_DIR", "/nowhere/mnist"),
        ("FORWARDED_ALLOW_IPS", "proxy"),
        ("FORWARDED_ALLOW_IPS", "10.0.0.1, proxy.school.example"),
        ("FORWARDED_ALLOW_IPS", "10.0.0.1, *"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(
    name: str, given: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(name, given)
    said = logged(caplog)
    assert name in said and "secret" not in said


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("DATABASE_URL", ""),
        ("DATABASE_URL", "sqlite:///labs.sqlite"),
        ("DATABASE_URL", "postgres://labs:secret@nowhere.example/labs"),
        ("MNIST_DIR", ""),
        ("FORWARDED_ALLOW_IPS", "*"),
        ("FORWARDED_ALLOW_IPS", "10.0.0.1, 192.168.0.0/16, ::1"),
    ],
)
def test_of_values_that_can_be_used_nothing_is_said(
    name: str, given: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(name, given)
    assert logged(caplog) == ""


def test_a_folder_with_a_broken_file_is_named_with_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(b"<html>")
    monkeypatch.setenv("MNIST_DIR", str(tmp_path))
    said = logged(caplog)
    assert str(tmp_path) in said and "train-images-idx3-ubyte.gz" in said
