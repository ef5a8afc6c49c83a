import asyncio
import contextlib
import gc
import threading

from fastapi import BackgroundTasks, Depends, FastAPI, Form, HTTPException, Request, UploadFile, WebSocket
from fastapi import WebSocketDisconnect
from fastapi.responses import StreamingResponse
from gates import background as held_task, events, taken
from pydantic import BaseModel


@contextlib.asynccontextmanager
async def lifespan(app):
    events.append("startup")
    yield {"number": 42}
    print("the application has shut down", flush=True)


app = FastAPI(lifespan=lifespan)


class Item(BaseModel):
    name: str
    price: float


def resource():
    events.append("resource opened")
    try:
        yield "resource"
    finally:
        events.append("resource closed")


async def resource_async():
    events.append("resource opened")
    try:
        yield "resource"
    finally:
        await asyncio.sleep(0)
        events.append("resource closed")


@app.get("/")
async def index():
    return {"main": threading.current_thread() is threading.main_thread()}


@app.get("/sync")
def synchronous():
    return {"main": threading.current_thread() is threading.main_thread()}


@app.get("/state")
async def state(request: Request):
    return {"number": request.state.number}


@app.get("/items/{number}")
def item(number: int, q: str | None = None):
    if number == 404:
        raise HTTPException(404, "no such item")
    return {"number": number, "q": q}


@app.post("/items")
async def add(item: Item):
    return item


@app.post("/upload")
async def upload(file: UploadFile, note: str = Form()):
    content = await file.read()
    return {"name": file.filename, "size": len(content), "note": note}


@app.get("/dependency")
def dependency(value: str = Depends(resource)):
    return value


@app.get("/dependency-async")
async def dependency_async(value: str = Depends(resource_async)):
    return value


@app.get("/background")
async def background(tasks: BackgroundTasks, gate: str | None = None):
    """A synchronous and an asynchronous task; this one waits for the gate, or takes some time."""
    def synchronous_task():
        events.append("background sync")
    tasks.add_task(synchronous_task)
    if gate is None:
        tasks.add_task(asyncio.sleep, 0.05)
    else:
        tasks.add_task(held_task, gate)
    events.append("answered")
    return {}


@app.get("/stream")
async def stream():
    async def parts():
        for number in range(5):
            yield f"part {number}\n"
            await asyncio.sleep(0)
    return StreamingResponse(parts(), media_type="text/plain")


@app.get("/stream-sync")
def stream_sync():
    return StreamingResponse((f"part {number}\n" for number in range(5)), media_type="text/plain")


@app.get("/events")
async def shown():
    return taken()


@app.get("/tasks")
async def tasks():
    gc.collect()
    return {"tasks": len(asyncio.all_tasks())}


@app.websocket("/ws")
async def websocket(websocket: WebSocket, value: str = Depends(resource_async)):
    await websocket.accept(subprotocol=(websocket.scope["subprotocols"] or [None])[0])
    try:
        while True:
            text = await websocket.receive_text()
            await websocket.send_text(f"{value}: {text}")
    except WebSocketDisconnect as error:
        events.append(f"disconnected {error.code}")


@app.websocket("/ws-refused")
async def refused(websocket: WebSocket):
    await websocket.close()
