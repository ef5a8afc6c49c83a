"""A WebSocket on a stream of HTTP/2 (RFC 8441, RFC 6455)."""

import os
import re
import struct
import zlib

from server import ServerTest

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


class WebSocket:
    def __init__(self, client, path="/", headers=(), **pseudo):
        """Asks for a WebSocket; `pseudo` replaces pseudo-header fields, or leaves those out that are None."""
        self.client = client
        self.stream = client.h2.get_next_available_stream_id()
        first = {"method": "CONNECT", "protocol": "websocket", "scheme": "http", "path": path, "authority": "localhost", **pseudo}
        fields = [(f":{name}", value) for name, value in first.items() if value is not None]
        client.h2.send_headers(self.stream, [*fields, ("sec-websocket-version", "13"), *headers])
        client.flush()
        self.compressor = self.decompressor = None

    @property
    def response(self):
        return self.client.responses[self.stream]

    def status(self):
        """Waits for the response header, and prepares compression if that was negotiated."""
        self.client.wait_until(lambda: self.response.status or self.response.reset is not None)
        for value in self.response.values("sec-websocket-extensions"):
            # The parameters of the client, with their defaults (RFC 7692 §7.1).
            bits = re.search(r"client_max_window_bits=(\d+)", value)
            self.compressor = zlib.compressobj(wbits=-int(bits[1]) if bits else -15)
            self.keeps_context = "client_no_context_takeover" not in value
            self.decompressor = zlib.decompressobj(wbits=-15)
        return self.response.status

    # ---- Frames

    def write(self, kind, payload=b"", final=True, reserved=0, masked=True):
        head = bytes([(0x80 if final else 0) | reserved | kind])
        mask, size = 0x80 if masked else 0, len(payload)
        if size < 126:
            head += bytes([mask | size])
        elif size < 1 << 16:
            head += bytes([mask | 126]) + struct.pack(">H", size)
        else:
            head += bytes([mask | 127]) + struct.pack(">Q", size)
        if masked:
            key = os.urandom(4)
            stream = key * (size // 4 + 1)
            payload = key + (int.from_bytes(payload, "big") ^ int.from_bytes(stream[:size], "big")).to_bytes(size, "big")
        self.client.send(self.stream, head + payload)

    def read(self):
        """The next frame: its kind, its payload, and its first byte."""
        head = self._take(2)
        size = head[1]
        if size == 126:
            size = struct.unpack(">H", self._take(2))[0]
        elif size == 127:
            size = struct.unpack(">Q", self._take(8))[0]
        assert size < 1 << 63, "the server must not mask"
        return head[0] & 15, self._take(size), head[0]

    def _take(self, size):
        def check():
            if self.has_ended():
                assert len(self.response.body) >= size, f"the stream has ended: {self.response}"
            return len(self.response.body) >= size
        self.client.wait_until(check)
        part = bytes(self.response.body[:size])
        del self.response.body[:size]
        return part

    # ---- Messages

    def send(self, message, parts=1):
        """Sends a message, in `parts` frames; compressed if that was negotiated."""
        kind = TEXT if isinstance(message, str) else BINARY
        payload = message.encode() if isinstance(message, str) else message
        reserved = 0
        if self.compressor:
            compressor = self.compressor if self.keeps_context else self.compressor.copy()
            payload = compressor.compress(payload) + compressor.flush(zlib.Z_SYNC_FLUSH)
            payload, reserved = payload.removesuffix(b"\0\0\xff\xff"), 0x40
        size = len(payload) // parts
        for number in range(parts):
            last = number == parts - 1
            part = payload[number * size:] if last else payload[number * size:(number + 1) * size]
            self.write(CONTINUATION if number else kind, part, last, 0 if number else reserved)

    def message(self):
        """The next message: text or bytes. Frames of pings and pongs are skipped."""
        kind, whole, compressed = None, b"", False
        while True:
            read, payload, first = self.read()
            if read in (PING, PONG):
                continue
            assert read in (TEXT, BINARY, CONTINUATION), (read, payload)
            if read != CONTINUATION:
                kind, compressed = read, first & 0x40
            whole += payload
            if first & 0x80:
                break
        if compressed:
            whole = self.decompressor.decompress(whole + b"\0\0\xff\xff")
        return whole.decode() if kind == TEXT else whole

    def close(self, code=1000, reason=""):
        self.write(CLOSE, struct.pack(">H", code) + reason.encode())

    def closed(self):
        """The code and reason of the server's close frame, after which nothing but the end of the stream follows."""
        kind, payload, _ = self.read()
        assert kind == CLOSE, (kind, payload)
        return (struct.unpack(">H", payload[:2])[0] if payload else None), payload[2:].decode()

    def has_ended(self):
        """Whether the server has ended its side, or the stream."""
        return self.response.has_ended or self.response.reset is not None

    def end(self):
        """Ends the client's side of the stream."""
        self.client.h2.end_stream(self.stream)
        self.client.flush()


class WebSocketTest(ServerTest):
    def open(self, path="/", headers=(), client=None, **pseudo):
        socket = WebSocket(client or self.client(), path, headers, **pseudo)
        self.assertEqual(socket.status(), 200)
        return socket

    def check_end(self, socket):
        """The stream ends properly, and the connection lives on."""
        socket.client.response(socket.stream)
        self.assertIn(socket.response.reset, (None, 0, 8))
        self.assertEqual(socket.client.get("/version").body, b"1")
