# SPDX-License-Identifier: MIT
"""Workers as plain processes of this machine, each at the other end of a socket. They end when this process does."""
from __future__ import annotations

import contextlib
import itertools
import os
import pickle
import socket
import subprocess
import sys
import threading
from multiprocessing.connection import Connection, wait
from typing import Any, Dict, Hashable, List, Optional

from .driver import Done, Failed, Gone
from .plan import Unit
from .sizing import Layout, Machine, measure
from .worker import Spec, Worker


class Process:
    """One worker, seen from here."""

    def __init__(self, spec: Spec):
        ours, theirs = socket.socketpair()
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        with theirs:
            self.process = subprocess.Popen([sys.executable, "-m", "libllm.batch.processes", str(theirs.fileno())],
                                            pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, env=environment)
        self.connection: "Connection[Any, Any]" = Connection(ours.detach())
        self.units: Dict[int, Unit] = {}
        self.ready = False
        self.problem: Optional[str] = None
        self.send(spec)

    def send(self, message: Any) -> None:
        try:
            self.connection.send(message)
        except OSError:
            pass  # it has ended, which wait() tells

    def ended(self) -> str:
        self.connection.close()
        try:
            code = self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        return f"signal {-code}" if code < 0 else f"exit status {code}"


class Processes:
    """The executor that needs nothing but this machine."""

    def __init__(self, threads: int = 0) -> None:
        self.threads = threads
        self.numbers = itertools.count()
        self.all: Dict[Hashable, Process] = {}
        self.layout = Layout(1, 1, 1)
        self.spec: Optional[Spec] = None

    def machines(self) -> List[Machine]:
        return [measure(self.threads)]

    def start(self, spec: Spec, layouts: List[Layout]) -> None:
        self.layout = layouts[0]
        spec.threads, spec.parallel = self.layout.threads, self.layout.parallel
        self.spec = spec
        self._fill()

    def _fill(self) -> None:
        assert self.spec is not None
        while len(self.all) < self.layout.workers:
            self.all[next(self.numbers)] = Process(self.spec)

    def workers(self) -> Dict[Hashable, int]:
        return {number: len(one.units) for number, one in self.all.items() if one.ready}

    def submit(self, worker: Hashable, unit: Unit) -> None:
        process = self.all[worker]
        ticket = next(self.numbers)
        process.units[ticket] = unit
        process.send((ticket, unit.items))

    def wait(self, seconds: float) -> List[Any]:
        events: List[Any] = []
        by_connection = {process.connection: number for number, process in self.all.items()}
        for connection in wait(list(by_connection), seconds):
            number = by_connection[connection]  # type: ignore[index]
            process = self.all[number]
            try:
                kind, ticket, value = process.connection.recv()
            except (EOFError, OSError, pickle.UnpicklingError):
                del self.all[number]
                events.append(Gone(number, list(process.units.values()), process.ended(), not process.ready, process.problem))
                continue
            if kind == "ready":
                process.ready = True
            elif kind == "problem":
                process.problem = value
            elif kind == "done":
                events.append(Done(number, process.units.pop(ticket), value))
            else:
                events.append(Failed(number, process.units.pop(ticket), value))
        self._fill()
        return events

    def stop(self) -> None:
        for process in self.all.values():
            process.connection.close()
        for process in self.all.values():
            try:
                process.process.wait(10)
            except subprocess.TimeoutExpired:
                process.process.kill()
                process.process.wait()
        self.all.clear()


def serve(descriptor: int) -> None:
    """The other end: compute what comes, until the connection ends, as it does when the driver was killed."""
    connection: "Connection[Any, Any]" = Connection(descriptor)
    lock = threading.Lock()

    def say(*message: Any) -> None:
        with lock, contextlib.suppress(BrokenPipeError):  # the driver went, which the loop below ends with
            connection.send(message)

    def compute(ticket: int, items: Any) -> None:
        try:
            results = worker.compute(items)
        except Exception as error:  # pylint: disable=broad-except
            say("failed", ticket, f"{type(error).__name__}: {error}")
        else:
            say("done", ticket, results)

    spec = connection.recv()
    try:
        worker = Worker(spec)
    except Exception as error:  # pylint: disable=broad-except
        say("problem", 0, f"{type(error).__name__}: {error}")
        return
    say("ready", 0, None)
    while True:
        try:
            ticket, items = connection.recv()
        except (EOFError, OSError):
            os._exit(0)  # whatever is being computed, nobody wants it
        threading.Thread(target=compute, args=(ticket, items), daemon=True).start()


if __name__ == "__main__":
    try:
        serve(int(sys.argv[1]))
    except (EOFError, BrokenPipeError, KeyboardInterrupt):
        pass
