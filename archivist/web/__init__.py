"""The reading room: search, look, correct, in the browser."""

from archivist.web.house import application

__all__ = ["application"]
