"""Records when and on which thread Django starts and ends requests, and opens and closes database connections."""

import contextvars
import threading
import weakref

from asgiref.sync import SyncToAsync
from django.core.signals import request_finished, request_started
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.http import JsonResponse

recorded = []
paths = weakref.WeakKeyDictionary()  # by the thread-sensitive context that each request of ASGI has
wsgi_path = contextvars.ContextVar("wsgi_path", default=None)


def _record(name):
    context = SyncToAsync.thread_sensitive_context.get(None)
    path = wsgi_path.get() if context is None else paths.get(context)
    if path is not None:  # None in manage.py
        recorded.append((path, name, threading.get_ident()))


def _started(scope=None, environ=None, **keywords):
    if scope is None:
        wsgi_path.set(environ["PATH_INFO"])
    else:
        paths[SyncToAsync.thread_sensitive_context.get()] = scope["path"]
    _record("request started")


def _finished(**keywords):
    _record("request finished")


def _created(**keywords):
    _record("connection created")


request_started.connect(_started)
request_finished.connect(_finished)
connection_created.connect(_created)

_close = BaseDatabaseWrapper.close


def _recorded_close(self):
    if self.connection is not None:
        _record("connection closed")
    return _close(self)


BaseDatabaseWrapper.close = _recorded_close


async def events(request):
    """The events of the requests of ?path=, in their order. Threads are numbered by their first appearance."""
    numbers = {}
    return JsonResponse({"events": [(name, numbers.setdefault(thread, len(numbers))) for of, name, thread in recorded
                                    if of == request.GET["path"]]})
