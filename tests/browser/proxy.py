"""A proxy in front of a server: it passes everything on and adds headers to every answer, as a host's proxy does.

browser --request--> Proxy --request, "Connection: close"--> server
browser <--answer with more headers-- Proxy <--answer-- server         a websocket is piped both ways
"""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

END = b"\r\n\r\n"
LARGEST = 2**16  # bytes of a request's or an answer's head


class Proxy:
    """Listens on a free port of this machine."""

    def __init__(self, port: int, headers: dict[str, str]) -> None:
        self._behind, self._headers = port, headers
        self.port = 0
        self.heads: list[str] = []  # of the requests that came

    async def listen(self) -> asyncio.Server:
        """Begin."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=LARGEST)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _serve(self, browser: asyncio.StreamReader, to_browser: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError), closing(to_browser):
            head = (await browser.readuntil(END)).decode("latin-1")
            self.heads.append(head)
            server, to_server = await asyncio.open_connection("127.0.0.1", self._behind, limit=LARGEST)
            if "\r\nupgrade: websocket" not in head.lower():
                head = "\r\n".join(line for line in head.split("\r\n") if not line.lower().startswith("connection:"))
                head = head.replace("\r\n", "\r\nConnection: close\r\n", 1)
            with closing(to_server):
                to_server.write(head.encode("latin-1"))
                await asyncio.gather(self._answer(server, to_browser), pipe(browser, to_server))

    async def _answer(self, server: asyncio.StreamReader, to_browser: asyncio.StreamWriter) -> None:
        head = await server.readuntil(END)
        more = "".join(f"{name}: {value}\r\n" for name, value in self._headers.items())
        to_browser.write(head.removesuffix(b"\r\n") + more.encode("latin-1") + b"\r\n")
        await pipe(server, to_browser)


async def pipe(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    """Pass everything on until there is no more."""
    with suppress(OSError):
        while data := await source.read(LARGEST):
            target.write(data)
            await target.drain()
        target.close()


@contextmanager
def proxy(port: int, headers: dict[str, str]) -> Iterator[Proxy]:
    """A proxy in front of the server on a port, in a thread of its own."""
    made = Proxy(port, headers)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(made.listen(), loop).result()
    yield made
    asyncio.run_coroutine_threadsafe(end(server), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


async def end(server: asyncio.Server) -> None:
    """Listen no more, and let go of all connections."""
    server.close()
    here = asyncio.current_task()
    others = [task for task in asyncio.all_tasks() if task is not here]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await asyncio.sleep(0)  # for what closing a connection still leaves to do
