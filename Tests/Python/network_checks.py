"""Checks of loop_checks.py: sockets, streams, TLS, names."""

import asyncio
import shutil
import socket
import ssl
import subprocess
import tempfile
import unittest

from checks import check


@check
async def readers_and_writers():
    loop = asyncio.get_running_loop()
    a, b = socket.socketpair()
    future, writable = loop.create_future(), loop.create_future()
    loop.add_reader(a, lambda: future.done() or future.set_result(a.recv(9)))
    loop.add_writer(b, lambda: writable.done() or writable.set_result(True))
    loop.call_later(0.01, b.send, b"x")
    assert await future == b"x" and await writable
    loop.remove_reader(a)
    loop.remove_writer(b)
    a.close()
    b.close()


@check
async def socket_methods():
    loop = asyncio.get_running_loop()
    a, b = socket.socketpair()
    a.setblocking(False)
    b.setblocking(False)
    await loop.sock_sendall(a, b"q" * 100)
    assert len(await loop.sock_recv(b, 200)) == 100
    a.close()
    b.close()


@check
async def streams():
    async def handle(reader, writer):
        writer.write(await reader.readline())
        await writer.drain()
        writer.close()
    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    writer.write(b"a\n")
    assert await reader.readline() == b"a\n"
    writer.close()
    server.close()


@check
async def tls():
    if shutil.which("openssl") is None:
        raise unittest.SkipTest("openssl is not installed")
    with tempfile.TemporaryDirectory() as folder:
        key, certificate = f"{folder}/key", f"{folder}/certificate"
        await asyncio.to_thread(subprocess.run, [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
            "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate],
            check=True, stderr=subprocess.DEVNULL)
        ours = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        ours.load_cert_chain(certificate, key)
        theirs = ssl.create_default_context(cafile=certificate)
    async def handle(reader, writer):
        writer.write(await reader.readexactly(1_000_000))
        await writer.drain()
        writer.close()
    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=ours)
    reader, writer = await asyncio.open_connection(
        *server.sockets[0].getsockname(), ssl=theirs, server_hostname="localhost")
    writer.write(b"t" * 1_000_000)
    assert await reader.readexactly(1_000_000) == b"t" * 1_000_000
    writer.close()
    server.close()


@check
async def ping_pong():
    "Two tasks over a socket pair: each message needs a turn of the watch or a round."
    a, b = socket.socketpair()
    ra, wa = await asyncio.open_connection(sock=a)
    rb, wb = await asyncio.open_connection(sock=b)
    async def pong():
        for _ in range(300):
            wb.write(await rb.readexactly(8))
    task = asyncio.create_task(pong())
    for _ in range(300):
        wa.write(b"12345678")
        assert await ra.readexactly(8) == b"12345678"
    await task
    wa.close()
    wb.close()


@check
async def large_transfer():
    a, b = socket.socketpair()
    ra, wa = await asyncio.open_connection(sock=a)
    rb, wb = await asyncio.open_connection(sock=b)
    async def write():
        wa.write(b"z" * 5_000_000)
        await wa.drain()
        wa.close()
    task = asyncio.create_task(write())
    assert len(await rb.read(-1)) == 5_000_000
    await task
    wb.close()


@check
async def names_are_resolved():
    assert await asyncio.get_running_loop().getaddrinfo("localhost", 80)
