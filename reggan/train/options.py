"""The options that all commands of training have."""

import argparse
from dataclasses import fields
from pathlib import Path
from typing import Any

import torch

from reggan.pairs import layout
from reggan.pairs.layout import Subject

Subjects = list[Subject]


def add_recipe(parser: argparse.ArgumentParser, recipe: type) -> None:
    """One option for each field of a dataclass with defaults."""
    for f in fields(recipe):
        name = "--" + f.name.replace("_", "-")
        parser.add_argument(name, type=type(f.default), default=f.default, help=f"default {f.default}")


def read_recipe(args: argparse.Namespace, recipe: type) -> Any:
    """The dataclass with the options' values."""
    return recipe(**{f.name: getattr(args, f.name) for f in fields(recipe)})


def data_options() -> argparse.ArgumentParser:
    """Which pairs to train on, which people to keep out, and where."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--data", type=Path, required=True, help="folder of identities, see reggan/pairs/layout.py")
    common.add_argument("--validation", type=Path, help="file of identities that are never trained on")
    common.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    return common


def run_options() -> argparse.ArgumentParser:
    """Where a run that can be resumed leaves its files, and when it stops."""
    running = argparse.ArgumentParser(add_help=False)
    running.add_argument("-o", "--out", type=Path, required=True, help="folder for checkpoints, log and sheets")
    running.add_argument("--minutes", type=float, default=float("inf"), help="stop after this time, resumable")
    return running


def read_subjects(args: argparse.Namespace) -> tuple[Subjects, Subjects]:
    """Training and validation people; without a list of the latter, the first eight of the former."""
    held_out = layout.read_list(args.validation)
    training = layout.load(args.data, without=held_out)
    return training, layout.load(args.data, only=held_out) if held_out else training[:8]
