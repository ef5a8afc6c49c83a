"""WSGI applications (PEP 3333): environ, body, response, threads, and the queue."""

import pathlib
import tempfile
import unittest

from harness import Server, ServerTestCase, in_threads, wait_until

SOURCE = r"""
import contextvars, ctypes, gzip, io, json, os, sys, tempfile, threading, time
import roost.wsgi

routes = {}
closed = []      # the names of the responses whose close() was called
produced = {}    # counts of parts
reads = []       # calls of FileWrapper.__next__
gates = {name: threading.Event() for name in ("first", "read", "held")}
variable = contextvars.ContextVar("variable", default="unset")
barrier = threading.Barrier(4)

next_block = roost.wsgi.FileWrapper.__next__
def counted(self):
    reads.append(1)
    return next_block(self)
roost.wsgi.FileWrapper.__next__ = counted

def route(function):
    routes["/" + function.__name__] = function
    return function

class Body:
    def __init__(self, name, parts):
        self.name, self.parts = name, parts
    def __iter__(self):
        return iter(self.parts)
    def close(self):
        closed.append(self.name)

def text(start_response, body, status="200 OK", headers=()):
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    start_response(status, [("Content-Type", "text/plain"), ("Content-Length", str(len(body))), *headers])
    return [body]

@route
def environ(environ, start_response):
    return text(start_response, {key: value if isinstance(value, (str, int, bool, tuple)) else str(type(value))
                                 for key, value in environ.items()})

@route
def echo(environ, start_response):
    return text(start_response, environ["wsgi.input"].read())

@route
def lines(environ, start_response):
    stream = environ["wsgi.input"]
    return text(start_response, [stream.readline().decode(), stream.readline(2).decode(), stream.read(3).decode(),
                                 [line.decode() for line in stream], stream.read().decode(), stream.read(1).decode()])

@route
def first_part(environ, start_response):
    first = environ["wsgi.input"].read(5)
    gates["read"].set()
    return text(start_response, first + b"|" + environ["wsgi.input"].read())

@route
def read_fails(environ, start_response):
    try:
        environ["wsgi.input"].read()
    except OSError as error:
        closed.append(type(error).__name__)
        raise

@route
def unread(environ, start_response):
    return text(start_response, b"unread")

@route
def empty(environ, start_response):
    start_response("204 No Content", [])
    return []

@route
def tuple_of_parts(environ, start_response):
    start_response("200 OK", [("X-Latin", "gr\u00fcn"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")])
    return (b"one,", b"two,", b"three")

@route
def generator(environ, start_response):
    start_response("201 Created", [])
    yield b""
    yield b"a"
    yield b"b" * 100_000
    yield b"c"

@route
def known_length(environ, start_response):
    start_response("200 OK", [("content-length", "6")])
    yield b"abc"
    yield b"def"
    gates["first"].wait(10)   # the client has the response before this end
    closed.append("known_length")

@route
def too_long_for_ever(environ, start_response):
    start_response("200 OK", [("content-length", "3")])
    def parts():
        while True:
            yield b"abc"
    return Body("too_long_for_ever", parts())

@route
def too_long(environ, start_response):
    start_response("200 OK", [("content-length", "3")])
    return Body("too_long", [b"ab", b"cdef", b"gh"])

@route
def too_short(environ, start_response):
    start_response("200 OK", [("content-length", "9")])
    return Body("too_short", [b"ab"])

@route
def written(environ, start_response):
    write = start_response("200 OK", [])
    write(b"one,")
    write(b"")
    write(b"two,")
    return [b"three"]

@route
def large(environ, start_response):
    start_response("200 OK", [])
    return [b"x" * 3_000_000]

@route
def endless(environ, start_response):
    produced["endless"] = 0
    start_response("200 OK", [])
    def parts():
        while True:
            produced["endless"] += 1
            yield b"x" * 50_000
    return Body("endless", parts())

@route
def raises(environ, start_response):
    raise ValueError("raised before the response")

@route
def raises_after_start(environ, start_response):
    start_response("200 OK", [("content-length", "1")])
    raise ValueError("raised after start_response")

@route
def raises_in_body(environ, start_response):
    start_response("200 OK", [])
    def parts():
        yield b"part"
        raise ValueError("raised in the body")
    return Body("raises_in_body", parts())

@route
def exits(environ, start_response):
    sys.exit(3)

@route
def replaced(environ, start_response):
    start_response("200 OK", [("x-first", "1")])
    try:
        raise ValueError("replaced")
    except ValueError:
        start_response("503 Oops", [("x-second", "2")], sys.exc_info())
    return [b"replaced"]

@route
def replaced_too_late(environ, start_response):
    start_response("200 OK", [])(b"sent")
    try:
        raise ValueError("replaced too late")
    except ValueError:
        start_response("503 Oops", [], sys.exc_info())
    return [b"never"]

@route
def starts_twice(environ, start_response):
    start_response("200 OK", [])
    start_response("200 OK", [])
    return []

@route
def never_starts(environ, start_response):
    return [b"no head"]

@route
def text_part(environ, start_response):
    start_response("200 OK", [])
    return ["text"]

@route
def bad_status(environ, start_response):
    start_response("OK", [])
    return []

@route
def bad_header(environ, start_response):
    start_response("200 OK", [("x-split", "a\r\nx-injected: b")])
    return []

@route
def bytes_header(environ, start_response):
    start_response("200 OK", [(b"x-bytes", b"a")])
    return []

@route
def other_buffers(environ, start_response):
    start_response("200 OK", [])
    return iter([bytearray(b"array,"), memoryview(b"view")])

def temporary(content):
    file = tempfile.NamedTemporaryFile()
    file.write(content)
    file.seek(0)
    return file

@route
def whole_file(environ, start_response):
    file = temporary(bytes(range(256)) * 4000)
    start_response("200 OK", [("content-type", "application/octet-stream")])
    return environ["wsgi.file_wrapper"](file)

@route
def file_part(environ, start_response):
    file = temporary(b"0123456789")
    file.read(3)
    start_response("200 OK", [("content-length", "4")])
    return environ["wsgi.file_wrapper"](file)

@route
def memory_file(environ, start_response):
    start_response("200 OK", [])
    return environ["wsgi.file_wrapper"](io.BytesIO(b"in memory" * 3000))

@route
def compressed_file(environ, start_response):
    path = os.path.join(tempfile.gettempdir(), f"roost-{os.getpid()}.gz")
    with gzip.open(path, "wb") as file:
        file.write(b"compressed" * 1000)
    opened = gzip.open(path)
    os.unlink(path)
    start_response("200 OK", [])
    return environ["wsgi.file_wrapper"](opened)

@route
def closed_file(environ, start_response):
    class File(io.FileIO):
        def close(self):
            if not self.closed:
                closed.append("closed_file")
            super().close()
    start_response("200 OK", [])
    return environ["wsgi.file_wrapper"](File(__file__), 100)

@route
def context(environ, start_response):
    before = variable.get()
    variable.set("set")
    return text(start_response, [before, variable.get()])

@route
def meets(environ, start_response):
    barrier.wait(10)
    return text(start_response, threading.current_thread().name.encode())

@route
def waits(environ, start_response):
    while not os.path.exists(environ["QUERY_STRING"]):
        time.sleep(0.01)
    return text(start_response, b"waited")

@route
def holds_the_gil(environ, start_response):
    gates["held"].set()
    ctypes.PyDLL(None).usleep(300_000)
    return text(start_response, b"held")

@route
def errors(environ, start_response):
    print("one line", file=environ["wsgi.errors"])
    environ["wsgi.errors"].writelines(["two ", "halves\n", "the rest"])
    environ["wsgi.errors"].flush()
    return text(start_response, b"ok")

@route
def kept(environ, start_response):
    # What is kept of a request that has ended does no harm.
    kept.request = environ["wsgi.input"], start_response
    return text(start_response, b"kept")

@route
def use_kept(environ, start_response):
    stream, start = kept.request
    try:
        start("200 OK", [])
        outcome = "started"
    except AssertionError as error:
        outcome = "refused"
    return text(start_response, [outcome, stream.read().decode()])

@route
def state(environ, start_response):
    return text(start_response, {"closed": closed, "produced": produced, "reads": len(reads),
                                 "gates": [name for name in gates if gates[name].is_set()],
                                 "thread": threading.current_thread().name})

@route
def open_gate(environ, start_response):
    gates[environ["QUERY_STRING"]].set()
    return text(start_response, b"ok")

def application(environ, start_response):
    return routes[environ["PATH_INFO"]](environ, start_response)
"""

ERRORS = ("Traceback",)


class RequestTests(ServerTestCase):
    """environ and wsgi.input"""

    SOURCE = SOURCE
    EXPECTED = ERRORS

    def state(self):
        return self.server.get_json(b"/state")

    def test_environ(self):
        """the variables of PEP 3333, and nothing of the process's environment"""
        shown = self.server.get_json(b"/environ?a=1&b=%C3%A4", [(b"Accept", b"text/html"), (b"content-type", b"text/x")])
        expected = {
            "REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": "/environ", "QUERY_STRING": "a=1&b=%C3%A4",
            "REQUEST_URI": "/environ?a=1&b=%C3%A4", "RAW_URI": "/environ?a=1&b=%C3%A4", "CONTENT_TYPE": "text/x",
            "SERVER_NAME": "127.0.0.1", "SERVER_PORT": str(self.server.port), "SERVER_PROTOCOL": "HTTP/1.1",
            "SERVER_SOFTWARE": "roost", "REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "test", "HTTP_ACCEPT": "text/html",
            "wsgi.version": [1, 0], "wsgi.url_scheme": "http", "wsgi.multithread": True, "wsgi.multiprocess": True,
            "wsgi.run_once": False, "wsgi.input_terminated": True}
        for name, value in expected.items():
            self.assertEqual(shown.pop(name), value, name)
        self.assertGreater(int(shown.pop("REMOTE_PORT")), 0)
        self.assertEqual(set(shown), {"wsgi.input", "wsgi.errors", "wsgi.file_wrapper"})

    def test_header_fields(self):
        """fields of one name become one value; names with an underscore, and `proxy`, are dropped"""
        shown = self.server.get_json(b"/environ", [
            (b"x-own", b"1"), (b"X-Own", b"2"), (b"cookie", b"a=1"), (b"cookie", b"b=2"), (b"x_own", b"spoofed"),
            (b"proxy", b"http://evil"), (b"x-latin", b"gr\xfcn"), (b"x-" + b"l" * 100, b"long")])
        self.assertEqual(shown["HTTP_X_OWN"], "1,2")
        self.assertEqual(shown["HTTP_COOKIE"], "a=1; b=2")
        self.assertEqual(shown["HTTP_X_LATIN"], "grün")
        self.assertEqual(shown["HTTP_X_" + "L" * 100], "long")
        self.assertNotIn("HTTP_PROXY", shown)

    def test_path(self):
        """the path is decoded, its bytes are characters; methods keep their case"""
        with self.server.client() as client:
            client.start(b"PROPFIND", b"/environ/../environ%C3%A4%2Fb")
            self.assertEqual(client.read().status, 500)  # the application has no such route
        self.server.wait_for_log("KeyError: '/environ/../environÃ¤/b'")

    def test_body(self):
        """bodies of all sizes arrive, with and without a content-length"""
        for size in (0, 1, 65_536, 3_000_000):
            body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
            self.assertEqual(self.server.post(b"/echo", body).body, body)
        with self.server.client() as client:
            client.send(b"POST /echo HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n")
            client.send(b"4\r\ndefg\r\n0\r\n\r\n")
            self.assertEqual(client.read().body, b"abcdefg")
            # A body that nobody has read does not become the next request.
            self.assertEqual(client.request(b"POST", b"/unread", body=b"GET /raises HTTP/1.1\r\n\r\n").body, b"unread")
            self.assertEqual(client.request(b"POST", b"/echo", body=b"next").body, b"next")

    def test_reading_methods(self):
        """wsgi.input has read, readline, readlines and iteration, for bodies that have arrived and for others"""
        body = b"first\nsecond\nthird\nfourth"
        expected = ["first\n", "se", "con", ["d\n", "third\n", "fourth"], "", ""]
        self.assertEqual(self.server.post(b"/lines", body).json(), expected)
        with self.server.client() as client:
            client.start(b"POST", b"/lines", [(b"content-length", b"%d" % len(body)), (b"expect", b"100-continue")])
            self.assertEqual(client.read(head_only=True).status, 100)
            client.send(body)
            self.assertEqual(client.read().json(), expected)

    def test_streamed_body(self):
        """the application reads what has arrived before the client sends the rest"""
        with self.server.client() as client:
            client.start(b"POST", b"/first_part", [(b"content-length", b"10")])
            client.send(b"first")
            wait_until(lambda: "read" in self.state()["gates"], "the first part was read")
            client.send(b"other")
            self.assertEqual(client.read().body, b"first|other")

    def test_client_leaves_in_body(self):
        """reading raises OSError when the client leaves, which is no failure"""
        client = self.server.client()
        client.start(b"POST", b"/read_fails", [(b"content-length", b"10")])
        client.send(b"abc")
        client.reset()
        wait_until(lambda: "ClientDisconnected" in self.state()["closed"], "the exception")
        self.assertNotIn("before its request was complete", self.server.log())

    def test_kept_objects(self):
        """objects that outlive their request refuse or answer"""
        self.assertEqual(self.server.get(b"/kept").body, b"kept")
        self.assertEqual(self.server.get_json(b"/use_kept"), ["refused", ""])

    def test_errors_stream(self):
        """lines of wsgi.errors are errors in the log"""
        self.server.get(b"/errors")
        for line in ("one line", "two halves", "the rest"):
            self.server.wait_for_log(line)

    def test_no_websockets(self):
        """a WebSocket is rejected with 403"""
        with self.server.websocket(b"/echo") as socket:
            self.assertEqual(socket.accept().status, 403)


class ResponseTests(ServerTestCase):
    """start_response, write, and the iterable of the body"""

    SOURCE = SOURCE
    EXPECTED = ERRORS

    def closed(self):
        return self.server.get_json(b"/state")["closed"]

    def wait_for_close(self, name, count=1):
        wait_until(lambda: self.closed().count(name) == count, f"close() of {name}")

    def test_lists(self):
        """lists and tuples are one part with a content-length; names are lower case, order and duplicates are kept"""
        response = self.server.get(b"/tuple_of_parts")
        self.assertEqual(response.body, b"one,two,three")
        self.assertEqual(response.header(b"content-length"), b"13")
        self.assertEqual(response.header(b"x-latin"), b"gr\xfcn")
        self.assertEqual([value for name, value in response.headers if name == b"set-cookie"], [b"a=1", b"b=2"])
        empty = self.server.get(b"/empty")
        self.assertEqual((empty.status, empty.header(b"content-length")), (204, None))

    def test_iterators(self):
        """parts of an iterator are sent as they come; empty ones are skipped"""
        response = self.server.get(b"/generator")
        self.assertEqual((response.status, response.body), (201, b"a" + b"b" * 100_000 + b"c"))
        self.assertEqual(response.header(b"transfer-encoding"), b"chunked")
        self.assertEqual(self.server.get(b"/other_buffers").body, b"array,view")

    def test_content_length(self):
        """a body is complete at its content-length: the client does not wait for the iterator's end"""
        response = self.server.get(b"/known_length")
        self.assertEqual(response.body, b"abcdef")
        self.assertNotIn("known_length", self.closed())
        self.server.get(b"/open_gate?first")
        self.wait_for_close("known_length")

    def test_wrong_content_length(self):
        """a body that is longer is cut, one that is shorter ends the connection"""
        for target in (b"/too_long", b"/too_long_for_ever"):
            response = self.server.get(target)
            self.assertEqual((response.body, response.closed), (b"abc", False))
            self.wait_for_close(target[1:].decode())
        response = self.server.get(b"/too_short")
        self.assertTrue(response.status == 500 or response.closed)
        self.wait_for_close("too_short")

    def test_head(self):
        """HEAD gets the header only"""
        with self.server.client() as client:
            for target in (b"/tuple_of_parts", b"/generator", b"/whole_file", b"/large"):
                response = client.request(b"HEAD", target)
                self.assertLess(response.status, 300, target)
            self.assertEqual(client.request(b"GET", b"/unread").body, b"unread")

    def test_write(self):
        """write() sends before the iterable"""
        self.assertEqual(self.server.get(b"/written").body, b"one,two,three")

    def test_large(self):
        """a large body arrives whole"""
        self.assertEqual(len(self.server.get(b"/large").body), 3_000_000)

    def test_back_pressure(self):
        """the application waits for a client that does not read, and close() is called when it leaves"""
        client = self.server.client()
        client.start(b"GET", b"/endless")
        client.until(b"\r\n\r\n")
        counts = []

        def stands_still():
            counts.append(self.server.get_json(b"/state")["produced"]["endless"])
            return len(counts) > 5 and len(set(counts[-5:])) == 1
        wait_until(stands_still, "the application waits")
        self.assertLess(counts[-1] * 50_000, 64 << 20)
        client.reset()
        self.wait_for_close("endless")
        self.assertNotIn("exception in the application scope", self.server.log())

    def test_exceptions(self):
        """an exception before the response is sent is 500, a later one ends the connection"""
        for target, message in ((b"/raises", "raised before the response"), (b"/exits", "SystemExit: 3"),
                                (b"/raises_after_start", "raised after start_response")):
            response = self.server.get(target)
            self.assertEqual((response.status, response.body), (500, b"Internal Server Error"), target)
            self.server.wait_for_log(message)
        response = self.server.get(b"/raises_in_body")
        self.assertEqual((response.status, response.body, response.closed), (200, b"part", True))
        self.wait_for_close("raises_in_body")
        self.server.wait_for_log("raised in the body")

    def test_exc_info(self):
        """with exc_info, start_response replaces a response that was not sent, else it raises"""
        response = self.server.get(b"/replaced")
        self.assertEqual((response.status, response.body), (503, b"replaced"))
        self.assertEqual((response.header(b"x-first"), response.header(b"x-second")), (None, b"2"))
        response = self.server.get(b"/replaced_too_late")
        self.assertEqual((response.status, response.body, response.closed), (200, b"sent", True))
        self.server.wait_for_log("ValueError: replaced too late")

    def test_misuse(self):
        """faults of the application are 500, with the reason in the log"""
        for target, reason in (
                (b"/starts_twice", "start_response was called already"),
                (b"/never_starts", "the application has not called start_response"),
                (b"/text_part", "a part of the body must be bytes, not <class 'str'>"),
                (b"/bad_status", "the status must be like '200 OK', not 'OK'"),
                (b"/bad_header", "invalid value of a header field"),
                (b"/bytes_header", "the name of a header field must be a str, not <class 'bytes'>")):
            self.assertEqual(self.server.get(target).status, 500, target)
            self.server.wait_for_log(reason)

    def test_file_wrapper(self):
        """a regular file is sent by the kernel, from its position on; another object is read"""
        self.assertEqual(self.server.get(b"/whole_file").body, bytes(range(256)) * 4000)
        response = self.server.get(b"/file_part")
        self.assertEqual((response.body, response.header(b"content-length")), (b"3456", b"4"))
        self.assertGreater(len(self.server.get(b"/closed_file").body), 1000)
        self.wait_for_close("closed_file")
        self.assertEqual(self.server.get_json(b"/state")["reads"], 0)
        self.assertEqual(self.server.get(b"/memory_file").body, b"in memory" * 3000)
        self.assertEqual(self.server.get(b"/compressed_file").body, b"compressed" * 1000)
        self.assertGreater(self.server.get_json(b"/state")["reads"], 0)

    def test_context(self):
        """each request has a context of its own"""
        for _ in range(3):
            self.assertEqual(self.server.get_json(b"/context"), ["unset", "set"])

    def test_threads(self):
        """requests that block run at the same time, each on a thread of its own"""
        threads = []
        in_threads(4, lambda _: threads.append(self.server.get(b"/meets").body))
        self.assertEqual(len(set(threads)), 4)
        self.assertTrue(all(name.startswith(b"roost-wsgi-") for name in threads))

    def test_pipelined(self):
        """pipelined requests are answered in their order"""
        with self.server.client() as client:
            for _ in range(50):
                client.start(b"GET", b"/unread")
                client.start(b"GET", b"/tuple_of_parts")
            for _ in range(50):
                self.assertEqual(client.read().body, b"unread")
                self.assertEqual(client.read().body, b"one,two,three")


class QueueTests(unittest.TestCase):
    """the threads, and the requests that wait for them"""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.gate = pathlib.Path(folder.name, "gate")

    def start_waiting(self, server, count):
        """Starts requests that are answered when the gate is open."""
        clients = [server.client() for _ in range(count)]
        for client in clients:
            client.start(b"GET", b"/waits?" + bytes(self.gate))
        return clients

    def test_full_queue(self):
        """a request above the limit gets 503 at once; those that wait are answered"""
        with Server(SOURCE, host={"health": True}, wsgi_threads=2, limit_wsgi=3) as server:
            clients = self.start_waiting(server, 5)
            self.assertEqual(server.get(b"/healthz").status, 200)  # the requests before it have arrived
            refused = server.get(b"/unread")
            self.assertEqual((refused.status, refused.header(b"retry-after")), (503, b"1"))
            self.assertEqual(refused.body, b"Service Unavailable: too many requests are waiting for a thread")
            self.gate.touch()
            self.assertEqual({client.read().status for client in clients}, {200})

    def test_computing_application(self):
        """an application that holds the GIL does not stop the server"""
        with Server(SOURCE, wsgi_threads=1, limit_wsgi=1) as server:
            clients = [server.client() for _ in range(4)]
            for client in clients:
                client.start(b"GET", b"/holds_the_gil")
            bodies = [client.read().body for client in clients]
            self.assertEqual(bodies.count(b"held"), 2)
            self.assertEqual(bodies.count(b"Service Unavailable: too many requests are waiting for a thread"), 2)

    def test_shutdown(self):
        """a shutdown lets requests finish, also those that wait for a thread"""
        with Server(SOURCE, host={"health": True}, wsgi_threads=1) as server:
            clients = self.start_waiting(server, 4)
            self.assertEqual(server.get(b"/healthz").status, 200)  # the requests before it have arrived
            server.terminate()
            self.gate.touch()
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
