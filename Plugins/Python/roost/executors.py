"""Executors of the event loop on lanes: threads that are woken once a turn, and whose results come back together.

A job of run_in_executor goes to a lane if the executor is the default one, or a ThreadPoolExecutor of one thread that has
not started its thread. All other executors work as in asyncio.
"""

import asyncio
import concurrent.futures
import functools
import itertools
import sys
import threading

from roost import _bridge

_numbers = itertools.count(1)


def start_thread(worker) -> None:
    """Starts a thread for lanes. It is a daemon, so that it does not keep the process alive."""
    threading.Thread(target=_bridge.lane_work, args=(worker,), name=f"roost-lane-{next(_numbers)}", daemon=True).start()


def default_lane():
    """Returns a lane with as many threads as a ThreadPoolExecutor has by default."""
    # The number differs between versions of Python. An executor starts no thread before its first job.
    return _bridge.Lane(concurrent.futures.ThreadPoolExecutor()._max_workers)


def _run(future: concurrent.futures.Future, function, arguments, keywords) -> None:
    """Runs a job of `submit`, as concurrent.futures.thread does."""
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = function(*arguments, **keywords)
    except BaseException as error:
        future.set_exception(error)
    else:
        future.set_result(result)


class LaneExecutor(concurrent.futures.ThreadPoolExecutor):
    """What a ThreadPoolExecutor of one thread becomes when its first job goes to a lane: all its jobs run there.

    It has no reference to itself, so that its thread is free as soon as the executor is.
    """

    def submit(self, function, /, *arguments, **keywords):
        future = concurrent.futures.Future()
        self._roost_lane.put(None, _run, (future, function, arguments, keywords))
        self._roost_lane.signal()
        return future

    def shutdown(self, wait=True, *, cancel_futures=False):
        self._shutdown = True
        self.__class__ = concurrent.futures.ThreadPoolExecutor
        self.__dict__.pop("_roost_lane").shutdown(wait, cancel_futures)


class ContextExecutor(LaneExecutor):
    """The executor of asgiref's ThreadSensitiveContext, of which Django makes one for each request.

    At its end asgiref 3.13 starts a thread that waits for the executor, unless the executor is false. There is nothing to
    wait for if no job is left.
    """

    def __bool__(self):
        lane = self.__dict__.get("_roost_lane")
        return lane is None or lane.busy()


def lane_of(executor):
    """Returns the lane of an executor of one thread; None if its jobs must take the usual way."""
    if executor._max_workers != 1 or executor._threads or executor._shutdown or executor._initializer is not None:
        return None
    # The caller is run_in_executor, and its caller the code that has the executor.
    caller = sys._getframe(2).f_globals.get("__name__")
    executor._roost_lane = _bridge.Lane(1)
    executor.__class__ = ContextExecutor if caller == "asgiref.sync" else LaneExecutor
    return executor._roost_lane


class LaneExecutors:
    """A mixin for event loops: run_in_executor on lanes."""

    _roost_lanes: bool  # whether jobs go to lanes: the setting `lanes`
    _roost_default = None  # the lane of the default executor
    _roost_executor_set = False  # the application has set a default executor
    _roost_executor_closed = False

    def run_in_executor(self, executor, func, *args):
        if not self._roost_lanes or self.is_closed():
            return super().run_in_executor(executor, func, *args)
        if executor is None and not self._roost_executor_set:
            if self._roost_executor_closed:
                raise RuntimeError("Executor shutdown has been called")
            lane = self._roost_default
            if lane is None:
                lane = self._roost_default = default_lane()
        elif isinstance(executor, LaneExecutor):
            lane = executor._roost_lane
        elif type(executor) is concurrent.futures.ThreadPoolExecutor:
            lane = lane_of(executor)
        else:
            lane = None
        if lane is None:
            return super().run_in_executor(executor, func, *args)
        if self.get_debug() and asyncio.iscoroutinefunction(func):
            raise TypeError("coroutines cannot be used with run_in_executor()")
        future = self.create_future()
        lane.put(future, func, args)
        return future

    def set_default_executor(self, executor):
        super().set_default_executor(executor)
        self._roost_executor_set = True

    async def shutdown_default_executor(self, *args, **kwargs):
        self._roost_executor_closed = True
        lane, self._roost_default = self._roost_default, None
        if lane is not None:
            future = self.create_future()

            def shut_down():
                lane.shutdown(True, False)
                self.call_soon_threadsafe(lambda: future.done() or future.set_result(None))

            threading.Thread(target=shut_down, name="roost-lane-shutdown", daemon=True).start()
            await future
        await super().shutdown_default_executor(*args, **kwargs)
