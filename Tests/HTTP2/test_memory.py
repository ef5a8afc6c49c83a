"""What a client can make the server keep: compressed header fields, and responses that it does not read."""

import select
import unittest

from flooding import FloodTest
from frames import (
    CONTINUATION, END_HEADERS, END_STREAM, HEADERS, DataFrame, GoAwayFrame, HeadersFrame, RstStreamFrame, frame, window_update)
from server import ROOST


def blocks(stream, block):
    """A request with this header block, split into frames."""
    pieces = [block[at:at + 16384] for at in range(0, len(block), 16384)]
    last = len(pieces) - 1
    return b"".join(
        frame(CONTINUATION if number else HEADERS, (0 if number else END_STREAM) | (END_HEADERS if number == last else 0), stream, piece)
        for number, piece in enumerate(pieces))


class Bombs(FloodTest):
    """A byte of a compressed header block stands for a field of up to 4 KiB (RFC 7541 §7.3)."""

    def explode(self, literal, count):
        """Requests with a field, given as its literal with indexing, and `count` references to it. None is answered 200."""
        client = self.frames(self.victim)
        request = client.block(client.fields()) + literal + b"\xbe" * count
        for stream in range(1, 41, 2):
            if client.all(GoAwayFrame):
                break
            try:
                client.write(blocks(stream, request))
            except ConnectionError:
                break
            kind, code = client.outcome(stream)
            self.assertNotEqual((kind, code), ("status", 200))
            self.check_bystander()
            if kind in ("closed", "goaway"):
                break
        self.check_victim()

    def test_references(self):
        value = b"v" * 3900
        literal = b"\x40\x03x-a\x7f" + bytes([0x80 | (3900 - 127) & 0x7f, (3900 - 127) >> 7]) + value
        for count in 100, 16000, 100000:
            with self.subTest(count=count):
                self.renew()
                self.explode(literal, count)

    def test_crumbs(self):
        """crumbs of a cookie, which become one field: each is counted by itself"""
        for name, literal in {"small": b"\x60\x01a", "empty": b"\x60\x00"}.items():
            for count in 2000, 16000, 100000:
                with self.subTest(crumb=name, count=count):
                    self.renew()
                    self.explode(literal, count)

    def test_empty_fields(self):
        """fields of few bytes, whose number is limited"""
        self.explode(b"\x40\x01a\x00", 16000)


class Stalled(FloodTest):
    """Clients that do not read. Their responses are cut after --timeout-write, or the connection is closed."""

    flood_options = ("--timeout-write", "1")

    def stalled(self, path, window):
        """A client with 100 streams and windows of this size, and one of the connection of 65,535 bytes."""
        client = self.frames(self.victim, initial=[(4, window)])
        client.socket.settimeout(30)
        client.write(*[client.headers(1 + 2 * number, client.fields(path)) for number in range(100)])
        return client

    def check_cut(self, client, streams):
        """Reads until `streams` streams were reset, or the connection is closed."""
        while len({each.stream_id for each in client.all(RstStreamFrame)}) < streams and client.read():
            pass

    def check_stalled(self, client):
        """Little is kept while the responses wait, and they do not wait for ever."""
        client.round_trip()
        self.check_victim()
        self.check_cut(client, 100)
        self.check_victim()

    def test_streams(self):
        """large responses to streams without a window"""
        for path in "/parts?100000", "/size?1000000", f"/file?{ROOST}":
            with self.subTest(path=path):
                self.renew()
                client = self.stalled(path, 0)
                self.check_stalled(client)
                self.assertFalse([each for each in client.all(DataFrame) if each.data])

    def test_connection(self):
        """the same with windows, but without one of the connection"""
        for path in "/parts?100000", "/size?1000000", f"/file?{ROOST}":
            with self.subTest(path=path):
                self.renew()
                client = self.stalled(path, 1 << 30)
                self.check_stalled(client)
                self.assertLessEqual(sum(len(each.data) for each in client.all(DataFrame)), 65535)

    def test_socket(self):
        """the same with all windows, and a client that reads nothing from its socket"""
        for path in "/parts?100000", "/size?1000000", f"/file?{ROOST}":
            with self.subTest(path=path):
                self.renew()
                client = self.frames(self.victim, initial=[(4, 1 << 30)])
                client.write(window_update(0, 1 << 30), *[client.headers(1 + 2 * each, client.fields(path)) for each in range(100)])
                # Readable without being read, it ends when the server closes it.
                poll = select.poll()
                poll.register(client.socket, select.POLLRDHUP)
                for _ in range(300):
                    self.check_bystander()
                    if poll.poll(100):
                        break
                else:
                    self.fail("the connection was not closed")
                self.check_victim()

    def test_drips(self):
        """a window that opens by single bytes, ten times a second, does not keep a response alive"""
        client = self.frames(self.victim, initial=[(4, 0)])
        client.write(client.headers(1, client.fields("/parts?100000")))
        client.wait_for(HeadersFrame, 1)
        client.socket.settimeout(0.1)
        while not client.all(RstStreamFrame, 1):
            client.try_write(window_update(1, 1))
            try:
                while client.read():
                    pass
                break
            except TimeoutError:
                self.check_bystander()
        self.check_victim()

    def test_slow_reader(self):
        """a client that reads slowly, but more than the minimum, is served to the end"""
        client = self.frames(self.victim, initial=[(4, 0)])
        client.write(window_update(0, 1 << 20), client.headers(1, client.fields("/parts?100")))
        client.socket.settimeout(0.1)
        while not (client.all(DataFrame, 1) and "END_STREAM" in client.all(DataFrame, 1)[-1].flags):
            client.write(window_update(1, 3000))
            try:
                while received := client.read():
                    self.assertNotIsInstance(received, (RstStreamFrame, GoAwayFrame))
                self.fail("the connection was closed")
            except TimeoutError:
                pass
        self.assertEqual(sum(len(each.data) for each in client.all(DataFrame, 1)), 100000)


if __name__ == "__main__":
    unittest.main()
