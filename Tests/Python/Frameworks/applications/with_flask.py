"""Flask, with the routes of test_wsgi_frameworks.py."""

import flask

app = flask.Flask(__name__)
app.secret_key = "a test has no secrets"
finished = []


@app.get("/")
def index():
    return f"{flask.request.args.get('name', '')}|{flask.request.headers.get('X-Own', '')}"


@app.post("/echo")
def echo():
    return flask.jsonify(flask.request.get_json())


@app.post("/upload")
def upload():
    file = flask.request.files["file"]
    return {"name": file.filename, "size": len(file.read()), "note": flask.request.form["note"]}


@app.get("/count")
def count():
    flask.session["count"] = flask.session.get("count", 0) + 1
    return {"count": flask.session["count"]}


@app.get("/stream")
def stream():
    def parts():
        for number in range(5):
            yield f"part {number} of {flask.request.path}\n"
    return app.response_class(flask.stream_with_context(parts()), mimetype="text/plain")


@app.get("/file")
def file():
    return flask.send_file(__file__, mimetype="text/plain", conditional=True)


@app.get("/fault")
def fault():
    raise RuntimeError("a fault of the view")


@app.get("/background")
def background():
    response = app.make_response("answered")
    response.call_on_close(lambda: finished.append("closed"))
    return response


@app.get("/finished")
def show_finished():
    return finished


@app.get("/url")
def url():
    return flask.url_for("count", _external=True)
