#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Every control of the pages of Sizing has a name for screen readers: sizing_names.py PROGRAM

Runs PROGRAM --stay PAGE, which shows one page, and asks AT-SPI for everything that can have the focus or be pressed.
It wants a display and a session bus of its own: xvfb-run dbus-run-session -- sizing_names.py PROGRAM."""
import os
import subprocess
import sys
import time

PAGES = ["run", "serve", "train", "compare", "documents"]
PATIENCE_S = 60
CLASSES = ("Gtk", "Adw", "Lg")

try:
    import gi
    gi.require_version("Atspi", "2.0")
    from gi.repository import Atspi, GLib
except (ImportError, ValueError):
    print("1..0 # SKIP there is no AT-SPI for Python (gir1.2-atspi-2.0, python3-gi)")
    sys.exit(0)


def find_application(pid):
    desktop = Atspi.get_desktop(0)
    for i in range(desktop.get_child_count()):
        application = desktop.get_child_at_index(i)
        if application is not None and application.get_process_id() == pid:
            return application
    return None


def walk(node, path, found):
    """Names what can have the focus and has no name; counts the rest. What is hidden is not walked."""
    try:
        role, name, states = node.get_role_name(), node.get_name() or "", node.get_state_set()
        if role not in ("application", "frame", "window") and not states.contains(Atspi.StateType.VISIBLE):
            return
        if states.contains(Atspi.StateType.FOCUSABLE):
            found["n"] += 1
            if any(part.startswith("combo box") for part in path):
                pass  # GTK's own button and entries inside a drop-down, which has the name
            elif not name.strip() or name.startswith(CLASSES):
                found["unnamed"].append(" / ".join(path[-5:] + [f"{role} '{name}'"]))
        for i in range(node.get_child_count()):
            child = node.get_child_at_index(i)
            if child is not None:
                walk(child, path + [f"{role} '{name}'"[:40]], found)
    except GLib.Error as error:  # gone meanwhile
        print("#", error.message)


def check(program, page):
    environment = dict(os.environ, GTK_A11Y="atspi")
    process = subprocess.Popen([program, "--stay", page], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                               env=environment)
    try:
        for line in process.stdout:
            if line.strip() == "ready":
                break
        end = time.monotonic() + PATIENCE_S
        application = None
        while application is None and time.monotonic() < end:
            application = find_application(process.pid)
            time.sleep(0.2)
        if application is None:
            return 0, ["it is not on the bus"]
        time.sleep(1)
        found = {"n": 0, "unnamed": []}
        walk(application, [], found)
        return found["n"], found["unnamed"]
    finally:
        process.stdin.close()
        try:
            process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()


def main():
    program = sys.argv[1]
    bad = 0
    print(f"1..{len(PAGES)}")
    for number, page in enumerate(PAGES, 1):
        n, unnamed = check(program, page)
        good = n >= 3 and not unnamed
        bad += not good
        print(f"{'ok' if good else 'not ok'} {number} {page}: {n} controls")
        for one in unnamed:
            print("#   without a name:", one)
    return bad > 0


sys.exit(main())
