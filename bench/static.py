"""The limit of a submit: a FastAPI application that answers a static 201, under the same kind of server."""

import os

import uvicorn
from fastapi import FastAPI, Response

ANSWER = b'{"id":"ftjob-01m80dj386h6snwnj5w2aq1gwa","object":"job"}'


def create_app() -> FastAPI:
    """Return the application."""
    app = FastAPI()

    @app.post("/v1/jobs")
    async def submit_nothing() -> Response:
        return Response(ANSWER, status_code=201, media_type="application/json")

    @app.get("/healthz")
    async def answer() -> Response:
        return Response()

    return app


if __name__ == "__main__":
    uvicorn.run(create_app(), port=int(os.environ["AXO_PORT"]), log_level="warning", access_log=False)
