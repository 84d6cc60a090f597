"""Labels of jobs, as a query string asks for them."""

from fastapi import Request


def labels_in(request: Request) -> dict[str, str]:
    """Return what `metadata[k]=v` asks for."""
    return {
        name[len("metadata[") : -1]: value
        for name, value in request.query_params.multi_items()
        if name.startswith("metadata[") and name.endswith("]")
    }
