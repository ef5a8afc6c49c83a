"""The process of a Python worker.

The supervisor starts the interpreter with a short program (`python -c`), which loads the bridge of its own build and
calls `main` with these arguments. `python -m roost.worker` takes the same ones, with the bridge of the package.

    --library PATH      libRoost.so
    --imports PATH      with --worker: the file by which this worker tells its standby what to import (standby.py)
    --settings JSON     serves with these settings of roost_run, until SIGINT or SIGTERM
    --application JSON  with --settings: the settings of the Python application, {"application": "wiki.asgi:application"}
    --worker ARG ...    serves as a worker of the supervisor with these arguments
"""

import faulthandler
import signal
import sys
import threading

from roost import _bridge, application, errors, executors, loops


async def _awaitable(value):
    """Awaits what an application has returned that is no coroutine."""
    return await value


_prepared = False


def prepare(library: str) -> None:
    """Opens the host's library, and connects the bridge with this package, once in a process."""
    global _prepared
    if _prepared:
        return
    _prepared = True
    _bridge.client_disconnected(errors.ClientDisconnected)
    _bridge.reporters(errors.format_exception, errors.is_disconnect, _awaitable)
    _bridge.lane_threads(executors.start_thread)
    _bridge.on_application(application.start)
    _bridge.open(library)


def serve(library: str, settings: str, python: str | None, started=None, target=None) -> None:
    """Serves until SIGINT, SIGTERM or loop.stop(); raises RuntimeError if the server does not start.

    `python` are the settings of applications for which the host has none. `started(port)` is called when the server
    accepts connections. `target`: the application itself, instead of its name in the settings. On another thread than
    the main one, signals are not handled; all calls of a process must be on one thread.
    """
    application.Process.settings = python
    application.Process.target = target
    application.Process.refused = None
    prepare(library)

    def quit_server(number, frame):
        # The second signal ends the process at once.
        signal.signal(number, signal.SIG_DFL)
        _bridge.quit()

    # A handler runs at once only if the loop has a descriptor to wake it (signal.set_wakeup_fd), which the guest sets.
    handlers = {}
    if threading.current_thread() is threading.main_thread():
        handlers = {number: signal.signal(number, quit_server) for number in (signal.SIGINT, signal.SIGTERM)}
    ports = []

    def on_start(port):
        ports.append(port)
        if started is not None:
            started(port)

    try:
        _bridge.run(settings, on_start)
        if not ports:
            raise RuntimeError(application.Process.refused or "the server did not start")
    finally:
        if application.Process.loop is not None:
            loops.leave_guest(application.Process.loop)
        application.Process.target = None
        for number, handler in handlers.items():
            if handler is not None:  # None: it was not set by Python
                signal.signal(number, handler)


def work(library: str, imports: str | None, arguments: list[str]) -> None:
    """Serves as a worker of the supervisor, which owns SIGINT and SIGTERM; the process leaves by _exit.

    With `imports`, it may be a standby, which gets its order later.

    A crash is reported by the handlers of libRoost.so, which call those that were set before: faulthandler then writes
    the stack of Python. The supervisor sends SIGRTMAX-3 to the thread of an event loop that does not return.
    """
    faulthandler.enable(all_threads=False)
    faulthandler.register(signal.SIGRTMAX - 3, all_threads=False)
    application.Process.exits = True
    application.Process.imports = imports
    prepare(library)
    if imports is not None:
        from roost import standby

        # Signals of a terminal reach the whole process group. They are the supervisor's to handle; the host drops them
        # once there is an order.
        handlers = {number: signal.signal(number, lambda *_: None)
                    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGUSR1)}
        standby.wait(imports)
        for number, handler in handlers.items():
            signal.signal(number, handler)
    _bridge.worker(arguments)


def main(arguments: list[str]) -> None:
    del sys.argv[1:]  # applications do not see the arguments of the worker
    options = {}
    while arguments and arguments[0] in ("--library", "--imports", "--settings", "--application") and len(arguments) > 1:
        name, value, *arguments = arguments
        options[name] = value
    try:
        if "--library" in options and arguments and arguments[0] == "--worker":
            work(options["--library"], options.get("--imports"), arguments[1:])
        elif "--library" in options and "--settings" in options and not arguments:
            serve(options["--library"], options["--settings"], options.get("--application"))
        else:
            sys.exit(__doc__)
    except RuntimeError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main(sys.argv[1:])
