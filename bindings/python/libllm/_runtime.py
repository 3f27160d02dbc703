# SPDX-License-Identifier: MIT
"""The runtime that models share unless they are given one, its log, and what is asked of it."""
from __future__ import annotations

import json
import logging
import os
import threading
from typing import Any, List, Optional

from . import api
from ._errors import NotFoundError
from .results import Device

LOGGER = logging.getLogger("libllm")
LOGGER.addHandler(logging.NullHandler())
LEVELS = {1: logging.ERROR, 2: logging.WARNING, 3: logging.INFO, 4: logging.DEBUG}
_lock = threading.Lock()
_shared: Optional[api.Runtime] = None
_process = 0


def make_runtime(*, threads: int = 0, cpu_mask: Optional[str] = None, blas_library: Optional[str] = None,
                 limits: Optional[api.Limits] = None) -> api.Runtime:
    """A runtime of one's own, whose log goes to logging.getLogger("libllm"). threads 0: the physical cores."""
    def log(level: Any, text: str) -> None:
        LOGGER.log(LEVELS.get(int(level), logging.DEBUG), "%s", text)

    return api.Runtime.create(api.RuntimeOptions(n_threads=threads, cpu_mask=cpu_mask, blas_library=blas_library,
                                                 limits=limits, log=log))


def shared_runtime() -> api.Runtime:
    """The runtime of this process; after a fork it is another one."""
    global _shared, _process  # pylint: disable=global-statement
    with _lock:
        if _shared is None or _shared.closed or _process != os.getpid():
            _shared, _process = make_runtime(), os.getpid()
        return _shared


def devices(runtime: Optional[api.Runtime] = None) -> List[Device]:
    """What this machine can compute on."""
    found = json.loads((runtime or shared_runtime()).devices())
    return [Device(device) for device in found["devices"]]


def data_home() -> str:
    """Where the user's models lie: $XDG_DATA_HOME, or ~/.local/share."""
    named = os.environ.get("XDG_DATA_HOME", "")
    return named if os.path.isabs(named) else os.path.join(os.path.expanduser("~"), ".local", "share")


def data_folders() -> List[str]:
    """Where models lie, the user's folder first, then those that packages of the system use."""
    named = os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
    return [data_home(), *filter(os.path.isabs, named.split(":"))]


def locate(name: str) -> str:
    """The path of a model. Where there is none, the error is about the user's folder."""
    reason: Optional[NotFoundError] = None
    for folder in data_folders():
        try:
            return api.Model.locate(name, folder)
        except NotFoundError as error:
            reason = reason or error
    assert reason is not None
    raise reason
