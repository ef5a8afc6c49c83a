"""Records when and on which thread Django starts and ends requests, and opens and closes database connections."""

import contextvars
import threading

from django.core.signals import request_finished, request_started
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.http import JsonResponse
from django.utils.decorators import async_only_middleware

recorded = []
path = contextvars.ContextVar("path", default=None)


def _record(name, of=None):
    recorded.append((of or path.get(), name, threading.get_ident()))


def _started(scope=None, **keywords):
    _record("request started", scope["path"])


@async_only_middleware
def middleware(get_response):
    """Sets the path in the context of the request."""
    async def call(request):
        path.set(request.path)
        return await get_response(request)
    return call


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
