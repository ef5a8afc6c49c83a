"""Executors: lanes and the usual threads behave alike (python.md D4)."""

import unittest

from harness import ServerTestCase, run_check

SOURCE = """
import asyncio, concurrent.futures, contextvars, gc, json, os, sys, threading, time, traceback, unittest, weakref

checks = {}
variable = contextvars.ContextVar("variable", default=0)
local = threading.local()

def check(function):
    checks[function.__name__] = function
    return function

def run(function, *arguments, executor=None):
    return asyncio.get_running_loop().run_in_executor(executor, function, *arguments)

@check
async def results_and_arguments():
    assert await run(max, 1, 5, 3) == 5
    assert await run(os.getpid) == os.getpid()
    with concurrent.futures.ThreadPoolExecutor(1) as one:
        assert await run(max, 2, 7, executor=one) == 7

@check
async def exceptions():
    def fail(error):
        raise error
    with concurrent.futures.ThreadPoolExecutor(1) as one:
        for executor in (None, one):
            for error in (LookupError("a"), SystemExit(3), KeyboardInterrupt()):
                future = run(fail, error, executor=executor)
                try:
                    await asyncio.wait([future])
                    caught = future.exception()
                    assert caught is error, caught
                    assert "fail" in [frame.name for frame in traceback.extract_tb(caught.__traceback__)]
                except BaseException as wrong:
                    raise AssertionError(repr(wrong))

@check
async def stop_iteration():
    "A future cannot hold StopIteration: later versions of 3.12 make a RuntimeError of it."
    if sys.version_info < (3, 13) and not LANES:
        raise unittest.SkipTest("asyncio of this version waits for ever")
    def fail():
        raise StopIteration(1)
    try:
        await asyncio.wait_for(run(fail), 10)
        raise AssertionError("no exception")
    except RuntimeError as error:
        assert isinstance(error.__cause__, StopIteration), error

@check
async def coroutine_functions_are_refused_in_debug_mode():
    loop = asyncio.get_running_loop()
    loop.set_debug(True)
    try:
        await run(results_and_arguments)
        raise AssertionError("no exception")
    except TypeError:
        pass
    finally:
        loop.set_debug(False)

@check
async def one_thread_runs_all_jobs_in_order():
    with concurrent.futures.ThreadPoolExecutor(1) as one:
        order, threads = [], set()
        def job(number):
            order.append(number)
            threads.add(threading.get_ident())
        futures = [run(job, number, executor=one) for number in range(50)]
        direct = [one.submit(job, 50), one.submit(job, 51)]
        await asyncio.gather(*futures)
        await asyncio.gather(*map(asyncio.wrap_future, direct))
        assert list(one.map(abs, [-1, -2])) == [1, 2]
        assert order == list(range(52)), order
        assert len(threads) == 1

@check
async def a_thread_that_was_started_by_submit_is_kept():
    with concurrent.futures.ThreadPoolExecutor(1) as one:
        first = one.submit(threading.get_ident).result()
        assert await run(threading.get_ident, executor=one) == first

@check
async def submit_and_wait_on_the_loop():
    "Blocking the loop for a job is bad style, but works under every server."
    with concurrent.futures.ThreadPoolExecutor(1) as one:
        await run(int, executor=one)
        assert one.submit(max, 1, 2).result(10) == 2

@check
async def an_initializer_runs():
    done = []
    with concurrent.futures.ThreadPoolExecutor(1, initializer=done.append, initargs=(1,)) as one:
        await run(int, executor=one)
    assert done == [1]

class Held:
    "A job that occupies its thread until `gate` is set."
    def __init__(self):
        self.gate, self.started = threading.Event(), asyncio.Event()
        self.loop = asyncio.get_running_loop()
    def __call__(self):
        self.loop.call_soon_threadsafe(self.started.set)
        assert self.gate.wait(10)

@check
async def cancelled_futures():
    held, ran = Held(), []
    with concurrent.futures.ThreadPoolExecutor(1) as one:
        first = run(held, executor=one)
        second = run(ran.append, 2, executor=one)
        third = run(ran.append, 3, executor=one)
        await held.started.wait()
        assert second.cancel()
        await asyncio.sleep(0)  # without lanes the cancellation takes a callback
        held.gate.set()
        await first
        await third
        assert ran == [3], ran
        try:
            await second
            raise AssertionError
        except asyncio.CancelledError:
            pass

@check
async def a_cancelled_task_leaves_its_job():
    gate, done = threading.Event(), threading.Event()
    def job():
        gate.wait(10)
        done.set()
    task = asyncio.create_task(asyncio.wait_for(run(job), 0.02))
    try:
        await task
        raise AssertionError
    except asyncio.TimeoutError:
        pass
    gate.set()
    assert await run(done.wait, 10)

@check
async def shutdown():
    one = concurrent.futures.ThreadPoolExecutor(1)
    done = []
    future = run(lambda: (time.sleep(0.03), done.append(1)), executor=one)
    one.shutdown()
    assert done == [1]
    await future
    for function in (lambda: run(int, executor=one), lambda: one.submit(int)):
        try:
            function()
            raise AssertionError("no exception")
        except RuntimeError as error:
            assert "after shutdown" in str(error)
    other = concurrent.futures.ThreadPoolExecutor(1)
    held = Held()
    first, second = run(held, executor=other), run(done.append, 2, executor=other)
    direct = other.submit(done.append, 3)
    await held.started.wait()
    other.shutdown(wait=False, cancel_futures=True)
    held.gate.set()
    await first
    assert second.cancelled() or (await asyncio.wait([second])) and second.cancelled()
    assert direct.cancelled()
    assert done == [1], done

@check
async def many_threads():
    barrier = threading.Barrier(4)
    await asyncio.gather(*(run(barrier.wait, 10) for _ in range(4)))
    limit = concurrent.futures.ThreadPoolExecutor()._max_workers
    running, most, lock = 0, 0, threading.Lock()
    def job():
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.01)
        with lock:
            running -= 1
    await asyncio.gather(*(run(job) for _ in range(limit * 3)))
    assert most <= limit, (most, limit)

@check
async def contexts():
    "run_in_executor passes no context; to_thread does."
    variable.set(5)
    assert await run(variable.get) == 0
    assert await asyncio.to_thread(variable.get) == 5

@check
async def threads_have_names_and_are_daemons():
    thread = await run(threading.current_thread)
    assert thread in threading.enumerate() and thread is not threading.main_thread()
    assert not isinstance(thread, threading._DummyThread)
    assert thread.name.startswith("roost-lane-") == LANES, thread
    assert await run(lambda: asyncio._get_running_loop()) is None

@check
async def executors_for_one_request():
    before = len(threading.enumerate())
    for _ in range(200):
        one = concurrent.futures.ThreadPoolExecutor(1)
        assert await run(abs, -3, executor=one) == 3
        one.shutdown()
    assert len(threading.enumerate()) - before < 20, threading.enumerate()

@check
async def abandoned_executors():
    references = []
    for _ in range(50):
        one = concurrent.futures.ThreadPoolExecutor(1)
        await run(int, executor=one)
        references.append(weakref.ref(one))
    del one
    gc.collect()
    assert not any(reference() for reference in references)

@check
async def default_executor_of_the_application():
    "Runs last: the loop has the application's executor from here on."
    pool = concurrent.futures.ThreadPoolExecutor(2, thread_name_prefix="mine")
    asyncio.get_running_loop().set_default_executor(pool)
    assert (await asyncio.to_thread(threading.current_thread)).name.startswith("mine")

@check
async def many_jobs_at_once():
    assert sum(await asyncio.gather(*(run(abs, number) for number in range(3000)))) == sum(range(3000))

@check
async def sensitive_threads():
    try:
        from asgiref.sync import ThreadSensitiveContext, async_to_sync, sync_to_async
    except ImportError:
        raise unittest.SkipTest("asgiref is not installed")
    async def threads():
        first = await sync_to_async(threading.get_ident)()
        def nested():
            async def inner():
                return await sync_to_async(threading.get_ident)()
            return async_to_sync(inner)()
        return first, await sync_to_async(threading.get_ident)(), await sync_to_async(nested)()
    async def one():
        async with ThreadSensitiveContext():
            result = await threads()
            await asyncio.sleep(0.01)
            return result
    results = await asyncio.gather(*(one() for _ in range(5)))
    assert all(len(set(result)) == 1 for result in results), results
    assert len({result[0] for result in results}) == 5, results

async def application(scope, receive, send):
    if scope["type"] == "lifespan":
        raise RuntimeError
    global LANES
    LANES = scope["query_string"] == b"lanes"
    name = scope["path"][1:]
    if name == "names":
        names = sorted(checks, key=lambda name: name == "default_executor_of_the_application")
        body = json.dumps(names).encode()
    else:
        try:
            await asyncio.wait_for(checks[name](), 15)
            body = b"ok"
        except unittest.SkipTest as reason:
            body = f"skipped: {reason}".encode()
        except BaseException:
            body = traceback.format_exc().encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})
"""


class LaneTests(ServerTestCase):
    SOURCE = SOURCE
    LANES = True

    def test_executors_keep_their_promises(self):
        for name in self.server.get_json(b"/names"):
            run_check(self, self.server, name, b"?lanes" if self.LANES else b"")


class ThreadTests(LaneTests):
    """The same without lanes: what the tests demand is what asyncio does."""

    SETTINGS = {"lanes": False}
    LANES = False


class ComputingThreadTests(ServerTestCase):
    """A Python thread that computes holds the GIL; requests are served beside it."""

    SOURCE = """
    import threading
    stop = False
    def compute():
        while not stop:
            sum(range(1000))
    async def application(scope, receive, send):
        global stop
        if scope["type"] == "lifespan":
            raise RuntimeError
        if scope["path"] == "/start":
            threading.Thread(target=compute).start()
        if scope["path"] == "/stop":
            stop = True
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})
    """

    def test_requests_are_served_beside_it(self):
        with self.server.client() as client:
            client.request(b"GET", b"/start")
            for _ in range(20):
                self.assertEqual(client.request(b"GET", b"/").body, b"ok")
            client.request(b"GET", b"/stop")


if __name__ == "__main__":
    unittest.main()
