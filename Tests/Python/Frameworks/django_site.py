"""Makes Django projects with `django-admin startproject`, and adds pages to them; asgi.py remains as generated."""

import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

from support import APPLICATIONS, RoostTestCase

# Added to the generated settings.
SETTINGS = """
ALLOWED_HOSTS = ["*"]
STATICFILES_DIRS = [BASE_DIR / "assets"]
INSTALLED_APPS += ["pages"]
TEMPLATES[0]["DIRS"] = [BASE_DIR / "templates"]
LOGGING = {"version": 1, "disable_existing_loggers": False}
"""

CHAT_SETTINGS = """
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = ["daphne", "chat", *INSTALLED_APPS]
ASGI_APPLICATION = "mysite.asgi.application"
CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
"""


class Project:
    """A Django project in a temporary folder: a generated one with the files of applications/<source>."""

    def __init__(self, name: str, source: str, settings: str, database=True):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="roost-django-"))
        self.name = name
        self.manage("startproject", name, str(self.folder), program=[sys.executable, "-m", "django"])
        self.generated = self.asgi_hash()
        shutil.copytree(APPLICATIONS / source, self.folder, dirs_exist_ok=True)
        with open(self.folder / name / "settings.py", "a") as file:
            file.write(settings)
        if database:
            self.manage("migrate", "--verbosity", "0")
            self.manage("createsuperuser", "--noinput", environment={
                "DJANGO_SUPERUSER_USERNAME": "operator", "DJANGO_SUPERUSER_PASSWORD": "correct horse",
                "DJANGO_SUPERUSER_EMAIL": "operator@example.org"})

    def asgi_hash(self) -> str:
        return hashlib.sha256((self.folder / self.name / "asgi.py").read_bytes()).hexdigest()

    def manage(self, *arguments: str, program=None, environment=None):
        command = program or [sys.executable, str(self.folder / "manage.py")]
        subprocess.run([*command, *arguments], check=True, cwd=self.folder, stdout=subprocess.DEVNULL,
                       env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **(environment or {})})

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)


class ProjectTestCase(unittest.TestCase):
    """Tests with a project."""

    PROJECT = ("wiki", "wiki", SETTINGS)  # the arguments of Project

    @classmethod
    def setUpClass(cls):
        cls.project = Project(*cls.PROJECT)
        cls.addClassCleanup(cls.project.remove)
        super().setUpClass()


class DjangoTestCase(ProjectTestCase, RoostTestCase):
    """Tests of one server of a project."""

    APPLICATION = "wiki.asgi:application"

    @classmethod
    def app_dir(cls):
        return cls.project.folder
