"""Frames that cost the client nothing: beyond a limit the connection is ended."""

import itertools
import struct
import unittest

from flooding import FloodTest
from frames import (
    CONTINUATION, DATA, END_HEADERS, END_STREAM, ENHANCE_YOUR_CALM, HEADERS, PING, PRIORITY, PROTOCOL_ERROR, SETTINGS, frame,
    reset, settings, window_update)

LAST = (1 << 31) - 1
# More than any budget for a second permits.
MANY = 400


class Floods(FloodTest):
    def streams(self, client, frames, limit=20000):
        """Chunks with the frames of 50 streams each. `frames` gets the number of a stream."""
        numbers = itertools.count(1, 2)
        for _ in range(limit // 50):
            yield b"".join(frames(next(numbers)) for _ in range(50))

    def test_rapid_reset(self):
        """CVE-2023-44487"""
        for path in "/version", "/wait", "/parts?100":
            with self.subTest(path=path):
                client = self.frames(self.victim)
                request = client.block(client.fields(path))
                self.flood(client, self.streams(
                    client, lambda stream: frame(HEADERS, END_STREAM | END_HEADERS, stream, request) + reset(stream)))
                self.check_end(client)

    def test_made_you_reset(self):
        """CVE-2025-8671: the client makes the server reset its streams"""
        opened = END_HEADERS
        provocations = {
            "window overflow": lambda stream: window_update(stream, LAST),
            "WINDOW_UPDATE of 0": lambda stream: window_update(stream, 0),
            "PRIORITY of 4 bytes": lambda stream: frame(PRIORITY, 0, stream, bytes(4)),
            "DATA beyond content-length": lambda stream: frame(DATA, END_STREAM, stream, bytes(10)),
            "DATA after the end": lambda stream: frame(DATA, END_STREAM, stream) + frame(DATA, END_STREAM, stream, b"x") * 2,
        }
        for name, provocation in provocations.items():
            with self.subTest(name):
                client = self.frames(self.victim)
                request = client.block(client.fields("/wait", "POST", *([("content-length", "5")] if "length" in name else [])))
                self.flood(client, self.streams(
                    client, lambda stream: frame(HEADERS, opened, stream, request) + provocation(stream)))
                # Some of them end the connection by themselves.
                self.assertTrue(client.error or client.received)
                self.check_victim()

    def test_malformed_requests(self):
        client = self.frames(self.victim)
        request = client.block(client.fields("/version", "GET", ("connection", "close")))
        self.flood(client, self.streams(client, lambda stream: frame(HEADERS, END_STREAM | END_HEADERS, stream, request)))
        # There are more streams than the settings permit.
        self.check_end(client, PROTOCOL_ERROR)

    def test_refused_streams(self):
        """streams beyond the limit, none of which ends"""
        client = self.frames(self.victim)
        request = client.block(client.fields("/wait"))
        self.flood(client, self.streams(client, lambda stream: frame(HEADERS, END_STREAM | END_HEADERS, stream, request)))
        # There are more streams than the settings permit.
        self.check_end(client, PROTOCOL_ERROR)

    def test_continuations(self):
        """CVE-2024-28182: a header block without an end"""
        for name, part in {"empty": b"", "small": b"\x00\x03x-a\x01b", "large": b"\x00\x03x-a\x7f\x81\x7e" + b"v" * 16256}.items():
            with self.subTest(name):
                client = self.frames(self.victim)
                begin = frame(HEADERS, END_STREAM, 1, client.block(client.fields()))
                self.flood(client, [begin, *[frame(CONTINUATION, 0, 1, part) * 10] * MANY])
                self.check_victim()

    def test_idle_frames(self):
        """frames that have no effect"""
        thirty_two = settings(*[(4, 65535 + number) for number in range(32)])
        floods = {
            "PING": frame(PING, 0, 0, bytes(8)), "PING ACK": frame(PING, 1, 0, bytes(8)), "SETTINGS": frame(SETTINGS),
            "SETTINGS of 32 entries": thirty_two, "PRIORITY": frame(PRIORITY, 0, 3, struct.pack(">IB", 0, 1)),
            "PRIORITY_UPDATE": frame(16, 0, 0, struct.pack(">I", 1) + b"u=1"), "unknown frames": frame(0xf0, 0, 0),
            "unknown frames on a stream": frame(0xf0, 0, 1), "WINDOW_UPDATE of 1": window_update(0, 1),
            "WINDOW_UPDATE of 1 on a stream": window_update(1, 1), "empty DATA": frame(DATA, 0, 1)}
        for name, data in floods.items():
            with self.subTest(name):
                client = self.frames(self.victim)
                client.write(client.headers(1, client.fields(f"/slow?{name.replace(' ', '-')}", "POST"), END_HEADERS))
                self.flood(client, [data * 200] * MANY)
                self.check_end(client)

    def test_unread_answers(self):
        """a client that reads no answer: the server does not collect them"""
        client = self.frames(self.victim, answers=False)
        client.socket.settimeout(2)
        data = frame(PING, 0, 0, bytes(8)) * 500
        try:
            for _ in range(MANY):
                client.write(data)
        except (ConnectionError, TimeoutError):
            pass
        self.check_victim()

    def test_options(self):
        """--limit-h2-resets and --limit-h2-idle-frames"""
        server = self.start("--limit-h2-resets", "20", "--limit-h2-idle-frames", "100", "--limit-h2-continuations", "2")
        client = self.frames(server)
        client.write(*[client.headers(stream) + reset(stream) for stream in range(1, 401, 2)])
        self.assertEqual(client.outcome(0), ("goaway", ENHANCE_YOUR_CALM))
        client = self.frames(server)
        client.write(frame(PING, 0, 0, bytes(8)) * 500)
        self.assertEqual(client.outcome(0), ("goaway", ENHANCE_YOUR_CALM))
        client = self.frames(server)
        client.write(frame(HEADERS, END_STREAM, 1, client.block(client.fields())), frame(CONTINUATION, 0, 1) * 10)
        self.assertIn(client.outcome(0)[0], ("goaway", "closed"))
        self.check_alive(server)


if __name__ == "__main__":
    unittest.main()
