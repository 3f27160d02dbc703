# SPDX-License-Identifier: MIT
"""`libllm serve` on Ray Serve: replicas with a server each, behind a door that sends requests where their beginning is known.

    serve run libllm.ray.serve:app model=/models/qwen3-8b.gguf replicas=2
"""
# pylint: disable=import-error
from __future__ import annotations

import contextlib
import json
import math
from typing import Any, AsyncGenerator, AsyncIterator, Dict, List, Mapping, Optional, Tuple

from ray import serve as untyped  # type: ignore[import-not-found,import-untyped,unused-ignore]
from ray.exceptions import RayError  # type: ignore[import-not-found,import-untyped,unused-ignore]
from ray.serve.config import RequestRouterConfig as UntypedConfig  # type: ignore[import-not-found,import-untyped,unused-ignore]
from ray.serve.exceptions import (  # type: ignore[import-not-found,import-untyped,unused-ignore]
    BackPressureError, RayServeException)
from starlette.requests import Request  # type: ignore[import-not-found,unused-ignore]
from starlette.responses import Response, StreamingResponse  # type: ignore[import-not-found,unused-ignore]

from .affinity import Marks, marks_of
from .child import Child, Chunk, arguments_of
from .router import AffinityRouter

serve: Any = untyped  # their types do not know what decorators make
RequestRouterConfig: Any = UntypedConfig
PARALLEL, QUEUE, BODY_MIB = 4, 64, 8  # as the command has them
TRIES = 3


class Replica:
    """One server. Ray Serve starts it, asks how it is, and lets it finish what it works on before it goes."""

    def __init__(self, models: Dict[str, str], options: Dict[str, Any], command: Optional[str] = None):
        self.parallel = int(options.get("parallel") or PARALLEL)
        self.child = Child(models, arguments_of(options), command)
        self.opened = False

    async def _open(self) -> None:
        if not self.opened:
            await self.child.wait()
            self.opened = True

    async def ask(self, method: str, path: str, headers: Dict[str, str], body: bytes,
                  marks: Optional[Marks] = None) -> AsyncGenerator[Chunk, None]:  # pylint: disable=unused-argument
        await self._open()
        async with contextlib.aclosing(self.child.ask(method, path, headers, body)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def check_health(self) -> None:
        """Without an error the replica is healthy; it takes no requests until its model is open."""
        await self._open()
        if not await self.child.healthy():
            raise RuntimeError(f"libllm serve is not healthy: {self.child.said()}")

    async def record_autoscaling_stats(self) -> Dict[str, float]:
        """Requests over those that are computed at a time; and KV memory: each of these has its own part of it."""
        if not self.opened:
            return {"load": 0.0, "kv": 0.0}
        found = await self.child.metrics()
        running, queued = found.get("requests_running", 0.0), found.get("requests_queued", 0.0)
        return {"load": (running + queued) / self.parallel, "kv": min(1.0, running / self.parallel)}

    def __del__(self) -> None:
        if hasattr(self, "child"):
            self.child.close()


def by_load(context: Any) -> Tuple[float, Dict[str, Any]]:
    """The policy of autoscaling: as many replicas as keep queues empty and KV memory three quarters full."""
    metrics = context.aggregated_metrics or {}
    loads, kv = (list((metrics.get(name) or {}).values()) for name in ("load", "kv"))
    if not loads:
        return context.target_num_replicas, {}
    return max(1, math.ceil(max(sum(loads), sum(kv) / 0.75))), {}


def problem(message: str, code: str, kind: str = "server_error") -> Dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def refused(status: int, message: str, code: str, kind: str = "server_error") -> Response:
    """An error of the door's own. Those of servers may not be there when the request is sent again."""
    headers = {"Retry-After": "1"} if kind == "server_error" else {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    return Response(json.dumps(problem(message, code, kind)), status, headers, "application/json")


LOST = "the replica that answered is gone; nothing of this answer is wrong, but its end is missing: send the request again"


class Door:
    """Takes HTTP and gives it to a replica."""

    def __init__(self, replicas: Any, api_keys: Optional[List[str]] = None, body_max: int = BODY_MIB << 20):
        self.replicas = replicas.options(stream=True)
        self.body_max = body_max
        self.api_keys = set(api_keys or ())

    async def __call__(self, request: Request) -> Response:
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        # Browsers ask by OPTIONS, without a key, whether they may ask.
        is_open = request.url.path == "/health" or request.method == "OPTIONS"
        if self.api_keys and not is_open and not self._allowed(request.headers.get("authorization", "")):
            return refused(401, "expected a known key: Authorization: Bearer KEY", "invalid_api_key", "authentication_error")
        body = await request.body()
        if len(body) > self.body_max:
            return refused(413, f"the request has {len(body)} bytes, at most {self.body_max} are read", "too_large", "invalid_request_error")
        reason, marks = "", marks_of(body)
        for _ in range(TRIES):
            # A replica that goes before anything was sent is no matter for the client.
            try:
                chunks = self.replicas.ask.remote(request.method, path, dict(request.headers), body, marks=marks)
                head = await self._next(chunks)
                first = await self._next(chunks)
            except BackPressureError as error:
                return refused(429, f"too many requests wait: {error}", "queue_full")
            except (RayError, RayServeException) as error:
                reason = str(error).splitlines()[0]
                continue
            if head is None:
                return refused(502, "the replica gave no answer", "replica_lost")
            status, headers = head[0], dict(head[1])
            if first is None:  # no body, such as after OPTIONS
                return Response(b"", status, headers)
            return StreamingResponse(self._rest(first, chunks, headers), status, headers)
        return refused(503, f"no replica could answer ({reason}): send the request again", "replica_lost")

    @staticmethod
    async def _next(chunks: Any) -> Any:
        try:
            return await chunks.__anext__()
        except StopAsyncIteration:
            return None

    def _allowed(self, given: str) -> bool:
        import hmac

        return any(hmac.compare_digest(given.encode(), f"Bearer {key}".encode()) for key in self.api_keys)

    async def _rest(self, first: bytes, chunks: Any, headers: Mapping[str, str]) -> AsyncIterator[bytes]:
        kind = next((value for name, value in headers.items() if name.lower() == "content-type"), "")
        last = first
        try:
            yield first
            async for chunk in chunks:
                last = chunk
                yield chunk
        except (RayError, RayServeException):
            lost = json.dumps(problem(LOST, "replica_lost")).encode()
            ended = b"" if last.endswith(b"\n") else b"\n"
            if kind.startswith("text/event-stream"):
                yield (b"" if last.endswith(b"\n\n") else b"\n\n") + b"data: " + lost + b"\n\n"
            elif kind.startswith("application/x-ndjson"):
                yield ended + lost + b"\n"
            else:
                raise  # the connection ends before the length that was promised


def build(models: Mapping[str, str], *, replicas: int = 1, autoscale: Optional[Mapping[str, Any]] = None, cpus: float = 1,
          spill: Optional[int] = None, command: Optional[str] = None, api_key_file: Optional[str] = None,
          doors: int = 1, drain_seconds: float = 120, **options: Any) -> Any:
    """An application for serve.run().

    Args:
        models: name and file of each model, as every node finds it
        replicas: how many servers; with autoscale they are as many as the load wants
        autoscale: {"min_replicas": 1, "max_replicas": 8} and what else Ray Serve's AutoscalingConfig has
        cpus: processors that a replica takes of its node, also its threads unless `threads` says otherwise
        spill: how many requests more than the least busy replica the one that knows their beginning may have;
            twice `parallel` by default
        command: the command `libllm` on the nodes; see find_command()
        api_key_file: a key in each line; without, whoever reaches the port may ask
        doors: how many take requests and choose the replica: one for some thousand streams
        drain_seconds: how long a replica that has to go may finish what it works on
        options: of `libllm serve`: parallel=8, context=8192, kv="q8_0", deterministic=True, ...
    """
    parallel, queue = int(options.get("parallel") or PARALLEL), int(options.get("queue") or QUEUE)
    options.setdefault("threads", max(1, int(cpus)))
    keys: List[str] = []
    if api_key_file:
        with open(api_key_file, encoding="utf-8") as file:
            keys = [line.strip() for line in file if line.strip()]
        if not keys:
            raise ValueError(f"{api_key_file}: expected a key in each line, it has none")
    scaling: Dict[str, Any] = {"num_replicas": replicas}
    if autoscale is not None:
        scaling = {"autoscaling_config": {**autoscale, "policy": {"policy_function": by_load}}}
    deployment = serve.deployment(
        Replica, name="libllm", max_ongoing_requests=parallel + queue, graceful_shutdown_timeout_s=drain_seconds,
        health_check_period_s=5, health_check_timeout_s=60, ray_actor_options={"num_cpus": cpus},
        request_router_config=RequestRouterConfig(
            request_router_class=AffinityRouter, request_router_kwargs={"spill": 2 * parallel if spill is None else spill}),
        **scaling)
    door = serve.deployment(Door, name="door", num_replicas=doors, max_ongoing_requests=4096, ray_actor_options={"num_cpus": 0})
    return door.bind(deployment.bind(dict(models), options, command), keys, int(options.get("max_body") or BODY_MIB) << 20)


def app(arguments: Dict[str, Any]) -> Any:
    """For `serve run` and for configuration files: build() with `model`, or `models`, and what else it takes."""
    given = dict(arguments)
    models = given.pop("models", None) or {"": given.pop("model", "default")}
    options: Dict[str, Any] = {
        name: json.loads(value) if isinstance(value, str) and value[:1] in "0123456789{tf" and name != "command" else value
        for name, value in given.items()}
    return build(models, **options)
