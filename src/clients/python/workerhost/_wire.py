"""The one call of a session: a channel of its own, the hellos, and what grpc says when there is none."""

from __future__ import annotations

import dataclasses
import os
import random
import threading
import urllib.parse
from typing import TYPE_CHECKING, Any, Callable, Iterator, Optional, Tuple, Union

import grpc

from . import errors
from .v1 import session_pb2, task_endpoint_pb2

if TYPE_CHECKING:
    from ._session import Session

PROTOCOL = 1

# A host that is there answers a hello within milliseconds; one that is stopped, or none, never does.
_HELLO_SECONDS = 10.0
_MOST_BYTES = (1 << 30) + (1 << 16)


@dataclasses.dataclass(frozen=True)
class Target:
    """Where a host is and how it is spoken to."""

    address: str
    token: Optional[str] = dataclasses.field(default=None, repr=False)
    tls: Union[None, bool, grpc.ChannelCredentials] = None

    @staticmethod
    def of(address: str, token: Optional[str] = None, tls: Union[None, bool, grpc.ChannelCredentials] = None) -> "Target":
        """Checks it at once."""
        if not isinstance(address, str) or not address:
            raise errors.BadInput(f"the address is {address!r}; allowed: \"unix:///path\", \"host:port\", \"http://host:port\" or \"https://host:port\"")
        if address.startswith("unix:"):
            path = address[len("unix://"):] if address.startswith("unix://") else address[len("unix:"):]
            if len(os.fsencode(path)) > 107:
                raise errors.BadInput(f"the path of the socket {path} has {len(os.fsencode(path))} bytes; the system takes at most 107")
            return Target(f"unix:{path}", token, tls)
        for scheme in ("http://", "https://"):
            if address.startswith(scheme):
                address = address[len(scheme):].rstrip("/")
                tls = tls or (True if scheme == "https://" else None)
        if not address.rpartition(":")[2].isdigit():
            raise errors.BadInput(f"the address {address!r} has no port; allowed: \"unix:///path\", \"host:port\", \"http://host:port\" or \"https://host:port\"")
        return Target(address, token, tls)

    def channel(self) -> grpc.Channel:
        options = [
            # Its tries would be shared with dead channels to the same address; we have our own.
            ("grpc.use_local_subchannel_pool", 1),
            ("grpc.max_receive_message_length", _MOST_BYTES),
            ("grpc.max_send_message_length", _MOST_BYTES),
            ("grpc.enable_http_proxy", 0),
        ]
        if self.address.startswith("unix:"):
            options.append(("grpc.default_authority", "localhost"))
        else:
            # Of a machine that is gone nobody says so.
            options += [("grpc.keepalive_time_ms", 15_000), ("grpc.keepalive_timeout_ms", 10_000), ("grpc.http2.max_pings_without_data", 0)]
        # grpcio reads it as a URI.
        target = urllib.parse.quote(self.address, safe="/:") if self.address.startswith("unix:") else self.address
        if self.tls:
            return grpc.secure_channel(target, grpc.ssl_channel_credentials() if self.tls is True else self.tls, options)
        return grpc.insecure_channel(target, options)

    def metadata(self):
        return [("authorization", f"Bearer {self.token}")] if self.token else []


class SessionCall:
    """Opens at construction; raises a WorkerHostError that says why it cannot."""

    def __init__(self, target: Target, frames_of: Callable[["SessionCall"], Iterator[Any]], pool: str, prefix: str, resumes: int) -> None:
        self.session: Optional["Session"] = None
        #: There will be no session, or none any more.
        self.ended = False
        self.target = target
        self.key = random.getrandbits(63) + 1
        self._channel = target.channel()
        open_session = self._channel.stream_stream(
            "/workerhost.v1.TaskEndpoint/OpenSession",
            request_serializer=session_pb2.SessionRequest.SerializeToString,
            response_deserializer=session_pb2.SessionResponse.FromString)
        self._call = open_session(self._requests(frames_of, pool, prefix, resumes), metadata=target.metadata())
        late = threading.Timer(_HELLO_SECONDS, self._call.cancel)
        late.daemon = True
        late.start()
        try:
            first = next(self._call, None)
            if first is None or not first.HasField("hello"):
                raise errors.VersionMismatch(f"the endpoint {target.address} did not answer the hello of a session with its own")
            self.hello = first.hello
            if self.hello.protocol != PROTOCOL:
                raise errors.VersionMismatch(f"the host at {target.address} wants to speak protocol version {self.hello.protocol}; this client speaks {PROTOCOL}")
        except grpc.RpcError as error:
            self.close()
            raise _refusal(target, error, pool) from None
        except BaseException:
            self.close()
            raise
        finally:
            late.cancel()

    def frames(self) -> Iterator[session_pb2.SessionResponse]:
        return iter(self._call)

    def close(self) -> None:
        self.ended = True
        self._call.cancel()
        self._channel.close()

    def _requests(self, frames_of, pool: str, prefix: str, resumes: int) -> Iterator[session_pb2.SessionRequest]:
        yield session_pb2.SessionRequest(hello=session_pb2.ClientHello(
            min_protocol=PROTOCOL, max_protocol=PROTOCOL, pool=pool, client=f"workerhost-python pid {os.getpid()}",
            session_key=self.key, id_prefix=prefix, takes_chunks=True, resumes_session=resumes))
        yield from frames_of(self)


def describe(target: Target, pool: str, timeout: float) -> Tuple[str, ...]:
    with target.channel() as channel:
        ask = channel.unary_unary(
            "/workerhost.v1.TaskEndpoint/Describe",
            request_serializer=task_endpoint_pb2.DescribeRequest.SerializeToString,
            response_deserializer=task_endpoint_pb2.DescribeResponse.FromString)
        try:
            described = ask(task_endpoint_pb2.DescribeRequest(pool=pool), metadata=target.metadata(), timeout=timeout)
        except grpc.RpcError as error:
            raise _refusal(target, error, pool) from None
    return tuple(task.name for task in described.tasks if not task.streaming)


def _refusal(target: Target, error: grpc.RpcError, pool: str) -> errors.WorkerHostError:
    code, details = error.code(), error.details()
    at = f"the host at {target.address}"
    if code is grpc.StatusCode.UNIMPLEMENTED:
        return errors.HostRefused(f"{at} takes no tasks ({details}): give the address of its data plane, not of its admin plane; its endpoint file has both")
    if code is grpc.StatusCode.FAILED_PRECONDITION:
        return errors.VersionMismatch(f"{at} does not speak with this client (protocol version {PROTOCOL}): {details}. Bring both to releases that go together")
    if code in (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED):
        return errors.HostRefused(f"{at} does not let this client in ({details or code.name}): {'another token is wanted' if target.token else 'give it a token with token=…'}")
    if code in (grpc.StatusCode.NOT_FOUND, grpc.StatusCode.INVALID_ARGUMENT):
        return errors.HostRefused(f"{at} refuses pool {pool!r}: {details}")
    if code is grpc.StatusCode.CANCELLED:
        return errors.HostUnavailable(f"{at} did not open a session within {_HELLO_SECONDS:g} s")
    return errors.HostUnavailable(f"{at} cannot be reached: {details or code.name}. Is `workerhost serve` running, and is this its data plane?")
