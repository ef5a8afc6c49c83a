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
# Flags of the command that are on, or automatic, by default. All others are off.
NEGATABLE = {"access_log", "date_header", "lanes", "proxy_headers", "reload_standby", "server_header", "supervisor", "use_colors"}
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
                words += ["--no-" + option[2:]] if name in NEGATABLE else []
            elif item is not None:
                words.append(f"{option}={item}")
    return words


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
                env={**os.environ, "ROOST_DEFAULT_PYTHON": sys.executable, "NOTIFY_SOCKET": path})
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
    _process = None

    def __init__(self):
        super().__init__(name="roost", daemon=True)
        self.jobs = queue.SimpleQueue()

    @classmethod
    def run_job(cls, job) -> None:
        if cls._instance is None:
            cls._instance, cls._process = cls(), os.getpid()
            cls._instance.start()
        if cls._process != os.getpid():
            raise RuntimeError("this process was forked from one that has served; start the server in a new process")
        cls._instance.jobs.put(job)

    def run(self):
        while True:
            self.jobs.get()()


# Held while this process serves an application object: the bridge has one event loop.
_serving = threading.Lock()
_serving_thread = None  # the one that the event loop belongs to


def _begin_serving() -> None:
    if not _serving.acquire(blocking=False):
        raise RuntimeError("this process serves another application object; stop that server first, or name this "
                           "application by 'module:attribute', which is served in a process of its own")


class _LocalServer:
    """A server in this process, on a thread of its own. A process has one at a time."""

    def __init__(self, app, host: str, port: int, options: dict):
        self._arguments = (app, host, port, options)
        self._ended = None  # an event, while it serves
        self._error = None

    def start(self) -> int:
        _begin_serving()
        started = queue.SimpleQueue()
        self._ended, self._error = threading.Event(), None

        def job():
            try:
                _serve(*self._arguments, started.put)
            except BaseException as error:
                self._error = error
            finally:
                _serving.release()
                self._ended.set()
                started.put(None)
        try:
            _ServingThread.run_job(job)
        except RuntimeError:
            _serving.release()
            self._ended = None
            raise
        port = started.get()
        if port is None:
            self._ended = None
            raise self._error or RuntimeError("the server did not start")
        return port

    def stop(self) -> None:
        from roost import _bridge

        if self._ended is not None and not self._ended.is_set():
            _bridge.quit()
            self._ended.wait()
        self._ended = None


def serve_here(app, host: str, port: int, options: dict, started=None) -> None:
    """Serves an application object on the calling thread until SIGINT or SIGTERM on the main thread."""
    _begin_serving()
    try:
        _serve(app, host, port, options, started)
    finally:
        _serving.release()


def _serve(app, host: str, port: int, options: dict, started) -> None:
    global _serving_thread
    for name, is_given in (("reload", options.get("reload")), ("workers", options.get("workers") not in (None, 1))):
        if is_given:
            raise ValueError(f"{name} needs the name of the application, 'module:attribute', instead of the object")
    if _serving_thread not in (None, threading.get_ident()):
        raise RuntimeError("this process has served on another thread, to which its event loop belongs; name the "
                           "application by 'module:attribute', which is served in a process of its own")
    files.load_bridge()
    from roost import worker

    _serving_thread = threading.get_ident()
    application = {name: value for name, value in options.items() if name in _APPLICATION and value is not None}
    settings = {name.replace("_", "-"): list(value) if isinstance(value, _LIST) else value
                for name, value in options.items()
                if name not in _APPLICATION | {"reload", "workers"} and value is not None}
    settings = {"access-log": True, "threads": 1, **settings, "host": host, "port": port,
                "applications": [{"module": "builtin:python", "mount": "/"}]}
    application = {"application": getattr(app, "__qualname__", type(app).__name__), **application}
    worker.serve(files.library(), json.dumps(settings), json.dumps(application), started, app)


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
        start = asyncio.ensure_future(asyncio.to_thread(self.start))
        try:
            await asyncio.shield(start)
        except asyncio.CancelledError:
            # The thread cannot be cancelled: the server that it has started is stopped.
            if not (await asyncio.gather(start, return_exceptions=True))[0]:
                await asyncio.to_thread(self.stop)
            raise
        return self

    async def __aexit__(self, *_):
        await asyncio.to_thread(self.stop)


def _run_command(app: str, host: str | None, port: int | None, options: dict) -> None:
    """Runs the command until it exits. SIGINT and SIGTERM are passed on."""
    if not any(options.get(name) for name in ("uds", "fd", "bind")):
        options = {"host": host, "port": port, **options}
    # In a process group of its own: a terminal would send it SIGINT, too, and the second one ends it at once.
    process = subprocess.Popen([files.command(), app, *_words(options)], process_group=0,
                               env={**os.environ, "ROOST_DEFAULT_PYTHON": sys.executable})
    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            before[number] = signal.signal(number, lambda number, frame: process.send_signal(number))
    try:
        status = process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
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
