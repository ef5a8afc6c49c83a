"""Clients that disconnect at random moments: tasks, descriptors and memory return to where they were."""

import os
import random
import socket
import struct
import unittest

from django_site import DjangoTestCase
from support import FULL, Client, RoostTestCase, WebSocket, needs, wait_until

COUNT = 10_000 if FULL else 2_000


def descriptors(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def memory(pid: int) -> int:
    """The resident memory, in bytes."""
    with open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class HangupChecks:
    REQUESTS = ()  # whole requests
    WEBSOCKET = None  # the path of an echo

    def hang_up(self, chance: random.Random):
        """One client: it sends a part of something, reads a part of the answer, and ends the connection in some way."""
        if self.WEBSOCKET and chance.random() < 0.25:
            client = WebSocket(self.server.port, self.WEBSOCKET)
            if chance.random() < 0.8:
                client.accept()
                for _ in range(chance.randrange(4)):
                    client.text("x" * chance.choice((1, 200, 70_000)))
                if chance.random() < 0.3:
                    client.send(b"\x81\xfe\x00\xff\0\0\0\0half")
                if chance.random() < 0.3:
                    client.close()
        else:
            client = Client(self.server.port)
            client.socket.settimeout(0.02)  # some requests get no answer
            request = chance.choice(self.REQUESTS)
            for _ in range(chance.choice((1, 1, 1, 2, 3))):
                client.send(request)
            client.send(request[:chance.randrange(min(len(request), 1000) + 1)])
            if chance.random() < 0.6:
                client.fill()
            if chance.random() < 0.2:
                client.socket.shutdown(socket.SHUT_WR)
                client.fill()
        if chance.random() < 0.5:
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.socket.close()

    def state(self):
        shown = self.server.get_json(self.STATE)
        return {name: shown[name] for name in self.STATE_NAMES}

    def check(self):
        seed = random.randrange(1 << 32)
        chance = random.Random(seed)
        pid = self.server.worker()

        def round_of(count):
            for _ in range(count):
                try:
                    self.hang_up(chance)
                except (OSError, EOFError):
                    pass
        before = self.state()
        round_of(COUNT // 4)
        wait_until(lambda: self.state() == before, f"the first state {before} (seed {seed})")
        files, size = descriptors(pid), memory(pid)
        round_of(COUNT)
        with self.subTest("tasks", seed=seed):
            try:
                wait_until(lambda: self.state() == before, "the first state")
            except AssertionError:
                self.assertEqual(self.state(), before, self.server.get(self.STATE).body)
        with self.subTest("descriptors", seed=seed):
            wait_until(lambda: descriptors(pid) <= files + 2, f"{descriptors(pid)} descriptors, before {files}")
        with self.subTest("memory", seed=seed):
            self.assertLess(memory(pid) - size, 16 << 20, f"growth of memory from {size} with {COUNT} clients")
        self.assertEqual(self.server.worker(), pid)


def post(target: bytes, size: int) -> bytes:
    return b"POST " + target + b" HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % size + b"x" * size


def get(target: bytes) -> bytes:
    return b"GET " + target + b" HTTP/1.1\r\nhost: x\r\n\r\n"


class PlainHangupTests(HangupChecks, RoostTestCase):
    APPLICATION = "plain:app"
    ARGUMENTS = ("--no-access-log",)
    REQUESTS = (get(b"/"), get(b"/stream"), get(b"/listening-stream"), get(b"/large"), get(b"/slow?0.01"),
                post(b"/echo", 10), post(b"/echo", 100_000), get(b"/blocking?0.01"))
    WEBSOCKET = b"/"
    STATE = b"/tasks"
    STATE_NAMES = ("tasks", "streams", "websockets")

    def test_hangups(self):
        """a plain application"""
        self.check()


@needs("django")
class DjangoHangupTests(HangupChecks, DjangoTestCase):
    ARGUMENTS = ("--no-access-log",)
    REQUESTS = (get(b"/plain"), get(b"/stream-endless"), get(b"/listen"), get(b"/async"), get(b"/query"),
                get(b"/static/style.css"), get(b"/hops"))
    STATE = b"/tasks"
    STATE_NAMES = ("tasks", "listening", "streams")

    def test_hangups(self):
        """Django"""
        self.check()


@needs("fastapi")
class FastAPIHangupTests(HangupChecks, RoostTestCase):
    APPLICATION = "with_fastapi:app"
    ARGUMENTS = ("--no-access-log",)
    REQUESTS = (get(b"/"), get(b"/sync"), get(b"/dependency"), get(b"/stream"), get(b"/background"), get(b"/docs"))
    WEBSOCKET = b"/ws"
    STATE = b"/tasks"
    STATE_NAMES = ("tasks",)

    def test_hangups(self):
        """FastAPI"""
        self.check()


if __name__ == "__main__":
    unittest.main()
