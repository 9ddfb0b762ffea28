"""In a frame of a learning platform, behind the proxy that is shipped, over HTTPS and with two origins, all works."""

import os
import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, FrameLocator, expect

from tests.browser.conftest import ROOT, Server, free_port
from tests.support.waiting import until

pytestmark = pytest.mark.long

JOURNAL = {"name": "x.json", "mimeType": "application/json", "buffer": b"{}"}
# two sites, not only two origins: each name below `localhost` is a site of its own
LAB, PLATFORM = "lab.localhost", "moodle.localhost"
OPTIONS = "{\n\tadmin off\n\tlocal_certs\n\tskip_install_trust\n\tauto_https disable_redirects\n}\n"


@dataclass(frozen=True)
class Sites:
    """A lab behind its proxy, and a platform that shows it in a frame."""

    lab: str
    platform: str


@pytest.fixture(scope="module")
def sites(start_server: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sites]:
    if (caddy := shutil.which("caddy")) is None:
        pytest.skip("Caddy is not installed: there is no caddy")
    folder, ports = tmp_path_factory.mktemp("caddy"), [free_port(), free_port()]
    found = Sites(f"https://{LAB}:{ports[0]}/", f"https://{PLATFORM}:{ports[1]}/")
    server = start_server(FRAME_ANCESTORS=found.platform)
    frame = f'<iframe src="{found.lab}" style="width: 1300px; height: 1200px"></iframe>'
    page = f"{PLATFORM}:{ports[1]} {{\n\theader Content-Type text/html\n\trespond `{frame}`\n}}\n"
    shipped = (ROOT / "hosting/Caddyfile").read_text(encoding="utf-8")
    (folder / "Caddyfile").write_text(OPTIONS + shipped + page, encoding="utf-8")
    environment = os.environ | {
        "SITE_ADDRESS": f"{LAB}:{ports[0]}", "APP": server.url.split("/")[2], "HOME": str(folder),
        "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder),
    }  # fmt: skip
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [caddy, "run", "--config", folder / "Caddyfile", "--adapter", "caddyfile"], env=environment, stdout=log,
            stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        until(lambda: answers(ports) or log_of(process, folder / "log"))
        yield found
    finally:
        process.terminate()
        process.wait()


def log_of(process: "subprocess.Popen[bytes]", log: Path) -> bool:
    """False while the proxy runs; fails with what it has said once it has ended."""
    assert process.poll() is None, log.read_text(encoding="utf-8")
    return False


def answers(ports: list[int]) -> bool:
    """Whether both sites have their certificates, which nobody knows. Only browsers know these names."""
    anyones = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anyones.check_hostname, anyones.verify_mode = False, ssl.CERT_NONE
    with suppress(OSError):
        for name, port in zip((LAB, PLATFORM), ports, strict=True):
            with socket.create_connection(("127.0.0.1", port), 2) as plain:
                anyones.wrap_socket(plain, server_hostname=name).close()
        return True
    return False


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context(viewport={"width": 1366, "height": 1300}, locale="en-US", ignore_https_errors=True)
    yield made
    made.close()


def framed(context: BrowserContext, sites: Sites) -> FrameLocator:
    page = context.new_page()
    page.goto(sites.platform)
    return page.frame_locator("iframe")


def test_a_round_a_download_and_an_upload_work_in_the_frame(
    context: BrowserContext, sites: Sites, tmp_path: Path
) -> None:
    frame = framed(context, sites)
    frame.get_by_role("button", name="Start round 1").click()
    frame.get_by_text("Round 1: 400 epochs").wait_for()
    frame.get_by_text("Export", exact=True).click()
    with context.pages[0].expect_download() as waiting:
        frame.get_by_role("button", name="Journal to open again (JSON)").click()
    journal = tmp_path / "journal.json.gz"
    waiting.value.save_as(journal)
    frame.locator("input[type=file]").set_input_files(JOURNAL)  # type: ignore[arg-type]
    frame.get_by_text("This is no journal").wait_for()
    frame.locator("input[type=file]").set_input_files(journal)
    frame.get_by_text("This is no journal").wait_for(state="detached")
    frame.get_by_text("Round 1: 400 epochs").wait_for()


def test_the_cookie_that_uploads_need_is_kept_for_frames_of_this_platform_alone(
    context: BrowserContext, sites: Sites
) -> None:
    framed(context, sites).get_by_role("button", name="Start round 1").wait_for()
    (cookie,) = [one for one in context.cookies() if "xsrf" in one["name"]]
    assert cookie["secure"] and cookie["sameSite"] == "None" and PLATFORM in str(cookie.get("partitionKey"))


def test_the_frame_offers_the_lab_again(context: BrowserContext, sites: Sites) -> None:
    frame = framed(context, sites)
    frame.get_by_role("button", name="Start round 1").click()
    frame.get_by_text("Round 1: 400 epochs").wait_for()
    again = framed(context, sites)
    expect(again.get_by_role("button", name=re.compile("Continue as"))).to_have_count(1)
    again.get_by_role("button", name=re.compile("Continue as")).click()
    again.get_by_text("Round 1: 400 epochs").wait_for()


def test_a_phone_gets_the_labs_link_as_a_qr_code(context: BrowserContext, sites: Sites) -> None:
    page = context.new_page()
    page.goto(sites.lab)
    page.get_by_role("button", name="Start round 1").wait_for()
    page.locator(".st-key-header .stPopover button").first.click()
    picture = page.get_by_test_id("stImage").locator("img")
    picture.evaluate("picture => picture.decode()")
    alt = picture.get_attribute("alt") or ""
    assert alt.split()[-1].startswith(f"{sites.lab.rstrip('/')}") and "lab=" in alt
