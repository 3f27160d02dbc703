# SPDX-License-Identifier: MIT
"""Certificates of an authority of a test's own, made by openssl, which every machine with certificates has."""
import pathlib
import shutil
import ssl
import subprocess

OPENSSL = shutil.which("openssl")


class Authority:
    """Signs certificates in a folder; `file` is what clients have to trust."""

    def __init__(self, folder, name="authority"):
        self.folder = pathlib.Path(folder)
        self.file = self._make(name, "basicConstraints=critical,CA:TRUE")

    def _make(self, name, extension, *more):
        file = self.folder / f"{name}.pem"
        subprocess.run([OPENSSL, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                        "-subj", f"/CN={name}", "-addext", extension, "-keyout", file.with_suffix(".key"), "-out", file, *more],
                       check=True, capture_output=True)
        return file

    def server(self, name, host):
        """The TLS of a server that proves to be this host, such as DNS:localhost."""
        file = self._make(name, f"subjectAltName={host}", "-CA", self.file, "-CAkey", self.file.with_suffix(".key"))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file, file.with_suffix(".key"))
        return context
