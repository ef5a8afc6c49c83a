"""Pyramid, with the routes of test_wsgi_frameworks.py."""

from pyramid.config import Configurator
from pyramid.response import FileResponse, Response


def index(request):
    return Response(f"{request.params.get('name', '')}|{request.headers.get('X-Own', '')}")


def echo(request):
    return request.json_body


def upload(request):
    file = request.POST["file"]
    return {"name": file.filename, "size": len(file.file.read()), "note": request.POST["note"]}


def count(request):
    number = int(request.cookies.get("count", "0")) + 1
    request.response.set_cookie("count", str(number))
    return {"count": number}


def stream(request):
    parts = (f"part {number} of {request.path}\n".encode() for number in range(5))
    return Response(app_iter=parts, content_type="text/plain")


def file(request):
    return FileResponse(__file__, request, content_type="text/plain")


def fault(request):
    raise RuntimeError("a fault of the view")


with Configurator() as config:
    for view, path, renderer in ((index, "/", None), (echo, "/echo", "json"), (upload, "/upload", "json"),
                                 (count, "/count", "json"), (stream, "/stream", None), (file, "/file", None),
                                 (fault, "/fault", None)):
        config.add_route(view.__name__, path)
        config.add_view(view, route_name=view.__name__, renderer=renderer)
    app = config.make_wsgi_app()
