"""WSGI applications in a process: threads and queue, recognition, mounts, and the validator of wsgiref."""

import os
import pathlib
import tempfile
import unittest

from harness import Server, ServerTestCase, in_threads
from test_wsgi import SOURCE


class QueueTests(unittest.TestCase):
    """the threads, and the requests that wait for them"""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.gate = pathlib.Path(folder.name, "gate")
        os.mkfifo(self.gate)
        self.descriptor = os.open(self.gate, os.O_RDWR)
        self.addCleanup(os.close, self.descriptor)

    def start_waiting(self, server, count, path=b"/waits"):
        """Starts requests, each of which is answered when the gate lets it pass."""
        clients = [server.client() for _ in range(count)]
        for client in clients:
            client.start(b"GET", path + b"?" + bytes(self.gate))
        return clients

    def let_pass(self, count):
        """Opens the gate for a number of requests, of which some may come later."""
        os.write(self.descriptor, b"x" * count)

    def test_full_queue(self):
        """a request above the limit gets 503 at once; those that wait are answered"""
        with Server(SOURCE, host={"health": True}, wsgi_threads=2, limit_wsgi=3) as server:
            clients = self.start_waiting(server, 5)
            self.assertEqual(server.get(b"/healthz").status, 200)  # the requests before it have arrived
            refused = server.get(b"/unread")
            self.assertEqual((refused.status, refused.header(b"retry-after")), (503, b"1"))
            self.assertEqual(refused.body, b"Service Unavailable: too many requests are waiting for a thread")
            self.let_pass(5)
            self.assertEqual({client.read().status for client in clients}, {200})

    def test_computing_application(self):
        """an application that holds the GIL does not stop the server"""
        with Server(SOURCE, host={"health": True}, wsgi_threads=1, limit_wsgi=1) as server:
            clients = self.start_waiting(server, 4, b"/holds_the_gil")
            self.assertEqual(server.get(b"/healthz").status, 200)  # the requests before it have arrived
            self.let_pass(2)
            bodies = [client.read().body for client in clients]
            self.assertEqual(bodies.count(b"held"), 2)
            self.assertEqual(bodies.count(b"Service Unavailable: too many requests are waiting for a thread"), 2)

    def test_shutdown(self):
        """a shutdown lets requests finish, also those that wait for a thread"""
        with Server(SOURCE, host={"health": True}, wsgi_threads=1) as server:
            clients = self.start_waiting(server, 4)
            self.assertEqual(server.get(b"/healthz").status, 200)  # the requests before it have arrived
            server.terminate()
            self.let_pass(4)
            self.assertEqual([client.read().body for client in clients], [b"waited"] * 4)
            self.assertEqual(server.wait(), 0)

    def test_many_clients(self):
        """responses are not mixed up under load"""
        with Server(SOURCE, wsgi_threads=4) as server:
            def load(number):
                with server.client() as client:
                    for count in range(50):
                        body = b"%d:%d" % (number, count) * (1 + count % 3 * 10_000)
                        self.assertEqual(client.request(b"POST", b"/echo", body=body).body, body)
            in_threads(16, load)


class InterfaceTests(unittest.TestCase):
    """how an application is recognized"""

    FUNCTION = """
        def application(environ, start_response):
            start_response("200 OK", [])
            return [b"wsgi"]
        """

    def assert_serves(self, source, **settings):
        with Server(source, **settings) as server:
            self.assertEqual(server.get(b"/").body, b"wsgi", source)

    def test_recognized(self):
        """functions, objects, classes, partial and decorated functions of two parameters"""
        inner = self.FUNCTION.replace("application", "inner")
        for source in (
                self.FUNCTION,
                inner + """
        class Application:
            def __call__(self, environ, start_response):
                return inner(environ, start_response)
        application = Application()
        """,
                """
        class application:
            def __init__(self, environ, start_response):
                start_response("200 OK", [])
            def __iter__(self):
                yield b"wsgi"
        """,
                inner + """
        import functools
        application = functools.partial(lambda prefix, environ, start_response: inner(environ, start_response), 1)
        """,
                inner + """
        import functools
        @functools.wraps(inner)
        def application(*arguments):
            return inner(*arguments)
        """):
            self.assert_serves(source)

    def test_named(self):
        """--interface wsgi serves a callable that does not show its parameters"""
        source = self.FUNCTION.replace("application", "inner") + """
        def application(*arguments):
            return inner(*arguments)
        """
        self.assert_serves(source, interface="wsgi")
        self.assert_serves(self.FUNCTION.replace("application", "make()").replace("make()(", "inner(") + """
        def make():
            return inner
        """, application="app:make", factory=True)

    def test_no_running_loop(self):
        """a module that is named as one of WSGI is imported without a running event loop"""
        check = """
        import asyncio
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            pass
        else:
            raise SystemExit("a loop runs")
        """ + self.FUNCTION
        self.assert_serves("", application="wsgi:application", files=[("wsgi.py", check)])
        self.assert_serves(check, interface="wsgi")


class MountTests(unittest.TestCase):
    """SCRIPT_NAME by mount"""

    def test_script_name(self):
        """the mount is SCRIPT_NAME, the rest PATH_INFO"""
        host = {"applications": [{"module": "builtin:python", "mount": "/wiki"}]}
        source = """
            def application(environ, start_response):
                start_response("200 OK", [])
                return [f"{environ['SCRIPT_NAME']}|{environ['PATH_INFO']}|{environ['REQUEST_URI']}".encode()]
            """
        with Server(source, host=host) as server:
            self.assertEqual(server.get(b"/wiki/a?b").body, b"/wiki|/a|/wiki/a?b")
            self.assertEqual(server.get(b"/wiki/").body, b"/wiki|/|/wiki/")
            self.assertEqual(server.get(b"/wiki").body, b"/wiki||/wiki")


class ValidatorTests(ServerTestCase):
    """wsgiref.validate finds nothing"""

    SOURCE = """
        import wsgiref.validate

        def plain(environ, start_response):
            environ["wsgi.errors"].write("an error\\n")
            environ["wsgi.errors"].flush()
            body = environ["wsgi.input"].read(3)
            rest = [environ["wsgi.input"].readline(), *environ["wsgi.input"]]
            headers = [("Content-Type", "text/plain")]
            if environ["PATH_INFO"] == "/write":
                start_response("200 OK", headers)(body)
                return []
            start_response("200 OK", headers)
            if environ["PATH_INFO"] == "/file":
                return environ["wsgi.file_wrapper"](open(__file__, "rb"))
            return [body, *rest]

        application = wsgiref.validate.validator(plain)
        """
    SETTINGS = {"interface": "wsgi"}

    def test_validator(self):
        """requests with and without a body, write and a file"""
        body = b"abcdef\nghi"
        self.assertEqual(self.server.post(b"/", body).body, body)
        self.assertEqual(self.server.get(b"/?query=1").body, b"")
        self.assertEqual(self.server.post(b"/write", body).body, b"abc")
        self.assertIn(b"wsgiref.validate", self.server.get(b"/file").body)
        with self.server.client() as client:
            client.send(b"POST / HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n")
            client.send(b"3\r\ncde\r\n0\r\n\r\n")
            self.assertEqual(client.read().body, b"abcde")


if __name__ == "__main__":
    unittest.main()
