"""The connection between a page and its server, on which a message of the page can be sent again."""

import re

from playwright.sync_api import Page, WebSocketRoute


class Connection:
    """A page's connection, of the next address that it opens."""

    def __init__(self, page: Page) -> None:
        self.sent: list[str | bytes] = []  # by the page
        page.route_web_socket(re.compile("/_stcore/stream"), self._connect)

    def _connect(self, page: WebSocketRoute) -> None:
        self._server = page.connect_to_server()
        page.on_message(self._to_server)
        self._server.on_message(page.send)

    def _to_server(self, message: str | bytes) -> None:
        self.sent.append(message)
        self._server.send(message)

    def say_again(self, part: bytes) -> None:
        """Send the page's last message in which these bytes are once more."""
        self._server.send([said for said in self.sent if isinstance(said, bytes) and part in said][-1])
