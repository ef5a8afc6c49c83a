from django.contrib import admin
from django.contrib.staticfiles.urls import staticfiles_urlpatterns
from django.urls import path
from pages import probe, views

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", views.index),
    path("plain", views.plain),
    path("async", views.asynchronous),
    path("seen/<name>", views.seen),
    path("form", views.form),
    path("visits", views.visits),
    path("stream", views.stream),
    path("stream-async", views.stream_async),
    path("stream-endless", views.stream_endless),
    path("upload", views.upload),
    path("file", views.file),
    path("headers", views.headers),
    path("fault", views.fault),
    path("hops", views.hops),
    path("value", views.value),
    path("query", views.query),
    path("query-async", views.query_async),
    path("listen", views.listen),
    path("held", views.held),
    path("meet", views.meet),
    path("tasks", views.tasks),
    path("events", probe.events),
]
urlpatterns += staticfiles_urlpatterns()
