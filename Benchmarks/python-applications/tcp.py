"""Three trips to another server over a kept connection, as to a database."""

import asyncio
import os

idle = []


async def application(scope, receive, send):
    if scope["type"] != "http":
        raise RuntimeError("this application serves HTTP")
    connection = idle.pop() if idle else await asyncio.open_connection("127.0.0.1", int(os.environ["LINE_SERVER_PORT"]))
    reader, writer = connection
    for _ in range(3):
        writer.write(b"PING 12345678\r\n")
        await reader.readline()
    idle.append(connection)
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"2")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"ok"})
