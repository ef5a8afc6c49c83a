"""A plain ASGI application: what the tests of processes, disconnects and shutdowns need."""

import asyncio
import gc
import json
import os
import sys
import threading
import time

import gates

VALUE = "one"
counts = {"streams": 0, "websockets": 0}


async def answer(send, value, status=200):
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


async def index(scope, receive, send):
    await answer(send, {"pid": os.getpid(), "value": VALUE})


async def echo(scope, receive, send):
    body, more = b"", True
    while more:
        event = await receive()
        if event["type"] == "http.disconnect":
            return
        body += event["body"]
        more = event["more_body"]
    await answer(send, body)


async def slow(scope, receive, send):
    await asyncio.sleep(float(scope["query_string"]))
    await answer(send, b"slow")


async def blocking(scope, receive, send):
    await asyncio.get_running_loop().run_in_executor(None, time.sleep, float(scope["query_string"]))
    await answer(send, b"blocking")


async def held(scope, receive, send):
    """Is answered when the gate ?path is opened."""
    await gates.opened(scope["query_string"])
    await answer(send, b"held")


async def held_in_thread(scope, receive, send):
    await asyncio.get_running_loop().run_in_executor(None, gates.opened_in_thread, scope["query_string"])
    await answer(send, b"held in a thread")


async def thread(scope, receive, send):
    """Creates a thread."""
    created = threading.Thread(target=int)
    created.start()
    created.join()
    await answer(send, b"created")


async def background(scope, receive, send):
    """Continues after its response until the gate ?path is opened."""
    await answer(send, b"answered")
    await gates.opened(scope["query_string"])
    print("the background task has finished", file=sys.stderr, flush=True)


async def stream(scope, receive, send):
    """Server-sent events until the client disconnects."""
    counts["streams"] += 1
    try:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
        number = 0
        while True:
            await send({"type": "http.response.body", "body": b"data: %d\n\n" % number, "more_body": True})
            number += 1
            await asyncio.sleep(0.01)
    except OSError:
        pass
    finally:
        counts["streams"] -= 1


async def listening_stream(scope, receive, send):
    """Server-sent events that end when receive gives http.disconnect, as Starlette does it."""
    counts["streams"] += 1
    try:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
        await send({"type": "http.response.body", "body": b"data: 0\n\n", "more_body": True})
        while (await receive())["type"] != "http.disconnect":
            pass
        print("the stream has been told", file=sys.stderr, flush=True)
    finally:
        counts["streams"] -= 1


async def large(scope, receive, send):
    """A body that no client in a hurry reads whole."""
    try:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(100):
            await send({"type": "http.response.body", "body": b"x" * 65536, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    except OSError:
        pass


async def child(scope, receive, send):
    """A child process that ends by SIGTERM, and one that is asked something."""
    sleeper = await asyncio.create_subprocess_exec("sleep", "1000")
    sleeper.terminate()
    first = await asyncio.wait_for(sleeper.wait(), 10)
    talker = await asyncio.create_subprocess_exec(
        "cat", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
    output, _ = await talker.communicate(b"text")
    shell = await asyncio.create_subprocess_shell("exit 7")
    masked = await asyncio.create_subprocess_exec(
        "grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status", stdout=asyncio.subprocess.PIPE)
    masks, _ = await masked.communicate()
    await answer(send, {"terminated": first, "output": output.decode(), "shell": await shell.wait(),
                        "masks": masks.decode().split()})


async def tasks(scope, receive, send):
    gc.collect()
    running = [task.get_coro().cr_frame for task in asyncio.all_tasks()]
    names = sorted(f"{frame.f_code.co_name} {frame.f_locals.get('scope', {}).get('path', '')}"
                   for frame in running if frame is not None)
    await answer(send, {"tasks": len(running), "names": names, "pid": os.getpid(), **counts})


routes = {"/" + function.__name__.replace("_", "-"): function for function in (
    echo, slow, blocking, held, held_in_thread, thread, background, stream, listening_stream, large, child, tasks)}
routes["/"] = index


async def websocket(scope, receive, send):
    counts["websockets"] += 1
    try:
        await receive()
        await send({"type": "websocket.accept"})
        while True:
            event = await receive()
            if event["type"] == "websocket.disconnect":
                print(f"disconnected {event['code']}", file=sys.stderr, flush=True)
                return
            await send({"type": "websocket.send", "text": event.get("text"), "bytes": event.get("bytes")})
    except OSError:
        pass
    finally:
        counts["websockets"] -= 1


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        print("the application has shut down", file=sys.stderr, flush=True)
        await send({"type": "lifespan.shutdown.complete"})
    elif scope["type"] == "websocket":
        await websocket(scope, receive, send)
    elif page := routes.get(scope["path"]):
        await page(scope, receive, send)
    else:
        await answer(send, b"not found", 404)
