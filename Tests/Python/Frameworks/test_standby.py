"""The standby of --reload: the next worker, which has imported the packages already."""

import json
import os
import pathlib
import re
import signal
import unittest

from django_site import SETTINGS, ProjectTestCase
from support import PlainTestCase, Roost, needs, save, wait_until


def standby(server, group="") -> int:
    """Waits for the standby of a group. Returns its process: the one that `roost status` does not show."""
    list_name = f"imports-{group}" if group else "imports"

    def found():
        shown = {int(pid) for pid in re.findall(r"^(\d+) +[a-z]", server.command("status").stdout, re.MULTILINE)}
        return [pid for pid in set(server.workers()) - shown
                if pathlib.Path(f"/proc/{pid}/cmdline").read_text().split("\0--worker")[0].endswith(f"/{list_name}")]

    wait_until(lambda: len(found()) == 1, "a standby")
    return found()[0]


def process_of(server, value: str, page=b"/") -> int:
    """Waits for the version that shows the value. Returns its process."""
    answers = []

    def is_shown():
        answers.append(server.get_json(page))
        return answers[-1]["value"] == value

    # The previous version may answer the next request again.
    wait_until(is_shown, f"{value}:\n{server.log()}")
    return answers[-1]["pid"]


class StandbyTests(PlainTestCase):
    def serve(self, *arguments):
        return Roost("plain:app", "--reload", "--no-access-log", *arguments, app_dir=self.folder, cwd=self.folder)

    def test_a_standby_serves_the_next_version(self):
        with self.serve() as server:
            for value in ("two", "three"):
                waiting = standby(server)
                self.write(value)
                self.assertEqual(process_of(server, value), waiting, server.log())
            last = standby(server)
            self.assertEqual(server.stop(), 0)
            wait_until(lambda: not os.path.exists(f"/proc/{last}"), "the end of the standby")

    def test_a_faulty_version_uses_up_one_standby_only(self):
        with self.serve() as server:
            first = standby(server)
            save(self.folder / "plain.py", "def app(:\n")
            server.wait_for_log("SyntaxError")
            wait_until(lambda: first not in server.workers(), "the end of the faulty version")
            second = standby(server)
            self.write("two")
            self.assertEqual(process_of(server, "two"), second)
            self.assertEqual(server.stop(), 0)

    def test_a_killed_standby_is_not_missed(self):
        with self.serve() as server:
            killed = standby(server)
            os.kill(killed, signal.SIGKILL)
            server.wait_for_log(f"standby ended pid={killed} signal=SIGKILL")
            self.write("two")
            self.assertNotEqual(process_of(server, "two"), killed)
            third = standby(server)
            self.write("three")
            self.assertEqual(process_of(server, "three"), third)
            self.assertEqual(server.stop(), 0)

    def test_workers_of_a_group_have_a_standby_too(self):
        # The application looks at the whole path.
        source = self.source + 'routes["/other/"] = index\n'
        (self.folder / "other.py").write_text(source)
        (self.folder / "settings.yaml").write_text("applications: [{module: 'other:app', mount: /other}]\n")
        with self.serve("--settings", "settings") as server:
            waiting = standby(server, "other")
            save(self.folder / "other.py", source.replace('VALUE = "one"', 'VALUE = "two"'))
            self.assertEqual(process_of(server, "two", b"/other/"), waiting)
            self.assertEqual(server.stop(), 0)

    def test_no_reload_standby(self):
        with self.serve("--no-reload-standby") as server:
            self.write("two")
            process_of(server, "two")
            wait_until(lambda: len(server.workers()) == 1, "one worker")
            self.assertEqual(server.stop(), 0)


@needs("django")
class DjangoStandbyTests(ProjectTestCase):
    PROJECT = ("wiki", "wiki", SETTINGS)

    def test_the_packages_are_imported_and_the_project_is_not(self):
        views = self.project.folder / "pages/views.py"
        with Roost("wiki.asgi:application", "--reload", "--no-access-log", app_dir=self.project.folder) as server:
            for value in ("two", "three"):
                waiting = standby(server)
                save(views, views.read_text() + f"\nVALUE = {value!r}\n")
                self.assertEqual(process_of(server, value, b"/value"), waiting)
            standby(server)
            path, = server.run_dir.glob("*/imports")
            wait_until(lambda: "django.contrib.auth.models" in json.loads(path.read_text())["refused"], "a refused name")
            content = json.loads(path.read_text())
            self.assertIn("django.db.models", content["names"])
            self.assertNotIn("django.contrib.auth.models", content["names"])
            self.assertEqual([name for name in content["names"] if name.startswith(("wiki", "pages"))], [])
            self.assertEqual(server.stop(), 0)


if __name__ == "__main__":
    unittest.main()
