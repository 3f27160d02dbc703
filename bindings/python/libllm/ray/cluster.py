# SPDX-License-Identifier: MIT
"""Workers as Ray actors, on every node as many as the estimator gives it. Nodes may come and go."""
# pylint: disable=import-error
from __future__ import annotations

import itertools
import os
import sys
import time
from dataclasses import dataclass, field, replace
from typing import Any, Dict, Hashable, List, Optional

import ray as untyped  # type: ignore[import-not-found,import-untyped,unused-ignore]
from ray.exceptions import RayActorError, RayError, RayTaskError  # type: ignore[import-not-found,import-untyped,unused-ignore]
from ray.util.scheduling_strategies import (  # type: ignore[import-not-found,import-untyped,unused-ignore]
    NodeAffinitySchedulingStrategy)

from ..batch.driver import Done, Failed, Gone
from ..batch.plan import DEPTH_MOST, Unit
from ..batch.rows import BatchError
from ..batch.sizing import Layout, Machine, layout_of, measure
from ..batch.worker import Spec, Worker

ray: Any = untyped  # its types do not know what its decorators make
PATIENCE = 120.0  # seconds, for the first node to come
LOOK = 5.0  # seconds, after which nodes are looked for anew


class Actor:
    """A worker on a node."""

    def __init__(self, spec: Spec):
        try:
            self.worker = Worker(spec)
        except Exception as error:  # pylint: disable=broad-except
            self.problem: Optional[str] = f"{type(error).__name__}: {error}"
        else:
            self.problem = None

    def ready(self) -> Optional[str]:
        """Why it cannot work."""
        return self.problem

    def compute(self, items: Any) -> Any:
        try:
            return self.worker.compute(items), None
        except Exception as error:  # pylint: disable=broad-except
            return None, f"{type(error).__name__}: {error}"


@dataclass
class Node:
    """A node of the cluster, and how it is used."""
    node_id: str
    machine: Machine
    layout: Layout


@dataclass
class Remote:
    """One actor, seen from here."""
    node: Node
    handle: Any
    cpus: int
    ready: bool = False
    units: Dict[Any, Unit] = field(default_factory=dict)
    waits: Any = None


def connect() -> None:
    """The cluster of RAY_ADDRESS or of this machine, or else one that is begun here."""
    if ray.is_initialized():
        return
    try:
        ray.init(address="auto", log_to_driver=False)
    except ConnectionError:
        ray.init(log_to_driver=False, include_dashboard=False)


def on(node_id: str) -> Any:
    return NodeAffinitySchedulingStrategy(node_id=node_id, soft=False)


class Cluster:
    """The executor for Ray. Of each node `spare` CPUs are not asked for, so that Ray has some for other tasks of the run."""

    def __init__(self, model: str, threads: int = 0, workers: int = 0, parallel: int = 0, spare: int = 0,
                 device: Optional[str] = None) -> None:
        self.model, self.threads, self.count, self.parallel, self.spare = model, threads, workers, parallel, spare
        self.device = device
        self.numbers = itertools.count()
        self.nodes: Dict[str, Node] = {}
        #: Nodes that cannot work, and why.
        self.refused: Dict[str, str] = {}
        self.all: Dict[Hashable, Remote] = {}
        self.spec: Optional[Spec] = None
        self.looked = 0.0
        connect()
        self.actor = ray.remote(Actor)
        self.measure = ray.remote(measure)
        patience = time.monotonic() + PATIENCE
        while not self._look() or not self.nodes:
            if self.refused and not self.nodes:
                raise BatchError(self._no_node())
            if time.monotonic() > patience:
                raise BatchError("the Ray cluster has no node with a CPU")
            time.sleep(0.5)

    # --- Nodes ----------------------------------------------------------------------------------------------------------

    def _look(self) -> List[str]:
        """Get to know nodes that came, and forget those that went. Gives back those that are alive."""
        self.looked = time.monotonic()
        alive = {node["NodeID"]: int(node["Resources"].get("CPU", 0)) for node in ray.nodes() if node["Alive"]}
        fresh = [node_id for node_id, cpus in alive.items() if cpus and node_id not in {**self.nodes, **self.refused}]
        asked = [(node_id, self.measure.options(num_cpus=0, scheduling_strategy=on(node_id)).remote(
            self.threads or alive[node_id])) for node_id in fresh]
        for node_id, reference in asked:
            try:
                machine = ray.get(reference, timeout=120)
            except RayTaskError as error:
                self._refuse(node_id, f"is libllm installed there? {str(error).strip().splitlines()[-1]}")
                continue
            except RayError:
                continue  # it went before it could be asked
            machine.threads = min(machine.threads, alive[node_id])
            layout = layout_of(self.model, machine, self.count, self.parallel, self.device) if os.path.exists(self.model) else \
                Layout(self.count or 1, machine.threads, self.parallel or 8)
            self.nodes[node_id] = Node(node_id, machine, layout)
        for node_id in [node_id for node_id in self.nodes if node_id not in alive]:
            del self.nodes[node_id]
        return list(alive)

    def _refuse(self, node_id: str, reason: str) -> None:
        """A node gets no worker, while others go on."""
        if node_id not in self.refused:
            print(f"libllm: node {node_id[:8]} is left out: {reason}", file=sys.stderr, flush=True)
        self.refused[node_id] = reason
        self.nodes.pop(node_id, None)

    def _no_node(self) -> str:
        return f"no node can work: {next(reversed(self.refused.values()))}"

    def machines(self) -> List[Machine]:
        return [node.machine for node in self.nodes.values()]

    # --- Workers --------------------------------------------------------------------------------------------------------

    def start(self, spec: Spec, layouts: List[Layout]) -> None:
        for node, layout in zip(self.nodes.values(), layouts):
            node.layout = layout
        self.spec, self.parallel = spec, spec.parallel
        self._fill()

    def _fill(self) -> None:
        assert self.spec is not None
        for node in self.nodes.values():
            there = [remote.cpus for remote in self.all.values() if remote.node is node]
            for _ in range(node.layout.workers - len(there)):
                spec = replace(self.spec, threads=node.layout.threads, parallel=node.layout.parallel)
                cpus = max(0, min(spec.threads, node.machine.threads - self.spare - sum(there))) if self.spare else spec.threads
                there.append(cpus)
                handle = self.actor.options(
                    num_cpus=cpus, scheduling_strategy=on(node.node_id), max_restarts=0, max_task_retries=0,
                    max_concurrency=DEPTH_MOST + 1).remote(spec)
                self.all[next(self.numbers)] = Remote(node, handle, cpus, waits=handle.ready.remote())

    def workers(self) -> Dict[Hashable, int]:
        return {number: len(remote.units) for number, remote in self.all.items() if remote.ready}

    def submit(self, worker: Hashable, unit: Unit) -> None:
        remote = self.all[worker]
        remote.units[remote.handle.compute.remote(unit.items)] = unit

    # --- What happens ---------------------------------------------------------------------------------------------------

    def wait(self, seconds: float) -> List[Any]:
        owners = {reference: number for number, remote in self.all.items() for reference in remote.units}
        owners.update({remote.waits: number for number, remote in self.all.items() if not remote.ready})
        events: List[Any] = []
        if owners:
            found, _ = ray.wait(list(owners), num_returns=1, timeout=seconds)
            if found:  # also those that are there by now
                found, _ = ray.wait(list(owners), num_returns=len(owners), timeout=0)
            for reference in found:
                if owners[reference] in self.all:
                    events += self._take(owners[reference], reference)
        else:
            time.sleep(min(seconds, 0.2))
        if events and any(isinstance(event, Gone) for event in events) or time.monotonic() - self.looked > LOOK:
            self._look()
        self._fill()
        if self.refused and not self.nodes and not self.all:
            events.append(Gone(-1, [], self._no_node(), True, fatal=self._no_node()))
        return events

    def _take(self, number: Hashable, reference: Any) -> List[Any]:
        remote = self.all[number]
        try:
            value = ray.get(reference)
        except RayActorError as error:
            return [self._gone(number, error)]
        except RayError as error:  # such as a result that was lost with its node
            unit = remote.units.pop(reference, None)
            return [Failed(number, unit, str(error).splitlines()[0])] if unit else [self._gone(number, error)]
        if reference is remote.waits:
            if value:
                del self.all[number]
                self._refuse(remote.node.node_id, value)
            remote.ready = True
            return []
        results, problem = value
        unit = remote.units.pop(reference)
        return [Failed(number, unit, problem)] if problem else [Done(number, unit, results)]

    def _gone(self, number: Hashable, error: BaseException) -> Gone:
        """An actor ended. What it had finished is taken first, as it is there."""
        remote = self.all.pop(number)
        alive = remote.node.node_id in self._look()
        reason = str(error).strip().splitlines()[0] if alive else "its node went"
        return Gone(number, list(remote.units.values()), reason, blameless=not alive or not remote.ready)

    def stop(self) -> None:
        for remote in self.all.values():
            ray.kill(remote.handle)
        self.all.clear()
