# SPDX-License-Identifier: MIT
"""The environment of commands in tests: no proxies and no keys of whoever runs them."""
import os

environment = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy") and not k.endswith("_API_KEY")}
