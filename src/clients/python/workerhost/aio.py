"""The client of `workerhost.connect`, for asyncio.

    async with await workerhost.aio.connect("unix:///run/workerhost/data.sock") as client:
        print(await client.submit("add", 1, 2))
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any, AsyncIterator, Deque, Iterable, Optional, Union

import grpc

from . import client as _client
from ._stream import TaskStream

__all__ = ["Client", "connect"]


async def connect(address: str, *, token: Optional[str] = None, tls: Union[None, bool, grpc.ChannelCredentials] = None, pool: str = "", timeout: float = 3.0) -> "Client":
    """As `workerhost.connect`, without blocking the loop."""
    made = await asyncio.get_running_loop().run_in_executor(None, lambda: _client.connect(address, token=token, tls=tls, pool=pool, timeout=timeout))
    return Client(made)


class Client:
    """A workerhost.Client, awaited. Cancelling what waits for a task stops the task, running or not. May be used by several loops."""

    def __init__(self, client: "_client.Client") -> None:
        self._client = client

    def submit(self, task: str, /, *args: Any) -> "asyncio.Future[Any]":
        """Submits a task at once; await what it returns. Within a running loop."""
        return asyncio.wrap_future(self._client.submit(task, *args))

    async def map(self, task: str, /, *iterables: Iterable[Any], buffersize: int = 100) -> AsyncIterator[Any]:
        """Results in order, at most `buffersize` tasks ahead of the loop. Leaving the loop stops those."""
        if buffersize < 1:
            raise ValueError("buffersize must be > 0")
        futures: "Deque[asyncio.Future[Any]]" = deque()
        try:
            for args in zip(*iterables):
                if len(futures) == buffersize:
                    yield await futures[0]
                    futures.popleft()
                futures.append(self.submit(task, *args))
            while futures:
                yield await futures[0]
                futures.popleft()
        finally:
            for future in futures:
                future.cancel()

    async def stream(self, task: str, /, *args: Any, buffer: int = 1000) -> AsyncIterator[Any]:
        """The items of a task that yields them, while it runs. Leaving the loop stops the task."""
        loop = asyncio.get_running_loop()
        stream: "TaskStream[Any]" = self._client.stream(task, *args, buffer=buffer)
        changed = asyncio.Event()
        stream.buffer.changed = lambda: loop.call_soon_threadsafe(changed.set)
        try:
            while True:
                changed.clear()
                taken = stream.take_now()
                if taken is None:
                    await changed.wait()
                elif taken:
                    yield taken[0]
                else:
                    stream.future.result()
                    return
        finally:
            stream.cancel()

    def options(self, **options: Any) -> "Client":
        """As those of `workerhost.Client`."""
        return Client(self._client.options(**options))

    async def close(self) -> None:
        """Takes no more tasks, and returns when those that were accepted have ended."""
        await asyncio.get_running_loop().run_in_executor(None, self._client.close)

    async def __aenter__(self) -> "Client":
        return self

    async def __aexit__(self, *_: Any) -> None:
        await self.close()
