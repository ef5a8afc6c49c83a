"""Text, by WSGI."""


def application(environ, start_response):
    body = b"Hello, World!"
    start_response("200 OK", [("content-type", "text/plain"), ("content-length", str(len(body)))])
    return [body]
