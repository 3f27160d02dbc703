#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Whatever in the app opens a connection or starts a program asks the switch for working offline, lg_network_allows(), in
the same file; the others are named here, with what they do instead.

usage: connections.py ROOT
"""
import pathlib
import re
import sys

OPENS = re.compile(r"\b(soup_session_send\w*|soup_session_websocket\w*|g_socket_\w*connect\w*|g_network_\w+_new|g_subprocess_new\w*|"
                   r"g_subprocess_launcher_spawnv?|g_spawn_\w+|gtk_show_uri\w*|gtk_uri_launcher\w*|g_app_info_launch\w*|"
                   r"adw_about_window_set_website|gtk_link_button_new\w*|popen|socket|connect|getaddrinfo|execv\w*|system)\s*\(")
OTHERS = {
    "chat/attachment_read.c": "runs pdftotext on a file, whose output it reads",
    "models/models_page.c": "shows a folder of this computer",
    "mcp/stdio.c": "runs the programs of tools that were switched on, as the page of connections says",
}


def main(root):
    folder = pathlib.Path(root) / "gui/src"
    problems, met = [], set()
    for path in sorted(folder.rglob("*.c")):
        text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        calls = sorted({match[1] for match in OPENS.finditer(text)})
        name = str(path.relative_to(folder))
        if calls and name in OTHERS:
            met.add(name)
        elif calls and "lg_network_allows(" not in text:
            problems.append(f"gui/src/{name} calls {', '.join(calls)} and does not ask lg_network_allows()")
    problems += [f"gui/src/{name} opens nothing any more" for name in sorted(OTHERS.keys() - met)]
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
