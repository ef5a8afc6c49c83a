import pathlib
import shutil
import socket
import struct
import tempfile
import unittest

from databases import Cluster, DatabaseTest, build


def setUpModule():
    global folder, module, cluster
    folder = tempfile.mkdtemp(prefix="roost-transactions-")
    module = build(f"{folder}/transactions.so", pathlib.Path(__file__).with_name("Transactions.c"), libraries=["libpq"])
    cluster = Cluster()


def tearDownModule():
    cluster.remove()
    shutil.rmtree(folder, ignore_errors=True)


class Transactions(DatabaseTest):
    """The pool has one connection. `marks` counts what was committed."""

    def serve(self, *options, **further):
        return self.roost(module, cluster.database("marks", **further), *options).wait()

    def check(self, server, marks):
        """Every call of the pool that was started is completed, once; and the only connection is free."""
        status, text = server.ask("GET", "/count")
        marks_text, started, completed = (field.split("=")[1] for field in text.split())
        self.assertEqual((status, marks_text, started), (200, str(marks), completed))

    def test_scripts(self):
        """each step of a transaction has its result, and the connection returns to the pool"""
        server = self.serve()
        marks = 0
        for path, results, added in [
            ("committed", "DONE DONE DONE", 1),
            ("rolled-back", "DONE DONE DONE", 0),
            ("failed", "DONE DONE INVALID 42P01 INVALID", 0),
            ("stale", "DONE DONE STALE STALE", 0),
            ("killed", "DONE DONE FAILED STALE", 0),
            ("copied", "DONE INVALID", 0),
            ("left-open", "DONE DONE", 0),
        ]:
            with self.subTest(path=path):
                status, text = server.ask("GET", f"/{path}")
                self.assertEqual((status, text.strip()), (200, results))
                marks += added
                self.check(server, marks)
        server.stop()
        self.assertEqual(server.status, 0)

    def test_abandoned_query(self):
        """a request that ends while its query runs leaves the connection to the next one"""
        server = self.serve()
        with cluster.advisory_lock("marks"):
            # The query waits for the lock.
            status, text = server.ask("GET", "/abandoned")
            self.assertEqual((status, text.strip()), (200, "DONE DONE"))
        self.check(server, 0)

    def test_order(self):
        """queries run in order, and those above the limit of the queue are refused"""
        server = self.serve()
        for _ in range(2):
            status, text = server.ask("GET", "/many")
            numbers = [word for word in text.split() if word != "FULL"]
            self.assertEqual((status, numbers), (200, [str(number) for number in range(len(numbers))]))
            self.assertEqual(len(text.split()), 12)
            self.assertIn("FULL", text)
            self.check(server, 0)

    def hold(self, server):
        """Connects a client, whose request holds a transaction."""
        client = socket.create_connection(("127.0.0.1", server.port), timeout=60)
        client.sendall(b"GET /held HTTP/1.1\r\nHost: localhost\r\n\r\n")
        text = b""
        while b"DONE DONE" not in text:
            part = client.recv(4096)
            self.assertTrue(part, "the server has closed the connection")
            text += part
        return client

    def test_disconnected_client(self):
        """a client that disconnects within a transaction leaves no connection behind"""
        server = self.serve()
        for _ in range(3):
            client = self.hold(server)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)) # a reset
            client.close()
            server.output.wait_for("GET /held 200 cut")
            self.check(server, 0)
        self.assertEqual(cluster.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'marks'"), "1")

    def test_waiting_time(self):
        """a query fails after the waiting time, while a transaction has the connection"""
        server = self.serve()
        client = self.hold(server)
        status, text = server.ask("GET", "/count")
        self.assertEqual(status, 200)
        self.assertIn("no database connection was free within 2.0 s", text)
        client.close()

    def test_lost_transaction(self):
        """a transaction whose connection is lost while it is idle does not disturb the next one"""
        server = self.serve()
        client = self.hold(server)
        cluster.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'marks'")
        server.output.wait_for("database default: connection lost")
        self.check(server, 0)
        client.close()

    def test_shutdown(self):
        """a shutdown ends a transaction that a client holds, and closes the connection"""
        server = self.serve("--timeout-graceful-shutdown", "1")
        client = self.hold(server)
        session = cluster.sql("SELECT pid FROM pg_stat_activity WHERE application_name = 'marks' AND state = 'idle in transaction'")
        server.stop()
        self.assertEqual(server.status, 0)
        client.close()
        cluster.wait_for_log(f"[{session}] LOG:  disconnection")
        self.assertEqual(cluster.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'marks'"), "0")
        self.assertEqual(cluster.sql("SELECT count(*) FROM marks", "marks"), "0")

    def test_unused_pool(self):
        """an unused pool does not connect, and closes"""
        server = self.serve()
        server.stop()
        self.assertEqual(server.status, 0)
        self.assertNotIn("connection failed", server.output.text)


if __name__ == "__main__":
    unittest.main()
