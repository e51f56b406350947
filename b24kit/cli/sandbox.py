"""`sandbox`: a fake Bitrix24 on this machine, to try everything on before a living portal is touched."""

from __future__ import annotations

import typer

from b24kit.errors import B24kitError, UsageError


def sandbox(context: typer.Context) -> None:
    """Serve a fake Bitrix24 or amoCRM portal until Ctrl+C. `b24kit sandbox --help` lists its switches."""
    # The switches are argparse's, so that `python -m b24kit.sandbox` works without anything of the command line.
    from b24kit.sandbox.__main__ import announcement, options, parser
    from b24kit.sandbox.server import serve

    try:
        given = parser().parse_args(context.args)
    except SystemExit as leave:
        raise typer.Exit(64 if leave.code else 0) from None
    try:
        serve(options(given), announcement(given))
    except OSError as error:
        raise B24kitError("sandbox.no_port", port=given.port, why=error.strerror or str(error)) from None
    except ValueError as error:
        raise UsageError("sandbox.bad_switch", why=str(error)) from None
