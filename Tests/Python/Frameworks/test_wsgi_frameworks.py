"""Flask, Bottle and Pyramid, recognized as WSGI by themselves."""

import json
import pathlib
import shutil
import tempfile
import unittest

from support import APPLICATIONS, Roost, RoostTestCase, multipart, needs, wait_until


class FrameworkTests:
    """Tests that hold for all frameworks."""

    EXPECTED = ("Traceback",)

    def test_requests(self):
        """the query, header fields, bodies and unknown paths"""
        self.assertEqual(self.server.get(b"/?name=M%C3%BCller", [(b"x-own", b"value")]).body.decode(), "Müller|value")
        document = {"text": "grün", "numbers": list(range(10_000))}
        response = self.server.post(b"/echo", json.dumps(document).encode(), [(b"content-type", b"application/json")])
        self.assertEqual(response.json(), document)
        self.assertEqual(self.server.get(b"/none").status, 404)
        with self.server.client() as client:
            head = client.request(b"HEAD", b"/")
            self.assertEqual((head.status, head.header(b"content-length")), (200, b"1"))
            self.assertEqual(client.request(b"GET", b"/").body, b"|")

    def test_upload(self):
        """an upload arrives whole"""
        response = self.server.post(b"/upload", *multipart(b"file", b"x" * 2_000_000, [(b"note", b"note")]))
        self.assertEqual(response.json(), {"name": "f.bin", "size": 2_000_000, "note": "note"})

    def test_cookies(self):
        """a cookie counts the requests of one client"""
        cookie = None
        for count in (1, 2, 3):
            response = self.server.get(b"/count", [(b"cookie", cookie)] if cookie else [])
            self.assertEqual(response.json(), {"count": count})
            cookie = response.header(b"set-cookie").split(b";")[0]

    def test_stream(self):
        """a generator arrives whole"""
        response = self.server.get(b"/stream")
        self.assertEqual(response.body, b"".join(b"part %d of /stream\n" % number for number in range(5)))

    def test_file(self):
        """a file arrives whole, and in ranges"""
        module = self.APPLICATION.partition(":")[0]
        content = (APPLICATIONS / f"{module}.py").read_bytes()
        response = self.server.get(b"/file")
        self.assertEqual(response.body, content)
        response = self.server.get(b"/file", [(b"range", b"bytes=5-9")])
        if response.status == 206:
            self.assertEqual(response.body, content[5:10])

    def test_fault(self):
        """a view that raises is answered with 500, with a traceback in the log"""
        self.assertEqual(self.server.get(b"/fault").status, 500)
        self.server.wait_for_log("RuntimeError: a fault of the view")


@needs("flask")
class FlaskTests(FrameworkTests, RoostTestCase):
    APPLICATION = "with_flask:app"

    def test_close(self):
        """call_on_close runs after the response"""
        self.assertEqual(self.server.get(b"/background").body, b"answered")
        wait_until(lambda: self.server.get_json(b"/finished") == ["closed"], "the function of call_on_close")

    def test_url(self):
        """URLs are those that the client uses"""
        self.assertEqual(self.server.get(b"/url").body, b"http://test/count")


@needs("bottle")
class BottleTests(FrameworkTests, RoostTestCase):
    APPLICATION = "with_bottle:app"


@needs("pyramid")
class PyramidTests(FrameworkTests, RoostTestCase):
    APPLICATION = "with_pyramid:app"


@needs("flask")
class MixedTests(unittest.TestCase):
    """ASGI and WSGI in one worker."""

    def test_one_worker(self):
        """both answer, each at its mount"""
        folder = pathlib.Path(tempfile.mkdtemp(prefix="roost-mixed-"))
        self.addCleanup(shutil.rmtree, folder)
        shutil.copy(APPLICATIONS / "with_flask.py", folder)
        (folder / "asynchronous.py").write_text("""
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body", "body": scope["type"].encode()})
""")
        (folder / "site.yaml").write_text("""
applications:
  - {module: 'with_flask:app', mount: /flask, worker: both}
  - {module: 'asynchronous:app', mount: /asynchronous, worker: both}
server: {groups: {both: {workers: 1}}}
""")
        with Roost("--settings=site", app_dir=folder) as server:
            self.assertEqual(server.get(b"/flask/?name=a").body, b"a|")
            self.assertEqual(server.get(b"/flask/url").body, b"http://test/flask/count")
            self.assertEqual(server.get(b"/asynchronous").body, b"http")
            with server.websocket(b"/flask/") as socket:
                self.assertEqual(socket.accept().status, 403)
            self.assertEqual(len(server.workers()), 1)


if __name__ == "__main__":
    unittest.main()
