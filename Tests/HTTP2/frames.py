"""A client that writes any frames, also those that are not permitted."""

import struct
import threading

import hpack
from hyperframe.frame import (  # DataFrame is for the tests
    ContinuationFrame, DataFrame, Frame, GoAwayFrame, HeadersFrame, PingFrame, RstStreamFrame, SettingsFrame)

from client import connect
from serving import TIMEOUT

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS, PADDED, PRIORITIZED = 1, 1, 4, 8, 32

NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR = 0, 1, 2, 3
STREAM_CLOSED, FRAME_SIZE_ERROR, REFUSED_STREAM, CANCEL, COMPRESSION_ERROR = 5, 6, 7, 8, 9
ENHANCE_YOUR_CALM = 11


def frame(kind, flags=0, stream=0, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def settings(*pairs):
    return frame(SETTINGS, payload=b"".join(struct.pack(">HI", *pair) for pair in pairs))


def window_update(stream, size):
    return frame(WINDOW_UPDATE, 0, stream, struct.pack(">I", size))


def reset(stream, code=CANCEL):
    return frame(RST_STREAM, 0, stream, struct.pack(">I", code))


class FrameClient:
    """One connection. What it receives is kept in `received`, in order; SETTINGS and PING are answered unless asked not to."""

    def __init__(self, port, certificate=None, preface=True, initial=(), answers=True):
        self.socket = connect(port, certificate)
        self.port = self.socket.getsockname()[1]
        self.decoder = hpack.Decoder()
        self.answers = answers
        self.received = []
        self.error = None  # why nothing more is received
        self._bytes = b""
        self._block = b""
        self._pings = 0
        if preface:
            self.write(PREFACE, settings(*initial))

    def close(self):
        self.socket.close()

    def write(self, *parts):
        self.socket.sendall(b"".join(parts))

    def try_write(self, *parts):
        """Writes to a connection that may have been closed already; what the server has sent is then still to be read."""
        try:
            self.write(*parts)
        except ConnectionError as error:
            self.error = error

    # ---- Receiving

    def read(self):
        """The next frame; None after the end of the connection. HEADERS get the attribute `fields`."""
        while True:
            if len(self._bytes) >= 9:
                received, length = Frame.parse_frame_header(memoryview(self._bytes[:9]))
                if len(self._bytes) >= 9 + length:
                    received.parse_body(memoryview(self._bytes[9:9 + length]))
                    self._bytes = self._bytes[9 + length:]
                    self.take(received)
                    return received
            try:
                data = self.socket.recv(1 << 16)
            except ConnectionError as error:
                self.error, data = error, b""
            if not data:
                return None
            self._bytes += data

    def take(self, received):
        self.received.append(received)
        if isinstance(received, (HeadersFrame, ContinuationFrame)):
            self._block += received.data
            if "END_HEADERS" in received.flags:
                received.fields, self._block = self.decoder.decode(self._block), b""
        if self.answers and isinstance(received, SettingsFrame) and "ACK" not in received.flags:
            self.try_write(frame(SETTINGS, ACK))
        if self.answers and isinstance(received, PingFrame) and "ACK" not in received.flags:
            self.try_write(frame(PING, ACK, 0, received.opaque_data))

    def wait_for(self, kind, stream=None, condition=lambda received: True):
        """Waits for a frame of this class, from the first that has not been read on."""
        while True:
            received = self.read()
            if received is None:
                raise ConnectionError(f"no {kind.__name__} before the end of the connection; received: {self.received}")
            if isinstance(received, kind) and stream in (None, received.stream_id) and condition(received):
                return received

    def read_all(self):
        """Reads until the connection ends. Returns all frames that were received on it."""
        while self.read():
            pass
        return self.received

    def all(self, kind, stream=None):
        return [each for each in self.received if isinstance(each, kind) and stream in (None, each.stream_id)]

    def ping(self, data=None):
        """Sends a PING. Returns its data, which no other PING has."""
        self._pings += 1
        data = data or struct.pack(">II", 0xffffffff, self._pings)
        self.try_write(frame(PING, 0, 0, data))
        return data

    def round_trip(self):
        """Waits until the server has handled everything that was sent before, and has sent what it answers at once."""
        for _ in range(2):
            # The first answer may overtake other frames.
            data = self.ping()
            self.wait_for(PingFrame, condition=lambda ping: "ACK" in ping.flags and ping.opaque_data == data)

    def outcome(self, stream=None, at_once=False):
        """Waits for the answer to the last frames: ("status", 400), ("reset", code), ("goaway", code) or ("closed", None).
        With `at_once`, a server that does not answer at once has the outcome ("ignored", None)."""
        pings = [self.ping()] if at_once else []
        while True:
            received = self.read()
            if received is None:
                return "closed", None
            if isinstance(received, PingFrame) and received.opaque_data in pings:
                if len(pings) == 2:
                    return "ignored", None
                # The first answer may overtake other frames.
                pings = [None, self.ping()]
            if isinstance(received, GoAwayFrame):
                return "goaway", received.error_code
            if isinstance(received, RstStreamFrame) and stream in (None, received.stream_id):
                return "reset", received.error_code
            if isinstance(received, HeadersFrame) and stream in (None, received.stream_id):
                status = int(dict(received.fields)[":status"])
                if status >= 200:
                    return "status", status

    # ---- Requests

    def fields(self, path="/version", method="GET", *more, scheme="http", authority="localhost"):
        return [(":method", method), (":scheme", scheme), (":path", path), (":authority", authority), *more]

    def block(self, fields):
        """A header block, with the names and values as they are. It refers to no other block, so that each can be left out."""
        return hpack.Encoder().encode(fields)

    def headers(self, stream, fields=None, flags=END_STREAM | END_HEADERS):
        return frame(HEADERS, flags, stream, self.block(fields or self.fields()))

    def status(self, stream):
        """Sends a request for /version, and waits for its status."""
        self.write(self.headers(stream))
        return int(dict(self.wait_for(HeadersFrame, stream).fields)[":status"])


class Reader:
    """Reads frames on a thread until the connection ends, so that a client can write without a pause."""

    def __init__(self, client):
        self.client = client
        self.has_ended = threading.Event()
        self.has_survived = False
        self.last = b"the last"  # the data of a PING: after its answer nothing is read
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        try:
            # Large numbers of frames are not kept.
            while received := self.client.read():
                if isinstance(received, PingFrame) and received.opaque_data == self.last:
                    self.has_survived = True
                    break
                if not isinstance(received, (GoAwayFrame, HeadersFrame, RstStreamFrame)):
                    self.client.received.pop()
        except OSError as error:
            self.client.error = error
        self.has_ended.set()

    def join(self):
        """Waits for the end of the connection. Fails if the server answers a PING instead."""
        self.client.ping(self.last)
        assert self.has_ended.wait(TIMEOUT), "the connection was not closed"
        assert not self.has_survived, "the connection was not closed, and is still served"
