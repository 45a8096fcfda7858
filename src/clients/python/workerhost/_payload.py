"""Arguments on their way out, results on their way in."""

from __future__ import annotations

import json
from typing import Any, Tuple

from google.protobuf.message import Message

from .errors import BadInput

JSON = "application/json"
BYTES = "application/octet-stream"
PROTOBUF = "application/x-protobuf"


def of_arguments(task: str, args: Tuple[Any, ...], kwargs: dict) -> Tuple[str, bytes]:
    """The content type ("" is JSON) and the bytes of a named task's arguments."""
    if kwargs:
        raise BadInput(f"task {task} is given {', '.join(kwargs)} by name; arguments of named tasks are positional, because its worker may be in any language")
    if len(args) == 1:
        only = args[0]
        if isinstance(only, (bytes, bytearray, memoryview)):
            return BYTES, bytes(only)
        if isinstance(only, Message):
            return PROTOBUF, only.SerializeToString()
    try:
        return "", json.dumps(args, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise BadInput(
            f"the arguments of task {task} cannot be written as JSON: {error}. Named tasks take JSON values, one bytes object, or one protobuf message; "
            "for any Python value submit a function to workerhost.ProcessPoolExecutor"
        ) from error


def result_of(content_type: str, data: bytes, result_class: Any) -> Any:
    """The value of a result."""
    if not content_type or content_type == JSON:
        return json.loads(data) if data else None
    if content_type == PROTOBUF and result_class is not None:
        return result_class.FromString(data)
    return data
