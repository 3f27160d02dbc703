# SPDX-License-Identifier: MIT
"""python -m libllm.ray: the command with Ray, where it is installed."""
import sys

from ..batch.command import main

sys.exit(main(program="python -m libllm.ray", executor="auto"))
