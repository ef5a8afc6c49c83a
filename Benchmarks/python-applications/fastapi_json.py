"""JSON by FastAPI: an endpoint on the event loop, and one on a thread."""

from fastapi import FastAPI

application = FastAPI()


@application.get("/")
async def root():
    return {"message": "Hello, World!"}


@application.get("/sync")
def sync():
    return {"message": "Hello, World!"}
