"""Django: generated projects with settings of their own."""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from support import Roost, needs


@needs("django")
class TwoProjectsTests(unittest.TestCase):
    """Two Django projects in one host."""

    URLS = """
from django.http import HttpResponse
from django.urls import path
urlpatterns = [path("name", lambda request: HttpResponse("{name}"))]
"""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="roost-django-"))
        self.addCleanup(shutil.rmtree, self.folder)
        for name in ("first", "second"):
            subprocess.run([sys.executable, "-m", "django", "startproject", name, self.folder], check=True)
            (self.folder / "manage.py").unlink()
            with open(self.folder / name / "settings.py", "a") as settings:
                settings.write('ALLOWED_HOSTS = ["*"]\n')
            (self.folder / name / "urls.py").write_text(self.URLS.format(name=name))

    def serve(self, group: str, environment=None):
        (self.folder / "site.yaml").write_text(f"""
applications:
  - {{module: 'first.asgi:application', mount: /first{group}}}
  - {{module: 'second.asgi:application', mount: /second{group}}}
{'server: {groups: {both: {workers: 1}}}' if group else ''}
""")
        return Roost("--settings=site", app_dir=self.folder, environment=environment)

    def test_groups(self):
        """each project has the settings module that its asgi.py names, and a worker group of its own"""
        with self.serve("") as server:
            self.assertEqual(server.get(b"/first/name").body, b"first")
            self.assertEqual(server.get(b"/second/name").body, b"second")

    def test_one_group(self):
        """in one group, one of two projects is refused: it would serve the pages of the other"""
        with self.serve(", worker: both") as server:
            # Applications start at the same time; either may be the first.
            server.wait_for_log("give each Django project a worker group of its own")
            log = server.log()
            served, refused = ("first", "second") if "this worker uses first.settings" in log else ("second", "first")
            self.assertIn(f"needs the settings module {refused}.settings, but this worker uses {served}.settings; ", log)
            self.assertEqual(server.get(f"/{served}/name".encode()).body, served.encode())
            self.assertEqual(server.get(f"/{refused}/name".encode()).status, 503)

    def test_one_group_with_settings_of_the_operator(self):
        """a settings module of the environment holds for all applications of the worker"""
        with self.serve(", worker: both", {"DJANGO_SETTINGS_MODULE": "first.settings"}) as server:
            self.assertEqual(server.get(b"/first/name").body, b"first")
            self.assertEqual(server.get(b"/second/name").body, b"first")


@needs("django")
class CollectedFilesTests(unittest.TestCase):
    """The files of `collectstatic`, which the host serves."""

    SETTINGS = """
ALLOWED_HOSTS = ["*"]
DEBUG = False
STATIC_ROOT = BASE_DIR / "static"
STORAGES = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}}
"""

    def test_collectstatic(self):
        """a page names its files with hashes, which clients keep for a year; the application gets no request for them"""
        folder = pathlib.Path(tempfile.mkdtemp(prefix="roost-django-"))
        self.addCleanup(shutil.rmtree, folder)
        subprocess.run([sys.executable, "-m", "django", "startproject", "collected", folder], check=True)
        with open(folder / "collected/settings.py", "a") as settings:
            settings.write(self.SETTINGS)
        subprocess.run(
            [sys.executable, "manage.py", "collectstatic", "--noinput"], check=True, cwd=folder, stdout=subprocess.DEVNULL)
        with Roost("collected.asgi:application", "--static", f"/static={folder}/static,immutable=hashed",
                   app_dir=folder) as server:
            page = server.get(b"/admin/login/").body.decode()
            name = re.search(r"/static/admin/css/base\.[0-9a-f]+\.css", page)[0]
            hashed = server.get(name.encode())
            self.assertEqual(hashed.status, 200)
            self.assertEqual(hashed.header(b"cache-control"), b"public, max-age=31536000, immutable")
            self.assertEqual(hashed.header(b"content-type"), b"text/css; charset=utf-8")
            same = server.get(name.encode(), [(b"if-none-match", hashed.header(b"etag"))])
            self.assertEqual((same.status, same.body), (304, b""))
            self.assertIsNone(server.get(b"/static/admin/css/base.css").header(b"cache-control"))


if __name__ == "__main__":
    unittest.main()
