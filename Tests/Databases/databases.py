"""Starts a private PostgreSQL cluster, and Roost with a module that uses a database."""

import contextlib
import http.client
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading
import unittest

from serving import TIMEOUT, Output, free_port

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
ROOST = REPOSITORY / ".build/release/roost"
HEADERS = REPOSITORY / "Sources/CASGI/include"
POSTGRES = pathlib.Path("/usr/lib/postgresql/15/bin")
PASSWORD = "a secret"


class Cluster:
    """A cluster of PostgreSQL in a temporary folder, with a Unix socket and a port of 127.0.0.1."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="roost-postgres-")
        self.port = free_port()
        if os.getuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
        os.chmod(self.folder, 0o755)
        password = self._write("password", PASSWORD)
        self._run("initdb", "-U", "postgres", "--auth=scram-sha-256", f"--pwfile={password}", "--no-sync", "--no-locale", "-E", "UTF8")
        self._write("data/pg_hba.conf", "local all postgres trust\n"
                    "local all all scram-sha-256\n"
                    "host all all 127.0.0.1/32 scram-sha-256\n")
        self.start()
        self.sql(f"CREATE ROLE notes LOGIN PASSWORD '{PASSWORD}'")

    def _write(self, name, text):
        path = f"{self.folder}/{name}"
        pathlib.Path(path).write_text(text)
        if os.getuid() == 0:
            shutil.chown(path, "postgres", "postgres")
        return path

    def _command(self, name, *options):
        as_postgres = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
        return [*as_postgres, str(POSTGRES / name), "-D", f"{self.folder}/data", *options]

    def _run(self, name, *options):
        subprocess.run(self._command(name, *options), check=True, stdout=subprocess.DEVNULL, cwd=self.folder)

    def start(self):
        """Starts the server, and waits until it accepts connections."""
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=60 -c log_disconnections=on"
        self._run("pg_ctl", "-w", "-t", str(TIMEOUT), "-l", f"{self.folder}/log", "-o", options, "start")

    def stop(self, mode="fast"):
        self._run("pg_ctl", "-w", "-t", str(TIMEOUT), "-m", mode, "stop")

    def remove(self):
        self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def log(self) -> str:
        return pathlib.Path(f"{self.folder}/log").read_text(errors="replace")

    def wait_for_log(self, text):
        """Waits until a line of the server's log contains the text."""
        with subprocess.Popen(["tail", "-n", "+1", "-f", f"{self.folder}/log"], stdout=subprocess.PIPE, text=True, errors="replace") as tail:
            output = Output(tail)
            try:
                output.wait_for(text)
            finally:
                tail.kill()
                output.close()

    def _psql(self, database, *options):
        return [POSTGRES / "psql", "-X", "-h", self.folder, "-p", str(self.port), "-U", "postgres", "-d", database, "-At", *options]

    def sql(self, statement, database="postgres") -> str:
        """Executes SQL as the superuser. Returns the rows as text."""
        return subprocess.run(self._psql(database, "-c", statement), check=True, capture_output=True, text=True).stdout.strip()

    @contextlib.contextmanager
    def advisory_lock(self, database):
        """Holds the advisory lock 1 of the database, for which queries then wait."""
        with subprocess.Popen(self._psql(database), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as session:
            session.stdin.write("SELECT pg_advisory_lock(1), 'locked';\n")
            session.stdin.flush()
            assert session.stdout.readline() == "|locked\n", "the lock cannot be had"
            yield

    def database(self, name, **further) -> dict:
        """Creates an empty database. Returns its settings."""
        self.sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        self.sql(f"CREATE DATABASE {name} OWNER notes")
        return {"engine": "postgresql", "name": name, "host": self.folder, "port": self.port, "user": "notes", "password": PASSWORD,
                "options": {"application_name": name}, **further}


class Roost:
    """A server with one application. `status` is its exit status, once it has stopped."""

    def __init__(self, folder, module, database, *options, **settings):
        self.folder = tempfile.mkdtemp(prefix="server-", dir=folder)
        application = {"module": str(module), "mount": "/", "settings": settings, "databases": "default"}
        database = dict(database)
        if "password" in database:
            secret = pathlib.Path(f"{self.folder}/password")
            secret.touch(0o600)
            secret.write_text(database.pop("password"))
            database["password-file"] = "password"
        # JSON is YAML.
        pathlib.Path(f"{self.folder}/settings.yaml").write_text(
            json.dumps({"databases": {"default": database}, "applications": [application]}))
        self.process = subprocess.Popen(
            [ROOST, "serve", "--bind", "127.0.0.1:0", "--run-dir", f"{self.folder}/run", *options],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", cwd=self.folder)
        self.output = Output(self.process)

    def wait(self):
        """Waits until the server serves."""
        self.port = int(re.search(r"http://127\.0\.0\.1:(\d+)", self.output.wait_for(" serving ")).group(1))
        return self

    def refusal(self) -> str:
        """Waits until the application has refused to start. Returns the line of the log."""
        return self.output.wait_for("application not serving")

    def stop(self) -> str:
        """Stops the server gracefully. Returns its output."""
        if self.process.poll() is None:
            self.process.terminate()
        self.status = self.process.wait(TIMEOUT)
        self.output.close()
        return self.output.text

    def ask(self, method, path, value=None, **fields):
        """Sends a request on a new connection. Returns the status and the body, as JSON if it is."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
        try:
            body = value if value is None or isinstance(value, bytes) else json.dumps(value).encode()
            connection.request(method, path, body, {"content-type": "application/json", **fields} if body is not None else fields)
            response = connection.getresponse()
            text = response.read().decode()
            is_json = (response.getheader("content-type") or "").startswith("application/json")
            return response.status, json.loads(text) if is_json else text
        finally:
            connection.close()


class DatabaseTest(unittest.TestCase):
    """A test with a folder, and servers that end with it."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="roost-databases-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def roost(self, module, database, *options, **settings) -> Roost:
        server = Roost(self.folder, module, database, *options, **settings)
        self.addCleanup(server.stop)
        return server


class Load:
    """Threads that call `body` until the load is stopped. An exception of one of them fails the test."""

    def __init__(self, threads, body):
        self._changed = threading.Condition()
        self._results = []
        self._fault = None
        self.is_stopped = False
        self._body = body
        self._threads = [threading.Thread(target=self._run, args=(number,), daemon=True) for number in range(threads)]
        for thread in self._threads:
            thread.start()

    def _run(self, number):
        try:
            while not self.is_stopped:
                result = self._body(number)
                with self._changed:
                    self._results.append((number, result))
                    self._changed.notify_all()
        except BaseException as fault:
            with self._changed:
                self._fault = fault
                self._changed.notify_all()

    @property
    def results(self) -> list:
        """The results so far, each with the number of its thread."""
        with self._changed:
            return list(self._results)

    def wait_for(self, condition, since=0):
        """Waits until the results, from a position on, fulfil a condition."""
        with self._changed:
            is_met = self._changed.wait_for(lambda: self._fault or condition(self._results[since:]), TIMEOUT)
            if self._fault:
                raise self._fault
            assert is_met, f"the load has not reached the condition: {self._results[-5:]}"
            return len(self._results)

    def stop(self) -> list:
        self.is_stopped = True
        for thread in self._threads:
            thread.join(TIMEOUT)
            assert not thread.is_alive(), "a request hangs"
        if self._fault:
            raise self._fault
        return self.results


def build(target, *sources, libraries):
    """Compiles a module with the headers of the repository, and with $DATABASE_CFLAGS."""
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", *libraries], check=True, capture_output=True, text=True).stdout.split()
    further = os.environ.get("DATABASE_CFLAGS", "").split()
    subprocess.run(
        ["gcc", "-g", "-O1", "-Wall", "-Wextra", "-Wpedantic", "-Werror", *further, "-shared", "-fPIC", "-I", HEADERS, "-o", target,
         *sources, *flags], check=True)
    return target
