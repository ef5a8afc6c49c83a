"""`manage.py runserver` by Roost: with Django's own options, checks, autoreload and debugger."""

import os
import sys

from django.apps import apps
from django.conf import settings
from django.core.management.commands import runserver as django_runserver
from django.utils.module_loading import import_string

from roost.server import serve_here

if apps.is_installed("django.contrib.staticfiles"):
    from django.contrib.staticfiles.management.commands.runserver import Command as RunserverCommand
else:
    from django.core.management.commands.runserver import Command as RunserverCommand


class Command(RunserverCommand):
    help = "Starts Roost as the development server of ASGI_APPLICATION, or else of WSGI_APPLICATION."

    def add_arguments(self, parser):
        super().add_arguments(parser)
        parser.add_argument("--noasgi", action="store_false", dest="use_asgi",
                            help="Serve WSGI_APPLICATION, even if there is ASGI_APPLICATION.")

    def get_handler(self, *args, **options):
        """The application, with the static files of the project."""
        name = getattr(settings, "ASGI_APPLICATION", None)
        if not name or not options["use_asgi"]:
            return super().get_handler(*args, **options)
        application = import_string(name)
        if not apps.is_installed("django.contrib.staticfiles") or not options["use_static_handler"] or not (
                settings.DEBUG or options["insecure_serving"]):
            return application
        from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler

        return ASGIStaticFilesHandler(application)

    def inner_run(self, *args, **options):
        # Django's command calls this function of its module to serve.
        django_runserver.run = self._serve
        super().inner_run(*args, **options)

    def _serve(self, address, port, handler, *, threading=True, on_bind=None, **_):
        def started(port):
            if on_bind is not None:
                on_bind(port)
        try:
            serve_here(handler, address, port, {} if threading else {"wsgi_threads": 1}, started)
        except RuntimeError as error:
            self.stderr.write(f"Error: {error}")
            sys.stderr.flush()
            os._exit(1)  # sys.exit does not end the process on the thread that autoreload has started
