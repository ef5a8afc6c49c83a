"""Django projects: the settings module that each needs, and the URLs that Django imports late."""

import contextlib
import os
import sys

from roost import loops
from roost.importing import ImportFailure

_VARIABLE = "DJANGO_SETTINGS_MODULE"
# Set by the operator: then it holds for all applications of the process.
_IS_SET = _VARIABLE in os.environ


def _settings():
    """The settings that Django uses in this process, or None."""
    conf = sys.modules.get("django.conf")
    return conf.settings if conf is not None and conf.settings.configured else None


@contextlib.contextmanager
def checked_settings_module(application: str):
    """Refuses an application whose asgi.py names another settings module than the one that Django uses already.

    Django has one settings object a process. The `setdefault` of a second project's asgi.py has no effect, and its
    requests would get the pages of the first project.
    """
    used = os.environ.get(_VARIABLE)
    if _IS_SET or used is None or _settings() is None:
        yield
        return
    del os.environ[_VARIABLE]
    try:
        yield
    finally:
        named = os.environ.get(_VARIABLE, used)
        os.environ[_VARIABLE] = used
    if named != used:
        raise ImportFailure(
            f"{application!r} needs the settings module {named}, but this worker uses {used}; "
            "give each Django project a worker group of its own")


def import_urls() -> None:
    """Imports the URLs of a Django project, and with them its views.

    Django does so with the first request: a new version with a fault there would replace one that serves. Without a
    running loop, since Django refuses queries of module level (like the choices of a form) in the thread of one.
    """
    settings = _settings()
    if settings is None or not getattr(settings, "ROOT_URLCONF", None):
        return
    from django.urls import get_resolver

    try:
        with loops.no_running_loop():
            get_resolver().url_patterns
    except BaseException as error:
        raise ImportFailure(
            f"{settings.ROOT_URLCONF!r} cannot be imported: {type(error).__name__}; fix the error above") from error
