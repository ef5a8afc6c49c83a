"""The event loops of Python as guests on the host's loop."""

import asyncio
import contextlib
import functools
import selectors
import signal
import socket
import sys
import threading
import types
from asyncio import base_events

from roost import _bridge
from roost.executors import LaneExecutors


def _set_wakeup(descriptor: int) -> None:
    """Sets the descriptor that signals write to; only the main thread gets signals."""
    if threading.current_thread() is threading.main_thread():
        signal.set_wakeup_fd(descriptor, warn_on_full_buffer=False)


class GuestLoop(LaneExecutors):
    """A mixin for event loops that the host runs: they run all the time, and nobody else can run them."""

    _roost_guest = False  # the host runs this loop
    _roost_root = None  # the task for anyio

    def run_forever(self):
        raise RuntimeError("This event loop is already running")

    def run_until_complete(self, future):
        raise RuntimeError("This event loop is already running")

    def stop(self):
        """Asks the host for a graceful shutdown."""
        if not _bridge.quit():
            signal.raise_signal(signal.SIGTERM)

    def set_debug(self, enabled):
        super().set_debug(enabled)
        if self._roost_guest:
            _bridge.debug(bool(enabled))


class SignalPipe:
    """A mixin for event loops: signal handlers by a self-pipe, which uvloop sets up only in run_forever."""

    def _roost_open_pipe(self):
        self._roost_signals = {}
        self._roost_wakeup = socket.socketpair()
        for end in self._roost_wakeup:
            end.setblocking(False)
        self.add_reader(self._roost_wakeup[0], self._roost_read_signals)

    def _roost_wake_for_signals(self):
        _set_wakeup(self._roost_wakeup[1].fileno())

    def add_signal_handler(self, sig, callback, *args):
        if threading.current_thread() is not threading.main_thread():
            raise ValueError("add_signal_handler() can only be called from the main thread")
        if asyncio.iscoroutine(callback) or asyncio.iscoroutinefunction(callback):
            raise TypeError("coroutines cannot be used with add_signal_handler()")
        if sig == signal.SIGCHLD:
            raise RuntimeError("cannot add a signal handler for SIGCHLD: it is used by the event loop to track "
                               "subprocesses")
        if not isinstance(sig, int):
            raise TypeError(f"sig must be an int, not {sig!r}")
        if sig not in signal.valid_signals():
            raise ValueError(f"invalid signal number {sig}")
        self._roost_signals[sig] = functools.partial(self.call_soon, callback, *args)
        try:
            signal.signal(sig, lambda number, frame: None)
            signal.siginterrupt(sig, False)
        except OSError as error:
            del self._roost_signals[sig]
            raise RuntimeError(f"sig {sig} cannot be caught") from error

    def remove_signal_handler(self, sig):
        if self._roost_signals.pop(sig, None) is None:
            return False
        signal.signal(sig, signal.default_int_handler if sig == signal.SIGINT else signal.SIG_DFL)
        return True

    def _roost_read_signals(self):
        try:
            numbers = self._roost_wakeup[0].recv(4096)
        except (BlockingIOError, InterruptedError):
            return
        for number in numbers:
            call = self._roost_signals.get(number)
            if call is not None:
                call()


class AsyncioLoop(GuestLoop, asyncio.SelectorEventLoop):
    """asyncio's event loop as a guest."""

    def __init__(self):
        self._roost_selector = selectors.EpollSelector()
        super().__init__(self._roost_selector)

    def _write_to_self(self):
        _bridge.wake()

    # The base class turns the wake-up descriptor off with the last handler; handlers of signal.signal need it too.

    def add_signal_handler(self, sig, callback, *args):
        try:
            super().add_signal_handler(sig, callback, *args)
        finally:
            self._roost_wake_for_signals()

    def remove_signal_handler(self, sig):
        try:
            return super().remove_signal_handler(sig)
        finally:
            self._roost_wake_for_signals()

    def _roost_wake_for_signals(self):
        _set_wakeup(self._csock.fileno())

    def _roost_attach(self):
        """Makes the loop the guest by its private functions, which are faster than the public ones."""
        self._thread_id = threading.get_ident()
        self._stopping = True  # the selector is never waited for
        call_soon = types.MethodType(base_events.BaseEventLoop.call_soon, self)
        _bridge.attach(self, self._roost_selector.fileno(), call_soon, None, None, None)


class _OneStep(selectors.EpollSelector):
    """A selector that never waits, notes how long the loop would have waited, and ends run_forever."""

    stop = None
    wait = None

    def select(self, timeout=None):
        self.wait = timeout
        self.stop()
        events = super().select(0)
        if events:
            self.wait = 0
        return events


class PublicAsyncioLoop(SignalPipe, GuestLoop, asyncio.SelectorEventLoop):
    """asyncio's event loop as a guest by public functions only, for versions whose private ones differ."""

    def __init__(self):
        self._roost_selector = _OneStep()
        super().__init__(self._roost_selector)
        self._roost_selector.stop = functools.partial(asyncio.SelectorEventLoop.stop, self)

    def is_running(self):
        return self._roost_guest and not self._roost_stepping or super().is_running()

    _roost_stepping = False

    def call_soon_threadsafe(self, callback, *args, context=None):
        handle = super().call_soon_threadsafe(callback, *args, context=context)
        _bridge.wake()
        return handle

    def _roost_step(self):
        """Runs one iteration; returns the seconds until the next one, or None."""
        asyncio._set_running_loop(None)
        self._roost_stepping = True
        try:
            asyncio.SelectorEventLoop.run_forever(self)
        finally:
            self._roost_stepping = False
            asyncio._set_running_loop(self)
        return self._roost_selector.wait

    def _roost_attach(self):
        self._roost_open_pipe()
        call_soon = types.MethodType(base_events.BaseEventLoop.call_soon, self)
        _bridge.attach(self, self._roost_selector.fileno(), call_soon, self._roost_step, None, None)


def _uvloop_class():
    """Returns the class of uvloop's loop as a guest; raises ImportError without uvloop."""
    import uvloop.loop

    class UvloopLoop(SignalPipe, GuestLoop, uvloop.Loop):
        """uvloop's event loop as a guest."""

        def is_running(self):
            return self._roost_guest or super().is_running()

        def call_soon_threadsafe(self, callback, *args, context=None):
            # uvloop's own writes to a descriptor, and takes a turn of the loop more.
            handle = self.call_soon(callback, *args, context=context)
            _bridge.wake()
            return handle

        def _roost_attach(self):
            self._roost_open_pipe()
            capsule = uvloop.loop.libuv_get_loop_t_ptr(self)
            call_soon = types.MethodType(uvloop.Loop.call_soon, self)
            descriptor = self._get_backend_id()
            _bridge.attach(self, descriptor, call_soon, None, uvloop.loop.__file__, capsule)

    return UvloopLoop


def _loop_class(kind: str):
    """Returns the class for the setting `loop`."""
    if kind == "trio":
        raise ValueError("Trio is not supported: Roost runs asyncio and uvloop")
    if kind not in ("auto", "asyncio", "uvloop"):
        raise ValueError(f"unknown event loop {kind!r}; use auto, asyncio or uvloop")
    if kind != "asyncio":
        try:
            return _uvloop_class()
        except ImportError:
            if kind == "uvloop":
                raise ValueError(f"uvloop is not installed for {sys.executable}; install it or use --loop asyncio")
    private = hasattr(base_events.BaseEventLoop, "_run_once")
    return AsyncioLoop if private else PublicAsyncioLoop


async def _live(future):
    await future


def _root_task(loop):
    """Starts a task that anyio takes for the one of run_until_complete; its worker threads live as long as that."""
    task = asyncio.Task(_live(loop.create_future()), loop=loop, name="roost")
    task.add_done_callback(base_events._run_until_complete_cb)
    return task


def start_guest(kind: str, lanes: bool):
    """Creates the event loop of the process, and makes it the running one of this thread for good."""
    cls = _loop_class(kind)
    loop = cls()
    loop._roost_lanes = lanes
    loop._roost_attach()
    cls.call_soon = _bridge.call_soon  # a builtin does not bind, and so costs no method object
    enter_guest(loop)
    return loop


def enter_guest(loop) -> None:
    """Makes the guest the running loop of this thread, until leave_guest. Always on the same thread."""
    asyncio.set_event_loop(loop)
    loop._roost_guest = True
    loop._roost_wake_for_signals()
    # A loop that has served before has shut down its executors and generators.
    loop._roost_executor_closed = loop._roost_executor_set = False
    if isinstance(loop, asyncio.SelectorEventLoop):
        loop._executor_shutdown_called = loop._asyncgens_shutdown_called = False
        loop._default_executor = None
    asyncio._set_running_loop(loop)
    sys.set_asyncgen_hooks(firstiter=loop._asyncgen_firstiter_hook, finalizer=loop._asyncgen_finalizer_hook)
    debug = loop.get_debug()
    _bridge.debug(debug)
    if debug:
        sys.set_coroutine_origin_tracking_depth(10)
    loop._roost_root = _root_task(loop)


@contextlib.contextmanager
def no_running_loop():
    """Hides the running loop from synchronous code that must not find one."""
    loop = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    try:
        yield
    finally:
        asyncio._set_running_loop(loop)


def leave_guest(loop) -> None:
    """Detaches the loop from this thread after the host has returned."""
    if not loop._roost_root.done():
        loop._roost_root._log_destroy_pending = False  # the start has failed, so nothing has ended it
    loop._roost_guest = False
    asyncio._set_running_loop(None)
    sys.set_asyncgen_hooks(None, None)
    _set_wakeup(-1)


async def end_root_task(loop) -> None:
    """Ends the task that anyio takes for the one of run_until_complete; its worker threads end with it."""
    root = loop._roost_root
    root.remove_done_callback(base_events._run_until_complete_cb)
    root.cancel()
    await asyncio.gather(root, return_exceptions=True)
    await asyncio.sleep(0)


async def cancel_tasks(loop) -> None:
    """Cancels all tasks but the calling one, as asyncio.run does at its end."""
    tasks = [task for task in asyncio.all_tasks(loop) if task is not asyncio.current_task() and task is not loop._roost_root]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for task in tasks:
        if not task.cancelled() and task.exception() is not None:
            loop.call_exception_handler({
                "message": "unhandled exception during shutdown",
                "exception": task.exception(),
                "task": task,
            })
