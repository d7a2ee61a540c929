"""Authorities and what they sign, by the program openssl."""
import pathlib
import shutil
import subprocess

import script

DAYS = "2"


def _openssl(*arguments):
    if shutil.which("openssl") is None:
        script.skip("openssl is not installed: Debian's package openssl")
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


class Authority:
    """A certificate authority with its files in `folder`; `certificate` is the path of its own
    certificate."""

    def __init__(self, folder, name):
        self.folder = pathlib.Path(folder)
        self.certificate = self.folder / f"{name}.crt"
        self._key = self.folder / f"{name}.key"
        _openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", DAYS,
                 "-subj", f"/CN={name}", "-keyout", self._key, "-out", self.certificate)

    def sign(self, name, *, expired=False):
        """The paths of a new certificate for 127.0.0.1 and of its key."""
        certificate, key = self.folder / f"{name}.crt", self.folder / f"{name}.key"
        request, extensions = self.folder / f"{name}.csr", self.folder / f"{name}.ext"
        extensions.write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
        _openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                 "-keyout", key, "-out", request)
        _openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self._key, "-CAcreateserial",
                 "-days", "-1" if expired else DAYS, "-extfile", extensions, "-out", certificate)
        return certificate, key
