"""Reading and writing weights: safetensors with the model's configuration in the header. Never pickle."""

import hashlib
import json
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from reggan.errors import InputError
from reggan.model import RegGAN, fast_layout

#: The weights that come with the package.
EMBEDDED = Path(__file__).parent / "weights" / "reggan.safetensors"


def save(model: RegGAN, path: str | Path, metadata: dict[str, str] | None = None) -> None:
    """Write a float16 file with `config` and `metadata` in its header."""
    state = {k: v.detach().cpu().half().contiguous() for k, v in model.state_dict().items()}
    state["frame.shape"] = model.frame.shape.detach().cpu().float()  # positions deserve full precision
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    save_file(state, path, {"config": json.dumps(model.config), **(metadata or {})})


def load(path: str | Path) -> tuple[RegGAN, dict[str, str]]:
    """Read a model (float32, eval mode, on the CPU) and its metadata, with "sha256" of the file added.

    Raises:
        InputError: the file is missing, is not safetensors, or does not fit the model.
    """
    path = Path(path)
    try:
        with safe_open(path, framework="pt") as f:
            metadata = dict(f.metadata() or {})
            state = {k: f.get_tensor(k).float() for k in f.keys()}  # noqa: SIM118
        model = RegGAN(**json.loads(metadata["config"]))
        model.load_state_dict(state)
    except FileNotFoundError:
        raise InputError(f"There is no weights file at {path}.") from None
    except (SafetensorError, KeyError, TypeError, ValueError):
        raise InputError(f"{path.name} is not a RegGAN weights file.") from None
    except RuntimeError:
        raise InputError(f"The weights in {path.name} do not fit this version of the model.") from None
    metadata["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    return fast_layout(model.eval()), metadata
