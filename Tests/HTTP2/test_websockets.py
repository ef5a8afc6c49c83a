"""WebSockets on streams of HTTP/2 (RFC 8441)."""

import os
import unittest

from frames import SettingsFrame
from server import fields
from websocket import CONTINUATION, PING, PONG, TEXT, WebSocketTest

CONNECT_PROTOCOL = 8
DEFLATE = ("sec-websocket-extensions", "permessage-deflate; client_max_window_bits")


class WebSockets(WebSocketTest):
    tls = True

    def test_setting(self):
        """ENABLE_CONNECT_PROTOCOL is sent if every application answers WebSockets"""
        self.assertEqual(self.frames().wait_for(SettingsFrame).settings.get(CONNECT_PROTOCOL), 1)
        server = self.start("--no-h2-websockets")
        self.assertNotEqual(self.frames(server).wait_for(SettingsFrame).settings.get(CONNECT_PROTOCOL), 1)

    def test_scope(self):
        for tls in (False, True):
            with self.subTest(tls=tls):
                socket = self.open("/scope?a=b", [("x-a", "1")], self.client(tls=tls), scheme="https" if tls else "http")
                scope = fields(socket.message())
                self.assertEqual(
                    [scope[name] for name in ("type", "http_version", "scheme", "method", "path", "query")],
                    ["websocket", "2", "wss" if tls else "ws", "", "/scope", "a=b"])
                self.assertEqual(dict(scope["headers"])["host"], "localhost")
                self.assertEqual(dict(scope["headers"])["x-a"], "1")
                self.assertFalse([name for name, _ in scope["headers"] if name.startswith(":")])
                self.assertEqual(scope["tls"] is not None, tls)

    def test_response(self):
        """no field of the handshake of HTTP/1.1 is sent"""
        names = [name for name, _ in self.open().response.headers]
        self.assertIn("x-route", names)
        self.assertFalse({"upgrade", "connection", "sec-websocket-accept", "sec-websocket-extensions", "content-length"} & set(names))

    def test_echo(self):
        socket = self.open()
        for message in "text", b"binary", "", b"", "äöü€😀", bytes(range(256)), "x" * 125, "x" * 126, b"y" * 65535, b"z" * 65536:
            socket.send(message)
            self.assertEqual(socket.message(), message)

    def test_large(self):
        for tls in (False, True):
            socket = self.open(client=self.client(tls=tls), scheme="https" if tls else "http")
            for message in os.urandom(1 << 20), "ä" * (1 << 19):
                socket.send(message)
                self.assertEqual(socket.message(), message)

    def test_fragments(self):
        socket = self.open()
        message = os.urandom(10000)
        socket.send(message, parts=9)
        self.assertEqual(socket.message(), message)
        # A ping between the fragments, and an empty fragment.
        socket.write(TEXT, b"one, ", final=False)
        socket.write(PING, b"now")
        socket.write(CONTINUATION, b"", final=False)
        socket.write(CONTINUATION, b"two")
        self.assertEqual(socket.read()[:2], (PONG, b"now"))
        self.assertEqual(socket.message(), "one, two")

    def test_single_bytes(self):
        """a frame whose bytes arrive in a DATA frame each"""
        socket = self.open()
        for byte in b"\x81\x85\0\0\0\0hello":
            socket.client.send(socket.stream, bytes([byte]))
        self.assertEqual(socket.message(), "hello")

    def test_ping(self):
        socket = self.open()
        for payload in b"", b"abc", b"x" * 125:
            socket.write(PING, payload)
            self.assertEqual(socket.read()[:2], (PONG, payload))
        socket.write(PONG, b"nobody asked")
        socket.send("still open")
        self.assertEqual(socket.message(), "still open")

    def test_ping_by_the_server(self):
        server = self.start("--ws-ping-interval", "1")
        socket = self.open("/pinged", client=self.client(server))
        kind, payload, _ = socket.read()
        self.assertEqual(kind, PING)
        socket.write(PONG, payload)
        socket.send("still open")
        self.assertEqual(socket.message(), "still open")

    def test_subprotocol(self):
        socket = self.open(headers=[("sec-websocket-protocol", "one, two"), ("sec-websocket-protocol", "three")])
        self.assertEqual(socket.response.values("sec-websocket-protocol"), ["three"])
        self.assertEqual(self.open().response.values("sec-websocket-protocol"), [])

    def test_compression(self):
        socket = self.open(headers=[DEFLATE])
        self.assertIsNotNone(socket.compressor)
        for message in "again and again " * 1000, os.urandom(10000), "", "again and again " * 1000:
            socket.send(message)
            self.assertEqual(socket.message(), message)
            socket.send(message, parts=3)
            self.assertEqual(socket.message(), message)
        socket = self.open(client=self.client(self.start("--ws-per-message-deflate", "false")), headers=[DEFLATE])
        self.assertIsNone(socket.compressor)
        socket.send("plain")
        self.assertEqual(socket.message(), "plain")

    def test_several(self):
        """WebSockets and requests share a connection"""
        client = self.client()
        sockets = [self.open(client=client, headers=[DEFLATE] if number % 2 else []) for number in range(20)]
        for turn in range(3):
            for number, socket in enumerate(sockets):
                socket.send(f"{turn} of {number}")
            self.assertEqual(len(client.get("/size?30000").body), 30000)
            for number, socket in reversed(list(enumerate(sockets))):
                self.assertEqual(socket.message(), f"{turn} of {number}")

    def test_back_pressure(self):
        """a client that does not read stops its own WebSocket only"""
        client = self.client(reads=False, window=10000)
        socket = self.open(client=client)
        for _ in range(20):
            socket.send(bytes(10000))
        client.round_trip()
        self.assertLessEqual(len(socket.response.body), 10000)
        self.assertEqual(client.get("/version").body, b"1")
        client.open_window(1 << 20, socket.stream)
        client.open_window(1 << 20)
        for _ in range(20):
            self.assertEqual(socket.message(), bytes(10000))


class WebSocketsInGroup(WebSockets):
    """The same with the module in another worker."""
    grouped = True


if __name__ == "__main__":
    unittest.main()
