"""Records of TLS that no library sends."""

import contextlib
import os
import socket
import ssl
import struct

from serving import TIMEOUT

ALERT, HANDSHAKE, DATA, HEARTBEAT = 21, 22, 23, 24
SSL3, TLS10, TLS11, TLS12 = 0x0300, 0x0301, 0x0302, 0x0303
# Suites that the server accepts, with an ECDSA and with an RSA certificate.
GOOD_SUITES = (0xC02B, 0xC02F)


def record(kind, content, version=TLS12, size=None) -> bytes:
    """`size`: the announced one."""
    return struct.pack("!BHH", kind, version, len(content) if size is None else size) + content


def vector(format, content) -> bytes:
    return struct.pack(f"!{format}", len(content)) + content


def extension(number, content) -> bytes:
    return struct.pack("!H", number) + vector("H", content)


def client_hello(suites=GOOD_SUITES, version=TLS12, name=None, compressions=b"\0") -> bytes:
    """The record of a ClientHello of at most TLS 1.2 (RFC 5246 §7.4.1.2). SSL 3.0 has no extensions."""
    extensions = extension(10, vector("H", b"\x00\x1d\x00\x17"))
    extensions += extension(11, vector("B", b"\0"))
    extensions += extension(13, vector("H", b"\x04\x03\x08\x04\x04\x01\x02\x01\x02\x03"))
    extensions += extension(0xFF01, b"\0")
    if name:
        extensions += extension(0, vector("H", b"\0" + vector("H", name.encode())))
    body = struct.pack("!H", version) + os.urandom(32) + b"\0"
    body += vector("H", b"".join(struct.pack("!H", suite) for suite in suites)) + vector("B", compressions)
    body += vector("H", extensions) if version > SSL3 else b""
    return record(HANDSHAKE, b"\1" + struct.pack("!I", len(body))[1:] + body, min(version, TLS10))


class Wire:
    """A TCP connection."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT)
        self.port = self.socket.getsockname()[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, *parts):
        """Sends the parts, as far as the server has not closed the connection."""
        with contextlib.suppress(ConnectionError):
            self.socket.sendall(b"".join(parts))
        return self

    def _read(self, size) -> bytes:
        data = b""
        while len(data) < size and (part := self.socket.recv(size - len(data))):
            data += part
        return data

    def read_record(self):
        """Returns the type and the content of the next record; (None, b"") at the end of the connection."""
        try:
            head = self._read(5)
            return (head[0], self._read(struct.unpack("!H", head[3:])[0])) if len(head) == 5 else (None, b"")
        except ConnectionError:
            return None, b""

    def read_to_end(self) -> bytes:
        """Returns what arrives until the server closes the connection, or resets it."""
        data = b""
        with contextlib.suppress(ConnectionError):
            while part := self.socket.recv(65536):
                data += part
        return data

    def end(self):
        """Ends the client's side, if the server has not closed the connection."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)
        return self

    def reset(self):
        """Closes the connection with a reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


class TLSWire(Wire):
    """A TLS connection whose records can be changed before they are sent."""

    def __init__(self, port, context):
        super().__init__(port)
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out, server_hostname="localhost")
        self._complete(self._tls.do_handshake)
        self.send(self._out.read())

    def _complete(self, operation):
        """Repeats an operation until the records for it have arrived. Returns its result."""
        while True:
            try:
                return operation()
            except ssl.SSLWantReadError:
                self.send(self._out.read())
                data = self.socket.recv(65536)
                self._in.write(data) if data else self._in.write_eof()

    def records(self, data) -> bytes:
        """Encrypts the data."""
        self._tls.write(data)
        return self._out.read()

    def closing(self) -> bytes:
        """The record with the notice of the end."""
        try:
            self._tls.unwrap()
        except ssl.SSLWantReadError:
            pass
        return self._out.read()

    def read(self) -> bytes:
        """Returns decrypted data. Raises `ssl.SSLEOFError` for an end without a notice."""
        try:
            return self._complete(lambda: self._tls.read(65536))
        except ssl.SSLZeroReturnError:
            return b""

    def read_all(self) -> tuple[bytes, bool]:
        """Returns all that arrives until the end, and whether the end has a notice."""
        parts = []
        try:
            while part := self.read():
                parts.append(part)
            return b"".join(parts), True
        except (ssl.SSLEOFError, ConnectionResetError):
            return b"".join(parts), False
