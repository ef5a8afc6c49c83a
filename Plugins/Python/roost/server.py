"""Servers that a program starts: `run`, as `uvicorn.run`, and `Server`, for programs and tests."""

import asyncio
import json
import os
import queue
import signal
import socket
import subprocess
import sys
import tempfile
import threading

from roost import files

# Options that are settings of the Python application, and not of the host.
_APPLICATION = {"app_dir", "cancel_on_disconnect", "factory", "interface", "lanes", "lifespan", "limit_wsgi", "log_config",
                "loop", "wsgi_threads"}
_LIST = (list, tuple, set, frozenset)


def _words(options: dict) -> list[str]:
    """Options as arguments of the command."""
    words = []
    for name, value in options.items():
        option = "--" + name.replace("_", "-")
        for item in value if isinstance(value, _LIST) else [value]:
            if item is True:
                words.append(option)
            elif item is False:
                words.append("--no-" + option[2:])
            elif item is not None:
                words.append(f"{option}={item}")
    # What is off anyway has no negated form.
    return [word for word in words if word not in ("--no-reload", "--no-factory")]


class _CommandServer:
    """A server in processes of its own, by the command `roost`."""

    def __init__(self, app: str, host: str, port: int, options: dict):
        self._app = app
        self._host = host
        self._port = port
        self._options = options
        self._process = None

    def start(self) -> int:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        with (socket.create_server((self._host, self._port), family=family) as listener,
              tempfile.TemporaryDirectory(prefix="roost-") as folder,
              socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notices):
            # The supervisor says that it serves as it says it to systemd (sd_notify(3)).
            path = os.path.join(folder, "notify")
            notices.bind(path)
            notices.settimeout(0.05)
            command = [files.command(), self._app, f"--bind=fd://{listener.fileno()}", *_words(self._options)]
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, pass_fds=[listener.fileno()], start_new_session=True,
                env={"ROOST_DEFAULT_PYTHON": sys.executable, **os.environ, "NOTIFY_SOCKET": path})
            while True:
                try:
                    if b"READY=1" in notices.recv(4096):
                        return listener.getsockname()[1]
                except TimeoutError:
                    if self._process.poll() is not None:
                        raise RuntimeError(f"roost exited with status {self._process.returncode}; its output has the "
                                           "reason") from None
                except BaseException:
                    self.stop()
                    raise

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait()


class _ServingThread(threading.Thread):
    """The thread of this process that serves applications, one after the other: Python's event loop belongs to it."""

    _instance = None

    def __init__(self):
        super().__init__(name="roost", daemon=True)
        self.jobs = queue.SimpleQueue()

    @classmethod
    def run_job(cls, job) -> None:
        if cls._instance is None:
            cls._instance = cls()
            cls._instance.start()
        cls._instance.jobs.put(job)

    def run(self):
        while True:
            self.jobs.get()()


class _LocalServer:
    """A server in this process, on a thread of its own. A process has one at a time."""

    _busy = threading.Lock()

    def __init__(self, app, host: str, port: int, options: dict):
        self._arguments = (app, host, port, options)
        self._ended = threading.Event()
        self._error = None

    def start(self) -> int:
        if not self._busy.acquire(blocking=False):
            raise RuntimeError("this process serves another application object; stop that server first, or name this "
                               "application by 'module:attribute', which is served in a process of its own")
        started = queue.SimpleQueue()

        def job():
            try:
                serve_here(*self._arguments, started=started.put)
            except BaseException as error:
                self._error = error
            finally:
                self._busy.release()
                self._ended.set()
                started.put(None)
        _ServingThread.run_job(job)
        port = started.get()
        if port is None:
            raise self._error or RuntimeError("the server did not start")
        return port

    def stop(self) -> None:
        from roost import _bridge

        if not self._ended.is_set():
            _bridge.quit()
            self._ended.wait()


def serve_here(app, host: str, port: int, options: dict, started=None) -> None:
    """Serves an application object on the calling thread until `quit`, or SIGINT or SIGTERM on the main thread."""
    files.load_bridge()
    from roost import worker

    for name, is_given in (("reload", options.get("reload")), ("workers", options.get("workers") not in (None, 1))):
        if is_given:
            raise ValueError(f"{name} needs the name of the application, 'module:attribute', instead of the object")
    application = {name: value for name, value in options.items() if name in _APPLICATION and value is not None}
    settings = {name.replace("_", "-"): list(value) if isinstance(value, _LIST) else value
                for name, value in options.items()
                if name not in _APPLICATION | {"reload", "workers"} and value is not None}
    settings = {"access-log": True, "threads": 1, **settings, "host": host, "port": port,
                "applications": [{"module": "builtin:python", "mount": "/"}]}
    worker.serve(files.library(), json.dumps(settings), json.dumps({"application": getattr(app, "__qualname__", type(app).__name__), **application}), started, app)


class Server:
    """A server for one application, as a context manager, also an asynchronous one.

        with roost.Server("main:app") as server:
            urllib.request.urlopen(server.url)

    app: the name 'module:attribute', which is served in processes of its own by the command `roost`, or the application
        object of ASGI or WSGI, which is served in this process, on a thread of its own. A process can have one server of
        an object at a time.
    port: 0 takes a free one.
    options: those of the command, with underscores: log_level="warning", header=["x-a:b"].

    `port` and `url` are set while it serves. `start` and `stop` block, and may be called on any thread; the asynchronous
    context manager calls them on another one. `start` raises RuntimeError if the application does not start.
    """

    def __init__(self, app, *, host: str = "127.0.0.1", port: int = 0, **options):
        self._server = (_CommandServer if isinstance(app, str) else _LocalServer)(app, host, port, options)
        self._host = host
        self.port = None

    @property
    def url(self) -> str:
        return f"http://[{self._host}]:{self.port}" if ":" in self._host else f"http://{self._host}:{self.port}"

    def start(self) -> None:
        """Returns when the application serves."""
        self.port = self._server.start()

    def stop(self) -> None:
        """Stops gracefully, and returns when all requests are finished."""
        self._server.stop()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    async def __aenter__(self):
        await asyncio.to_thread(self.start)
        return self

    async def __aexit__(self, *_):
        await asyncio.to_thread(self.stop)


def _run_command(app: str, host: str, port: int, options: dict) -> None:
    """Runs the command until it exits. SIGINT of a terminal reaches it by itself."""
    words = _words({"host": host, "port": port, **options})
    if options.get("uds") or options.get("fd") or options.get("bind"):
        words = words[2:]
    process = subprocess.Popen(
        [files.command(), app, *words], env={"ROOST_DEFAULT_PYTHON": sys.executable, **os.environ})
    before = {}
    if threading.current_thread() is threading.main_thread():
        before[signal.SIGTERM] = signal.signal(signal.SIGTERM, lambda number, frame: process.send_signal(number))
        before[signal.SIGINT] = signal.signal(signal.SIGINT, lambda number, frame: None)
    try:
        status = process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if status:
        sys.exit(status)


def run(app, *, host: str = "127.0.0.1", port: int = 8000, **options) -> None:
    """Serves an application until SIGINT or SIGTERM, as `uvicorn.run`.

    app: the name 'module:attribute', which is served by the command `roost` with all its options, such as reload=True
        and workers=4; or the application object, which is served on the calling thread, where a debugger works.

    Exits with the status of the command if that is not 0. Raises RuntimeError if an application object does not start.
    """
    if isinstance(app, str):
        _run_command(app, host, port, options)
    else:
        serve_here(app, host, port, options)
