"""The invitation warns of an address that no student can open."""

import ipaddress

import pytest

from pages.components.classroom import invitation
from tests.support.class_tests import desk_page, new_class

pytestmark = pytest.mark.usefixtures("page_server")

LOCAL = "http://localhost:8501/class_board"


@pytest.mark.parametrize(
    ("url", "warned"),
    [
        (LOCAL, True),
        pytest.param("http://127.0.0.1:80/", True, marks=pytest.mark.long),
        pytest.param("http://[::1]:8501/class_board", True, marks=pytest.mark.long),
        ("http://192.168.0.7:8501/class_board", False),
        pytest.param("https://lab.example.org/", False, marks=pytest.mark.long),
    ],
)
@pytest.mark.parametrize("direct", [True, False])
def test_the_desk_warns_of_an_address_that_students_cannot_open(
    url: str, warned: bool, direct: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invitation, "root", lambda: url.removesuffix("class_board"))
    monkeypatch.setattr(invitation, "network_address", lambda: "10.1.2.3")
    monkeypatch.setattr(invitation, "is_direct", lambda: direct)
    _, secret = new_class()
    warnings = [one.value for one in desk_page(secret, "invite").warning]
    assert ["Other devices cannot open" in one for one in warnings] == [True] * warned
    assert ["10.1.2.3" in one for one in warnings] == [direct] * warned


def test_the_address_of_this_machine_in_its_network_is_no_loopback() -> None:
    found = invitation.network_address()
    assert found is None or not ipaddress.ip_address(found).is_loopback
