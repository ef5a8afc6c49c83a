"""JSON by Starlette."""

from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route


async def root(request):
    return JSONResponse({"message": "Hello, World!"})


application = Starlette(routes=[Route("/", root)])
