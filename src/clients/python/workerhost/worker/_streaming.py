"""Handlers that yield items."""

import asyncio

from . import _arguments
from ._errors import Cancelled, TooLarge
from ._output import Item


def deliver(items, run, max_bytes):
    """One by one, as the reader has room. Answers the empty result."""
    output = run.output
    try:
        output.await_room(run)
        for value in items:
            output.add(_item(value, max_bytes))
            output.await_room(run)
    finally:
        items.close()
    return b"", _arguments.JSON


def collect(items):
    """All of them as one result."""
    try:
        return _arguments.write_all(list(items))
    finally:
        items.close()


async def deliver_async(items, run, max_bytes, takes_items):
    output = run.output
    collected = []
    loop = asyncio.get_running_loop()
    try:
        async for value in items:
            if not takes_items:
                collected.append(value)
                continue
            output.add(_item(value, max_bytes))
            while not output.has_room():
                # Beside the loop: the handler's other coroutines go on.
                await loop.run_in_executor(None, output.await_room, run)
    finally:
        await items.aclose()
    return (b"", _arguments.JSON) if takes_items else _arguments.write_all(collected)


def _item(value, max_bytes):
    data, content_type = _arguments.write(value)
    if len(data) > max_bytes:
        raise TooLarge("an item", len(data))
    return Item(data, content_type)
