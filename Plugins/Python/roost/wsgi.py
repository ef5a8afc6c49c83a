"""The objects in `environ` that do not come from the request (PEP 3333)."""

import io
import itertools
import threading

from roost import _bridge

_ERROR = 40
_numbers = itertools.count(1)


class FileWrapper:
    """`wsgi.file_wrapper`: the body is a file. A regular file is sent by the kernel, another one is read in blocks."""

    def __init__(self, filelike, blksize=8192):
        self.filelike = filelike
        self.blksize = blksize
        if hasattr(filelike, "close"):
            self.close = filelike.close

    def __iter__(self):
        return self

    def __next__(self):
        block = self.filelike.read(self.blksize)
        if not block:
            raise StopIteration
        return block


class _BodyStream(io.RawIOBase):
    """The rest of a request body, as the client sends it. `body` is the bridge's, whose `receive` waits for a part."""

    def __init__(self, body):
        self._body = body
        self._part = memoryview(b"")

    def readable(self):
        return True

    def readinto(self, buffer):
        if not self._part:
            self._part = memoryview(self._body.receive())
        count = min(len(buffer), len(self._part))
        buffer[:count] = self._part[:count]
        self._part = self._part[count:]
        return count


def _stream(body):
    return io.BufferedReader(_BodyStream(body))


class _ErrorLog(io.TextIOBase):
    """`wsgi.errors`: its lines are errors in the server's log, with the application's name."""

    def __init__(self, application):
        self._application = application
        self._local = threading.local()  # `rest`: of a line of this thread that is not complete

    def writable(self):
        return True

    def write(self, text):
        *lines, self._local.rest = (getattr(self._local, "rest", "") + text).split("\n")
        for line in lines:
            self._application.log(_ERROR, line)
        return len(text)

    def flush(self):
        rest, self._local.rest = getattr(self._local, "rest", ""), ""
        if rest:
            self._application.log(_ERROR, rest)


def _plain_file(filelike):
    """Returns the file of the operating system behind an object, or None: the bytes of others, like those of gzip, are not
    those of their descriptor."""
    for _ in range(3):
        if isinstance(getattr(filelike, "raw", filelike), io.FileIO):
            return filelike
        # Wrappers of tempfile and of Django.
        filelike = getattr(filelike, "file", None)
    return None


def _start_thread() -> None:
    threading.Thread(target=_bridge.wsgi_work, name=f"roost-wsgi-{next(_numbers)}", daemon=True).start()


def prepare(application, threads: int, waiting: int) -> None:
    """Makes an application of the bridge one of WSGI, and starts the first thread of the process for such."""
    _bridge.wsgi_streams(io.BytesIO, _stream)
    _bridge.wsgi_file_wrapper(FileWrapper, _plain_file)
    application.environ = {
        "SERVER_SOFTWARE": "roost",
        "wsgi.version": (1, 0),
        "wsgi.errors": _ErrorLog(application),
        "wsgi.multithread": threads > 1,
        "wsgi.multiprocess": True,  # at a reload two processes serve for a moment
        "wsgi.run_once": False,
        "wsgi.file_wrapper": FileWrapper,
        "wsgi.input_terminated": True,  # reading ends at the end of the body, also of a chunked one
    }
    application.is_wsgi = True
    _bridge.wsgi_threads(_start_thread, threads, waiting)
