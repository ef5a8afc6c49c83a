"""Free ports, and answers of servers that start."""

import socket
import subprocess
import time
import urllib.request

TIMEOUT = 30


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def body_of(process: subprocess.Popen, port: int, path="/") -> str:
    """What the server answers, as soon as it serves."""
    end = time.monotonic() + TIMEOUT
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=TIMEOUT) as response:
                return response.read().decode()
        except OSError:
            if process.poll() is not None or time.monotonic() > end:
                process.kill()
                raise AssertionError(process.communicate()[0]) from None
            time.sleep(0.05)
