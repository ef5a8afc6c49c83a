"""What users of other servers complain about, as far as no other test has it. The page is explanation/python.md."""

import collections
import re
import unittest

from support import PlainTestCase, Roost, children, wait_until


class BusyWorkerTests(unittest.TestCase):
    """Uvicorn's health check replaces a worker that is busy (uvicorn#2506)."""

    def test_threads(self):
        """a worker whose threads compute or wait for longer than --timeout-worker is not replaced"""
        for application, target in (("computing:app", b"/?2.5"), ("plain:app", b"/blocking?2.5")):
            with (self.subTest(application),
                  Roost(application, "--timeout-worker", "1", "--no-access-log") as server):
                worker = server.worker()
                self.assertEqual(server.get(target).status, 200)
                self.assertEqual(server.worker(), worker)
                self.assertNotIn("replacing worker", server.log())


class ProcessTests(PlainTestCase):
    """Reloads leave processes behind (uvicorn#1801)."""

    def test_no_process_remains(self):
        """after reloads and a rolling restart, the supervisor has its workers and no other child"""
        with Roost("plain:app", "--workers", "2", "--no-access-log", app_dir=self.folder) as server:
            for number in range(3):
                self.write(f"value {number}")
                self.assertEqual(server.command("reload").returncode, 0, server.log())
            self.assertEqual(server.command("reload", "--new-workers").returncode, 0, server.log())

            def only_workers():
                workers = server.workers()
                return len(workers) == 2 and sorted(children(server.process.pid)) == sorted(workers)
            wait_until(only_workers, "the end of all other processes")
            last = children(server.process.pid)
            self.assertEqual(server.stop(), 0)
            for pid in last:
                with self.assertRaises(FileNotFoundError):
                    open(f"/proc/{pid}/stat")


class ConnectionTests(unittest.TestCase):
    def test_access_log(self):
        """a line of the access log has the duration of the request (uvicorn#527)"""
        with Roost("plain:app") as server:
            server.get(b"/slow?0.02")
            self.assertEqual(server.stop(), 0)
            duration = re.search(r"GET /slow\S* 200 4 ([\d.]+)ms", server.output_text())
            self.assertGreaterEqual(float(duration[1]), 20)

    def test_even_workers(self):
        """connections are spread over the workers: none has more than three quarters of them"""
        with Roost("plain:app", "--workers", "2", "--no-access-log") as server:
            clients = [server.client() for _ in range(200)]
            counts = collections.Counter(client.request(b"GET", b"/").json()["pid"] for client in clients)
            for client in clients:
                client.socket.close()
            self.assertEqual(len(counts), 2)
            self.assertLess(max(counts.values()), 150, counts)


if __name__ == "__main__":
    unittest.main()
