import asyncio
import os
import pathlib

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, RedirectResponse, StreamingResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles

FOLDER = pathlib.Path(os.environ["STATIC_FOLDER"])
sent = []  # the types of the events of file responses


class Timed(BaseHTTPMiddleware):
    async def dispatch(self, request, call_next):
        response = await call_next(request)
        response.headers["x-timed"] = "yes"
        return response


class Recorded:
    """Records the types of the events that the application sends for files."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http" or not scope["path"].startswith(("/file", "/static")):
            return await self.app(scope, receive, send)

        async def recorded(event):
            sent.append(event["type"])
            await send(event)
        await self.app(scope, receive, recorded)


async def index(request):
    return PlainTextResponse("index")


async def long(request):
    return PlainTextResponse("long " * 1000)


async def extensions(request):
    return JSONResponse({"extensions": sorted(request.scope["extensions"]), "asgi": request.scope["asgi"]})


async def count(request):
    request.session["count"] = request.session.get("count", 0) + 1
    return JSONResponse({"count": request.session["count"]})


async def sse(request):
    async def events():
        for number in range(3):
            yield f"event: tick\ndata: {number}\n\n"
            await asyncio.sleep(0.01)
    return StreamingResponse(events(), media_type="text/event-stream")


endless_open = 0


async def sse_endless(request):
    async def events():
        global endless_open
        endless_open += 1
        try:
            number = 0
            while True:
                yield f"data: {number}\n\n"
                number += 1
                await asyncio.sleep(0.005)
        finally:
            endless_open -= 1
    return StreamingResponse(events(), media_type="text/event-stream")


async def state(request):
    return JSONResponse({"open": endless_open})


async def echo(request):
    async def parts():
        async for part in request.stream():
            yield part
    return StreamingResponse(parts(), media_type="application/octet-stream")


async def form(request):
    async with request.form() as form:
        return JSONResponse({key: value for key, value in form.items()})


async def file(request):
    return FileResponse(FOLDER / "large.bin", filename="large.bin")


async def shown(request):
    taken = sent[:]
    sent.clear()
    return JSONResponse(taken)


async def redirect(request):
    return RedirectResponse("/")


async def websocket(websocket):
    await websocket.accept()
    async for message in websocket.iter_json():
        await websocket.send_json({"echo": message})


app = Starlette(
    routes=[
        Route("/", index), Route("/extensions", extensions), Route("/count", count), Route("/sse", sse),
        Route("/sse-endless", sse_endless), Route("/state", state), Route("/echo", echo, methods=["POST"]),
        Route("/form", form, methods=["POST"]), Route("/file", file), Route("/long", long), Route("/sent", shown),
        Route("/redirect", redirect), WebSocketRoute("/ws", websocket),
        Mount("/static", StaticFiles(directory=FOLDER, html=True)),
    ],
    middleware=[Middleware(Recorded), Middleware(SessionMiddleware, secret_key="secret"), Middleware(Timed),
                Middleware(GZipMiddleware, minimum_size=1000)])
# The same without middleware.
plain = Recorded(Starlette(routes=app.routes))
