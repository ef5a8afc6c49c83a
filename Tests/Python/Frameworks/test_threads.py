"""Threads: none is created per request in steady state."""

import os
import shutil
import subprocess
import tempfile
import unittest

from django_site import DjangoTestCase
from support import RoostTestCase, needs, requests_of, wait_until


def threads_created(pid: int, action) -> int:
    """The number of threads and processes that a process creates during an action, by strace."""
    with tempfile.NamedTemporaryFile() as file:
        tracer = subprocess.Popen(
            ["strace", "-f", "-e", "trace=clone,clone3,fork,vfork", "-o", file.name, "-p", str(pid)],
            stderr=subprocess.PIPE, text=True)
        try:
            line = tracer.stderr.readline()
            if "attached" not in line:
                raise unittest.SkipTest(f"strace: {line.strip()}")
            threads = os.listdir(f"/proc/{pid}/task")
            # All threads that exist must be traced first.
            wait_until(lambda: all(traced(pid, thread) for thread in threads), "strace")
            action()
        finally:
            tracer.terminate()
            tracer.stderr.read()
            tracer.wait()
            tracer.stderr.close()
        return sum(any(f" {call}(" in line for call in ("clone", "clone3", "fork", "vfork"))
                   for line in file.read().decode().splitlines())


def traced(pid: int, thread: str) -> bool:
    try:
        with open(f"/proc/{pid}/task/{thread}/status") as file:
            return "TracerPid:\t0\n" not in file.read()
    except FileNotFoundError:
        return True


class ThreadChecks:
    def check(self, target: bytes, connections: int):
        pid = self.server.worker()
        requests_of(self.server, target, 40, connections)
        created = threads_created(pid, lambda: requests_of(self.server, target, 200, connections))
        # A pool may still grow, up to the connections, when jobs overlap for the first time.
        self.assertLess(created, 4 + connections, f"threads created by 200 requests of {target!r}")


@unittest.skipUnless(shutil.which("strace"), "not installed: strace")
@needs("django")
class DjangoThreadTests(ThreadChecks, DjangoTestCase):
    def test_sync_views(self):
        """synchronous views create no threads"""
        self.check(b"/plain", 1)
        self.check(b"/query", 1)

    def test_concurrent_sync_views(self):
        """synchronous views of eight connections create no threads"""
        self.check(b"/plain", 8)


@unittest.skipUnless(shutil.which("strace"), "not installed: strace")
@needs("fastapi")
class FastAPIThreadTests(ThreadChecks, RoostTestCase):
    APPLICATION = "with_fastapi:app"

    def test_sync_endpoints(self):
        """synchronous endpoints create no threads"""
        self.check(b"/sync", 1)
        self.check(b"/dependency", 1)
        self.check(b"/sync", 8)


@unittest.skipUnless(shutil.which("strace"), "not installed: strace")
class ExecutorThreadTests(ThreadChecks, RoostTestCase):
    APPLICATION = "plain:app"

    def test_detects(self):
        """the count sees a thread that is created, and child processes"""
        for target, count in ((b"/thread", 1), (b"/child", 4)):
            with self.subTest(target):
                pid = self.server.worker()
                self.assertGreaterEqual(threads_created(pid, lambda: self.server.get(target)), count)


if __name__ == "__main__":
    unittest.main()
