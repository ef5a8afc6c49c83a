"""Free ports, and the output of servers, which shows when they serve."""

import socket
import subprocess
import threading
import urllib.request

TIMEOUT = 60


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Output:
    """Reads the output of a process until its end, so that a full pipe does not stop it."""

    def __init__(self, process: subprocess.Popen):
        self._lines = []
        self._has_ended = False
        self._changed = threading.Condition()
        self._stream = process.stdout
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        for line in self._stream:
            with self._changed:
                self._lines.append(line)
                self._changed.notify_all()
        with self._changed:
            self._has_ended = True
            self._changed.notify_all()

    @property
    def text(self) -> str:
        with self._changed:
            return "".join(self._lines)

    def wait_for(self, text: str, count=1) -> str:
        """Waits until `count` lines contain the text. Returns the last of them."""
        def found():
            return [line for line in self._lines if text in line]
        with self._changed:
            self._changed.wait_for(lambda: len(found()) >= count or self._has_ended, TIMEOUT)
            assert len(found()) >= count, f"'{text}' is missing in the output:\n{''.join(self._lines)}"
            return found()[count - 1]

    def close(self):
        """Reads the rest, after the end of the process."""
        self._thread.join(TIMEOUT)
        self._stream.close()


def body_of(process: subprocess.Popen, port: int, path="/") -> str:
    """The body that a server sends, which was just started."""
    output = Output(process)
    output.wait_for(" serving ")
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=TIMEOUT) as response:
            return response.read().decode()
    except OSError:
        process.kill()
        raise AssertionError(output.text) from None
