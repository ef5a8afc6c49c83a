"""The standby: what it imports, and when it starts again."""

import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

from harness import PACKAGES, TIMEOUT, wait_until

# A worker that logs its starts, when it waits for its order, and the modules that it has once there is an order.
_CHILD = """
import os, sys
sys.path[:0] = [{packages!r}, {installed!r}]
from roost import standby
standby._INSTALLED += ({installed!r},)
def log(*words):
    with open({log!r}, "a") as file:
        print(*words, file=file)
def has_order(milliseconds, poll=standby._has_order):
    if milliseconds is None:
        log("waits")
    return poll(milliseconds)
standby._has_order = has_order
log("started")
standby.wait({imports!r})
log("has", *sorted(name for name in sys.modules if name.startswith("standby_")))
"""


class StandbyTests(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="roost-standby-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.installed = self.folder / "installed"
        self.project = self.folder / "project"
        self.imports = self.folder / "imports"
        self.log = self.folder / "log"
        self.installed.mkdir()
        self.project.mkdir()
        self.package("standby_first", "import standby_second\n")
        self.package("standby_second", "")
        self.write(["standby_first", "standby_second"])

    def package(self, name: str, text: str):
        (self.installed / f"{name}.py").write_text(text)

    def write(self, names, refused=()):
        self.imports.write_text(json.dumps(
            {"names": names, "refused": list(refused), "projects": [], "folders": [str(self.project)]}))

    def start(self, environment=None, order=b""):
        """Starts a standby. Returns the other end of its channel."""
        end, other = socket.socketpair()
        end.send(order)
        script = _CHILD.format(packages=PACKAGES, installed=str(self.installed) + "/", log=str(self.log),
                               imports=str(self.imports))
        # Descriptor 3 is the channel, as the supervisor passes it.
        self.process = subprocess.Popen(
            ["/bin/sh", "-c", f'exec 3<&{other.fileno()} && exec "$0" -c "$1"', sys.executable, script],
            pass_fds=[other.fileno()], env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **(environment or {})})
        other.close()
        self.addCleanup(self.process.kill)
        self.addCleanup(end.close)
        return end

    def wait_imported(self):
        """Waits until the standby waits for its order."""
        wait_until(lambda: self.log.exists() and "waits" in self.lines(), "a standby that waits")

    def lines(self) -> list[str]:
        return self.log.read_text().splitlines()

    def check(self, *expected: str, change=lambda: None, environment=None):
        """Starts a standby, calls `change` while it waits, and sends the order. `expected`: the lines of its log."""
        end = self.start(environment)
        self.wait_imported()
        change()
        end.send(b"order")
        self.assert_ended(*expected)

    def assert_ended(self, *expected: str):
        self.assertEqual(self.process.wait(TIMEOUT), 0)
        self.assertEqual(self.lines(), list(expected))

    def test_a_standby_imports_what_was_recorded(self):
        self.check("started", "waits", "has standby_first standby_second")

    def test_a_worker_with_an_order_imports_nothing(self):
        self.start(order=b"order")
        self.assert_ended("started", "has")

    def test_an_order_ends_the_imports(self):
        ready, gate = self.folder / "ready", self.folder / "gate"
        self.package("standby_slow", f"""import os, time
open({str(ready)!r}, "w").close()
while not os.path.exists({str(gate)!r}):
    time.sleep(0.005)
""")
        self.write(["standby_slow", "standby_second"])
        end = self.start()
        wait_until(ready.exists, "the import")
        end.send(b"order")
        gate.touch()
        self.assert_ended("started", "waits", "has standby_slow")

    def test_processes_of_packages_do_not_keep_the_descriptors(self):
        self.package("standby_child", "import subprocess\n"
                     "subprocess.run(['/bin/sh', '-c', 'test ! -e /proc/self/fd/3'], check=True, close_fds=False)\n")
        self.write(["standby_child"])
        self.check("started", "waits", "has standby_child")

    def test_a_package_that_asks_for_the_event_loop_is_refused(self):
        self.package("standby_loop", "import asyncio\nLOOP = asyncio.get_event_loop()\n")
        self.write(["standby_loop", "standby_second"])
        self.check("started", "started", "waits", "has standby_second")

    def test_a_new_package_starts_the_process_again(self):
        self.check("started", "waits", "started", "has", change=lambda: self.package("standby_new", ""))

    def test_a_module_that_cannot_be_imported_is_refused_and_the_process_starts_again(self):
        self.package("standby_faulty", "import standby_half\nraise SystemExit(1)\n")
        self.package("standby_half", "print('output of a package')\n")
        self.write(["standby_first", "standby_faulty", "standby_second"])
        self.check("started", "started", "waits", "has standby_first standby_second")
        content = json.loads(self.imports.read_text())
        self.assertEqual((content["names"], content["refused"]), (["standby_first", "standby_second"], ["standby_faulty"]))

    def test_a_module_that_imports_the_project_is_refused(self):
        (self.project / "standby_project.py").write_text("")
        self.package("standby_plugin", "import standby_project\n")
        self.write(["standby_plugin", "standby_second"])
        self.check("started", "started", "waits", "has standby_second", environment={"PYTHONPATH": str(self.project)})
        self.assertEqual(json.loads(self.imports.read_text())["refused"], ["standby_plugin"])

    def test_a_changed_package_starts_the_process_again(self):
        self.check("started", "waits", "started", "has",
                   change=lambda: self.package("standby_second", "VERSION = 2\n"))

    def test_a_removed_package_starts_the_process_again(self):
        self.check("started", "waits", "started", "has", change=(self.installed / "standby_second.py").unlink)

    def test_a_module_of_the_project_with_the_name_of_a_package_starts_the_process_again(self):
        self.check("started", "waits", "started", "has", change=(self.project / "standby_first.py").touch)

    def test_the_end_of_the_supervisor_ends_the_wait(self):
        end = self.start()
        self.wait_imported()
        end.close()
        self.assertEqual(self.process.wait(TIMEOUT), 0)

    def test_only_installed_modules_are_recorded(self):
        (self.project / "standby_project.py").write_text("")
        (self.installed / "standby_application").mkdir()
        (self.installed / "standby_application/__init__.py").write_text("")
        script = f"""
            import sys
            sys.path[:0] = [{PACKAGES!r}, {str(self.installed)!r}, {str(self.project)!r}]
            from roost import standby
            standby._INSTALLED += ({str(self.installed) + '/'!r},)
            import standby_first, standby_application, standby_project, decimal, types
            sys.modules["standby_made"] = types.ModuleType("standby_made")
            sys.modules["standby_alias"] = standby_first
            standby.record({str(self.imports)!r}, "standby_application.asgi:app")
            """
        self.imports.unlink()
        subprocess.run([sys.executable, "-c", "\n".join(line.strip() for line in script.splitlines())], check=True,
                       cwd=self.project, timeout=TIMEOUT)
        content = json.loads(self.imports.read_text())
        self.assertEqual([name for name in content["names"] if name.startswith("standby")],
                         ["standby_second", "standby_first"])
        self.assertIn("decimal", content["names"])
        self.assertEqual((content["folders"], content["projects"]), ([str(self.project)], ["standby_application"]))


if __name__ == "__main__":
    unittest.main()
