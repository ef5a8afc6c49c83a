import itertools
import shutil
import sqlite3
import tempfile
import unittest

from databases import REPOSITORY, Cluster, DatabaseTest, Load, build

NOTES = REPOSITORY / "Examples/Notes"


def setUpModule():
    global folder, module
    folder = tempfile.mkdtemp(prefix="roost-notes-")
    sources = [NOTES / name for name in ("Notes.c", "Migrations.c", "StorePostgres.c", "StoreSQLite.c")]
    module = build(f"{folder}/libNotes.so", *sources, libraries=["libpq", "sqlite3"])


def tearDownModule():
    shutil.rmtree(folder, ignore_errors=True)


class Notes:
    """The tests of both engines."""

    def serve(self, *options, **settings):
        return self.roost(module, self.database, *options, **settings).wait()

    def test_api(self):
        """notes are added, listed, found and deleted"""
        server = self.serve()
        self.assertEqual(server.ask("GET", "/notes"), (200, []))
        status, first = server.ask("POST", "/notes", {"text": "déjà vu"})
        self.assertEqual((status, first["text"]), (201, "déjà vu"))
        self.assertRegex(first["created"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        _, second = server.ask("POST", "/notes", {"text": "'; DROP TABLE notes; --"})
        self.assertGreater(second["id"], first["id"])
        self.assertEqual(server.ask("GET", "/notes"), (200, [first, second]))
        self.assertEqual(server.ask("GET", f"/notes?after={first['id']}&limit=1"), (200, [second]))
        self.assertEqual(server.ask("GET", f"/notes/{first['id']}"), (200, first))
        self.assertEqual(server.ask("DELETE", f"/notes/{first['id']}"), (204, ""))
        for method in ("GET", "DELETE"):
            self.assertEqual(server.ask(method, f"/notes/{first['id']}"), (404, {"error": "There is no such note."}))
        self.assertEqual(server.ask("GET", "/notes"), (200, [second]))

    def test_bad_input(self):
        """invalid input gets a status of 4xx, with the reason as JSON"""
        server = self.serve()
        for status, reason, request in [
            (400, "invalid JSON", ("POST", "/notes", b"{")),
            (400, "not a JSON object", ("POST", "/notes", [1])),
            (415, "application/json", ("POST", "/notes", b"text=a")),
            (422, "'text'", ("POST", "/notes", {})),
            (422, "'text'", ("POST", "/notes", {"text": 1})),
            (422, "1 to 10000", ("POST", "/notes", {"text": ""})),
            (422, "1 to 10000", ("POST", "/notes", {"text": "x" * 10001})),
            (422, "NUL", ("POST", "/notes", {"text": "a\0b"})),
            (413, "", ("POST", "/notes", {"text": "x" * 200000})),
            (422, "'limit'", ("GET", "/notes?limit=0")),
            (422, "'limit'", ("GET", "/notes?limit=many")),
            (404, "", ("GET", "/notes/one")),
            (404, "", ("GET", "/notes/99999999999999999999")),
            (404, "", ("GET", "/other")),
            (405, "DELETE", ("PUT", "/notes/1")),
        ]:
            with self.subTest(status=status, request=request[:2]):
                fields = {"content-type": "application/x-www-form-urlencoded"} if status == 415 else {}
                answer, body = server.ask(*request, **fields)
                self.assertEqual(answer, status)
                self.assertIn(reason, body["error"])
        self.assertEqual(server.ask("GET", "/notes"), (200, []))

    def test_start_at_once(self):
        """workers that start at once on an empty database apply each migration once"""
        servers = [self.roost(module, self.database, "--workers", "2") for _ in range(2)]
        for server in servers:
            server.wait()
        texts = set()
        for number in range(40):
            text = f"note {number}"
            self.assertEqual(servers[number % 2].ask("POST", "/notes", {"text": text})[0], 201)
            texts.add(text)
        for server in servers:
            status, notes = server.ask("GET", "/notes")
            self.assertEqual((status, {note["text"] for note in notes}), (200, texts))
        output = "".join(server.stop() for server in servers)
        self.assertEqual([server.status for server in servers], [0, 0])
        self.assertEqual(output.count("migrated from 0 to 2"), 1, output)
        self.assertEqual(self.query("SELECT number FROM migrations ORDER BY number"), ["1", "2"])

    def test_second_start(self):
        """a second start finds the notes, and applies no migration"""
        server = self.serve()
        _, note = server.ask("POST", "/notes", {"text": "kept"})
        server.stop()
        server = self.serve()
        self.assertEqual(server.ask("GET", "/notes"), (200, [note]))
        self.assertNotIn("migrated", server.stop())

    def test_newer_database(self):
        """a database with an unknown migration refuses the start"""
        self.serve().stop()
        self.query("INSERT INTO migrations (number) VALUES (99)")
        refusal = self.roost(module, self.database).refusal()
        self.assertIn("the database has migration 99, but this version of notes knows only 2", refusal)


class SQLiteNotes(Notes, DatabaseTest):
    def setUp(self):
        super().setUp()
        self.database = {"engine": "sqlite", "name": f"{self.folder}/notes.db"}

    def query(self, statement):
        with sqlite3.connect(self.database["name"]) as connection:
            rows = connection.execute(statement).fetchall()
        connection.close()
        return [str(row[0]) for row in rows]

    def test_unknown_engine(self):
        """an engine that the application does not know refuses the start, with those that it knows"""
        self.database["engine"] = "mysql"
        self.assertIn("unknown engine 'mysql'; expected sqlite or postgresql", self.roost(module, self.database).refusal())

    def test_concurrent_writes(self):
        """writers of two workers wait for each other"""
        server = self.serve("--workers", "2", "--no-access-log")
        load = Load(8, lambda number: server.ask("POST", "/notes", {"text": str(number)}))
        load.wait_for(lambda results: len(results) >= 200)
        results = load.stop()
        self.assertEqual({status for _, (status, _) in results}, {201})
        self.assertEqual(self.query("SELECT count(*) FROM notes"), [str(len(results))])


class PostgresNotes(Notes, DatabaseTest):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster()
        cls.addClassCleanup(cls.cluster.remove)

    def setUp(self):
        super().setUp()
        self.database = self.cluster.database("notes")

    def query(self, statement):
        return self.cluster.sql(statement, "notes").split("\n")

    def connections(self):
        return int(self.cluster.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'notes'"))

    def test_restarts_under_load(self):
        """when the database restarts under load, no request hangs, and no acknowledged note is lost"""
        threads, workers, acknowledged, numbers = 6, 2, {}, itertools.count()
        # Longer than the longest back-off: a request that begins after the restart succeeds.
        server = self.serve("--workers", str(workers), "--threads", "2", "--no-access-log", max_wait=6)

        def add(number):
            text = f"note {next(numbers)}"
            status, body = server.ask("POST", "/notes", {"text": text})
            if status == 201:
                acknowledged[str(body["id"])] = text
            else:
                self.assertEqual(status, 503)
                self.assertIn("database", body["error"])
            return status

        def each_thread_got(status, times):
            return lambda results: all(results.count((number, status)) >= times for number in range(threads))

        load = Load(threads, add)
        seen = load.wait_for(each_thread_got(201, 20))
        for mode in ("fast", "immediate"):
            self.cluster.stop(mode)
            seen = load.wait_for(each_thread_got(503, 1), seen)
            self.cluster.start()
            # The requests that were waiting may still fail; those afterwards succeed.
            seen = load.wait_for(each_thread_got(201, 1), seen)
            after = load.wait_for(each_thread_got(201, 20), seen)
            self.assertEqual({status for _, status in load.results[seen:after]}, {201})
            seen = after
        load.stop()
        rows = dict(row.split("|") for row in self.query("SELECT id, text FROM notes"))
        for id, text in acknowledged.items():
            self.assertEqual(rows.get(id), text)
        output = server.stop()
        self.assertEqual(server.status, 0)
        lost, failed, restored = (output.count(f"database default: connection {event}") for event in ("lost", "failed", "restored"))
        self.assertGreaterEqual(restored, 2, output)
        self.assertLessEqual(max(lost, failed, restored), 2 * workers, output)

    def test_maximum(self):
        """a worker never has more connections than its maximum"""
        for workers, threads, maximum in ((1, 1, 3), (1, 2, 3), (2, 2, 4)):
            with self.subTest(workers=workers, threads=threads):
                server = self.serve("--workers", str(workers), "--threads", str(threads), "--no-access-log", max_connections=maximum)
                load = Load(16, lambda number: server.ask("POST", "/notes", {"text": str(number)})[0])
                counts = []
                while len(load.results) < 400 or not any(counts):
                    counts.append(self.connections())
                    load.wait_for(lambda results: True)
                self.assertEqual({status for _, status in load.stop()}, {201})
                self.assertLessEqual(max(counts), workers * maximum)
                self.assertGreater(max(counts), 0)
                server.stop()
                self.assertEqual(self.connections(), 0)

    def test_changed_password(self):
        """a password that has become wrong gives 503 and one line in the log, until it is right again"""
        server = self.serve(max_wait=1)
        self.assertEqual(server.ask("GET", "/notes"), (200, []))
        self.cluster.sql("ALTER ROLE notes PASSWORD 'another'")
        self.addCleanup(self.cluster.sql, f"ALTER ROLE notes PASSWORD '{self.database['password']}'")
        self.cluster.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'notes'")
        failures = self.cluster.log.count("password authentication failed")
        status, body = server.ask("GET", "/notes")
        # The connection may break before the request, or with it.
        if "lost" in body["error"]:
            status, body = server.ask("GET", "/notes")
        self.assertEqual((status, body), (503, {"error": "The database is not available. Try again later."}))
        self.assertEqual(server.ask("GET", "/notes")[0], 503)
        server.output.wait_for('database default: connection failed: ')
        self.assertIn("password authentication failed", server.output.text)
        # Each second of waiting has attempts after 0.1, 0.2, 0.4, 0.8 ... seconds.
        self.assertLess(self.cluster.log.count("password authentication failed") - failures, 20)
        self.cluster.sql(f"ALTER ROLE notes PASSWORD '{self.database['password']}'")
        load = Load(1, lambda _: server.ask("GET", "/notes")[0])
        load.wait_for(lambda results: (0, 200) in results)
        load.stop()
        output = server.stop()
        self.assertEqual(output.count("database default: connection restored"), 1)
        self.assertEqual(output.count("connection failed"), 1)
        self.assertNotIn(self.database["password"], output)

    def test_wrong_settings(self):
        """settings that cannot work refuse the start with the reason"""
        for reason, change in [
            ("password authentication failed", {"password": "wrong"}),
            ("unknown keyword of libpq", {"options": {"sslmod": "require"}}),
            ("does not exist", {"name": "missing"}),
        ]:
            with self.subTest(reason=reason):
                server = self.roost(module, {**self.database, **change})
                self.assertIn(reason, server.refusal())
                server.stop()

    def test_host_name(self):
        """a host name is resolved, and further hosts are tried"""
        for host, port in (("localhost", self.cluster.port), (f"{self.folder},localhost", self.cluster.port),
                           (f"{self.cluster.folder},127.0.0.1", f"{self.cluster.port},1")):
            with self.subTest(host=host):
                self.database.update(host=host, port=port)
                server = self.serve()
                self.assertEqual(server.ask("GET", "/notes"), (200, []))
                self.assertNotIn("connection failed", server.stop())


if __name__ == "__main__":
    unittest.main()
