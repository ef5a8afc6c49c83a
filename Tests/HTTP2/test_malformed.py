"""Malformed requests (RFC 9113 §8): only their own stream ends."""

import unittest

from frames import DATA, END_HEADERS, END_STREAM, PROTOCOL_ERROR, DataFrame, frame
from server import ServerTest

GET, POST = (":method", "GET"), (":method", "POST")
SCHEME, PATH, AUTHORITY = (":scheme", "http"), (":path", "/echo"), (":authority", "localhost")
REQUEST = [GET, SCHEME, PATH, AUTHORITY]

HEADERS = {
    "no method": [SCHEME, PATH, AUTHORITY],
    "no path": [GET, SCHEME, AUTHORITY],
    "no scheme": [GET, PATH, AUTHORITY],
    "nothing": [("x-a", "1")],
    "an empty path": [GET, SCHEME, (":path", ""), AUTHORITY],
    "a path without a slash": [GET, SCHEME, (":path", "echo"), AUTHORITY],
    "an absolute path": [GET, SCHEME, (":path", "http://localhost/echo"), AUTHORITY],
    "a star for GET": [GET, SCHEME, (":path", "*"), AUTHORITY],
    "a space in the path": [GET, SCHEME, (":path", "/a b"), AUTHORITY],
    "a control character in the path": [GET, SCHEME, (":path", "/a\x01b"), AUTHORITY],
    "an empty method": [(":method", ""), SCHEME, PATH, AUTHORITY],
    "a method with a space": [(":method", "GET /"), SCHEME, PATH, AUTHORITY],
    "an empty scheme": [GET, (":scheme", ""), PATH, AUTHORITY],
    "two methods": [GET, POST, SCHEME, PATH, AUTHORITY],
    "two paths": [GET, SCHEME, PATH, PATH, AUTHORITY],
    "two authorities": [*REQUEST, AUTHORITY],
    "a path after a field": [GET, SCHEME, AUTHORITY, ("x-a", "1"), PATH],
    "an unknown pseudo field": [*REQUEST, (":what", "1")],
    ":status": [*REQUEST, (":status", "200")],
    ":protocol without CONNECT": [*REQUEST, (":protocol", "websocket")],
    "an authority with a user": [GET, SCHEME, PATH, (":authority", "a@localhost")],
    "another host": [*REQUEST, ("host", "other")],
    "two hosts": [GET, SCHEME, PATH, ("host", "a"), ("host", "b")],
    "an upper-case name": [*REQUEST, ("X-A", "1")],
    "an empty name": [*REQUEST, ("", "1")],
    "a name with a space": [*REQUEST, ("x a", "1")],
    "a name with a colon": [*REQUEST, ("x:a", "1")],
    "a name with a line break": [*REQUEST, ("x\r\na", "1")],
    "a name that is not ASCII": [*REQUEST, (b"x-\xff", "1")],
    "a value with NUL": [*REQUEST, ("x-a", "a\0b")],
    "a value with a line break": [*REQUEST, ("x-a", "a\r\nx-b: c")],
    "a value with a line feed": [*REQUEST, ("x-a", "a\nb")],
    "connection": [*REQUEST, ("connection", "close")],
    "keep-alive": [*REQUEST, ("keep-alive", "1")],
    "proxy-connection": [*REQUEST, ("proxy-connection", "close")],
    "transfer-encoding": [*REQUEST, ("transfer-encoding", "chunked")],
    "upgrade": [*REQUEST, ("upgrade", "websocket")],
    "te: gzip": [*REQUEST, ("te", "gzip")],
    "te: trailers, gzip": [*REQUEST, ("te", "trailers, gzip")],
    "content-length without a body": [*REQUEST, ("content-length", "5")],
    "content-length that is no number": [*REQUEST, ("content-length", "x")],
    "a negative content-length": [*REQUEST, ("content-length", "-1")],
    "an empty content-length": [*REQUEST, ("content-length", "")],
    "a content-length beyond 64 bits": [*REQUEST, ("content-length", "9" * 30)],
    "two content-lengths": [*REQUEST, ("content-length", "0"), ("content-length", "1")],
}


class Malformed(ServerTest):
    def begun(self):
        client = self.frames()
        client.write(client.headers(1, client.fields("/echo", "POST"), END_HEADERS), frame(DATA, 0, 1, b"begun, "))
        client.wait_for(DataFrame, 1)
        return client

    def check(self, client, stream):
        """The stream was reset or refused; stream 1 and a new one are answered."""
        outcome = client.outcome(stream, at_once=True)
        self.assertIn(outcome, (("reset", PROTOCOL_ERROR), ("status", 400)))
        client.write(frame(DATA, 0, 1, b"."))
        client.wait_for(DataFrame, 1)
        self.assertEqual(client.status(stream + 2), 200)

    def test_headers(self):
        client = self.begun()
        stream = 3
        for name, headers in HEADERS.items():
            with self.subTest(name):
                client.write(client.headers(stream, headers))
                try:
                    self.check(client, stream)
                except (AssertionError, OSError):
                    client = self.begun()
                    stream = -1
                    raise
                finally:
                    stream += 4

    def test_bodies(self):
        """more or less than content-length says"""
        for size in 0, 4, 6, 100:
            with self.subTest(size=size):
                client = self.begun()
                client.write(
                    client.headers(3, [POST, SCHEME, PATH, AUTHORITY, ("content-length", "5")], END_HEADERS),
                    frame(DATA, END_STREAM, 3, bytes(size)))
                outcome = client.outcome(3)
                # The application may have begun its answer.
                if outcome == ("status", 200):
                    outcome = client.outcome(3)
                self.assertIn(outcome, (("reset", PROTOCOL_ERROR), ("status", 400)))
                self.assertEqual(client.status(5), 200)

    def test_body_of_content_length(self):
        client = self.begun()
        client.write(
            client.headers(3, [POST, SCHEME, PATH, AUTHORITY, ("content-length", "5")], END_HEADERS),
            frame(DATA, 0, 3, b"abc"), frame(DATA, 0, 3), frame(DATA, END_STREAM, 3, b"de"))
        self.assertEqual(client.outcome(3), ("status", 200))

    def test_trailers(self):
        for name, trailers in {
                "a pseudo field": [(":path", "/")], "upper-case": [("X-A", "1")], "connection": [("connection", "close")],
                "a line break": [("x-a", "a\r\nb")]}.items():
            with self.subTest(name):
                client = self.begun()
                client.write(
                    client.headers(3, [POST, SCHEME, PATH, AUTHORITY], END_HEADERS), client.headers(3, trailers))
                outcome = client.outcome(3)
                if outcome == ("status", 200):
                    outcome = client.outcome(3)
                self.assertIn(outcome, (("reset", PROTOCOL_ERROR), ("status", 400)))
                self.assertEqual(client.status(5), 200)

    def test_permitted(self):
        """what looks like an error, and is none"""
        for name, headers in {
                "te: trailers": [*REQUEST, ("te", "trailers")], "content-length of 0": [*REQUEST, ("content-length", "0")],
                "no authority": [GET, SCHEME, PATH, ("host", "localhost")], "the same host": [*REQUEST, ("host", "localhost")],
                "a star": [(":method", "OPTIONS"), SCHEME, (":path", "*"), AUTHORITY]}.items():
            with self.subTest(name):
                client = self.frames()
                client.write(client.headers(1, headers))
                kind, status = client.outcome(1)
                self.assertEqual(kind, "status")
                self.assertNotEqual(status, 400)

    def test_connect(self):
        """CONNECT is no method of this server"""
        client = self.begun()
        client.write(client.headers(3, [(":method", "CONNECT"), AUTHORITY], END_HEADERS))
        self.assertEqual(client.outcome(3), ("status", 501))
        self.assertEqual(client.status(5), 200)


if __name__ == "__main__":
    unittest.main()
