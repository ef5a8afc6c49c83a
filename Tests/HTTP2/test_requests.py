"""Requests and their responses, by clients that conform to HTTP/2."""

import os
import pathlib
import random
import re
import subprocess
import unittest

from serving import TIMEOUT
from server import ServerTest, fields


def pattern(size):
    """What the route /size sends."""
    return (bytes(range(251)) * (size // 251 + 1))[:size]


LARGE = 10 << 20


class Requests(ServerTest):
    tls = True

    def test_scope(self):
        client = self.client()
        response = client.get("/scope?a=1&b=%20", headers=[("x-b", "2"), ("x-a", "1"), ("x-b", "3"), ("te", "trailers")])
        scope = fields(response.body)
        self.assertEqual(
            [scope[name] for name in ("type", "http_version", "scheme", "method", "path", "raw_path", "query", "tls")],
            ["http", "2", "http", "GET", "/scope", "/scope", "a=1&b=%20", None])
        self.assertEqual(scope["client"], "127.0.0.1")
        self.assertEqual(
            scope["headers"], [["host", "localhost"], ["x-b", "2"], ["x-a", "1"], ["x-b", "3"], ["te", "trailers"]])
        self.assertLessEqual(
            {"http.response.trailers", "http.response.early_hint", "http.response.pathsend", "http.response.zerocopysend"},
            set(scope["extensions"]))
        self.assertNotIn("http.response.push", scope["extensions"])
        without = fields(client.get("/scope").body)
        self.assertNotIn("http.response.trailers", without["extensions"])

    def test_tls(self):
        scope = fields(self.client(tls=True).get("/scope").body)
        self.assertEqual((scope["http_version"], scope["scheme"]), ("2", "https"))
        self.assertIn(scope["tls"]["version"], (0x0303, 0x0304))

    def test_routes_by_curl(self):
        for tls in (False, True):
            with self.subTest(tls=tls):
                self.assertEqual(self.server.curl("/version", tls=tls), "1\n200 2")
                self.assertEqual(self.server.curl("/echo", "--data", "abc", tls=tls), "abc\n200 2")
                self.assertEqual(self.server.curl("/nothing", tls=tls), "\n204 2")
                self.assertEqual(self.server.curl("/release?none", "--data", "", tls=tls), "no such request\n404 2")
                shown = self.server.curl("/trailers", "--header", "te: trailers", "--include", tls=tls)
                self.assertRegex(shown.replace("\r", ""), r"(?s)^HTTP/2 200.*\n\nwith trailers")
                shown = self.server.curl("/hints", "--include", tls=tls).replace("\r", "")
                self.assertRegex(shown, r"(?s)^HTTP/2 103.*link: </style.css>.*\n\nHTTP/2 200.*after the hint")
                self.assertEqual(len(self.server.curl("/size?100000", tls=tls)), 100000 + len("\n200 2"))
                self.assertEqual(len(self.server.curl("/parts?1000", tls=tls)), 1000000 + len("\n200 2"))

    def test_routes_by_nghttp(self):
        for path, status, size in ("/version", 200, 1), ("/size?100000", 200, 100000), ("/parts?500", 200, 500000), ("/nothing", 204, 0):
            for origin in (f"http://127.0.0.1:{self.server.port}", f"https://127.0.0.1:{self.server.tls_port}"):
                with self.subTest(path=path, origin=origin):
                    shown = subprocess.run(
                        ["nghttp", "-nv", "--no-verify-peer", f"--timeout={TIMEOUT}", f"{origin}{path}"],
                        capture_output=True, text=True, check=True).stdout
                    self.assertRegex(shown, rf":status:.*{status}")
                    self.assertEqual(sum(map(int, re.findall(r"recv DATA frame <length=(\d+)", shown))), size)

    def test_load(self):
        """10 clients with 32 requests each at a time, by h2load"""
        for origin in (f"http://127.0.0.1:{self.server.port}", f"https://127.0.0.1:{self.server.tls_port}"):
            with self.subTest(origin=origin):
                shown = subprocess.run(
                    ["h2load", "-n", "2000", "-c", "10", "-m", "32", f"{origin}/size?1000"], capture_output=True, text=True,
                    check=True, timeout=TIMEOUT).stdout
                self.assertRegex(shown, r"2000 succeeded, 0 failed, 0 errored")
                self.assertRegex(shown, r"status codes: 2000 2xx")

    def test_concurrent(self):
        """100 streams at once, whose bodies arrive in parts, in a random order"""
        client = self.client()
        chance = random.Random(1)
        streams = [client.request("/echo", "POST", ends=False) for _ in range(100)]
        sent = {stream: bytes(chance.randrange(256) for _ in range(chance.randrange(3000))) for stream in streams}
        for part in range(3):
            chance.shuffle(streams)
            for stream in streams:
                client.send(stream, sent[stream][part * 1000:part * 1000 + 1000], ends=part == 2)
        for stream in streams:
            response = client.response(stream)
            self.assertEqual((response.status, bytes(response.body)), (200, sent[stream]))

    def test_answers_in_any_order(self):
        client = self.client()
        first = client.request("/echo", "POST", ends=False)
        self.assertEqual(client.get("/version").body, b"1")
        self.assertFalse(client.responses[first].has_ended)
        client.send(first, b"late", ends=True)
        self.assertEqual(client.response(first).body, b"late")

    def test_large_response(self):
        for tls in (False, True):
            with self.subTest(tls=tls):
                response = self.client(tls=tls).get(f"/size?{LARGE}")
                self.assertEqual(response.values("content-length"), [str(LARGE)])
                self.assertEqual(bytes(response.body), pattern(LARGE))

    def test_large_request(self):
        """an echo in both directions at once"""
        for tls in (False, True):
            with self.subTest(tls=tls):
                client = self.client(tls=tls)
                response = client.response(client.request("/echo", "POST", body=pattern(LARGE)))
                self.assertEqual(bytes(response.body), pattern(LARGE))

    def test_file(self):
        path = pathlib.Path(f"{self.server.folder}/file")
        path.write_bytes(os.urandom(3_000_000))
        for tls in (False, True):
            with self.subTest(tls=tls):
                client = self.client(tls=tls)
                streams = [client.request(f"/file?{path}") for _ in range(3)]
                for stream in streams:
                    self.assertEqual(bytes(client.response(stream).body), path.read_bytes())
        path.write_bytes(b"")
        self.assertEqual(self.client().get(f"/file?{path}").body, b"")

    def test_head(self):
        client = self.client()
        response = client.get("/size?1000", "HEAD")
        self.assertEqual((response.status, response.values("content-length"), response.body), (200, ["1000"], b""))
        self.assertEqual(client.get("/parts?10", "HEAD").body, b"")
        self.assertEqual(client.get("/size?0").values("content-length"), ["0"])

    def test_no_content(self):
        response = self.client().get("/nothing")
        self.assertEqual((response.status, response.body, response.values("content-length")), (204, b"", []))

    def test_trailers(self):
        client = self.client()
        sent = [("x-sum", "7"), ("x-note", "end")]
        stream = client.request("/echo", "POST", [("te", "trailers"), ("trailer", "x-sum")], body=b"body", trailers=sent)
        response = client.response(stream)
        self.assertEqual((response.body, response.trailers), (b"body", sent))
        response = client.response(client.request("/echo", "POST", [("te", "trailers")], trailers=sent))
        self.assertEqual((response.body, response.trailers), (b"", sent))
        response = client.response(client.request("/echo", "POST", body=b"body", trailers=sent))
        self.assertEqual((response.body, response.trailers), (b"body", []))
        response = client.get("/trailers", headers=[("te", "trailers")])
        self.assertEqual((response.body, response.trailers), (b"with trailers", [("x-sum", "12"), ("x-end", "yes")]))
        self.assertEqual(client.get("/trailers").body, b"no trailers")

    def test_early_hint(self):
        response = self.client().get("/hints")
        [(status, headers)] = response.informational
        self.assertEqual((status, dict(headers)["link"]), (103, "</style.css>; rel=preload; as=style"))
        self.assertEqual((response.status, response.body), (200, b"after the hint"))

    def test_expect_continue(self):
        """100 arrives when the application receives, and not if it answers without that"""
        client = self.client()
        stream = client.request("/echo", "POST", [("expect", "100-continue")], ends=False)
        client.wait_until(lambda: client.responses[stream].informational)
        client.send(stream, b"expected", ends=True)
        response = client.response(stream)
        self.assertEqual(([status for status, _ in response.informational], response.body), ([100], b"expected"))
        stream = client.request("/version", "POST", [("expect", "100-continue")], ends=False)
        client.wait_until(lambda: client.responses[stream].status)
        self.assertEqual((client.responses[stream].informational, client.responses[stream].status), ([], 200))
        self.assertEqual(self.server.curl("/echo", "--header", "expect: 100-continue", "--data", "abc"), "abc\n200 2")

    def test_response_before_the_body(self):
        """the rest of a body that the application has not received does not hinder other streams"""
        client = self.client()
        for _ in range(20):
            stream = client.request("/version", "POST", ends=False)
            client.wait_until(lambda: client.responses[stream].status)
            self.assertEqual(client.responses[stream].status, 200)
        response = client.response(client.request("/echo", "POST", body=pattern(1 << 20)))
        self.assertEqual(len(response.body), 1 << 20)


class RequestsInGroup(Requests):
    """The same with the module in another worker."""
    grouped = True


if __name__ == "__main__":
    unittest.main()
