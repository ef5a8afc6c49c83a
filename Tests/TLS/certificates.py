"""Makes certificates with openssl."""

import secrets
import subprocess
import typing

LOCAL = "DNS:localhost,IP:127.0.0.1"


class Pair(typing.NamedTuple):
    certificate: str
    key: str

    @property
    def options(self):
        return "--ssl-certfile", self.certificate, "--ssl-keyfile", self.key


def openssl(*words, **options) -> str:
    return subprocess.run(["openssl", *words], check=True, capture_output=True, text=True, **options).stdout


def make_pair(path, subject="/CN=localhost", names=LOCAL, signer=None, days=90, kind="ec", is_authority=False, usage=None) -> Pair:
    """Makes a certificate and its key at `path`, self-signed or signed by the pair of an authority."""
    pair = Pair(f"{path}.pem", f"{path}.key")
    key = ["rsa:2048"] if kind == "rsa" else ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    extensions = [f"basicConstraints=critical,CA:{'TRUE' if is_authority else 'FALSE'}"]
    extensions += [f"subjectAltName={names}"] if names else []
    extensions += [f"extendedKeyUsage={usage}"] if usage else []
    openssl("req", "-new", "-newkey", *key, "-nodes", "-utf8", "-subj", subject, "-keyout", pair.key, "-out", f"{path}.csr",
            *(word for text in extensions for word in ("-addext", text)))
    signed = ["-CA", signer.certificate, "-CAkey", signer.key] if signer else ["-key", pair.key]
    openssl("x509", "-req", "-in", f"{path}.csr", "-copy_extensions", "copyall", "-days", str(days), *signed,
            "-set_serial", str(secrets.randbits(64)), "-out", pair.certificate)
    return pair
