import asyncio

from gates import background as held_task, events, taken
from quart import Quart, jsonify, make_response, render_template_string, request, session, websocket

app = Quart(__name__)
app.secret_key = "secret"


@app.before_serving
async def startup():
    events.append("startup")


@app.after_serving
async def shutdown():
    print("the application has shut down", flush=True)


@app.get("/")
async def index():
    return await render_template_string("<h1>{{ title }}</h1>", title="Quart")


@app.get("/sync")
def synchronous():
    return "sync"


@app.post("/form")
async def form():
    return dict(await request.form)


@app.post("/upload")
async def upload():
    file = (await request.files)["file"]
    return {"name": file.filename, "size": len(file.read())}


@app.get("/count")
async def count():
    session["count"] = session.get("count", 0) + 1
    return {"count": session["count"]}


@app.get("/stream")
async def stream():
    async def parts():
        for number in range(5):
            yield f"part {number}\n"
    return parts(), 200, {"Content-Type": "text/plain"}


@app.get("/sse")
async def sse():
    async def parts():
        number = 0
        try:
            while True:
                yield f"data: {number}\n\n".encode()
                number += 1
                await asyncio.sleep(0.005)
        finally:
            events.append("stream closed")
    response = await make_response(parts(), {"Content-Type": "text/event-stream"})
    response.timeout = None
    return response


@app.get("/background")
async def background():
    app.add_background_task(held_task, request.args["gate"])
    app.add_background_task(lambda: events.append("background sync"))
    events.append("answered")
    return "started"


@app.get("/events")
async def shown():
    return jsonify(taken())


@app.websocket("/ws")
async def ws():
    try:
        while True:
            await websocket.send("echo " + await websocket.receive())
    except asyncio.CancelledError:
        events.append("websocket closed")
        raise
