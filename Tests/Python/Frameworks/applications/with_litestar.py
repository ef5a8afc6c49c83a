import asyncio
import contextlib
import threading

from gates import background as held_task, events, taken
from litestar import Litestar, MediaType, WebSocket, get, post, websocket
from litestar.background_tasks import BackgroundTask
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.handlers import websocket_listener
from litestar.params import Body
from litestar.response import Response, ServerSentEvent, Stream
from typing import Annotated


@contextlib.asynccontextmanager
async def lifespan(app):
    events.append("startup")
    yield
    print("the application has shut down", flush=True)


@get("/", media_type=MediaType.TEXT)
async def index() -> str:
    return "index"


@get("/sync", sync_to_thread=True)
def synchronous() -> dict:
    return {"main": threading.current_thread() is threading.main_thread()}


@post("/json")
async def json(data: dict) -> dict:
    return {"got": data}


@post("/upload")
async def upload(data: Annotated[UploadFile, Body(media_type=RequestEncodingType.MULTI_PART)]) -> dict:
    return {"name": data.filename, "size": len(await data.read())}


@get("/stream")
async def stream() -> Stream:
    async def parts():
        for number in range(5):
            yield f"part {number}\n"
    return Stream(parts(), media_type="text/plain")


@get("/sse")
async def sse() -> ServerSentEvent:
    async def parts():
        for number in range(3):
            yield f"{number}"
            await asyncio.sleep(0.005)
    return ServerSentEvent(parts())


@get("/background")
async def background(gate: str) -> Response[str]:
    events.append("answered")
    return Response("started", background=BackgroundTask(held_task, gate))


@get("/events")
async def shown() -> list:
    return taken()


@websocket_listener("/listener")
async def listener(data: str) -> str:
    return "echo " + data


@websocket("/ws")
async def ws(socket: WebSocket) -> None:
    await socket.accept()
    while True:
        await socket.send_json({"echo": await socket.receive_json()})


app = Litestar([index, synchronous, json, upload, stream, sse, background, shown, listener, ws], lifespan=[lifespan])
