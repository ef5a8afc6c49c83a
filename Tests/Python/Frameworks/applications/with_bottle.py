"""Bottle, with the routes of test_wsgi_frameworks.py."""

import os

import bottle

app = bottle.Bottle()


@app.get("/")
def index():
    return f"{bottle.request.query.name}|{bottle.request.get_header('X-Own', '')}"


@app.post("/echo")
def echo():
    return bottle.request.json


@app.post("/upload")
def upload():
    file = bottle.request.files["file"]
    return {"name": file.raw_filename, "size": len(file.file.read()), "note": bottle.request.forms.note}


@app.get("/count")
def count():
    number = int(bottle.request.get_cookie("count", "0")) + 1
    bottle.response.set_cookie("count", str(number))
    return {"count": number}


@app.get("/stream")
def stream():
    bottle.response.content_type = "text/plain"
    for number in range(5):
        yield f"part {number} of {bottle.request.path}\n"


@app.get("/file")
def file():
    return bottle.static_file(os.path.basename(__file__), os.path.dirname(__file__), mimetype="text/plain")


@app.get("/fault")
def fault():
    raise RuntimeError("a fault of the view")
