"""`python -m reggan.publish push --repo NAME`: publish weights with their card; `space`: the demo.

`write` puts into a folder what `push` would publish. The token is that of HF_TOKEN or of `hf auth login`. What is new
is private unless `--public` is given; a repository that exists stays what it is.
"""

import argparse
import sys
from pathlib import Path

from reggan.errors import InputError


def _parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(prog="python -m reggan.publish", description=__doc__)
    commands = p.add_subparsers(dest="command", required=True)
    remote = argparse.ArgumentParser(add_help=False)
    remote.add_argument("--repo", required=True, help="name on the Hub, like someone/reggan")
    remote.add_argument("--public", action="store_true", help="for everybody to see; default: private")
    push = commands.add_parser("push", parents=[remote], help="weights, config.json, model card and sample sheet")
    space = commands.add_parser("space", parents=[remote], help="the demo as a Space")
    write = commands.add_parser("write", help="what `push` would publish, into a folder")
    write.add_argument("-o", "--out", type=Path, required=True)
    write.add_argument("--repo", default="someone/reggan", help="name that the model card gives in its examples")
    for command in (push, write):
        command.add_argument("--weights", help="weights file, folder or repository; default: those of the package")
    space.add_argument("--weights", default="", help="repository that the Space loads, like someone/reggan@commit")
    return p


def main(argv: list[str] | None = None) -> int:
    """Returns the exit code: 2 if nothing was published."""
    args = _parser().parse_args(argv)
    from reggan.publish import push  # loads torch, which `--help` can do without

    try:
        if args.command == "write":
            args.out.mkdir(parents=True, exist_ok=True)
            print(f"{args.out}: SHA-256 {push.write_folder(args.out, args.repo, args.weights)}")
            return 0
        publish = push.push_model if args.command == "push" else push.push_space
        pushed = publish(args.repo, args.weights, private=not args.public)
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{pushed.repo}@{pushed.commit}\n{pushed.address}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
