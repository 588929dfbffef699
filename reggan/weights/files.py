"""Reads and writes weights: safetensors, with the model's configuration in the header or beside it. Never pickle."""

import hashlib
import json
from pathlib import Path
from typing import Any, TypeVar, overload

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from reggan.errors import InputError
from reggan.model.config import ModelConfig
from reggan.model.reggan import RegGAN, fast_layout
from reggan.weights.fetch import CONFIG, WEIGHTS
from reggan.weights.source import EMBEDDED

__all__ = ["EMBEDDED", "load_model", "save_folder", "save_model"]


#: Positions and distances, which are kept in full precision.
_POSITIONS = ("frame.shape", "neutral.", "refinement.shape.", "refinement.mean.displacement")


def save_model(model: RegGAN, path: str | Path, metadata: dict[str, str] | None = None) -> None:
    """Write a float16 file with `config` and `metadata` in its header."""
    state = {
        k: v.detach().cpu().to(torch.float32 if k.startswith(_POSITIONS) else torch.float16).contiguous()
        for k, v in model.state_dict().items()
    }
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    save_file(state, path, {"config": json.dumps(model.config.to_dict()), **(metadata or {})})


def save_folder(model: RegGAN, folder: str | Path, metadata: dict[str, str] | None = None) -> None:
    """Write `model.safetensors`, and the `ModelConfig` with the weights' SHA-256 as `config.json`."""
    folder = Path(folder)
    save_model(model, folder / WEIGHTS, metadata)
    config = {**model.config.to_dict(), "model_type": "reggan", "sha256": _sha256(folder / WEIGHTS)}
    (folder / CONFIG).write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")


Model = TypeVar("Model", bound=RegGAN)


@overload
def load_model(path: str | Path) -> tuple[RegGAN, dict[str, str]]: ...
@overload
def load_model(path: str | Path, kind: type[Model]) -> tuple[Model, dict[str, str]]: ...
def load_model(path: str | Path, kind: type[RegGAN] = RegGAN) -> tuple[RegGAN, dict[str, str]]:
    """Read a model (float32, eval mode, on the CPU) and its metadata, to which the file's "sha256" is added.

    Args:
        path: a file from `save_model`, or a folder from `save_folder`, whose checksum is verified.
        kind: the class to build: `RegGAN`, or one with the same constructor.

    Raises:
        InputError: a file is missing, is not safetensors, is damaged, or does not fit the model.
    """
    path = Path(path)
    if path.is_dir():
        config = _read_config(path)
        return _load(path / WEIGHTS, kind, config, config.get("sha256"))
    return _load(path, kind)


def _load(
    path: Path, kind: type[RegGAN], config: dict[str, Any] | None = None, expected: str | None = None
) -> tuple[RegGAN, dict[str, str]]:
    try:
        checksum = _sha256(path)
        if expected is not None and checksum != expected:
            raise InputError(
                "The weights in {name} are damaged or changed: their checksum is not the one in {config}.",
                name=path.name,
                config=CONFIG,
            )
        with safe_open(path, framework="pt") as f:
            metadata = dict(f.metadata() or {})
            state = {k: f.get_tensor(k).float() for k in f.keys()}  # noqa: SIM118
        model = kind(ModelConfig.from_dict(json.loads(metadata["config"]) if config is None else config))
        model.load_state_dict(state)
    except FileNotFoundError:
        raise InputError("There is no weights file at {path}.", path=path) from None
    except InputError:
        raise
    except (SafetensorError, KeyError, TypeError, ValueError, IndexError, ZeroDivisionError):
        raise InputError("{name} is not a RegGAN weights file.", name=path.name) from None
    except RuntimeError:
        raise InputError("The weights in {name} do not fit this version of the model.", name=path.name) from None
    metadata["sha256"] = checksum
    return fast_layout(model.eval()), metadata


def _read_config(folder: Path) -> dict[str, Any]:
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        if not isinstance(config, dict):
            raise ValueError
    except FileNotFoundError:
        raise InputError("There is no {config} in {folder}.", config=CONFIG, folder=folder) from None
    except ValueError:
        raise InputError("{config} is not the configuration of a RegGAN.", config=CONFIG) from None
    return config


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
