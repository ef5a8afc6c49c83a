"""WebSockets of HTTP/2 that are refused, or that break their rules."""

import os
import unittest

from frames import END_HEADERS
from server import ServerTest
from websocket import BINARY, CLOSE, CONTINUATION, PING, TEXT, WebSocket

# An extended CONNECT (RFC 8441 §4).
WHOLE = [
    (":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http"), (":path", "/"), (":authority", "localhost"),
    ("sec-websocket-version", "13")]


class Handshakes(ServerTest):
    def refused(self, status, headers=(), **pseudo):
        client = self.client()
        socket = WebSocket(client, "/", headers, **pseudo)
        self.assertEqual(socket.status(), status)
        client.response(socket.stream)
        self.assertEqual(client.get("/version").body, b"1")

    def test_protocols(self):
        self.refused(501, protocol="connect-udp")
        self.refused(501, protocol="WebSocket")

    def test_version(self):
        client = self.frames()
        client.write(client.headers(1, [*WHOLE[:-1], ("sec-websocket-version", "12")], END_HEADERS))
        self.assertEqual(client.outcome(1), ("status", 426))

    def test_origin(self):
        """--ws-origins: pages of other origins are refused"""
        self.refused(403, [("origin", "http://evil.example")])
        self.assertEqual(WebSocket(self.client(), headers=[("origin", "http://localhost")]).status(), 200)

    def test_malformed(self):
        """an extended CONNECT needs all pseudo-header fields, and is a CONNECT"""
        for left_out in ":scheme", ":path", ":method":
            with self.subTest(left_out=left_out):
                client = self.frames()
                client.write(client.headers(1, [pair for pair in WHOLE if pair[0] != left_out], END_HEADERS))
                self.assertIn(client.outcome(1), (("reset", 1), ("status", 400)))
                self.assertEqual(client.status(3), 200)
        client = self.frames()
        client.write(client.headers(1, [(":method", "GET"), *WHOLE[1:]], END_HEADERS))
        self.assertIn(client.outcome(1), (("reset", 1), ("status", 400)))

    def test_get_with_upgrade(self):
        """the handshake of HTTP/1.1 is malformed in HTTP/2 (RFC 9113 §8.2.2)"""
        client = self.frames()
        client.write(client.headers(1, client.fields(
            "/", "GET", ("upgrade", "websocket"), ("connection", "upgrade"), ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("sec-websocket-version", "13"))))
        self.assertIn(client.outcome(1), (("reset", 1), ("status", 400)))

    def test_without_offer(self):
        """a client that asks though the setting was not sent"""
        server = self.start("--no-h2-websockets")
        client = self.frames(server)
        client.write(client.headers(1, WHOLE, END_HEADERS))
        self.assertIn(client.outcome(1), (("reset", 1), ("status", 400), ("status", 501)))
        self.assertEqual(client.status(3), 200)


class Violations(ServerTest):
    """Invalid frames: the WebSocket is closed with a code, and the connection lives on."""

    def check(self, code, *frames):
        client = self.client()
        socket = WebSocket(client)
        self.assertEqual(socket.status(), 200)
        for kind, payload, options in frames:
            socket.write(kind, payload, **options)
        self.assertEqual(socket.closed()[0], code)
        # The server need not wait for an answer.
        client.response(socket.stream)
        self.assertEqual(client.get("/version").body, b"1")

    def test_frames(self):
        cases = {
            "no mask": (1002, (TEXT, b"x", {"masked": False})),
            "reserved bit": (1002, (TEXT, b"x", {"reserved": 0x40})),
            "unknown kind": (1002, (3, b"x", {})),
            "continuation without a start": (1002, (CONTINUATION, b"x", {})),
            "a start inside a message": (1002, (TEXT, b"x", {"final": False}), (TEXT, b"y", {})),
            "fragmented ping": (1002, (PING, b"x", {"final": False})),
            "long ping": (1002, (PING, b"x" * 126, {})),
            "close of one byte": (1002, (CLOSE, b"\x03", {})),
            "close with code 1005": (1002, (CLOSE, b"\x03\xed", {})),
            "text that is not UTF-8": (1007, (TEXT, b"\xff", {})),
            "text that is cut": (1007, (TEXT, "ä".encode()[:1], {})),
        }
        for name, (code, *frames) in cases.items():
            with self.subTest(name):
                self.check(code, *frames)

    def test_size(self):
        """--ws-max-size"""
        server = self.start("--ws-max-size", "1000")
        socket = WebSocket(self.client(server))
        self.assertEqual(socket.status(), 200)
        socket.write(BINARY, bytes(1001))
        self.assertEqual(socket.closed()[0], 1009)

    def test_garbage(self):
        client = self.client()
        for seed in range(20):
            socket = WebSocket(client)
            self.assertEqual(socket.status(), 200)
            client.send(socket.stream, bytes([0xff]) + os.urandom(200))
            self.assertEqual(socket.closed()[0], 1002)
        self.assertEqual(client.get("/version").body, b"1")


if __name__ == "__main__":
    unittest.main()
