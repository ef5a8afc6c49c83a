"""Free ports, and servers whose output shows that they serve."""

import socket
import subprocess
import threading
import urllib.request

TIMEOUT = 30


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Output:
    """Reads the output of a server until its end, so that a full pipe does not stop it."""

    def __init__(self, process: subprocess.Popen):
        self.text = ""
        self._serves = threading.Event()
        self._stream = process.stdout
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        for line in self._stream:
            self.text += line
            if " serving " in line:
                self._serves.set()
        self._serves.set()

    def wait_for_start(self):
        """Returns when the server serves, or has exited."""
        assert self._serves.wait(TIMEOUT), f"the server does not start:\n{self.text}"


def body_of(process: subprocess.Popen, port: int, path="/") -> str:
    """The answer of a server that was just started."""
    output = Output(process)
    output.wait_for_start()
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=TIMEOUT) as response:
            return response.read().decode()
    except OSError:
        process.kill()
        raise AssertionError(output.text) from None
