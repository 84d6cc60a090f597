"""What the OpenAPI document says of keys. As a dependency of each route, the same would be run with each request."""

from typing import Any

from fastapi import FastAPI

from axo_api.dependencies import BEARER
from axo_api.keys.gate import OPEN, scope_of


def document_keys(app: FastAPI) -> None:
    """Have the document of `app` name the scope that each operation needs, unless it does so itself."""
    without_keys = app.openapi

    def openapi() -> dict[str, Any]:
        document = without_keys()
        schemes = document["components"].setdefault("securitySchemes", {})
        schemes[BEARER.scheme_name] = BEARER.model.model_dump(mode="json", by_alias=True, exclude_none=True)
        for path, operations in document["paths"].items():
            if path not in OPEN:
                for method, operation in operations.items():
                    operation.setdefault("security", [{BEARER.scheme_name: [scope_of(method.upper())]}])
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to extend its document
