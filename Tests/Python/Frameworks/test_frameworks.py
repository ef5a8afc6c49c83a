"""FastAPI, Starlette, Quart and Litestar, plain and wrapped by asgion."""

import hashlib
import json
import os
import pathlib
import shutil
import tempfile
import unittest

from support import RoostTestCase, multipart, needs, wait_until

# Rules of asgion about what a server gives to an application. All other rules with the severity `error` count too.
SERVER_RULES = ("G-", "HS-", "WS-", "LS-", "HE-003", "HF-007", "WE-005", "EX-009")
PARTS = b"".join(b"part %d\n" % number for number in range(5))


class FrameworkTestCase(RoostTestCase):
    FRAMEWORK_FINDINGS = ()  # rules of asgion that the framework itself breaks, under Uvicorn too

    def wait_for_events(self, *expected: str):
        """Waits until the application has recorded events, in any order with others between."""
        missing = list(expected)

        def seen():
            for event in self.server.get_json(b"/events"):
                if event in missing:
                    missing.remove(event)
            return not missing
        wait_until(seen, f"the events {expected}")

    def counts_in_session(self):
        cookie = None
        for count in (1, 2, 3):
            response = self.server.get(b"/count", [(b"cookie", cookie)] if cookie else [])
            self.assertEqual(response.json(), {"count": count})
            cookie = response.header(b"set-cookie").split(b";")[0]

    def check_background_tasks(self, *others: str):
        """A background task continues after its response, and the next requests of the connection do not wait for it.

        `others`: the events of other tasks of the same response.
        """
        gate = self.server.gate()
        with self.server.client() as client:
            seen = []

            def recorded(*events):
                seen.extend(client.request(b"GET", b"/events").json())
                return set(events) <= set(seen)
            recorded()
            seen.clear()
            self.assertEqual(client.request(b"GET", b"/background?gate=" + bytes(gate)).status, 200)
            wait_until(lambda: recorded("background started", *others), f"the start of the tasks: {seen}")
            self.assertNotIn("background finished", seen)
            gate.touch()
            wait_until(lambda: recorded("background finished"), f"the end of the task: {seen}")
        self.assertEqual(seen[0], "answered")
        self.assertEqual([event for event in seen[1:] if event not in others],
                         ["background started", "background finished"])
        return seen


def inspected(case):
    """Returns the same tests with the application wrapped by asgion; a finding fails the class."""
    module, _, attribute = case.APPLICATION.partition(":")

    class Inspected(case):
        APPLICATION = "inspected:app"

        @classmethod
        def setUpClass(cls):
            folder = pathlib.Path(tempfile.mkdtemp(prefix="roost-asgion-"))
            cls.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
            cls.findings = folder / "findings"
            cls.findings.touch()
            cls.ENVIRONMENT = {**case.ENVIRONMENT, "ASGION_FINDINGS": str(cls.findings), "ASGION_MODULE": module,
                               "ASGION_ATTRIBUTE": attribute}
            super().setUpClass()

        @classmethod
        def tearDownClass(cls):
            super().tearDownClass()
            found = [json.loads(line) for line in cls.findings.read_text().splitlines()]
            found = [finding for finding in found if finding["rule"] not in case.FRAMEWORK_FINDINGS
                     and (finding["severity"] == "error" or finding["rule"].startswith(SERVER_RULES))]
            assert not found, "asgion has found:\n" + "\n".join(map(str, found))

    Inspected.__name__ = Inspected.__qualname__ = case.__name__.replace("Tests", "InspectedTests")
    return needs("asgion")(Inspected)


@needs("fastapi")
class FastAPITests(FrameworkTestCase):
    APPLICATION = "with_fastapi:app"

    def test_documentation(self):
        """the documentation page and the schema are served"""
        page = self.server.get(b"/docs")
        self.assertEqual(page.status, 200)
        self.assertIn(b"swagger-ui", page.body)
        self.assertIn("/items/{number}", self.server.get_json(b"/openapi.json")["paths"])

    def test_endpoints(self):
        """asynchronous endpoints run on the main thread, synchronous ones on others"""
        self.assertEqual(self.server.get_json(b"/"), {"main": True})
        self.assertEqual(self.server.get_json(b"/sync"), {"main": False})
        self.assertEqual(self.server.get_json(b"/items/7?q=a+b"), {"number": 7, "q": "a b"})
        self.assertEqual(self.server.get(b"/items/x").status, 422)
        self.assertEqual(self.server.get(b"/items/404").json(), {"detail": "no such item"})
        self.assertEqual(self.server.get(b"/none").status, 404)
        self.assertEqual(self.server.post(b"/", b"").status, 405)

    def test_bodies(self):
        """JSON and multipart bodies arrive"""
        kind = [(b"content-type", b"application/json")]
        response = self.server.post(b"/items", b'{"name": "n", "price": 1.5}', kind)
        self.assertEqual((response.status, response.json()), (200, {"name": "n", "price": 1.5}))
        self.assertEqual(self.server.post(b"/items", b'{"name": "n"', kind).status, 422)
        body, headers = multipart(b"file", b"x" * 3_000_000, [(b"note", b"text")])
        self.assertEqual(self.server.post(b"/upload", body, headers).json(),
                         {"name": "f.bin", "size": 3_000_000, "note": "text"})

    def test_lifespan_state(self):
        """an endpoint sees the state of the lifespan"""
        self.assertEqual(self.server.get_json(b"/state"), {"number": 42})

    def test_dependencies(self):
        """a dependency with yield is closed after the response"""
        for target in (b"/dependency", b"/dependency-async"):
            self.server.get_json(b"/events")
            self.assertEqual(self.server.get_json(target), "resource")
            self.wait_for_events("resource opened", "resource closed")

    def test_background_tasks(self):
        """background tasks run in order after the response, and the next request does not wait for them"""
        self.assertEqual(self.check_background_tasks("background sync"),
                         ["answered", "background sync", "background started", "background finished"])

    def test_streaming(self):
        """streaming responses of asynchronous and of synchronous iterators arrive whole"""
        for target in (b"/stream", b"/stream-sync"):
            response = self.server.get(target)
            self.assertEqual((response.body, response.closed), (PARTS, False))

    def test_websocket(self):
        """a WebSocket with a dependency echoes; its end is seen"""
        with self.server.websocket(b"/ws", [(b"sec-websocket-protocol", b"one, two")]) as socket:
            self.assertEqual(socket.accept().header(b"sec-websocket-protocol"), b"one")
            for text in ("a", "ä" * 40_000):
                socket.text(text)
                self.assertEqual(socket.message(), (1, f"resource: {text}".encode()))
            socket.close(1000)
            self.assertEqual(socket.close_code(), 1000)
        self.wait_for_events("disconnected 1000", "resource closed")
        socket = self.server.websocket(b"/ws")
        socket.accept()
        socket.reset()
        self.wait_for_events("disconnected 1006", "resource closed")
        with self.server.websocket(b"/ws-refused") as socket:
            self.assertEqual(socket.accept().status, 403)
        with self.server.websocket(b"/none") as socket:
            self.assertEqual(socket.accept().status, 403)

    def test_tasks_end(self):
        """no task remains after requests"""
        before = self.server.get_json(b"/tasks")["tasks"]
        for target in (b"/", b"/sync", b"/dependency", b"/stream", b"/background"):
            self.server.get(target)
        wait_until(lambda: self.server.get_json(b"/tasks")["tasks"] == before, "the end of the tasks")


class StaticFolder:
    """Adds a folder of static files to a test case, beside a file that is not served."""

    @classmethod
    def setUpClass(cls):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="roost-static-"))
        cls.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
        cls.static = folder / "static"
        cls.static.mkdir()
        (folder / "secret").write_text("secret")
        (cls.static / "index.html").write_text("<h1>static</h1>")
        (cls.static / "large.bin").write_bytes(os.urandom(3_000_000))
        cls.ENVIRONMENT = {**cls.ENVIRONMENT, "STATIC_FOLDER": str(cls.static)}
        super().setUpClass()


@needs("starlette", "itsdangerous", "multipart")
class StarletteTests(StaticFolder, FrameworkTestCase):
    APPLICATION = "with_starlette:app"

    def test_pages(self):
        """pages, redirects and 404 are answered"""
        self.assertEqual(self.server.get(b"/").body, b"index")
        self.assertEqual(self.server.get(b"/none").status, 404)
        redirect = self.server.get(b"/redirect")
        self.assertEqual((redirect.status, redirect.header(b"location")), (307, b"/"))

    def test_extensions(self):
        """the scope names pathsend, and the version 2.5 or 2.4"""
        shown = self.server.get_json(b"/extensions")
        self.assertIn("http.response.pathsend", shown["extensions"])
        self.assertGreaterEqual(shown["asgi"]["spec_version"], "2.4")

    def test_static_files(self):
        """static files are served whole, in ranges, for HEAD, and with 304"""
        content = (self.static / "large.bin").read_bytes()
        response = self.server.get(b"/static/large.bin")
        self.assertEqual(hashlib.sha256(response.body).digest(), hashlib.sha256(content).digest())
        tag = response.header(b"etag")
        self.assertEqual(self.server.get(b"/static/large.bin", [(b"if-none-match", tag)]).status, 304)
        with self.server.client() as client:
            head = client.request(b"HEAD", b"/static/large.bin")
            self.assertEqual((head.status, head.header(b"content-length")), (200, b"3000000"))
            part = client.request(b"GET", b"/static/large.bin", [(b"range", b"bytes=1000-1999")])
            self.assertEqual((part.status, part.body), (206, content[1000:2000]))
            parts = client.request(b"GET", b"/static/large.bin", [(b"range", b"bytes=0-9,100-109")])
            self.assertEqual(parts.status, 206)
            self.assertIn(content[100:110], parts.body)
            self.assertEqual(client.request(b"GET", b"/static/").body, b"<h1>static</h1>")
        self.assertEqual(self.server.get(b"/static/none").status, 404)
        for target in (b"/static/../secret", b"/static/%2e%2e/secret", b"/static/..%2fsecret"):
            refused = self.server.get(target)
            self.assertEqual(refused.status, 404, target)
            self.assertNotIn(b"secret", refused.body)

    def test_file_response(self):
        """a FileResponse arrives whole, by pathsend"""
        self.server.get_json(b"/sent")
        response = self.server.get(b"/file")
        self.assertEqual(response.body, (self.static / "large.bin").read_bytes())
        self.assertEqual(self.server.get_json(b"/sent"), ["http.response.start", "http.response.pathsend"])

    def test_sse(self):
        """server-sent events arrive, and the generator ends when the client disconnects"""
        self.assertEqual(self.server.get(b"/sse").body, b"".join(b"event: tick\ndata: %d\n\n" % n for n in range(3)))
        client = self.server.client()
        client.start(b"GET", b"/sse-endless")
        client.until(b"data: 5")
        self.assertEqual(self.server.get_json(b"/state")["open"], 1)
        client.reset()
        wait_until(lambda: self.server.get_json(b"/state")["open"] == 0, "the end of the generator")

    def test_bodies(self):
        """a streamed echo and a form arrive"""
        content = os.urandom(500_000)
        self.assertEqual(self.server.post(b"/echo", content).body, content)
        kind = [(b"content-type", b"application/x-www-form-urlencoded")]
        self.assertEqual(self.server.post(b"/form", b"a=1&b=%C3%A4", kind).json(), {"a": "1", "b": "ä"})

    def test_websocket(self):
        """a WebSocket echoes JSON"""
        with self.server.websocket(b"/ws") as socket:
            socket.accept()
            for number in range(20):
                socket.text(f'{{"n":{number}}}')
                self.assertEqual(socket.message()[1], b'{"echo":{"n":%d}}' % number)
            socket.close(1001)
            self.assertEqual(socket.close_code(), 1001)


@needs("starlette", "itsdangerous", "multipart")
class StarletteMiddlewareTests(StarletteTests):
    """The same application with session, GZip and BaseHTTPMiddleware."""

    def test_sessions(self):
        """a session in a cookie counts"""
        self.counts_in_session()

    def test_middleware(self):
        """BaseHTTPMiddleware and GZipMiddleware change the response"""
        response = self.server.get(b"/", [(b"accept-encoding", b"gzip")])
        self.assertEqual(response.header(b"x-timed"), b"yes")
        response = self.server.get(b"/long", [(b"accept-encoding", b"gzip")])
        self.assertEqual(response.header(b"content-encoding"), b"gzip")


@needs("starlette", "itsdangerous", "multipart")
class StarlettePlainTests(StarletteTests):
    """The application without middleware."""

    APPLICATION = "with_starlette:plain"


del StarletteTests  # its tests run in the two classes above


@needs("quart")
class QuartTests(FrameworkTestCase):
    APPLICATION = "with_quart:app"
    FRAMEWORK_FINDINGS = ("WF-002", "WF-003")  # Quart accepts a WebSocket before it has received websocket.connect

    def test_pages(self):
        """pages of asynchronous and synchronous functions, and 404, are answered"""
        self.assertEqual(self.server.get(b"/").body, b"<h1>Quart</h1>")
        self.assertEqual(self.server.get(b"/sync").body, b"sync")
        self.assertEqual(self.server.get(b"/none").status, 404)

    def test_bodies(self):
        """forms and uploads arrive"""
        kind = [(b"content-type", b"application/x-www-form-urlencoded")]
        self.assertEqual(self.server.post(b"/form", b"a=1&b=2", kind).json(), {"a": "1", "b": "2"})
        body, headers = multipart(b"file", b"x" * 1_000_000)
        self.assertEqual(self.server.post(b"/upload", body, headers).json(), {"name": "f.bin", "size": 1_000_000})

    def test_sessions(self):
        """a session counts"""
        self.counts_in_session()

    def test_streaming(self):
        """a streaming response arrives whole, and a generator ends when the client disconnects"""
        self.assertEqual(self.server.get(b"/stream").body, PARTS)
        client = self.server.client()
        client.start(b"GET", b"/sse")
        client.until(b"data: 3")
        client.socket.close()
        self.wait_for_events("stream closed")

    def test_background_tasks(self):
        """background tasks continue after the response"""
        self.check_background_tasks("background sync")

    def test_websocket(self):
        """a WebSocket echoes; its function is cancelled when the client disconnects"""
        with self.server.websocket(b"/ws") as socket:
            socket.accept()
            socket.text("a")
            self.assertEqual(socket.message(), (1, b"echo a"))
            socket.close()
            self.assertEqual(socket.close_code(), 1000)
        self.wait_for_events("websocket closed")


@needs("litestar")
class LitestarTests(FrameworkTestCase):
    APPLICATION = "with_litestar:app"
    FRAMEWORK_FINDINGS = ("WF-005",)  # Litestar closes a WebSocket that its client has closed

    def test_pages(self):
        """pages, the schema and 404 are answered"""
        self.assertEqual(self.server.get(b"/").body, b"index")
        self.assertEqual(self.server.get_json(b"/sync"), {"main": False})
        self.assertIn("/sync", self.server.get_json(b"/schema/openapi.json")["paths"])
        self.assertEqual(self.server.get(b"/none").status, 404)

    def test_bodies(self):
        """JSON bodies and uploads arrive"""
        response = self.server.post(b"/json", b'{"a": [1]}', [(b"content-type", b"application/json")])
        self.assertEqual((response.status, response.json()), (201, {"got": {"a": [1]}}))
        body, headers = multipart(b"data", b"x" * 1_000_000)
        self.assertEqual(self.server.post(b"/upload", body, headers).json(), {"name": "f.bin", "size": 1_000_000})

    def test_streaming(self):
        """streams and server-sent events arrive whole"""
        self.assertEqual(self.server.get(b"/stream").body, PARTS)
        self.assertEqual(self.server.get(b"/sse").body.count(b"data: "), 3)

    def test_background_tasks(self):
        """a background task continues after the response"""
        self.check_background_tasks()

    def test_websocket(self):
        """a listener and a handler of WebSockets echo"""
        for target, text, expected in ((b"/listener", "a", b"echo a"), (b"/ws", "[1]", b'{"echo":[1]}')):
            with self.server.websocket(target) as socket:
                socket.accept()
                socket.text(text)
                self.assertEqual(socket.message(), (1, expected))
                socket.close()
                self.assertEqual(socket.close_code(), 1000)


FastAPIInspectedTests = inspected(FastAPITests)
StarletteMiddlewareInspectedTests = inspected(StarletteMiddlewareTests)
StarlettePlainInspectedTests = inspected(StarlettePlainTests)
QuartInspectedTests = inspected(QuartTests)
LitestarInspectedTests = inspected(LitestarTests)

if __name__ == "__main__":
    unittest.main()
