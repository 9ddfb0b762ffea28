"""The routes /healthz, for whoever runs the server, and /healthz/ready, for a proxy before several servers.

While the database or all hosts are away, no server is well, and each of them is ready: the lesson goes on with what is
in its memory, and a page says what does not.
"""

import asyncio

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from pages.components.frame.running_server import server

ASKED = 2.0  # seconds that the database has for an answer


class Health:
    """Whether database and workers live; at most one thread at a time asks the database, whoever asks here."""

    def __init__(self) -> None:
        self._answer: asyncio.Task[bool] | None = None

    async def __call__(self, request: Request) -> JSONResponse:
        """200 if both do, else 503; a database that has not answered after ASKED seconds does not.

        One of several servers also says whether the others know that it lives; 503 once it gives its labs away.
        """
        if self._answer is None or self._answer.done():
            self._answer = asyncio.create_task(asyncio.to_thread(server().database_works))
        await asyncio.wait([self._answer], timeout=ASKED)
        found = {
            "database": self._answer.done() and self._answer.result(),
            "workers": server().engine.workers_live(),
        }
        if (replica := server().replica) is not None:
            found["replica"] = replica.is_seen
        return JSONResponse(found, 200 if all(found.values()) else 503, {"Cache-Control": "no-store"})


async def ready(request: Request) -> JSONResponse:
    """200 as long as this server takes visitors, 503 once it gives its labs away."""
    is_ready = not server().labs.is_leaving
    return JSONResponse({"ready": is_ready}, 200 if is_ready else 503, {"Cache-Control": "no-store"})


ROUTES = [
    Route(base + path, answer)
    for path, answer in (("/healthz", Health().__call__), ("/healthz/ready", ready))
    for base in ("", "/{base:path}")  # any server.baseUrlPath
]
