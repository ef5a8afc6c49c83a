import hashlib
import io
import json
import os
import pathlib
import ssl
import unittest

from tls import TLSTest, answer, ask
from wire import TLSWire

SIZE = 20 << 20
# The bodies of Secured.c.
PATTERN = bytes(number % 251 for number in range(251)) * (SIZE // 251 + 1)
LARGE = PATTERN[:SIZE]
STREAM = PATTERN[:2000 * 3001]
VERSIONS = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)


def checksum(data) -> str:
    return hashlib.sha256(data).hexdigest()


class Received(io.BytesIO):
    """What has arrived on a connection, which can be several responses: HTTPResponse closes a stream after the first."""

    def makefile(self, _):
        return self

    def close(self):
        pass


class Transfer(TLSTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bytes = os.urandom(SIZE)
        cls.file = pathlib.Path(f"{cls.folder}/file")
        cls.file.write_bytes(cls.bytes)
        cls.bodies = {"/large": LARGE, "/lent": LARGE, "/stream": STREAM, f"/file?{cls.file}": cls.bytes}
        cls.roost = cls.serve_class(*cls.pair("server").options)

    def connect(self, version=None):
        connection = self.roost.connect(self.roost.context(versions=version))
        self.addCleanup(connection.close)
        return connection

    def wire(self, version, request):
        """Connects, and sends the beginning of a request."""
        wire = TLSWire(self.roost.port, self.roost.context(versions=version))
        self.addCleanup(wire.socket.close)
        return wire.send(wire.records(request.encode()))

    def check(self, response, body, status=200):
        self.assertEqual(response[0], status)
        self.assertEqual((len(response[2]), checksum(response[2])), (len(body), checksum(body)))

    def test_bodies(self):
        """each on a connection of its own, which ends with the notice of TLS, and all on one"""
        for version in VERSIONS:
            kept = self.connect(version)
            for path, body in self.bodies.items():
                with self.subTest(path=path, version=version):
                    self.check(ask(kept, path), body)
                    connection = self.connect(version)
                    self.check(ask(connection, path, connection_="close"), body)
                    # An end without the notice is an error.
                    self.assertEqual(connection.recv(1), b"")

    def test_head(self):
        connection = self.connect()
        for path in ("/large", f"/file?{self.file}"):
            with self.subTest(path=path):
                status, fields, body = ask(connection, path, "HEAD")
                self.assertEqual((status, fields["content-length"], body), (200, str(SIZE), b""))
        self.check(ask(connection, "/"), b"Hello, World!")

    def test_request_body(self):
        for version in VERSIONS:
            connection = self.connect(version)
            for size in (0, 1, 16384, 16385, 5 << 20):
                with self.subTest(size=size, version=version):
                    body = os.urandom(size)
                    self.check(ask(connection, "/echo", "POST", body), body)

    def test_small_records(self):
        """a request whose bytes arrive in a record each"""
        connection = self.connect()
        request = b"POST /echo HTTP/1.1\r\nhost: localhost\r\ncontent-length: 20\r\n\r\n" + bytes(20)
        for at in range(len(request)):
            connection.sendall(request[at:at + 1])
        self.check(answer(connection, "POST"), bytes(20))

    def test_keep_alive(self):
        """many requests on a connection, in the same worker"""
        connection = self.connect()
        pids = {json.loads(ask(connection, "/tls")[2])["pid"] for _ in range(200)}
        self.assertEqual(len(pids), 1)
        self.assertLessEqual(pids, set(self.roost.workers))

    def test_pipelining(self):
        """requests in one record are answered in their order, large bodies and files among them"""
        connection = self.connect()
        paths = ["/", f"/file?{self.file}", "/stream", "/", "/large", "/lent", f"/file?{self.file}", "/"]
        heads = [f"GET {path} HTTP/1.1\r\nhost: localhost\r\n" for path in paths]
        connection.sendall(("\r\n".join(heads) + "connection: close\r\n\r\n").encode())
        received = Received(b"".join(iter(lambda: connection.recv(65536), b"")))
        for path in paths:
            with self.subTest(path=path):
                self.check(answer(received), self.bodies.get(path, b"Hello, World!"))

    def test_slow_readers(self):
        """others are served while clients do not read, and nothing is lost"""
        slow = [self.connect(version) for version in VERSIONS for _ in self.bodies]
        paths = list(self.bodies) * len(VERSIONS)
        for connection, path in zip(slow, paths):
            connection.sendall(f"GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n".encode())
        for _ in range(20):
            self.check(self.roost.ask(), b"Hello, World!")
        for connection, path in zip(slow, paths):
            with self.subTest(path=path, version=connection.version()):
                self.check(answer(connection), self.bodies[path])

    def test_cut(self):
        """a response that the application has not completed does not look complete"""
        for version in VERSIONS:
            for path in ("/cut", "/cut?chunked"):
                for request in ("HTTP/1.1\r\nhost: localhost", "HTTP/1.0"):
                    with self.subTest(path=path, version=version, request=request):
                        wire = self.wire(version, f"GET {path} {request}\r\n\r\n")
                        self.check_cut(wire, b"0123456789")

    def check_cut(self, wire, part):
        """The response has this part of the body, and ends without the notice of TLS."""
        received, is_complete = wire.read_all()
        self.assertIn(part, received)
        self.assertFalse(is_complete)

    def test_end_of_body(self):
        """the notice of TLS ends the body for a client of HTTP/1.0"""
        for version in VERSIONS:
            with self.subTest(version=version):
                received, is_complete = self.wire(version, "GET /stream HTTP/1.0\r\n\r\n").read_all()
                self.check(answer(Received(received)), STREAM)
                self.assertTrue(is_complete)

    def test_file_that_shrinks(self):
        """while it is sent: the response is cut"""
        for version in VERSIONS:
            with self.subTest(version=version):
                file = pathlib.Path(f"{self.folder}/shrinking")
                file.write_bytes(self.bytes)
                wire = self.wire(version, f"GET /file?{file} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
                head = wire.read()
                os.truncate(file, SIZE // 2)
                self.assertIn(f"content-length: {SIZE}", head.decode(errors="replace"))
                self.check_cut(wire, self.bytes[100000:100100])

    def test_half_close(self):
        """a client that ends its side with the notice of TLS still gets the whole response, and its end"""
        for version in VERSIONS:
            for path, body in {**self.bodies, "/": b"Hello, World!"}.items():
                for closes in (False, True):
                    with self.subTest(path=path, version=version, closes=closes):
                        wire = self.wire(version, f"GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n")
                        wire.send(wire.closing())
                        if closes:
                            wire.end()
                        received, is_complete = wire.read_all()
                        self.check(answer(Received(received)), body)
                        self.assertTrue(is_complete, "there is no notice of the end")

    def test_end_without_notice(self):
        """a client that ends its side without the notice may be cut off, which its response shows"""
        for version in VERSIONS:
            for path, body in self.bodies.items():
                with self.subTest(path=path, version=version):
                    wire = self.wire(version, f"GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n")
                    wire.end()
                    received, is_complete = wire.read_all()
                    if is_complete:
                        self.check(answer(Received(received)), body)
        self.check(self.roost.ask(), b"Hello, World!")


if __name__ == "__main__":
    unittest.main()
