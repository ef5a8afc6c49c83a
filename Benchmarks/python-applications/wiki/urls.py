from django.http import JsonResponse
from django.urls import path


async def asynchronous(request):
    return JsonResponse({"message": "Hello, World!"})


def synchronous(request):
    return JsonResponse({"message": "Hello, World!"})


urlpatterns = [path("async", asynchronous), path("sync", synchronous)]
