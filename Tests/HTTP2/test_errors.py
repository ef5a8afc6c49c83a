"""What a client gets that violates the protocol, while other streams and other clients live on."""

import struct
import unittest

from frames import (
    ACK, COMPRESSION_ERROR, CONTINUATION, DATA, END_HEADERS, END_STREAM, FLOW_CONTROL_ERROR, FRAME_SIZE_ERROR, GOAWAY, HEADERS,
    PADDED, PING, PREFACE, PRIORITIZED, PRIORITY, PROTOCOL_ERROR, PUSH_PROMISE, RST_STREAM, SETTINGS, STREAM_CLOSED,
    WINDOW_UPDATE, DataFrame, frame, reset, settings, window_update)
from server import ServerTest

LAST = (1 << 31) - 1


def stream_errors(client):
    """Frames on stream 3, after stream 1 has begun, and the codes with which the stream is reset."""
    request = client.headers(3, client.fields("/echo", "POST"), END_HEADERS)
    ended = client.headers(3)
    return {
        "WINDOW_UPDATE of 0": (request + window_update(3, 0), {PROTOCOL_ERROR}),
        "window overflow": (request + window_update(3, LAST), {FLOW_CONTROL_ERROR}),
        "DATA after the end": (ended + frame(DATA, END_STREAM, 3, b"late"), {STREAM_CLOSED, "answered"}),
        "HEADERS after the end": (ended + client.headers(3), {STREAM_CLOSED, "answered"}),
        "PRIORITY of 4 bytes": (request + frame(PRIORITY, 0, 3, bytes(4)), {FRAME_SIZE_ERROR}),
        "trailers without END_STREAM": (request + client.headers(3, [("x-a", "1")], END_HEADERS), {PROTOCOL_ERROR, 400}),
    }


def connection_errors(client):
    """Frames after stream 1 has begun, and the codes with which the connection is closed."""
    block = client.block(client.fields())
    open_block = frame(HEADERS, END_STREAM, 3, block[:5])
    return {
        "DATA on stream 0": (frame(DATA, 0, 0, b"x"), {PROTOCOL_ERROR}),
        "DATA on an idle stream": (frame(DATA, 0, 9, b"x"), {PROTOCOL_ERROR, STREAM_CLOSED}),
        "HEADERS on stream 0": (frame(HEADERS, 5, 0, block), {PROTOCOL_ERROR}),
        "HEADERS on an even stream": (frame(HEADERS, 5, 2, block), {PROTOCOL_ERROR}),
        "CONTINUATION without HEADERS": (frame(CONTINUATION, END_HEADERS, 3, block), {PROTOCOL_ERROR}),
        "CONTINUATION on another stream": (open_block + frame(CONTINUATION, END_HEADERS, 5, block[5:]), {PROTOCOL_ERROR}),
        "a frame inside a header block": (open_block + frame(PING, 0, 0, bytes(8)), {PROTOCOL_ERROR}),
        "HEADERS inside a header block": (open_block + frame(HEADERS, 5, 5, block), {PROTOCOL_ERROR}),
        "an unknown frame inside a header block": (open_block + frame(0xf0, 0, 0), {PROTOCOL_ERROR}),
        "RST_STREAM on an idle stream": (reset(9), {PROTOCOL_ERROR}),
        "RST_STREAM on stream 0": (reset(0), {PROTOCOL_ERROR}),
        "RST_STREAM of 3 bytes": (frame(RST_STREAM, 0, 1, bytes(3)), {FRAME_SIZE_ERROR}),
        "WINDOW_UPDATE on an idle stream": (window_update(9, 1), {PROTOCOL_ERROR}),
        "WINDOW_UPDATE of 0 on the connection": (window_update(0, 0), {PROTOCOL_ERROR}),
        "WINDOW_UPDATE of 3 bytes": (frame(WINDOW_UPDATE, 0, 0, bytes(3)), {FRAME_SIZE_ERROR}),
        "window overflow of the connection": (window_update(0, LAST), {FLOW_CONTROL_ERROR}),
        "PUSH_PROMISE": (frame(PUSH_PROMISE, END_HEADERS, 1, struct.pack(">I", 2) + block), {PROTOCOL_ERROR}),
        "PING on a stream": (frame(PING, 0, 1, bytes(8)), {PROTOCOL_ERROR}),
        "PING of 7 bytes": (frame(PING, 0, 0, bytes(7)), {FRAME_SIZE_ERROR}),
        "GOAWAY on a stream": (frame(GOAWAY, 0, 1, bytes(8)), {PROTOCOL_ERROR}),
        "GOAWAY of 7 bytes": (frame(GOAWAY, 0, 0, bytes(7)), {FRAME_SIZE_ERROR}),
        "PRIORITY on stream 0": (frame(PRIORITY, 0, 0, bytes(5)), {PROTOCOL_ERROR}),
        "SETTINGS on a stream": (frame(SETTINGS, 0, 1), {PROTOCOL_ERROR}),
        "SETTINGS of 5 bytes": (frame(SETTINGS, 0, 0, bytes(5)), {FRAME_SIZE_ERROR}),
        "SETTINGS ACK with settings": (frame(SETTINGS, ACK, 0, bytes(6)), {FRAME_SIZE_ERROR}),
        "ENABLE_PUSH of 2": (settings((2, 2)), {PROTOCOL_ERROR}),
        "INITIAL_WINDOW_SIZE of 2^31": (settings((4, 1 << 31)), {FLOW_CONTROL_ERROR}),
        "MAX_FRAME_SIZE of 100": (settings((5, 100)), {PROTOCOL_ERROR}),
        "MAX_FRAME_SIZE of 2^24": (settings((5, 1 << 24)), {PROTOCOL_ERROR}),
        "a frame above the limit": (frame(DATA, 0, 1, bytes(16385)), {FRAME_SIZE_ERROR}),
        "HEADERS above the limit": (frame(HEADERS, 5, 3, bytes(20000)), {FRAME_SIZE_ERROR}),
        "DATA of padding only": (frame(DATA, PADDED, 1, b"\xff" + bytes(5)), {PROTOCOL_ERROR}),
        "DATA without its padding": (frame(DATA, PADDED, 1), {PROTOCOL_ERROR, FRAME_SIZE_ERROR}),
        "HEADERS of padding only": (frame(HEADERS, PADDED | 5, 3, b"\xff" + block), {PROTOCOL_ERROR}),
        "HEADERS without their priority": (frame(HEADERS, PRIORITIZED | 5, 3, b"\0\0"), {PROTOCOL_ERROR, FRAME_SIZE_ERROR}),
        "an index beyond the table": (frame(HEADERS, 5, 3, b"\xff\xff\x7f"), {COMPRESSION_ERROR}),
        "index 0": (frame(HEADERS, 5, 3, b"\x80"), {COMPRESSION_ERROR}),
        "an endless integer": (frame(HEADERS, 5, 3, b"\xff" * 200), {COMPRESSION_ERROR}),
        "a string beyond its block": (frame(HEADERS, 5, 3, b"\x00\x7f\x00a"), {COMPRESSION_ERROR}),
        "wrong Huffman padding": (frame(HEADERS, 5, 3, b"\x00\x81\x00\x81\x00"), {COMPRESSION_ERROR}),
        "the table enlarged beyond its limit": (frame(HEADERS, 5, 3, b"\x3f\xff\xff\x7f"), {COMPRESSION_ERROR}),
        "the table changed inside a block": (frame(HEADERS, 5, 3, block + b"\x20"), {COMPRESSION_ERROR}),
        "HTTP/1.1 after the preface": (b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n", {FRAME_SIZE_ERROR, PROTOCOL_ERROR}),
    }


class Errors(ServerTest):
    def begun(self):
        """A client with an open request on stream 1, for which something has arrived already."""
        client = self.frames()
        client.write(client.headers(1, client.fields("/echo", "POST"), END_HEADERS), frame(DATA, 0, 1, b"begun, "))
        client.wait_for(DataFrame, 1)
        return client

    def check_stream(self, client):
        """Stream 1 finishes, and so does a new one."""
        client.write(frame(DATA, END_STREAM, 1, b"finished"))
        while "END_STREAM" not in client.wait_for(DataFrame, 1).flags:
            pass
        self.assertEqual(b"".join(each.data for each in client.all(DataFrame, 1)), b"begun, finished")
        self.assertEqual(client.status(99), 200)

    def test_stream_errors(self):
        """each ends its stream; the server may also end the connection, and then says why (RFC 9113 §5.4.2)"""
        for name in stream_errors(self.frames()):
            with self.subTest(name):
                client = self.begun()
                data, codes = stream_errors(client)[name]
                client.write(data)
                kind, code = client.outcome(3, at_once=True)
                # The answer was complete before the frame arrived.
                if kind == "status" and "answered" in codes and code == 200:
                    kind, code = client.outcome(3) if name.startswith("HEADERS") else ("reset", STREAM_CLOSED)
                self.assertIn(code, codes, kind)
                self.assertIn(kind, ("reset", "goaway", "status"))
                if kind != "goaway":
                    self.check_stream(client)
        self.check_alive()

    def test_connection_errors(self):
        """each ends the connection with a reason, and the application of its open stream learns of it"""
        for name in connection_errors(self.frames()):
            with self.subTest(name):
                client = self.begun()
                data, codes = connection_errors(client)[name]
                before = self.server.output.text.count("disconnected /echo?")
                client.write(data)
                kind, code = client.outcome(0, at_once=True)
                self.assertEqual(kind, "goaway")
                self.assertIn(code, codes)
                client.read_all()
                self.server.output.wait_for("disconnected /echo?", count=before + 1)
        self.check_alive()

    def test_window_overflow_by_settings(self):
        """RFC 9113 §6.9.2 ends the connection; libnghttp2 ends the stream"""
        client = self.begun()
        client.write(window_update(1, 1 << 20), settings((4, LAST)))
        self.assertIn(client.outcome(1, at_once=True), (("goaway", FLOW_CONTROL_ERROR), ("reset", FLOW_CONTROL_ERROR)))
        self.check_alive()

    def test_bad_preface(self):
        """anything but the preface is a request of HTTP/1.1"""
        for data in PREFACE[:20] + b"XX\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\rX" + settings(), b"PRI / HTTP/2.0\r\n\r\n", b"PRI\r\n\r\n":
            with self.subTest(data=data):
                client = self.frames(preface=False)
                client.write(data)
                client.socket.shutdown(1)
                answer = b"".join(iter(lambda: client.socket.recv(65536), b""))
                self.assertRegex(answer, rb"^$|^HTTP/1\.1 (400|505) |^.{3}\x07")
        self.check_alive()

    def test_first_frame(self):
        """the first frame must be SETTINGS (RFC 9113 §3.4)"""
        client = self.frames(preface=False)
        client.write(PREFACE, frame(PING, 0, 0, bytes(8)))
        self.assertEqual(client.outcome(), ("goaway", PROTOCOL_ERROR))

    def test_half_a_preface(self):
        """a client that leaves within the preface, or within a frame"""
        for data in PREFACE[:10], PREFACE, PREFACE + settings()[:5], PREFACE + settings() + frame(PING, 0, 0, bytes(8))[:12]:
            client = self.frames(preface=False)
            client.write(data)
            client.close()
        self.check_alive()


class ErrorsInGroup(Errors):
    """The same with the module in another worker."""
    grouped = True


if __name__ == "__main__":
    unittest.main()
