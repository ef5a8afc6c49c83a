"""Header fields, targets and methods of requests: the same as over HTTP/1.1, where that has them."""

import http.client
import unittest

from server import ServerTest, fields

TARGETS = [
    "/", "/scope", "/a//b///", "/a/./b/../c", "/%20%2F%2f%C3%A4", "/a;b=c,d", "/a?", "/a??b?c", "/a?x=%zz&y=/?", "/~user/!$&'()*+",
    "/a%00b", "/%ff", "/a%", "/a%4", "/%zz", "/a\\b", "/[x]", "/a:80/http://b/", "//example.org/a", "/a{b}|c^d`", "/" + "x" * 8000,
    "/?" + "q" * 8000]


class Fields(ServerTest):
    def scope(self, *headers, path="/scope", client=None):
        return fields((client or self.client()).get(path, headers=headers).body)

    def test_targets(self):
        """the scope of each target, or the status of its refusal, is that of HTTP/1.1"""
        for target in TARGETS:
            with self.subTest(target=target[:40]):
                connection = http.client.HTTPConnection("127.0.0.1", self.server.port)
                # The library would refuse some targets.
                connection._validate_path = lambda url: None
                self.addCleanup(connection.close)
                connection.request("GET", target, headers={"host": "localhost"})
                expected = connection.getresponse()
                expected_body = expected.read()
                response = self.client().get(target)
                self.assertEqual(response.status, expected.status)
                if expected.status == 200:
                    one, two = fields(expected_body), fields(response.body)
                    for name in ("path", "raw_path", "query", "root_path"):
                        self.assertEqual(two[name], one[name])

    def test_methods(self):
        client = self.client()
        for method in "DELETE", "PATCH", "PROPFIND", "get", "M-SEARCH", "X" * 30:
            with self.subTest(method=method):
                self.assertEqual(fields(client.get("/scope", method).body)["method"], method)

    def test_options_of_the_server(self):
        """OPTIONS * is answered as over HTTP/1.1"""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port)
        self.addCleanup(connection.close)
        connection.request("OPTIONS", "*", headers={"host": "localhost"})
        self.assertEqual(self.client().get("*", "OPTIONS").status, connection.getresponse().status)

    def test_authority(self):
        """the field host has the authority, and is the first one"""
        def headers(*pairs):
            client = self.frames()
            client.write(client.headers(1, [(":method", "GET"), (":scheme", "http"), (":path", "/scope"), *pairs]))
            self.assertEqual(client.outcome(1), ("status", 200))
            body = b""
            while frame := client.read():
                body += getattr(frame, "data", b"")
                if "END_STREAM" in frame.flags:
                    return fields(body)["headers"]

        self.assertEqual(headers((":authority", "one:81"), ("x-a", "1")), [["host", "one:81"], ["x-a", "1"]])
        self.assertEqual(headers(("x-a", "1"), ("host", "two")), [["x-a", "1"], ["host", "two"]])
        both = headers((":authority", "same"), ("x-a", "1"), ("host", "same"))
        self.assertEqual(sorted(both), [["host", "same"], ["x-a", "1"]])

    def test_cookies(self):
        """crumbs are joined (RFC 9113 §8.2.3)"""
        headers = self.scope(("cookie", "a=1"), ("x-a", "1"), ("cookie", "b=2"), ("cookie", "c=3; d=4"))["headers"]
        self.assertEqual([value for name, value in headers if name == "cookie"], ["a=1; b=2; c=3; d=4"])
        self.assertEqual(len(headers), 3)
        self.assertEqual([["cookie", "one"]], [pair for pair in self.scope(("cookie", "one"))["headers"] if pair[0] == "cookie"])

    def test_values(self):
        """values are bytes; inner spaces and empty values are kept"""
        pairs = [("x-empty", ""), ("x-bytes", "äöü"), ("x-spaces", "a  b\tc"), ("x-long", "y" * 15000)]
        headers = dict(self.scope(*pairs)["headers"])
        for name, value in pairs:
            self.assertEqual(headers[name].encode("latin-1").decode(), value)

    def test_many_fields(self):
        """the maximum number of fields, in several CONTINUATION frames"""
        pairs = [(f"x-field-{number}", f"{number:0400}") for number in range(120)]
        scope = self.scope(*pairs)
        self.assertEqual([tuple(pair) for pair in scope["headers"][1:]], pairs)
        # With a table of the client that holds none of them, and with its references.
        client = self.client()
        for _ in range(3):
            self.assertEqual(self.scope(*pairs, client=client)["headers"], scope["headers"])

    def test_many_response_fields(self):
        response = self.client().get("/fields?300")
        self.assertEqual(response.values("x-filler"), ["." * 96] * 300)

    def test_limits(self):
        """a request beyond a limit is refused on its stream, and the connection lives on"""
        refused = {
            "fields": (431, "/", [(f"x-{number}", "") for number in range(200)]),
            "crumbs": (431, "/", [("cookie", f"a{number}=1") for number in range(200)]),
            "field": (431, "/", [("x-long", "z" * 17000)]),
            "head": (431, "/", [(f"x-long-{number}", "z" * 15000) for number in range(5)]),
            "line": (414, "/" + "p" * 17000, [])}
        for name, (status, path, headers) in refused.items():
            with self.subTest(limit=name):
                client = self.client()
                self.assertEqual(client.get(path, headers=headers).status, status)
                self.assertEqual(client.get("/version").status, 200)
        client = self.client()
        trailers = [(f"x-{number}", "") for number in range(200)]
        stream = client.request("/echo", "POST", [("te", "trailers")], body=b"body", trailers=trailers)
        response = client.response(stream)
        self.assertTrue(response.reset is not None or response.status == 431, response)
        self.assertEqual(client.get("/version").status, 200)

    def test_options_of_limits(self):
        server = self.start("--limit-request-fields", "10", "--limit-request-field-size", "200", "--limit-request-line", "300")
        client = self.client(server)
        self.assertEqual(client.get("/", headers=[(f"x-{number}", "") for number in range(20)]).status, 431)
        self.assertEqual(client.get("/", headers=[("x-a", "a" * 300)]).status, 431)
        self.assertEqual(client.get("/" + "a" * 400).status, 414)
        self.assertEqual(client.get("/", headers=[("x-a", "a" * 100)]).status, 200)

    def test_response_names(self):
        """names are lower-case, and no field of HTTP/1.1's connection is sent"""
        response = self.client().get("/version", headers=[("te", "trailers")])
        names = [name for name, _ in response.headers]
        self.assertEqual(names, [name.lower() for name in names])
        self.assertIn("date", names)
        self.assertFalse({"connection", "keep-alive", "transfer-encoding", "upgrade"} & set(names))


class FieldsInGroup(Fields):
    """The same with the module in another worker."""
    grouped = True


if __name__ == "__main__":
    unittest.main()
