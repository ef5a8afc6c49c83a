"""The application of the tests of WSGI: a function for each path, which is its name."""

import contextvars, ctypes, gzip, io, json, os, sys, tempfile, threading
import roost.wsgi

routes = {}
closed = []      # the names of the responses whose close() was called
produced = {}    # counts of parts
reads = []       # calls of FileWrapper.__next__
gates = {name: threading.Event() for name in ("first", "read")}
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
    with open(environ["QUERY_STRING"], "rb", buffering=0) as gate:
        gate.read(1)
    return text(start_response, b"waited")

@route
def holds_the_gil(environ, start_response):
    # A function of PyDLL keeps the GIL while it waits for a byte of the gate.
    with open(environ["QUERY_STRING"], "rb", buffering=0) as gate:
        ctypes.PyDLL(None).read(gate.fileno(), ctypes.create_string_buffer(1), 1)
    return text(start_response, b"held")

@route
def errors(environ, start_response):
    print("one line", file=environ["wsgi.errors"])
    environ["wsgi.errors"].writelines(["two ", "halves\n", "the rest"])
    environ["wsgi.errors"].flush()
    return text(start_response, b"ok")

@route
def kept(environ, start_response):
    # Objects of a request that has ended, which the application keeps, do no harm.
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
