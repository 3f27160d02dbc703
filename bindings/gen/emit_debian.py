# SPDX-License-Identifier: MIT
"""The symbols file of the Debian package libllm0: what the library exports, and since which release."""
from typing import Dict

from emitting import Json

FILE = "packaging/debian/libllm0.symbols"


def emit(api: Json) -> Dict[str, str]:
    since = {function["name"]: function["since"] for function in api["functions"]}
    releases = sorted(set(since.values()), key=lambda text: [int(part) for part in text.split(".")])
    lines = ["libllm.so.0 libllm0 #MINVER#", "* Build-Depends-Package: libllm-dev"]
    lines += [f" LIBLLM_{release}@LIBLLM_{release} {release}" for release in releases]
    lines += [f" {name}@LIBLLM_{release} {release}" for name, release in sorted(since.items())]
    return {FILE: "\n".join(lines) + "\n"}
