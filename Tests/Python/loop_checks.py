"""The application of test_loop.py: what asyncio promises, checked inside the server. GET /NAME runs one check."""

import asyncio
import concurrent.futures
import contextvars
import gc
import json
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
import unittest
import warnings
import weakref

import network_checks  # noqa: F401  its checks are run too
from checks import check, checks

variable = contextvars.ContextVar("variable", default=None)
at_import = contextvars.ContextVar("at_import", default=None)
at_import.set("import")


@check
async def running_loop():
    loop = asyncio.get_running_loop()
    assert loop is asyncio.get_event_loop() and loop.is_running() and not loop.is_closed()
    assert asyncio.current_task() in asyncio.all_tasks()
    assert any(task.get_name() == "roost" for task in asyncio.all_tasks())


@check
async def main_thread():
    assert threading.current_thread() is threading.main_thread()


@check
async def sleeps_take_their_time():
    start = time.perf_counter()
    await asyncio.sleep(0.05)
    assert 0.049 < time.perf_counter() - start < 0.5


@check
async def short_sleeps():
    start = time.perf_counter()
    for _ in range(20):
        await asyncio.sleep(0.0005)
    assert time.perf_counter() - start < 1


@check
async def timers_in_order():
    loop, order = asyncio.get_running_loop(), []
    done = loop.create_future()
    loop.call_later(0.03, lambda: (order.append(3), done.set_result(None)))
    loop.call_later(0.01, order.append, 1)
    loop.call_at(loop.time() + 0.02, order.append, 2)
    cancelled = loop.call_later(0.015, order.append, 9)
    cancelled.cancel()
    await done
    assert order == [1, 2, 3], order


@check
async def many_cancelled_timers():
    loop = asyncio.get_running_loop()
    for _ in range(500):
        loop.call_later(3600, int).cancel()
    done = loop.create_future()
    loop.call_later(0.01, done.set_result, None)
    await done


@check
async def to_thread():
    assert await asyncio.to_thread(threading.current_thread) is not threading.current_thread()


@check
async def subprocess_communicate():
    process = await asyncio.create_subprocess_exec("sh", "-c", "cat; exit 3", stdin=-1, stdout=-1)
    out, _ = await process.communicate(b"hi")
    assert (out, process.returncode) == (b"hi", 3)


@check
async def subprocess_terminate():
    process = await asyncio.create_subprocess_exec("sleep", "60")
    process.terminate()
    assert await asyncio.wait_for(process.wait(), 10) == -signal.SIGTERM


@check
async def subprocess_shell():
    process = await asyncio.create_subprocess_shell("echo out; echo err >&2", stdout=-1, stderr=-1)
    assert await process.communicate() == (b"out\n", b"err\n")


@check
async def subprocess_run_in_thread():
    result = await asyncio.to_thread(subprocess.run, ["sh", "-c", "exit 4"])
    assert result.returncode == 4


@check
async def child_has_no_blocked_or_ignored_signals():
    process = await asyncio.create_subprocess_exec("grep", "-E", "SigBlk|SigIgn", "/proc/self/status", stdout=-1)
    out, _ = await process.communicate()
    fields = dict(line.split() for line in out.decode().splitlines())
    assert int(fields["SigBlk:"], 16) == 0, fields
    assert int(fields["SigIgn:"], 16) & (1 << (signal.SIGTERM - 1)) == 0, fields


@check
async def wait_for_and_timeout():
    for context in (lambda: asyncio.wait_for(never(), 0.01), timed):
        try:
            await context()
            raise AssertionError("no timeout")
        except asyncio.TimeoutError:
            pass


async def timed():
    async with asyncio.timeout(0.01):
        await never()


async def never():
    await asyncio.Event().wait()


@check
async def task_groups():
    event = asyncio.Event()
    async def first():
        await event.wait()
        return 1
    async def second():
        event.set()
        return 2
    async with asyncio.TaskGroup() as group:
        a, b = group.create_task(first()), group.create_task(second())
    assert (a.result(), b.result()) == (1, 2)


@check
async def anyio_works():
    try:
        import anyio
        import sniffio
    except ImportError:
        raise unittest.SkipTest("anyio or sniffio is not installed")
    assert sniffio.current_async_library() == "asyncio"
    async with anyio.create_task_group() as group:
        group.start_soon(anyio.sleep, 0.001)
    with anyio.move_on_after(0.01):
        await anyio.sleep_forever()
    first = await anyio.to_thread.run_sync(threading.get_ident)
    assert await anyio.to_thread.run_sync(threading.get_ident) == first  # the worker thread lives on
    def back():
        return anyio.from_thread.run(asyncio.sleep, 0, 6)
    assert await anyio.to_thread.run_sync(back) == 6


@check
async def asgiref_both_ways():
    try:
        from asgiref.sync import async_to_sync, sync_to_async
    except ImportError:
        raise unittest.SkipTest("asgiref is not installed")
    async def inner():
        await asyncio.to_thread(int)
        return id(asyncio.get_running_loop())
    assert await sync_to_async(lambda: async_to_sync(inner)())() == id(asyncio.get_running_loop())


@check
async def run_in_a_thread():
    assert await asyncio.to_thread(lambda: asyncio.run(asyncio.sleep(0, 7))) == 7


@check
async def running_the_loop_again_is_refused():
    loop = asyncio.get_running_loop()
    for function in (lambda: asyncio.run(coroutine), loop.run_forever, lambda: loop.run_until_complete(coroutine)):
        coroutine = asyncio.sleep(0)
        try:
            function()
            raise AssertionError("it ran")
        except RuntimeError:
            pass
        coroutine.close()
    assert asyncio.get_running_loop() is loop


@check
async def contexts_are_separate():
    assert variable.get() is None
    assert at_import.get() == "import"
    variable.set(1)
    await asyncio.sleep(0)
    assert variable.get() == 1
    async def child():
        assert variable.get() == 1
        variable.set(2)
    await asyncio.create_task(child())
    assert variable.get() == 1
    loop, future = asyncio.get_running_loop(), asyncio.get_running_loop().create_future()
    loop.call_soon(lambda: future.set_result(variable.get()))
    assert await future == 1
    context = contextvars.Context()
    future = loop.create_future()
    loop.call_soon(lambda: future.set_result(variable.get()), context=context)
    assert await future is None


@check
async def signal_handlers():
    loop = asyncio.get_running_loop()
    for _ in range(2):
        future = loop.create_future()
        loop.add_signal_handler(signal.SIGUSR2, lambda: future.done() or future.set_result(1))
        os.kill(os.getpid(), signal.SIGUSR2)
        await asyncio.wait_for(future, 10)
        assert loop.remove_signal_handler(signal.SIGUSR2)
    assert not loop.remove_signal_handler(signal.SIGUSR2)
    for bad in ((9, int), (signal.SIGUSR2, checks["signal_handlers"])):
        try:
            loop.add_signal_handler(*bad)
            raise AssertionError(bad)
        except (RuntimeError, TypeError):
            pass


@check
async def python_signal_handlers_run_at_once():
    "A handler of signal.signal wakes the server, which waits in C."
    got = threading.Event()
    before = signal.signal(signal.SIGUSR1, lambda number, frame: got.set())
    try:
        threading.Timer(0.02, os.kill, (os.getpid(), signal.SIGUSR1)).start()
        assert await asyncio.to_thread(got.wait, 10)
    finally:
        signal.signal(signal.SIGUSR1, before)


@check
async def tracing():
    count = 0
    def trace(*arguments):
        nonlocal count
        count += 1
        return trace
    sys.settrace(trace)
    await asyncio.sleep(0.001)
    await nothing()
    sys.settrace(None)
    assert count


async def nothing():
    pass


@check
async def asyncgen_hooks():
    assert all(sys.get_asyncgen_hooks())
    finalized = asyncio.Event()
    async def generator():
        try:
            yield 1
        finally:
            await asyncio.sleep(0)
            finalized.set()
    held = generator()
    await anext(held)
    del held
    gc.collect()
    await asyncio.wait_for(finalized.wait(), 10)


@check
async def debug_mode_can_be_switched():
    loop = asyncio.get_running_loop()
    loop.set_debug(True)
    assert loop.get_debug()
    await asyncio.sleep(0.001)
    loop.call_soon(int)
    loop.set_debug(False)
    await asyncio.sleep(0)


@check
async def threadsafe_calls():
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    threading.Timer(0.01, loop.call_soon_threadsafe, (future.set_result, 1)).start()
    await asyncio.wait_for(future, 10)
    count = 0
    done = loop.create_future()
    def add():
        nonlocal count
        count += 1
        if count == 2000:
            done.set_result(None)
    def calls():
        for _ in range(500):
            loop.call_soon_threadsafe(add)
    for _ in range(4):
        threading.Thread(target=calls).start()
    await asyncio.wait_for(done, 10)
    result = await asyncio.to_thread(lambda: asyncio.run_coroutine_threadsafe(asyncio.sleep(0.001, 5), loop).result(10))
    assert result == 5


@check
async def exception_handler():
    loop, contexts = asyncio.get_running_loop(), []
    loop.set_exception_handler(lambda loop, context: contexts.append(context))
    def fail():
        raise LookupError("callback")
    loop.call_soon(fail)
    await asyncio.sleep(0.001)
    loop.set_exception_handler(None)
    assert isinstance(contexts[0]["exception"], LookupError), contexts


@check
async def default_exception_handler():
    def fail():
        raise LookupError("for the default handler")
    asyncio.get_running_loop().call_soon(fail)
    await asyncio.sleep(0.001)


@check
async def futures_and_tasks_are_of_the_loop():
    loop = asyncio.get_running_loop()
    assert asyncio.isfuture(loop.create_future())
    task = loop.create_task(asyncio.sleep(0, 3), name="named")
    assert task.get_name() == "named" and task.get_loop() is loop
    assert await task == 3
    factory_calls = []
    def factory(loop, coroutine, **keywords):
        factory_calls.append(1)
        return asyncio.Task(coroutine, loop=loop, **keywords)
    loop.set_task_factory(factory)
    assert await asyncio.create_task(asyncio.sleep(0, 4)) == 4
    loop.set_task_factory(None)
    assert factory_calls == [1]


@check
async def tasks_may_be_eager():
    if sys.version_info < (3, 12):
        raise unittest.SkipTest("needs Python 3.12")
    task = asyncio.eager_task_factory(asyncio.get_running_loop(), nothing())
    assert task.done()


@check
async def locks_queues_and_events():
    queue, lock, event = asyncio.Queue(1), asyncio.Lock(), asyncio.Event()
    async def produce():
        for number in range(10):
            await queue.put(number)
        async with lock:
            event.set()
    task = asyncio.create_task(produce())
    assert [await queue.get() for _ in range(10)] == list(range(10))
    await event.wait()
    await task


@check
async def pending_tasks_are_kept():
    "A request's task that only a weak structure knows of is not collected."
    reference = weakref.ref(asyncio.current_task())
    gc.collect()
    await asyncio.sleep(0.01)
    gc.collect()
    assert reference() is asyncio.current_task()


@check
async def process_pool():
    loop = asyncio.get_running_loop()
    import multiprocessing
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as pool:
        assert await loop.run_in_executor(pool, pow, 2, 5) == 32


def fork() -> int:
    """Returns the exit status of a child process that exits with 7."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python 3.12 warns of a fork beside other threads
        child = os.fork()
    if child == 0:
        os._exit(7)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@check
async def a_fork_in_a_thread_of_the_application():
    assert await asyncio.to_thread(fork) == 7


@check
async def a_fork_on_the_main_thread():
    assert fork() == 7


spins = 0


async def spin():
    global spins
    while True:
        spins += 1
        await asyncio.sleep(0)


state = {}


async def application(scope, receive, send):
    if scope["type"] == "lifespan":
        raise RuntimeError
    name = scope["path"][1:]
    body, status = b"", 200
    if name in checks:
        try:
            await asyncio.wait_for(checks[name](), 15)
            result = "ok"
        except unittest.SkipTest as reason:
            result = f"skipped: {reason}"
        except BaseException:
            result = traceback.format_exc()
        body = result.encode()
    elif name == "names":
        body = json.dumps(list(checks)).encode()
    elif name == "spin":
        state["spin"] = asyncio.create_task(spin())
    elif name == "spins":
        body = b"%d" % spins
    elif name == "stop_spin":
        state["spin"].cancel()
    elif name == "slow":
        time.sleep(0.15)
    elif name == "stop":
        asyncio.get_running_loop().stop()
    elif name == "set":
        variable.set("leaked")
    elif name == "get":
        body = repr(variable.get()).encode()
    elif name == "cpu":
        body = repr(time.process_time()).encode()
    else:
        status = 404
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})
