"""What the environment says of several servers, and what of it is refused."""

import pytest

from core.errors import LessonError
from core.server.replica_settings import ReplicaSettings

POSTGRES = "postgresql://labs@database/labs"
SECRET = "sixteen letters!"


def set_to(monkeypatch: pytest.MonkeyPatch, address: str, secret: str = SECRET) -> None:
    monkeypatch.setenv("REPLICA", address)
    monkeypatch.setenv("REPLICA_SECRET", secret)


@pytest.mark.parametrize("url", [POSTGRES, "sqlite:///labs.sqlite"])
@pytest.mark.parametrize("address", ["", " "])
def test_without_an_address_a_server_is_the_only_one(monkeypatch: pytest.MonkeyPatch, url: str, address: str) -> None:
    set_to(monkeypatch, address, "")
    assert ReplicaSettings.from_environment(url) is None


@pytest.mark.parametrize("address", ["app1:8501", "127.0.0.1:80", "lab-2.school.example:8501", "[2001:db8::1]:8501"])
@pytest.mark.parametrize("url", [POSTGRES, "postgres://database/labs", "postgresql+psycopg://database/labs"])
def test_an_address_makes_a_server_one_of_several(monkeypatch: pytest.MonkeyPatch, address: str, url: str) -> None:
    set_to(monkeypatch, f" {address} ")
    assert ReplicaSettings.from_environment(url) == ReplicaSettings(address, SECRET)


@pytest.mark.parametrize(
    "address", ["app1", ":8501", "app1:port", "http://app1:8501", "app 1:8501", "a#b:1", "a:123456"]
)
def test_what_is_no_address_is_refused(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    set_to(monkeypatch, address)
    with pytest.raises(LessonError, match="is no address such as"):
        ReplicaSettings.from_environment(POSTGRES)


@pytest.mark.parametrize("url", ["sqlite:///labs.sqlite", "sqlite://", "mysql://database/labs"])
def test_several_servers_on_another_database_than_postgresql_are_refused(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    set_to(monkeypatch, "app1:8501")
    with pytest.raises(LessonError, match="share a PostgreSQL"):
        ReplicaSettings.from_environment(url)


@pytest.mark.parametrize("secret", ["", " ", "fifteen letters"])
def test_a_secret_that_is_missing_or_short_is_refused_and_not_told(
    monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    set_to(monkeypatch, "app1:8501", secret)
    with pytest.raises(LessonError, match="16 characters at least") as refusal:
        ReplicaSettings.from_environment(POSTGRES)
    assert not secret.strip() or secret not in str(refusal.value)
