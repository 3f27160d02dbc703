# SPDX-License-Identifier: MIT
"""Drives the app as a person does, from outside: a display, a session bus and folders of its own; what is on the screen is
read as a screen reader reads it, and clicks and keys go through the X server.

    with Session() as session, session.app(model=path) as app:
        app.click("button", "New chat")
        app.type_text("Hello")
        app.key("Return")

On GTK 4.8 AT-SPI gives places in the window and not on the screen, and cannot move the focus. There is no window manager:
the window is at the corner of the screen, so that both are the same, and this gives the window the keyboard.
"""
import configparser
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ID = "io.github.libllm.Desktop"
NEEDED = ("Xvfb", "dbus-daemon", "xdotool")
PAGES = ("LgChatPage", "LgModelsPage", "LgSizingPage")
WAIT = 60  # seconds that anything may take on a busy machine before it counts as never
LEAST_AREA = 300 * 200  # of a window; what is smaller is a tooltip
NOISE = re.compile(  # what other libraries say in a session without their services
    r"Unable to acquire session bus|dconf|portal|Settings schema|GtkSettings|Fontconfig|libEGL|MESA|Vulkan|"
    r"org\.freedesktop\.portal|theme .* not found|Could not get a window manager|IBUS|WARNING \*\*: .* Error retrieving"
    r" accessibility", re.I)


def missing():
    """Why there is nothing to run, or None."""
    for name in NEEDED:
        if not shutil.which(name):
            return f"there is no {name}"
    try:
        import gi
        gi.require_version("Atspi", "2.0")
        from gi.repository import Atspi  # noqa: F401
    except (ImportError, ValueError):
        return "there is no AT-SPI for Python (python3-pyatspi)"
    return None


class Lost(AssertionError):
    """Something that should be on the screen is not there."""


class Session:
    """A display and a session bus, and AT-SPI on it."""

    def __init__(self, width=1300, height=900):
        self.size = (width, height)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="libllm-gui-"))
        self.processes = []
        self.last_focused = None

    def _on_focused(self, event):
        if event.detail1:
            self.last_focused = event.source

    def listen(self):
        context = self.glib.MainContext.default()
        while context.iteration(False):
            pass

    def __enter__(self):
        try:
            read, write = os.pipe()
            self.start(["Xvfb", "-displayfd", str(write), "-screen", "0", f"{self.size[0]}x{self.size[1]}x24", "-nolisten",
                        "tcp"], pass_fds=[write])
            os.close(write)
            with os.fdopen(read) as number:
                display = number.readline().strip()
            assert display, "the X server did not start"
            runtime = self.folder / "runtime"
            runtime.mkdir(mode=0o700)
            os.environ.update(DISPLAY=":" + display, XDG_RUNTIME_DIR=str(runtime), GTK_A11Y="atspi", GIO_USE_VFS="local",
                              GDK_BACKEND="x11", GSK_RENDERER="cairo", GDK_DEBUG="gl-disable", NO_AT_BRIDGE="0",
                              GTK_USE_PORTAL="0")
            for name in ("WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "AT_SPI_BUS_ADDRESS", "GTK_IM_MODULE"):
                os.environ.pop(name, None)
            bus = self.start(["dbus-daemon", "--session", "--nofork", "--print-address"], stdout=subprocess.PIPE)
            os.environ["DBUS_SESSION_BUS_ADDRESS"] = bus.stdout.readline().decode().strip()
            import gi
            gi.require_version("Atspi", "2.0")
            from gi.repository import Atspi, GLib
            self.atspi, self.glib = Atspi, GLib
            Atspi.init()
            Atspi.set_timeout(15000, 30000)
            self.listener = Atspi.EventListener.new(self._on_focused)
            self.listener.register("object:state-changed:focused")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout:
                process.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, command, **options):
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL, **options)
        self.processes.append(process)
        return process

    def app(self, program, **options):
        return App(self, program, **options)


class App:
    """The app with folders of its own, which stay when it is started again."""

    scope = None

    def __init__(self, session, program, build, model=None, language="C", dark=False, size=None, home=None, arguments=(),
                 environment=None):
        self.session = session
        self.atspi = session.atspi
        self.program, self.build = pathlib.Path(program).resolve(), pathlib.Path(build).resolve()
        self.home = pathlib.Path(home) if home else pathlib.Path(tempfile.mkdtemp(dir=session.folder))
        self.process = None
        self.arguments = list(arguments)
        self.errors = []
        self.environment = os.environ | {
            "HOME": str(self.home), "XDG_DATA_HOME": str(self.home / "data"), "XDG_CONFIG_HOME": str(self.home / "config"),
            "XDG_STATE_HOME": str(self.home / "state"), "XDG_CACHE_HOME": str(self.home / "cache"),
            "GSETTINGS_BACKEND": "keyfile", "GSETTINGS_SCHEMA_DIR": str(self.build / "gui/data"),
            # Of a locale that every system has: a missing one would quietly be English.
            "LIBLLM_GUI_LOCALE_DIR": str(self.build / "gui/po"), "LC_ALL": "C.UTF-8", "LANG": "C.UTF-8", "LANGUAGE": language,
            **({} if language == "C" else {"PANGO_LANGUAGE": language.replace("_", "-").lower()}), "TZ": "UTC"} | (
                environment or {})
        self.settings(**({"default-model": f"'{model}'"} if model else {}),
                      **{"color-scheme": "'dark'" if dark else "'light'"},
                      **({"window-width": size[0], "window-height": size[1]} if size else {}))

    # --- Running ---

    @property
    def database(self):
        return self.home / "data" / ID / "chats.db"

    @property
    def settings_path(self):
        return self.home / "config" / "glib-2.0" / "settings" / "keyfile"

    def settings(self, **values):
        """Sets what GSettings keeps, as it is written in a file."""
        path = self.settings_path
        path.parent.mkdir(parents=True, exist_ok=True)
        parser = configparser.RawConfigParser()
        parser.optionxform = str
        parser.read(path)
        section = "/".join(ID.split("."))
        if not parser.has_section(section):
            parser.add_section(section)
        for name, value in values.items():
            parser.set(section, name, str(value))
        with open(path, "w", encoding="utf-8") as file:
            parser.write(file, space_around_delimiters=False)

    def start(self):
        self.log = open(self.home / "stderr.txt", "ab")
        self.started = time.monotonic()
        self.process = subprocess.Popen([self.program, *self.arguments], env=self.environment, cwd=self.home, stdout=self.log,
                                        stderr=self.log)
        self.root = self.wait(self._application, "the app on the accessibility bus")
        self.scope = None
        self.frame = self.find("frame")
        self.window = self.wait(self._window, "a window on the screen")
        self.seconds_to_start = time.monotonic() - self.started
        subprocess.run(["xdotool", "windowfocus", "--sync", self.window], check=False)
        return self

    __enter__ = start

    def __exit__(self, kind, *_):
        if self.process and self.process.poll() is None:
            if kind is None:
                self.quit()
            else:
                self.show_tree()
                if self.process.poll() is None and shutil.which("import") and (self.build / "meson-logs").is_dir():
                    self.picture(self.build / "meson-logs" / "app-failed.png")
                self.kill()

    def _application(self):
        desktop = self.atspi.get_desktop(0)
        desktop.set_cache_mask(self.atspi.Cache.NONE)  # nobody here listens to what would keep it true
        desktop.clear_cache()
        for i in range(desktop.get_child_count()):
            child = desktop.get_child_at_index(i)
            if child and child.get_process_id() == self.process.pid:
                child.set_cache_mask(self.atspi.Cache.NONE)
                return child
        if self.process.poll() is not None:
            raise Lost(f"the app ended with {self.process.returncode}:\n" + self.said())
        return None

    def _window(self):
        areas = self._areas()
        largest = max(areas, key=areas.get, default=None)
        return largest if largest and areas[largest] > LEAST_AREA else None

    def _areas(self):
        """Of the windows on the screen, by their ids."""
        found = subprocess.run(["xdotool", "search", "--onlyvisible", "--pid", str(self.process.pid)], check=False,
                               capture_output=True, text=True).stdout.split()
        areas = {}
        for window in found:  # tooltips and popovers have windows, too
            try:
                width, height = self._geometry(window)
            except (subprocess.CalledProcessError, KeyError):
                continue
            areas[window] = width * height
        return areas

    def resize_dialogs(self, width, height):
        """As a window manager does where they are larger than the screen."""
        for window, area in self._areas().items():
            if window != self.window and area > LEAST_AREA:
                subprocess.run(["xdotool", "windowsize", window, str(width), str(height)], check=True)

    def quit(self):
        """As with Ctrl+Q."""
        self.key("ctrl+q")
        try:
            self.process.wait(WAIT)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Lost("the app does not quit") from None
        assert self.process.returncode == 0, f"the app ended with {self.process.returncode}:\n" + self.said()
        self.log.close()

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.log.close()

    def said(self):
        return (self.home / "stderr.txt").read_text(errors="replace")

    def complaints(self):
        """What it wrote about itself that is wrong."""
        return [line for line in self.said().splitlines()
                if re.search(r"CRITICAL|WARNING|ERROR|assert|Sanitizer", line) and not NOISE.search(line)]

    # --- Seeing ---

    def windows(self):
        found = [self.root.get_child_at_index(i) for i in range(self.root.get_child_count())]
        return [window for window in found if window]

    def nodes(self, root=None, skipped=()):
        """All that is on the screen below it, in its order, but not what has one of the names `skipped`. GTK 4.8 says
        "showing" of windows only; what has no size, such as the other pages of a stack, is not there."""
        stack = [root or self.scope or self.root]
        while stack:
            node = stack.pop()
            try:
                role = node.get_role_name()
                if role not in ("application", "frame", "window", "dialog"):
                    if not node.get_state_set().contains(self.atspi.StateType.VISIBLE):
                        continue
                    if node.get_component_iface():
                        size = self.place(node)[2:]
                        if not (size[0] and size[1]):
                            continue
                    if skipped and node.get_name() in skipped:
                        continue
                yield node
                children = [node.get_child_at_index(i) for i in range(node.get_child_count())]
            except Exception:  # it went while we looked
                continue
            stack.extend(child for child in reversed(children) if child)

    def look_in(self, name):
        """From now on only what is in the part of this name is looked at, which takes less time; None: everything."""
        self.scope = None
        self.scope = self.find(None, name) if name else None

    def find_all(self, role, name=None, root=None):
        """NAME is a text, or a regular expression that must fit all of it."""
        found = []
        for node in self.nodes(root):
            try:
                if role and node.get_role_name() != role:
                    continue
                text = node.get_name() or ""
            except Exception:
                continue
            if name is None or (name.fullmatch(text) if hasattr(name, "fullmatch") else text == name):
                found.append(node)
        return found

    def find(self, role, name=None, seconds=WAIT, last=False):
        found = self.wait(lambda: self.find_all(role, name), f"{role} {name!r}", seconds)
        return found[-1 if last else 0]

    def texts(self, root=None):
        """Everything that can be read, in its order."""
        for node in self.nodes(root):
            text = self.text_of(node)
            if text:
                yield text

    def text_of(self, node):
        try:
            if node.get_text_iface():
                n = self.atspi.Text.get_character_count(node)
                text = self.atspi.Text.get_text(node, 0, n)
                if text:
                    return text
            return node.get_name() or ""
        except Exception:
            return ""

    def wait_for_text(self, pattern, seconds=WAIT):
        compiled = re.compile(pattern, re.S)
        return self.wait(lambda: next((m for m in map(compiled.search, self.texts()) if m), None), f"the text {pattern!r}",
                         seconds)

    def wait(self, condition, what, seconds=WAIT):
        until = time.monotonic() + seconds
        while True:
            value = condition()
            if value:
                return value
            if self.process.poll() is not None:
                raise Lost(f"the app ended with {self.process.returncode} while waiting for {what}:\n" + self.said())
            if time.monotonic() > until:
                raise Lost(f"waited in vain for {what}")
            time.sleep(0.05)

    def wait_for_toast(self, pattern):
        """Which is there for some seconds only, so that the pages are not looked at."""
        compiled = re.compile(pattern, re.S)
        self.wait(lambda: any(compiled.search(self.text_of(node)) for node in self.nodes(self.frame, PAGES)),
                  f"the toast {pattern!r}")

    def wait_until_gone(self, role, name=None, seconds=WAIT):
        self.wait(lambda: not self.find_all(role, name), f"{role} {name!r} to go", seconds)

    def has_state(self, node, state):
        try:
            return node.get_state_set().contains(getattr(self.atspi.StateType, state.upper()))
        except Exception:
            return False

    def focused(self):
        """What the app has said that the keyboard goes to, or what says so itself, which takes longer to find."""
        self.session.listen()
        node = self.session.last_focused
        if node and self.has_state(node, "focused"):
            return node
        found = [node for node in self.nodes() if self.has_state(node, "focused")]
        return found[-1] if found else None

    def show_tree(self, file=sys.stderr):
        def walk(node, depth):
            try:
                print("  " * depth + f"{node.get_role_name()} {node.get_name()!r}", file=file)
                for i in range(node.get_child_count()):
                    child = node.get_child_at_index(i)
                    if child and self.has_state(child, "showing"):
                        walk(child, depth + 1)
            except Exception as error:
                print("  " * depth + f"({error})", file=file)
        walk(self.root, 0)
        print(self.said(), file=file)

    # --- Doing ---

    def place(self, node):
        extents = self.atspi.Component.get_extents(node, self.atspi.CoordType.WINDOW)
        return extents.x, extents.y, extents.width, extents.height

    def click(self, role, name=None, button=1, last=False):
        node = role if not isinstance(role, str) else self.find(role, name, last=last)
        def on_screen():  # before the first frame it may be anywhere
            place = self.place(node)
            return place if place[0] >= 0 and place[1] >= 0 and place[2] > 0 and place[3] > 0 else None
        x, y, width, height = self.wait(on_screen, f"a place for {role} {name!r}")
        # The window has a border, which is not part of what AT-SPI calls the window.
        frame = self.place(self.frame)
        border = (self.width() - frame[2]) // 2
        self.click_at(x + width // 2 + border, y + height // 2 + border, button)
        return node

    def click_at(self, x, y, button=1, times=1):
        # Not with --sync, which waits for ever where the pointer is there already.
        subprocess.run(["xdotool", "mousemove", str(x), str(y), "click", "--repeat", str(times), "--delay", "20", str(button)],
                       check=True)

    def move_focus(self, *names):
        """A key that gives the keyboard to something else, which this waits for."""
        self.session.listen()
        self.session.last_focused = None
        self.key(*names)
        until = time.monotonic() + 2
        while not self.session.last_focused and time.monotonic() < until:
            time.sleep(0.005)
            self.session.listen()

    def activate(self, node):
        """What a screen reader does to press something."""
        assert self.atspi.Action.do_action(node, 0)

    def key(self, *names):
        subprocess.run(["xdotool", "key", "--clearmodifiers", *names], check=True)

    def type_text(self, text):
        subprocess.run(["xdotool", "type", "--delay", "15", "--", text], check=True)

    def picture(self, path):
        subprocess.run(["import", "-window", "root", "-crop", f"{self.width()}x{self.height()}+0+0", "+repage", str(path)],
                       check=True, stderr=subprocess.DEVNULL)

    def width(self):
        return self._geometry()[0]

    def height(self):
        return self._geometry()[1]

    def _geometry(self, window=None):
        said = subprocess.run(["xdotool", "getwindowgeometry", "--shell", window or self.window], check=True, capture_output=True,
                              text=True).stdout
        values = dict(line.split("=") for line in said.split())
        return int(values["WIDTH"]), int(values["HEIGHT"])
