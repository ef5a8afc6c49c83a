"""Django: a generated project, its asgi.py untouched."""

import hashlib
import json
import re
import subprocess
import sys
import threading
import unittest

from django_site import DjangoTestCase
from support import FULL, PICTURES, Client, Roost, browser, in_threads, multipart, needs, wait_until
from test_workers import Load


class PageTests:
    """Tests of pages that hold for ASGI and WSGI."""

    def test_pages(self):
        """pages, 404 and HEAD are answered"""
        response = self.server.get(b"/")
        self.assertEqual(response.status, 200)
        self.assertIn(b"<h1>Wiki</h1>", response.body)
        self.assertEqual(self.server.get(b"/none").status, 404)
        with self.server.client() as client:
            head = client.request(b"HEAD", b"/plain")
            self.assertEqual((head.status, head.header(b"content-length"), head.body), (200, b"5", b""))
            self.assertEqual(client.request(b"GET", b"/plain").body, b"plain")

    def test_headers(self):
        """header fields arrive, and two cookies and a mixed-case field are sent"""
        response = self.server.get(b"/headers", [(b"X-Own", b"value"), (b"Accept-Language", b"de")])
        self.assertEqual((response.json()["X-Own"], response.json()["Accept-Language"]), ("value", "de"))
        self.assertEqual(response.header(b"x-mixed-case"), b"Value")
        cookies = [value for name, value in response.headers if name == b"set-cookie"]
        self.assertEqual([cookie.split(b";")[0] for cookie in cookies], [b"one=1", b"two=2"])

    def test_form(self):
        """a form with a CSRF token is accepted, one without is refused"""
        with self.server.client() as client:
            page = client.request(b"GET", b"/form")
            cookie = page.header(b"set-cookie").split(b";")[0]
            token = re.search(rb'name="csrfmiddlewaretoken" value="(\w+)"', page.body)[1]
            kind = (b"content-type", b"application/x-www-form-urlencoded")
            refused = client.request(b"POST", b"/form", [kind, (b"cookie", cookie)], b"text=bad")
            self.assertEqual(refused.status, 403)
            body = b"csrfmiddlewaretoken=" + token + b"&text=gr%C3%BCn+%26+blau"
            accepted = client.request(b"POST", b"/form", [kind, (b"cookie", cookie)], body)
            self.assertEqual((accepted.status, accepted.header(b"location")), (302, b"/"))
            self.assertIn("grün &amp; blau", client.request(b"GET", b"/").body.decode())

    def test_sessions(self):
        """a session in the database counts the visits of one client"""
        first = self.server.get(b"/visits")
        cookie = first.header(b"set-cookie").split(b";")[0]
        self.assertEqual(first.json(), {"visits": 1})
        for visit in (2, 3):
            self.assertEqual(self.server.get_json(b"/visits", [(b"cookie", cookie)]), {"visits": visit})

    def test_streaming(self):
        """a StreamingHttpResponse with a synchronous and an asynchronous iterator arrives whole"""
        for target in (b"/stream", b"/stream-async"):
            response = self.server.get(target)
            expected = b"".join(b"part %d\n" % number for number in range(5))
            self.assertEqual((response.status, response.body, response.closed), (200, expected, False))

    def test_upload(self):
        """small and large uploads arrive, the large one in a temporary file"""
        for size, kind in ((10, "InMemoryUploadedFile"), (6_000_000, "TemporaryUploadedFile")):
            content = bytes(range(256)) * (size // 256 + 1)
            content = content[:size]
            response = self.server.post(b"/upload", *multipart(b"file", content, [(b"note", b"note")]))
            self.assertEqual(response.json(), {
                "name": "f.bin", "size": size, "sha256": hashlib.sha256(content).hexdigest(), "class": kind,
                "note": "note"})

    def test_static_files(self):
        """static files are served in development, with 304 for a client that has them"""
        response = self.server.get(b"/static/style.css")
        self.assertEqual((response.status, response.body), (200, b"body { background: #fafad2 }\n"))
        modified = response.header(b"last-modified")
        self.assertEqual(self.server.get(b"/static/style.css", [(b"if-modified-since", modified)]).status, 304)
        self.assertEqual(self.server.get(b"/static/admin/css/base.css").status, 200)
        self.assertEqual(self.server.get(b"/static/none.css").status, 404)

    def test_file_response(self):
        """a FileResponse arrives whole"""
        response = self.server.get(b"/file")
        self.assertEqual(response.body, (self.project.folder / "pages/views.py").read_bytes())

    def test_concurrent_sync_views(self):
        """synchronous views of several clients run at the same time"""
        clients = [self.server.client() for _ in range(4)]
        for client in clients:
            client.start(b"GET", b"/meet")
        numbers = []
        for client in clients:
            numbers.append(client.read().body)
            client.socket.close()
        self.assertEqual(sorted(numbers), [b"0", b"1", b"2", b"3"])


@needs("django")
class DjangoTests(PageTests, DjangoTestCase):
    EXPECTED = ("StreamingHttpResponse must consume synchronous iterators",)

    def test_asgi_file_untouched(self):
        """the project's asgi.py is the generated one"""
        self.assertEqual(self.project.asgi_hash(), self.project.generated)

    def test_request_attributes(self):
        """Django's request has the path, the query, the host and the client's address"""
        shown = self.server.get_json(b"/async?a=1&b=%C3%A4")
        self.assertEqual(shown, {
            "task": True, "main": True, "method": "GET", "path": "/async", "query": {"a": "1", "b": "ä"},
            "scheme": "http", "port": str(self.server.port), "http_host": "test", "address": "127.0.0.1"})

    def test_one_thread_per_request(self):
        """the synchronous parts of one request run on one thread, while others run between them"""
        with_threads = []

        def load(number):
            with self.server.client() as client:
                for _ in range(10):
                    with_threads.append(client.request(b"GET", b"/hops").json()["threads"])
        in_threads(8, load)
        self.assertEqual(with_threads, [1] * 80)

    def test_disconnect_cancels_view(self):
        """Django cancels an asynchronous view, and ends a stream, when the client disconnects"""
        before = self.server.get_json(b"/tasks")
        client = self.server.client()
        client.start(b"GET", b"/listen")
        wait_until(lambda: self.server.get_json(b"/tasks")["listening"] == 1, "the view")
        client.socket.close()
        wait_until(lambda: self.server.get_json(b"/tasks")["listening"] == 0, "the cancellation")
        self.assertEqual(self.server.get_json(b"/tasks")["cancelled"], before["cancelled"] + 1)
        client = self.server.client()
        client.start(b"GET", b"/stream-endless")
        client.until(b"data: 3")
        self.assertEqual(self.server.get_json(b"/tasks")["streams"], 1)
        client.socket.close()
        wait_until(lambda: self.server.get_json(b"/tasks")["streams"] == 0, "the end of the stream")
        wait_until(lambda: self.server.get_json(b"/tasks")["tasks"] == before["tasks"], "the end of the tasks")


@needs("django")
class DjangoWSGITests(PageTests, DjangoTestCase):
    """The same project by its wsgi.py."""

    APPLICATION = "wiki.wsgi:application"
    EXPECTED = ("StreamingHttpResponse must consume asynchronous iterators",)

    def test_request_attributes(self):
        """Django's request has the path, the query, the host and the client's address"""
        shown = self.server.get_json(b"/seen/%C3%A4?a=1&b=%C3%A4")
        self.assertEqual(shown, {
            "main": False, "method": "GET", "path": "/seen/ä", "query": {"a": "1", "b": "ä"}, "scheme": "http",
            "port": str(self.server.port), "http_host": "test", "address": "127.0.0.1"})

    def test_query_at_import(self):
        """a project that queries its database when it is imported is served"""
        path = self.project.folder / "wiki/wsgi.py"
        source = path.read_text()
        self.addCleanup(path.write_text, source)
        path.write_text(source + "\nfrom django.contrib.auth.models import User\nNAMES = list(User.objects.all())\n")
        with Roost(self.APPLICATION, app_dir=self.project.folder) as server:
            self.assertEqual(server.get(b"/plain").body, b"plain")


@needs("django")
class DjangoFaultTests(DjangoTestCase):
    """A view that raises. Django logs the traceback itself."""

    EXPECTED = ("Traceback",)

    def test_fault(self):
        """a view that raises gets Django's page with status 500, and the connection stays open"""
        with self.server.client() as client:
            response = client.request(b"GET", b"/fault")
            self.assertEqual(response.status, 500)
            self.assertIn(b"a fault of the view", response.body)
            self.assertEqual(client.request(b"GET", b"/plain").body, b"plain")
        self.server.wait_for_log("RuntimeError: a fault of the view")
        self.assertEqual(self.server.log().count("RuntimeError: a fault of the view"), 1)


@needs("django")
class DatabaseConnectionTests(DjangoTestCase):
    """When connections are opened and closed, and on which thread."""

    WITH_DATABASE = (b"/query", b"/query-async", b"/visits")
    TARGETS = (*WITH_DATABASE, b"/headers", b"/async", b"/stream")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.roost_events = cls.events(cls.server.get)

    @classmethod
    def events(cls, get):
        """The events of two requests of each page."""
        get(b"/plain?first")  # imports the module that records them
        shown = {}
        for target in cls.TARGETS:
            for count in (1, 2):
                assert get(target).status == 200, target

                def finished():
                    shown[target] = get(b"/events?path=" + target).json()["events"]
                    return [name for name, _ in shown[target]].count("request finished") == count
                wait_until(finished, f"the end of {target}")
        return shown

    def test_connections_are_closed(self):
        """a request's connection is closed at its end, on the thread that has opened it"""
        for target, events in self.roost_events.items():
            created = [thread for name, thread in events if name == "connection created"]
            closed = [thread for name, thread in events if name == "connection closed"]
            self.assertEqual(bool(created), target in self.WITH_DATABASE, (target, events))
            self.assertEqual(created, closed, (target, events))

    @needs("daphne")
    def test_as_under_daphne(self):
        """the events are those under Daphne"""
        process = subprocess.Popen(
            [sys.executable, "-m", "daphne", "-p", "0", "-v", "1", "wiki.asgi:application"], cwd=self.project.folder,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            for line in process.stderr:
                if found := re.search(r"Listening on TCP address 127.0.0.1:(\d+)", line):
                    port = int(found[1])
                    break
            threading.Thread(target=process.stderr.read, daemon=True).start()

            def get(target):
                with Client(port) as client:
                    return client.request(b"GET", target, [(b"connection", b"close")])
            daphne = self.events(get)
        finally:
            process.terminate()
            process.wait()
            process.stderr.close()
        for target in self.TARGETS:
            names = [[name for name, _ in events[target]] for events in (self.roost_events, daphne)]
            self.assertEqual(names[0], names[1], target)

    def test_no_connection_remains(self):
        """after requests at the same time, as many connections are closed as were opened"""
        def load(number):
            with self.server.client() as client:
                for _ in range(20):
                    client.request(b"GET", b"/query?load")
        in_threads(6, load)

        def closed():
            names = [name for name, _ in self.server.get_json(b"/events?path=/query")["events"]]
            return (names.count("connection created") >= 120
                    and names.count("connection created") == names.count("connection closed"))
        wait_until(closed, "the end of the connections")


@needs("django")
class WSGIConnectionTests(DatabaseConnectionTests):
    """The same by wsgi.py, where each request is on one thread."""

    APPLICATION = "wiki.wsgi:application"
    test_as_under_daphne = None


@needs("django")
class DjangoReloadTests(DjangoTestCase):
    """Reloads of a changed views.py, which Django imports with the first request."""

    EXPECTED = ("Traceback",)

    def setUp(self):
        self.path = self.project.folder / "pages/views.py"
        self.source = self.path.read_text()
        self.addCleanup(self.path.write_text, self.source)

    def reload(self):
        return self.server.command("reload")

    def test_reloads(self):
        """reloads of a changed view under load fail no request"""
        with Load(self.server.port, 2, b"/value") as load:
            for number in range(20 if FULL else 5):
                self.path.write_text(self.source.replace('VALUE = "one"', f'VALUE = "value {number}"'))
                self.assertEqual(self.reload().returncode, 0, self.server.log())
                self.assertEqual(self.server.get_json(b"/value")["value"], f"value {number}")
                load.wait_for(5)
        self.assertEqual(load.failures, [])

    def test_fault(self):
        """a views.py with a syntax error keeps the previous version"""
        self.assertEqual(self.server.get(b"/plain").body, b"plain")
        self.path.write_text("def index(:\n")
        result = self.reload()
        self.assertEqual(self.server.get(b"/plain").body, b"plain")
        self.assertEqual(result.returncode, 1)
        self.assertIn("SyntaxError", result.stderr)

    def test_query_while_views_are_imported(self):
        """a views.py that queries the database when it is imported is served, as by Uvicorn with a middleware that is not
        asynchronous"""
        self.path.write_text(self.source + "\nfrom django.contrib.auth.models import User\nNAMES = list(User.objects.all())\n")
        self.assertEqual(self.reload().returncode, 0, self.server.log())
        self.assertEqual(self.server.get(b"/plain").body, b"plain")


@needs("django", "playwright")
class AdminTests(DjangoTestCase):
    """The admin in a browser."""

    def test_admin(self):
        """an operator logs in, adds, edits and deletes a user"""
        with browser() as chromium:
            page = chromium.new_page()
            failed = []
            page.on("response", lambda response: response.status >= 400 and failed.append(response.url))
            page.on("requestfailed", lambda request: failed.append(request.url))

            def picture(name):
                page.screenshot(path=PICTURES / f"admin-{sys.version_info[0]}.{sys.version_info[1]}-{name}.png")
            page.goto(self.server.url + "/admin/")
            picture("1-login")
            page.fill("#id_username", "operator")
            page.fill("#id_password", "correct horse")
            page.click("input[type=submit]")
            page.wait_for_selector("text=Site administration")
            picture("2-index")
            page.click("#content-main .model-user a.addlink")
            page.fill("#id_username", "alice")
            page.fill("#id_password1", "a long pass phrase")
            page.fill("#id_password2", "a long pass phrase")
            page.click("input[name=_save]")
            page.wait_for_selector("text=was added successfully")
            page.fill("#id_first_name", "Älice")
            picture("3-edit")
            page.click("input[name=_save]")
            page.wait_for_selector("text=was changed successfully")
            picture("4-list")
            self.assertIn("Älice", page.inner_text("#result_list"))
            page.click("#result_list a:text-is('alice')")
            page.click("a.deletelink")
            page.click("input[type=submit]")
            page.wait_for_selector("text=was deleted successfully")
            picture("5-deleted")
            self.assertNotIn("alice", page.inner_text("#result_list"))
            self.assertEqual([url for url in failed if "favicon" not in url], [])


if __name__ == "__main__":
    unittest.main()
