"""A hundred messages between two tasks through a pair of sockets."""

import asyncio
import socket

idle = []


async def echo(reader, writer):
    while data := await reader.readexactly(8):
        writer.write(data)


async def pair():
    one, other = socket.socketpair()
    connection = await asyncio.open_connection(sock=one)
    peer = await asyncio.open_connection(sock=other)
    return *connection, asyncio.create_task(echo(*peer))


async def application(scope, receive, send):
    if scope["type"] != "http":
        raise RuntimeError("this application serves HTTP")
    connection = idle.pop() if idle else await pair()
    reader, writer, _ = connection
    for _ in range(50):
        writer.write(b"12345678")
        await reader.readexactly(8)
    idle.append(connection)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})
