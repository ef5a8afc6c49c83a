"""HTTP/1.1 and HTTP/2 on one port, and which of them is spoken."""

import ssl
import socket
import unittest

from client import connect
from frames import PREFACE, SettingsFrame, frame, settings
from server import ServerTest

HTTP1 = b"GET /version HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"


def read_all(connection):
    return b"".join(iter(lambda: connection.recv(65536), b""))


class Versions(ServerTest):
    tls = True

    def test_both_on_one_port(self):
        """while a stream of HTTP/2 is open, a client of HTTP/1.1 is answered, and the reverse"""
        two = self.client()
        stream = two.request("/echo", "POST", ends=False)
        one = connect(self.server.port)
        self.addCleanup(one.close)
        one.sendall(b"POST /echo HTTP/1.1\r\nhost: localhost\r\ncontent-length: 4\r\n\r\nab")
        self.assertEqual(self.client().get("/version").body, b"1")
        self.assertEqual(self.server.curl("/version", version="--http1.1"), "1\n200 1.1")
        two.send(stream, b"two", ends=True)
        self.assertEqual(two.response(stream).body, b"two")
        one.sendall(b"cd" + HTTP1)
        text = read_all(one)
        self.assertIn(b"abcd", text.replace(b"\r\n2\r\n", b""))
        self.assertEqual(text.count(b"HTTP/1.1 200"), 2)

    def test_alpn(self):
        expected = [(("h2",), "h2"), (("http/1.1",), "http/1.1"), (("h2", "http/1.1"), "h2"), (("http/1.1", "h2"), "h2")]
        for offered, selected in expected:
            with self.subTest(offered=offered):
                connection = connect(self.server.tls_port, self.server.certificate, offered)
                self.addCleanup(connection.close)
                self.assertEqual(connection.selected_alpn_protocol(), selected)
                if selected == "http/1.1":
                    connection.sendall(HTTP1)
                    self.assertTrue(read_all(connection).startswith(b"HTTP/1.1 200"))
        self.assertEqual(self.server.curl("/version", "--http1.1", tls=True), "1\n200 1.1")

    def test_old_tls_version(self):
        self.assertEqual(self.server.curl("/version", "--tls-max", "1.2", tls=True), "1\n200 2")

    def test_without_alpn(self):
        """a client without ALPN speaks HTTP/1.1; with the preface it may speak HTTP/2 (RFC 9113 §3.3), or is refused"""
        context = ssl.create_default_context(cafile=self.server.certificate)
        with socket.create_connection(("127.0.0.1", self.server.tls_port), 60) as plain:
            with context.wrap_socket(plain, server_hostname="localhost") as connection:
                connection.sendall(HTTP1)
                self.assertTrue(read_all(connection).startswith(b"HTTP/1.1 200"))

    def test_upgrade(self):
        """Upgrade: h2c is ignored"""
        self.assertEqual(self.server.curl("/version", version="--http2"), "1\n200 1.1")
        shown = self.server.curl("/echo", "--include", "--data", "abc", version="--http2")
        self.assertRegex(shown.replace("\r", ""), r"(?s)^HTTP/1.1 200.*\n\nabc\n200 1.1$")

    def test_preface_in_pieces(self):
        data = PREFACE + settings()
        for pieces in ([data[:1], data[1:]], [data[:18], data[18:]], [data[:24], data[24:]], [bytes([each]) for each in data]):
            with self.subTest(pieces=len(pieces)):
                client = self.frames(preface=False)
                for piece in pieces:
                    client.write(piece)
                self.assertEqual(client.status(1), 200)

    def test_preface_with_requests(self):
        """a client may send requests before it has the settings"""
        client = self.frames(preface=False)
        client.write(PREFACE, settings(), client.headers(1), client.headers(3))
        self.assertEqual(client.outcome(3), ("status", 200))

    def test_settings(self):
        """the first frame, with the limits of the server"""
        client = self.frames()
        first = client.read()
        self.assertIsInstance(first, SettingsFrame)
        shown = {3: 100, 4: 262144, 6: 65536, 9: 1}
        self.assertEqual({code: first.settings.get(code) for code in shown}, shown)
        self.assertNotIn(first.settings.get(2), (1,))
        # The acknowledgement of the client's own settings.
        client.wait_for(SettingsFrame, condition=lambda frame: "ACK" in frame.flags)

    def test_settings_by_options(self):
        server = self.start("--limit-h2-streams", "7", "--h2-window", "70000", "--limit-request-head", "20000")
        first = self.frames(server).read()
        self.assertEqual([first.settings.get(code) for code in (3, 4, 6)], [7, 70000, 20000])

    def test_without_http2(self):
        server = self.start("--no-http2", tls=True)
        connection = connect(server.port)
        self.addCleanup(connection.close)
        connection.sendall(PREFACE + settings() + frame(6, payload=bytes(8)))
        self.assertRegex(read_all(connection), rb"^HTTP/1\.1 (400|505) ")
        secure = connect(server.tls_port, server.certificate, ("h2", "http/1.1"))
        self.addCleanup(secure.close)
        self.assertEqual(secure.selected_alpn_protocol(), "http/1.1")
        self.assertEqual(server.curl("/version", tls=True), "1\n200 1.1")
        self.assertEqual(server.curl("/version", version="--http1.1"), "1\n200 1.1")


if __name__ == "__main__":
    unittest.main()
