"""Worker processes: killed under load, reloaded under load, replaced; child processes of applications."""

import os
import re
import signal
import threading
import time
import unittest

from support import FULL, Client, PlainTestCase, Roost, needs, wait_until


class Load:
    """Clients in threads: half of them keep their connection, the others open one for each request."""

    def __init__(self, port: int, clients=4, target=b"/"):
        self.port = port
        self.target = target  # of a page that shows `pid` and `value` as JSON
        self.ended = threading.Event()
        self.lock = threading.Lock()
        self.answers = {}  # pid of a worker: number of answers
        self.failures = []  # (pid of the worker that the connection had, whether it was reused, the error)
        self.values = set()
        self.threads = [threading.Thread(target=self.run, args=(number % 2 == 0,)) for number in range(clients)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *arguments):
        self.ended.set()
        for thread in self.threads:
            thread.join()

    def run(self, keep: bool):
        client = pid = None
        while not self.ended.is_set():
            reused = client is not None
            try:
                client = client or Client(self.port)
                response = client.request(b"GET", self.target, [] if keep else [(b"connection", b"close")])
                if response.status != 200 or response.closed:
                    raise EOFError(f"status {response.status}")
                shown = response.json()
            except (OSError, EOFError) as error:
                with self.lock:
                    self.failures.append((pid, reused, repr(error)))
                if client:
                    client.socket.close()
                client = pid = None
                continue
            pid = shown["pid"]
            with self.lock:
                self.answers[pid] = self.answers.get(pid, 0) + 1
                self.values.add(shown["value"])
            if not keep or response.header(b"connection") == b"close":
                client.socket.close()
                client = pid = None

    def total(self) -> int:
        with self.lock:
            return sum(self.answers.values())

    def wait_for(self, count: int):
        """Waits until `count` more requests are answered."""
        target = self.total() + count
        wait_until(lambda: self.total() >= target, f"{count} more answers, failures: {self.failures[:5]}")


def ready(server) -> list[int]:
    """The workers that are ready, as `roost status` shows them."""
    shown = server.command("status").stdout
    return [int(pid) for pid in re.findall(r"^(\d+) +ready ", shown, re.MULTILINE)]


class KillTests(unittest.TestCase):
    def test_kill(self):
        """workers that are killed under load fail only their own requests, and are replaced"""
        clients = 4
        with Roost("plain:app", "--workers", "2", "--no-access-log", "--limit-crashes", "1000") as server:
            killed = []
            with Load(server.port, clients) as load:
                load.wait_for(50)
                for _ in range(20 if FULL else 5):
                    wait_until(lambda: len(set(ready(server)) - set(killed)) == 2, "two workers")
                    victim = sorted(set(ready(server)) - set(killed))[len(killed) % 2]
                    os.kill(victim, signal.SIGKILL)
                    killed.append(victim)
                    wait_until(lambda: victim not in server.workers(), "the end of the worker")
                    load.wait_for(100)
                wait_until(lambda: len(set(ready(server)) - set(killed)) == 2, "two workers")
                load.wait_for(200)
            others = [failure for failure in load.failures if failure[0] is not None and failure[0] not in killed]
            self.assertEqual(others, [], "failures of workers that were not killed")
            # At most one request of each client is in flight when a worker is killed.
            self.assertLessEqual(len(load.failures), clients * len(killed), load.failures)
            self.assertEqual(server.stop(), 0)

    def test_single(self):
        """a single worker that is killed is replaced; no connection is refused meanwhile"""
        with Roost("plain:app", "--no-access-log", "--limit-crashes", "1000") as server:
            for _ in range(2):
                victim = server.worker()
                os.kill(victim, signal.SIGKILL)
                self.assertNotEqual(server.get_json(b"/")["pid"], victim)
            self.assertEqual(server.stop(), 0)


class ReloadTests(PlainTestCase):
    def reload(self, server, *arguments):
        result = server.command("reload", *arguments)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr + server.log())

    def test_reloads(self):
        """reloads of a changed source under load fail no request"""
        rounds = 100 if FULL else 10
        with Roost("plain:app", "--no-access-log", app_dir=self.folder) as server:
            with Load(server.port) as load:
                load.wait_for(20)
                for number in range(rounds):
                    self.write(f"value {number}")
                    self.reload(server)
                    self.assertEqual(server.get_json(b"/")["value"], f"value {number}")
                    load.wait_for(10)
            self.assertEqual(load.failures, [])
            self.assertEqual(load.values, {"one", *(f"value {number}" for number in range(rounds))})
            wait_until(lambda: len(server.workers()) == 1, f"one worker: {server.workers()}")
            self.assertEqual(server.stop(), 0)

    def test_rolling_restart(self):
        """rolling restarts of two workers under load fail no request"""
        with Roost("plain:app", "--workers", "2", "--no-access-log", app_dir=self.folder) as server:
            with Load(server.port) as load:
                load.wait_for(20)
                for _ in range(10 if FULL else 3):
                    before = set(server.workers())
                    self.reload(server, "--new-workers")
                    wait_until(lambda: len(server.workers()) == 2 and not before & set(server.workers()), "new workers")
                    load.wait_for(50)
            self.assertEqual(load.failures, [])
            self.assertEqual(server.stop(), 0)

    def test_fault(self):
        """a source with a syntax error keeps the previous version, and the next one is served"""
        with Roost("plain:app", "--no-access-log", app_dir=self.folder) as server:
            (self.folder / "plain.py").write_text("def app(:\n")
            failed = server.command("reload")
            self.assertEqual(failed.returncode, 1)
            self.assertIn("SyntaxError", failed.stderr)
            self.assertEqual(server.get_json(b"/")["value"], "one")
            self.write("two")
            self.reload(server)
            self.assertEqual(server.get_json(b"/")["value"], "two")
            self.assertEqual(server.stop(), 0)

    def test_stream(self):
        """a stream of the previous version goes on for --reload-drain, and ends then"""
        drain = 2
        with (Roost("plain:app", "--no-access-log", "--reload-drain", str(drain), app_dir=self.folder) as server,
              server.client() as client):
            client.start(b"GET", b"/stream")
            client.until(b"data: 1")
            old = server.workers()
            self.write("two")
            start = time.monotonic()
            self.reload(server)
            self.assertEqual(server.get_json(b"/")["value"], "two")
            # The default is 30 s.
            client.rest(at_most=drain + 5)
            self.assertGreaterEqual(time.monotonic() - start, drain)
            wait_until(lambda: not set(old) & set(server.workers()), "the end of the old worker")
            self.assertEqual(server.stop(), 0)


class SubprocessTests(unittest.TestCase):
    def check(self, loop):
        with Roost("plain:app", loop=loop) as server:
            for _ in range(30 if FULL else 10):
                shown = server.get_json(b"/child")
                self.assertEqual((shown["terminated"], shown["output"], shown["shell"]), (-signal.SIGTERM, "text", 7))
                # No signal is blocked, nor one of the named ones ignored, in a child.
                masks = dict(zip(shown["masks"][::2], shown["masks"][1::2]))
                self.assertEqual(int(masks["SigBlk:"], 16), 0, masks)
                self.assertEqual(int(masks["SigIgn:"], 16) & 0x7fffffff, 0, masks)
            self.assertEqual(server.stop(), 0)

    def test_asyncio(self):
        """child processes under asyncio end by SIGTERM, and their ends are seen"""
        self.check("asyncio")

    @needs("uvloop")
    def test_uvloop(self):
        """child processes under uvloop end by SIGTERM, and their ends are seen"""
        self.check("uvloop")


if __name__ == "__main__":
    unittest.main()
