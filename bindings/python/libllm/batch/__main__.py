# SPDX-License-Identifier: MIT
"""python -m libllm.batch"""
import sys

from .command import main

sys.exit(main(program="python -m libllm.batch"))
