"""The pages of the test site; see `site_settings`."""

import hashlib
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core import signals
from django.db import connection
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import path, re_path
from django.utils import timezone, translation

from contactcenter.lib.uploads import Allowance, Refusal
from openlines.live.topics import issue_ticket

ROOT = Path(__file__).resolve().parents[2]

FINISHED: list[str] = []
"""What was closed: the names of streams whose generator ended, and "request" for Django's own signal."""

signals.request_finished.connect(lambda **_: FINISHED.append("request"), weak=False)


def admit(environ: dict[str, Any], announced: int | None) -> Allowance:
    """Much of everybody but of "nobody"."""
    refusal = Refusal(401, "nobody", "Who are you?", 7)
    return Allowance(70_000 if environ.get("HTTP_X_FROM") == "nobody" else 10_000_000, refusal)


def echo(request: HttpRequest) -> HttpResponse:
    names = ("REMOTE_ADDR", "SERVER_NAME", "SERVER_PORT", "CONTENT_LENGTH", "wsgi.url_scheme")
    return JsonResponse(
        {
            "path": request.path,
            "query": request.GET.dict(),
            "cookies": request.COOKIES,
            "meta": {
                key: value for key, value in request.META.items() if key.startswith("HTTP_") or key in names
            },
            "size": len(request.body),
            "digest": hashlib.sha256(request.body).hexdigest(),
            "spooled": bool(getattr(request.META["wsgi.input"], "_rolled", False)),
        }
    )


def finished(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"finished": FINISHED})


def endless(request: HttpRequest) -> StreamingHttpResponse:
    """64 KB a piece, for ever, out of one database connection."""

    def pieces() -> Iterator[bytes]:
        threads = {threading.get_ident()}
        try:
            with connection.cursor() as cursor:
                while True:
                    cursor.execute("SELECT repeat('x', 65536)")
                    (text,) = cursor.fetchone()
                    FINISHED.append("piece")
                    yield text.encode()
                    threads.add(threading.get_ident())
        finally:
            FINISHED.append(f"endless in {len(threads)} thread")

    return StreamingHttpResponse(pieces())


def three_steps(request: HttpRequest) -> StreamingHttpResponse:
    """Each step waits for the file of its number, so a test sees that the one before was sent already."""
    folder = Path(request.GET["folder"])

    def steps() -> Iterator[str]:
        for step in range(3):
            while not (folder / str(step)).exists():
                time.sleep(0.01)
            yield f"step {step}\n"

    return StreamingHttpResponse(steps())


def breaks_off(request: HttpRequest) -> StreamingHttpResponse:
    def pieces() -> Iterator[str]:
        yield "one"
        raise RuntimeError("on purpose")

    return StreamingHttpResponse(pieces())


def file(request: HttpRequest) -> FileResponse:
    size = int(request.GET["size"])
    spooled = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    spooled.write(b"f" * size)
    spooled.seek(0)
    response = FileResponse(spooled)
    response._resource_closers.append(lambda: FINISHED.append(f"file {size}"))  # type: ignore[attr-defined]
    return response


def fails(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("on purpose")


def language(request: HttpRequest) -> HttpResponse:
    before = translation.get_language()
    translation.activate("pl")
    return HttpResponse(before)


def backend(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return HttpResponse(str(cursor.fetchone()[0]))


def cookies(request: HttpRequest) -> HttpResponse:
    response = HttpResponse("ok", status=int(request.GET.get("status", "200")))
    response.set_cookie("one", "1")
    response.set_cookie("two", "2")
    return response


def memory(request: HttpRequest) -> HttpResponse:
    """Kilobytes of this process, and its id."""
    status = Path("/proc/self/status").read_text()
    return JsonResponse({"kb": int(status.split("VmRSS:")[1].split()[0]), "pid": os.getpid()})


def ticket(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"ticket": issue_ticket(holder="e1", topics=["e1"], now=timezone.now())})


def streams(request: HttpRequest) -> HttpResponse:
    """How many are open in this process."""
    from contactcenter.asgi import _live

    return JsonResponse({"open": len(_live._hub)})


def live_page(request: HttpRequest) -> HttpResponse:
    """Keeps in ``window.news`` what live.js tells."""
    return HttpResponse(
        """<!doctype html><title>live</title><script type="module">
        import { openLive } from "/live.js";
        window.news = [];
        window.live = openLive({
          ticketUrl: "/ticket/",
          scope: "test-e1",
          onSignal: (signal) => news.push(`signal ${signal.dialog}`),
          onResync: () => news.push("resync"),
          onStatus: ({ state }) => news.push(state),
        });
        </script>"""
    )


def live_script(request: HttpRequest) -> HttpResponse:
    return HttpResponse((ROOT / "static/openlines/live.js").read_bytes(), content_type="text/javascript")


urlpatterns = [
    path("ticket/", ticket),
    path("streams/", streams),
    path("live-page/", live_page),
    path("live.js", live_script),
    path("finished/", finished),
    path("endless/", endless),
    path("three-steps/", three_steps),
    path("breaks-off/", breaks_off),
    path("file/", file),
    path("fails/", fails),
    path("language/", language),
    path("backend/", backend),
    path("cookies/", cookies),
    path("memory/", memory),
    re_path(r"^echo/.*$", echo),
]
