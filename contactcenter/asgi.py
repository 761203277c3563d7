"""The application that granian serves (see ``serve``).

``/live/`` goes to the event streams, all else to Django through the bridge.
"""

from __future__ import annotations

from django.conf import settings
from django.utils.module_loading import import_string

from contactcenter.bridge import Bridge
from contactcenter.environ import Pace
from contactcenter.lib.asgi import Receive, Scope, Send
from contactcenter.lib.uploads import Places
from contactcenter.wsgi import application as wsgi
from openlines.live.stream import PATH, LiveStreams

_admission = getattr(settings, "REQUEST_ADMISSION", "")
_pages = Bridge(
    wsgi,
    threads=getattr(settings, "REQUEST_THREADS", 4),
    streaming_threads=getattr(settings, "STREAMING_THREADS", 8),
    body_in_memory=getattr(settings, "REQUEST_BODY_IN_MEMORY", 512 * 1024),
    body_limit=getattr(settings, "REQUEST_BODY_LIMIT", 110 * 1024 * 1024),
    admit=import_string(_admission) if _admission else None,
    uploads=Places(
        total=getattr(settings, "UPLOADS_AT_ONCE", 1024),
        per_address=getattr(settings, "UPLOADS_AT_ONCE_PER_ADDRESS", 100),
    ),
    pace=Pace(**getattr(settings, "REQUEST_PACE", {})),
)
_live = LiveStreams()


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["type"] != "http":
        await send({"type": "websocket.close", "code": 1000})
    elif scope["path"].startswith(PATH):
        await _live(scope, receive, send)
    else:
        await _pages(scope, receive, send)


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await _live.startup()
        else:
            await _live.shutdown()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
