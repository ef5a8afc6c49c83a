"""The Debian packages: lintian, and installation, service, upgrade and removal in a Debian root.

The root has no systemd. The test does what systemd does with the units: it binds the address of roost.socket, and starts
the command of roost.service with that socket.
"""

import http.client
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import unittest
import urllib.request

from root import PACKAGES, REPOSITORY, Root
from serving import TIMEOUT, body_of, free_port
from test_wheel import MODULE, SOURCE

NEXT = "9.9.9"  # the version of the upgrade


def packages(version: str) -> list[pathlib.Path]:
    return sorted(PACKAGES.glob(f"roost*_{version}_*.deb"))


class LintianTests(unittest.TestCase):
    @unittest.skipUnless(shutil.which("lintian"), "needs lintian")
    def test_lintian(self):
        """lintian finds no error"""
        files = [path for path in PACKAGES.glob("roost*.deb") if NEXT not in path.name]
        self.assertEqual(len(files), 2)
        done = subprocess.run(["lintian", "--fail-on", "error", *files], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout)


class Load:
    """Requests over a new connection each, until the end of the block. `failures` are those without the answer."""

    def __init__(self, port: int, path: str, answer: str):
        self.url = f"http://127.0.0.1:{port}{path}"
        self.answer = answer
        self.ended = threading.Event()
        self.failures, self.answers = [], 0
        self.threads = [threading.Thread(target=self.run) for _ in range(2)]

    def run(self):
        while not self.ended.is_set():
            try:
                with urllib.request.urlopen(self.url, timeout=TIMEOUT) as response:
                    body = response.read().decode()
                if body == self.answer:
                    self.answers += 1
                else:
                    self.failures.append(body)
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        for thread in self.threads:
            thread.join()


@unittest.skipUnless(shutil.which("debootstrap") and os.getuid() == 0, "needs debootstrap, and root")
class InstallationTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        found = [path for path in PACKAGES.glob("roost_*.deb") if NEXT not in path.name]
        assert len(found) == 1, f"{found}: run make deb"
        cls.version = found[0].name.split("_")[1]
        subprocess.run([REPOSITORY / "Packaging/deb", "--version", NEXT], check=True, stdout=subprocess.DEVNULL)
        cls.addClassCleanup(lambda: [path.unlink() for path in packages(NEXT)])

    def install(self, root: Root, version: str):
        for path in packages(version):
            shutil.copy(path, root.folder / "tmp")
        done = root.run("dpkg", "-i", *(f"/tmp/{path.name}" for path in packages(version)))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def start_service(self, root: Root, listener: socket.socket) -> subprocess.Popen:
        """Starts roost.service with the socket of roost.socket, as systemd does (sd_listen_fds(3))."""
        unit = (root.folder / "lib/systemd/system/roost.service").read_text()
        command = re.search(r"^ExecStart=(.*)", unit, re.M)[1]
        script = f"mkdir -p -m 711 /run/roost; LISTEN_PID=$$ LISTEN_FDS=1 exec {command}"

        def pass_socket():
            os.dup2(listener.fileno(), 3, inheritable=True)
        return root.start("sh", "-c", script, preexec_fn=pass_socket, pass_fds=[3])

    def stop_service(self, root: Root, process: subprocess.Popen):
        """Sends SIGTERM to the supervisor, which is the child of unshare, and waits for its end."""
        with open(f"/proc/{process.pid}/task/{process.pid}/children") as file:
            os.kill(int(file.read().split()[0]), signal.SIGTERM)
        self.assertEqual(process.wait(TIMEOUT), 0)

    def module(self, root: Root):
        with tempfile.TemporaryDirectory() as folder:
            source = pathlib.Path(folder, "module.c")
            source.write_text(MODULE)
            # Compiled with the headers of roost-dev.
            subprocess.run(["cc", "-shared", "-fPIC", "-I", root.folder / "usr/include/roost", "-o",
                            root.folder / "var/lib/roost/modules/shop.so", source], check=True)

    def test_life(self):
        """installs, starts, serves as the user roost, upgrades without a lost request, and is removed cleanly"""
        packages = ("adduser", "libffi8", "libmd0", "libnghttp2-14", "libyaml-0-2", "python3")
        with Root(*packages) as root, socket.socket() as listener:
            before = {str(path.relative_to(root.folder)) for path in root.folder.rglob("*roost*")}
            self.install(root, self.version)
            self.assertIn("roost", (root.folder / "etc/passwd").read_text())
            self.assertEqual(root.run("roost", "--version").stdout.strip(), f"roost {self.version}")
            self.assertEqual(root.run("roost", "--include-dir").stdout.strip(), "/usr/include/roost")
            self.assertTrue((root.folder / "usr/share/man/man1/roost.1.gz").exists())
            (root.folder / "srv/shop.py").write_text(SOURCE)
            port = free_port()
            python = root.start("roost", "shop:wsgi", "--app-dir", "/srv", "--port", str(port))
            self.assertTrue(body_of(python, port).startswith("wsgi 3."))
            python.kill()
            python.wait()

            listener.bind(("127.0.0.1", 0))
            listener.listen(2048)
            port = listener.getsockname()[1]
            self.module(root)
            settings = root.folder / "etc/roost/settings.yaml"
            settings.write_text(settings.read_text() + "  header: ['x-operator: changed']\n")
            service = self.start_service(root, listener)
            self.assertEqual(body_of(service, port, "/shop/"), "native")
            self.assertEqual(self.users_of_workers(root, service), {self.user_of(root, "roost")})
            with Load(port, "/shop/", "native") as load:
                self.install(root, NEXT)
                answers = load.answers
                self.stop_service(root, service)
                service = self.start_service(root, listener)
                self.assertEqual(body_of(service, port, "/shop/"), "native")
            self.assertGreater(answers, 10)
            self.assertGreater(load.answers, answers)
            self.assertEqual(load.failures, [])
            self.assertIn("x-operator", settings.read_text())
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz") as response:
                self.assertEqual(response.headers["x-operator"], "changed")
            self.stop_service(root, service)

            (root.folder / "var/lib/roost/modules/shop.so").unlink()
            for words in (["dpkg", "--remove", "roost-dev", "roost"], ["dpkg", "--purge", "roost-dev", "roost"]):
                done = root.run(*words)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            for path in root.folder.glob("tmp/roost*"):
                path.unlink()
            left = {str(path.relative_to(root.folder)) for path in root.folder.rglob("*roost*")} - before
            # Those are of the service, which has run without systemd.
            self.assertEqual({path for path in left if not path.startswith("run/roost")}, set())

    def user_of(self, root: Root, name: str) -> int:
        line = next(line for line in (root.folder / "etc/passwd").read_text().splitlines() if line.startswith(f"{name}:"))
        return int(line.split(":")[2])

    def users_of_workers(self, root: Root, service: subprocess.Popen) -> set[int]:
        users = set()
        for folder in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                command = (folder / "cmdline").read_bytes()
                if os.readlink(folder / "root") == str(root.folder) and b"worker" in command:
                    users.add(folder.stat().st_uid)
            except OSError:  # the process has ended
                pass
        return users


if __name__ == "__main__":
    unittest.main()
