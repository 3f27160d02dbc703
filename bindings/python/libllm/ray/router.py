# SPDX-License-Identifier: MIT
"""The router for Ray Serve that affinity.py thinks for."""
# pylint: disable=import-error
from __future__ import annotations

from typing import Any, List, Optional

from ray.serve.request_router import (  # type: ignore[import-not-found,import-untyped,unused-ignore]
    PendingRequest, ReplicaID, RequestRouter, RunningReplica)

from .affinity import NONE, Marks, Memory


def marks_in(request: Optional[PendingRequest]) -> Marks:
    found: Marks = request.kwargs.get("marks") or NONE if request is not None else NONE
    return found


class AffinityRouter(RequestRouter):  # type: ignore[misc,unused-ignore]
    """The request_router_class of a deployment whose requests have the keyword `marks`. Each handle has a memory of its own."""

    def initialize_state(self, **kwargs: Any) -> None:
        self.spill = int(kwargs.get("spill", 8))
        self.memory = Memory()

    async def choose_replicas(self, candidate_replicas: List[RunningReplica],
                              pending_request: Optional[PendingRequest] = None) -> List[List[RunningReplica]]:
        by_name = {replica.replica_id.unique_id: replica for replica in candidate_replicas}
        loads = {name: self.replica_queue_len_cache.get(replica.replica_id) or 0 for name, replica in by_name.items()}
        if pending_request is not None:
            pending_request.routing_context.should_backoff = True
        return [[by_name[name]] for name in self.memory.order(marks_in(pending_request), loads, self.spill)]

    def on_request_routed(self, pending_request: PendingRequest, replica_id: ReplicaID, result: Any) -> None:
        self.memory.add(marks_in(pending_request), replica_id.unique_id)
