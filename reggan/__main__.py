"""`python -m reggan edit INPUT... -e happy -o OUT`: edit pictures from the command line.

`python -m reggan animate INPUT -e happy -o LOOP.webp` lets a face take on an expression and let it go, and
`python -m reggan sheet INPUT... -o SHEET.png` puts every basic expression of each picture's largest face on one sheet.
"""

import sys

from reggan.cli import arguments
from reggan.errors import InputError


def main(argv: list[str] | None = None) -> int:
    """Returns the exit code: 0 only if every input worked, 2 if nothing could be begun."""
    args = arguments.parser().parse_args(argv)
    from reggan.cli import commands  # loads torch, which `--help` can do without

    run = {"edit": commands.edit, "animate": commands.make_animation, "sheet": commands.make_sheet}[args.command]
    try:
        return run(args)
    except InputError as error:
        print(error, file=sys.stderr)
    except OSError as error:
        print(f"{args.out} cannot be written: {error.strerror or error}.", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
