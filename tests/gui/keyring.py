#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A keyring for tests, as org.freedesktop.secrets on the session bus: one collection, without encryption between it and its
callers, in memory. What it has is written to a file after each change. The secret "refused" is not kept.

usage: keyring.py FILE
"""
import json
import pathlib
import sys

import gi
gi.require_version("Gio", "2.0")
from gi.repository import Gio, GLib  # noqa: E402

SERVICE, COLLECTION, SESSION = "/org/freedesktop/secrets", "/org/freedesktop/secrets/aliases/default", "/session"
SECRET = "(oayays)"
XML = f"""<node>
 <interface name="org.freedesktop.Secret.Service">
  <method name="OpenSession"><arg type="s" direction="in"/><arg type="v" direction="in"/>
   <arg type="v" direction="out"/><arg type="o" direction="out"/></method>
  <method name="SearchItems"><arg type="a{{ss}}" direction="in"/><arg type="ao" direction="out"/><arg type="ao" direction="out"/></method>
  <method name="Unlock"><arg type="ao" direction="in"/><arg type="ao" direction="out"/><arg type="o" direction="out"/></method>
  <method name="GetSecrets"><arg type="ao" direction="in"/><arg type="o" direction="in"/><arg type="a{{o{SECRET}}}" direction="out"/></method>
  <method name="ReadAlias"><arg type="s" direction="in"/><arg type="o" direction="out"/></method>
  <property name="Collections" type="ao" access="read"/>
 </interface>
 <interface name="org.freedesktop.Secret.Collection">
  <method name="CreateItem"><arg type="a{{sv}}" direction="in"/><arg type="{SECRET}" direction="in"/><arg type="b" direction="in"/>
   <arg type="o" direction="out"/><arg type="o" direction="out"/></method>
  <property name="Label" type="s" access="read"/><property name="Locked" type="b" access="read"/>
  <property name="Items" type="ao" access="read"/>
 </interface>
 <interface name="org.freedesktop.Secret.Item">
  <method name="Delete"><arg type="o" direction="out"/></method>
  <property name="Locked" type="b" access="read"/><property name="Label" type="s" access="read"/>
  <property name="Attributes" type="a{{ss}}" access="read"/>
 </interface>
</node>"""


class Keyring:
    def __init__(self, path):
        self.path = path
        self.items, self.number = {}, 0  # path: (label, attributes, secret)
        self.interfaces = Gio.DBusNodeInfo.new_for_xml(XML).interfaces
        self.bus = Gio.bus_get_sync(Gio.BusType.SESSION)
        self.export(SERVICE, 0)
        self.export(COLLECTION, 1)
        Gio.bus_own_name_on_connection(self.bus, "org.freedesktop.secrets", Gio.BusNameOwnerFlags.NONE,
                                       lambda *_: self.write(), None)  # the file tells that it can be asked

    def export(self, path, which):
        return self.bus.register_object(path, self.interfaces[which], self.call, self.get, None)

    def write(self):
        new = self.path.with_suffix(".new")
        new.write_text(json.dumps([{"label": label, "attributes": attributes, "secret": secret}
                                   for label, attributes, secret, _ in self.items.values()]))
        new.rename(self.path)

    def call(self, _bus, _sender, path, _interface, method, parameters, invocation):
        try:
            invocation.return_value(getattr(self, method)(path, *parameters.unpack()))
        except LookupError as error:
            invocation.return_dbus_error("org.freedesktop.DBus.Error.NotSupported", str(error))

    def get(self, _bus, _sender, path, _interface, name):
        label, attributes, _, _ = self.items.get(path, ("Default", {}, "", 0))
        return {"Collections": GLib.Variant("ao", [COLLECTION]), "Label": GLib.Variant("s", label),
                "Locked": GLib.Variant("b", False), "Items": GLib.Variant("ao", list(self.items)),
                "Attributes": GLib.Variant("a{ss}", attributes)}[name]

    # --- Methods ---

    def OpenSession(self, _path, algorithm, _input):
        if algorithm != "plain":
            raise LookupError("no encryption")
        return GLib.Variant("(vo)", (GLib.Variant("s", ""), SESSION))

    def SearchItems(self, _path, wanted):
        found = [path for path, (_, attributes, _, _) in self.items.items() if wanted.items() <= attributes.items()]
        return GLib.Variant("(aoao)", (found, []))

    def Unlock(self, _path, paths):
        return GLib.Variant("(aoo)", (paths, "/"))

    def ReadAlias(self, _path, _name):
        return GLib.Variant("(o)", (COLLECTION,))

    def GetSecrets(self, _path, paths, session):
        return GLib.Variant(f"(a{{o{SECRET}}})", ({path: (session, [], list(self.items[path][2].encode()), "text/plain")
                                                   for path in paths if path in self.items},))

    def CreateItem(self, _path, properties, secret, replaces):
        if bytes(secret[2]) == b"refused":
            raise LookupError("this keyring does not like it")
        attributes = properties["org.freedesktop.Secret.Item.Attributes"]
        path = next((p for p, item in self.items.items() if replaces and item[1] == attributes), None)
        registration = self.items[path][3] if path else None
        if not path:
            self.number += 1
            path = f"{SERVICE}/item{self.number}"
            registration = self.export(path, 2)
        self.items[path] = (properties["org.freedesktop.Secret.Item.Label"], attributes, bytes(secret[2]).decode(), registration)
        self.write()
        return GLib.Variant("(oo)", (path, "/"))

    def Delete(self, path):
        self.bus.unregister_object(self.items.pop(path)[3])
        self.write()
        return GLib.Variant("(o)", ("/",))


if __name__ == "__main__":
    Keyring(pathlib.Path(sys.argv[1]))
    GLib.MainLoop().run()
