import asyncio
import gc
import hashlib
import os
import threading
import time

from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.http import FileResponse, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt

entries = []


def index(request):
    return render(request, "index.html", {"entries": entries})


def plain(request):
    return HttpResponse("plain", content_type="text/plain")


async def asynchronous(request):
    await asyncio.sleep(0)
    return JsonResponse({"task": asyncio.current_task() is not None,
                         "main": threading.current_thread() is threading.main_thread(),
                         "method": request.method, "path": request.path, "query": request.GET.dict(),
                         "scheme": request.scheme, "port": request.get_port(), "http_host": request.get_host(),
                         "address": request.META["REMOTE_ADDR"]})


def seen(request, name):
    """What a synchronous view sees of a request."""
    return JsonResponse({"main": threading.current_thread() is threading.main_thread(), "method": request.method,
                         "path": request.path, "query": request.GET.dict(), "scheme": request.scheme,
                         "port": request.get_port(), "http_host": request.get_host(),
                         "address": request.META["REMOTE_ADDR"]})


def form(request):
    if request.method == "POST":
        entries.append(request.POST["text"])
        return redirect("/")
    return render(request, "form.html")


def visits(request):
    request.session["visits"] = request.session.get("visits", 0) + 1
    return JsonResponse({"visits": request.session["visits"]})


def stream(request):
    def parts():
        for number in range(5):
            yield f"part {number}\n"
    return StreamingHttpResponse(parts(), content_type="text/plain")


async def stream_async(request):
    async def parts():
        for number in range(5):
            await asyncio.sleep(0)
            yield f"part {number}\n"
    return StreamingHttpResponse(parts(), content_type="text/plain")


open_streams = 0


async def stream_endless(request):
    async def parts():
        global open_streams
        open_streams += 1
        try:
            number = 0
            while True:
                yield f"data: {number}\n\n"
                number += 1
                await asyncio.sleep(0.01)
        finally:
            open_streams -= 1
    return StreamingHttpResponse(parts(), content_type="text/event-stream")


@csrf_exempt
def upload(request):
    file = request.FILES["file"]
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    return JsonResponse({"name": file.name, "size": file.size, "sha256": digest.hexdigest(),
                         "class": type(file).__name__, "note": request.POST.get("note")})


def file(request):
    return FileResponse(open(__file__, "rb"), as_attachment=True, filename="views.py")


def headers(request):
    response = JsonResponse(dict(request.headers))
    response["X-Mixed-Case"] = "Value"
    response.set_cookie("one", "1")
    response.set_cookie("two", "2")
    return response


def fault(request):
    raise RuntimeError("a fault of the view")


async def hops(request):
    """The threads on which the synchronous parts of one request run, with others between them."""
    threads = set()
    for _ in range(6):
        threads.add(await sync_to_async(threading.get_ident)())
        await asyncio.sleep(0.001)
    return JsonResponse({"threads": len(threads)})


VALUE = "one"


def value(request):
    return JsonResponse({"pid": os.getpid(), "value": VALUE, "users": User.objects.count()})


def query(request):
    return JsonResponse({"users": User.objects.count(), "main": threading.current_thread() is threading.main_thread()})


async def query_async(request):
    return JsonResponse({"users": await User.objects.acount()})


listening = 0
cancelled = 0


async def listen(request):
    """A view that Django cancels when the client disconnects."""
    global listening, cancelled
    listening += 1
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        cancelled += 1
        raise
    finally:
        listening -= 1
    return HttpResponse("never")


def held(request):
    """Is answered when the test creates the file ?gate."""
    while not os.path.exists(request.GET["gate"]):
        time.sleep(0.005)
    return HttpResponse("held")


meeting = threading.Barrier(4)


def meet(request):
    """Is answered when four requests run at the same time: each gets another number."""
    return HttpResponse(meeting.wait(10))


async def tasks(request):
    gc.collect()
    return JsonResponse({"tasks": len(asyncio.all_tasks()), "listening": listening, "streams": open_streams,
                         "cancelled": cancelled})
