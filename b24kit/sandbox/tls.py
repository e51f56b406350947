"""A certificate authority of the sandbox's own, so that clients can speak HTTPS to it as to the cloud."""

from __future__ import annotations

import ssl
from pathlib import Path

import trustme


def server_context(ca_file: Path | None) -> ssl.SSLContext:
    """A context for localhost and 127.0.0.1. The authority's certificate is written to `ca_file` for the clients.

    Clients take it by SSL_CERT_FILE or REQUESTS_CA_BUNDLE; it is made anew on every start and its key is never stored.
    """
    authority = trustme.CA(organization_name="b24kit sandbox")
    if ca_file is not None:
        authority.cert_pem.write_to_path(str(ca_file))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost", "127.0.0.1", "::1").configure_cert(context)
    return context
