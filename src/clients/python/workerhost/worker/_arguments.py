"""From a payload to the arguments of a function, and from what it returns to bytes."""

import base64
import dataclasses
import inspect
import json
import typing

from google.protobuf.message import DecodeError, Message

from ._context import Context
from ._errors import BadInput, ResultNotWritable

JSON, PROTOBUF, BYTES = "application/json", "application/x-protobuf", "application/octet-stream"

_JSON_TYPES = {int: int, float: (int, float), str: str, bool: bool, list: list, dict: dict, type(None): type(None)}


class Arguments:
    """What one function takes. Made when it is registered, so that what cannot work is said then."""

    def __init__(self, task, function):
        self._task = task
        hints = _hints(function)
        self._plan, self._names, self._context_keyword = [], [], None
        self._many = self._required = 0
        for parameter in inspect.signature(function).parameters.values():
            hint = hints.get(parameter.name, parameter.annotation)
            if hint is Context or hint == typing.Optional[Context]:
                if parameter.kind is parameter.KEYWORD_ONLY:
                    self._context_keyword = parameter.name
                else:
                    self._plan.append(None)
            elif parameter.kind is parameter.VAR_POSITIONAL:
                self._many = True
            elif parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
                self._plan.append((parameter.name, hint, parameter.default))
                self._names.append(parameter.name if parameter.default is parameter.empty else f"[{parameter.name}]")
                self._required += parameter.default is parameter.empty
            elif parameter.kind is parameter.KEYWORD_ONLY and parameter.default is parameter.empty:
                raise TypeError(f'task "{task}" cannot be called: its parameter "{parameter.name}" has to be given by name, and arguments come by position')
        given = [entry for entry in self._plan if entry is not None]
        alone = given[0][1] if len(given) == 1 and not self._many else None
        self._bytes = alone if alone in (bytes, bytearray, memoryview) else None
        self._message = alone if isinstance(alone, type) and issubclass(alone, Message) else None
        self.content_types = [PROTOBUF] if self._message else [BYTES] if self._bytes else [JSON]

    def bind(self, run, function):
        """A function without arguments. Raises BadInput."""
        content_type = run.content_type or JSON
        if content_type != self.content_types[0]:
            raise BadInput(f'task "{self._task}" does not take content type "{content_type[:200]}"; it takes {", ".join(self.content_types)}')
        if self._bytes:
            values = [run.payload if self._bytes is bytes else self._bytes(run.payload)]
        elif self._message:
            values = [self._read_message(run.payload)]
        else:
            values = self._read_json(run.payload)
        positional = self._place(values, run)
        if self._context_keyword:
            run._minds = True
            return lambda: function(*positional, **{self._context_keyword: run})
        return lambda: function(*positional)

    def _read_message(self, payload):
        try:
            return self._message.FromString(bytes(payload))
        except DecodeError as error:
            raise BadInput(f'the payload of task "{self._task}" is not a {self._message.__name__}: {error}') from None

    def _read_json(self, payload):
        try:
            values = json.loads(payload) if payload else None
        except (ValueError, RecursionError) as error:
            raise BadInput(f"{self._expectation}; the payload could not be read: {error}") from None
        if not isinstance(values, list):
            raise BadInput(f"{self._expectation}; the payload is {'not an array' if payload else 'empty'}")
        most = len(self._names)
        if len(values) < self._required or (len(values) > most and not self._many):
            raise BadInput(f"{self._expectation}; got {len(values)}")
        return values

    def _place(self, values, run):
        """The values where they belong, the context among them."""
        placed, given = [], iter(values)
        for entry in self._plan:
            if entry is None:
                run._minds = True
                placed.append(run)
                continue
            name, hint, default = entry
            value = next(given, _MISSING)
            placed.append(default if value is _MISSING else value if hint is inspect.Parameter.empty else self._convert(name, hint, value))
        placed.extend(given)
        return placed

    def _convert(self, name, hint, value):
        if dataclasses.is_dataclass(hint) and isinstance(hint, type) and isinstance(value, dict):
            try:
                return hint(**value)
            except TypeError as error:
                raise BadInput(f'{self._expectation}; argument "{name}" could not be read: {error}') from None
        if not _fits(hint, value):
            raise BadInput(f'{self._expectation}; argument "{name}" could not be read: {type(value).__name__} is not {getattr(hint, "__name__", hint)}')
        return value

    @property
    def _expectation(self):
        return f'task "{self._task}" takes ({", ".join([*self._names, "…"] if self._many else self._names)}) as a JSON array'


_MISSING = object()


def _hints(function):
    try:
        return typing.get_type_hints(function)
    except Exception:  # an annotation that is only there for people, or a forward reference
        return {}


def _fits(hint, value):
    """False only where JSON's own types contradict it; what else an annotation may say is the function's own affair."""
    origin = typing.get_origin(hint) or hint
    if origin is typing.Union or type(hint).__name__ == "UnionType":
        return any(_fits(part, value) for part in typing.get_args(hint))
    expected = _JSON_TYPES.get(origin) if isinstance(origin, type) else None
    if expected is None:
        return True
    return isinstance(value, expected) and not (isinstance(value, bool) and origin in (int, float))


def write(result):
    """(bytes, content type). Raises ResultNotWritable."""
    if isinstance(result, (bytes, bytearray, memoryview)):
        return bytes(result), BYTES
    try:
        if isinstance(result, Message):
            return result.SerializeToString(), PROTOBUF
        return _json(result), JSON
    except Exception as error:
        raise ResultNotWritable from error


def write_all(items):
    """What a generator yielded, for a caller who wants it as one result. Raises ResultNotWritable."""
    try:
        for item in items:
            if isinstance(item, Message):
                raise TypeError("protobuf messages cannot be collected in one result; take them one by one as a stream")
        return _json([base64.b64encode(item).decode() if isinstance(item, (bytes, bytearray, memoryview)) else item for item in items]), JSON
    except Exception as error:
        raise ResultNotWritable from error


def _json(value):
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain).encode()


def _plain(value):
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON; return numbers, texts, lists, dictionaries, dataclasses, bytes or protobuf messages")
