"""Publishing: a model repository with its card, and a Space with the demo."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reggan.errors import InputError
from reggan.expressions import BASIC
from reggan.output import provenance
from reggan.output.contact_sheet import expression_rows, grid
from reggan.predictor import Predictor
from reggan.publish.card import model_card
from reggan.weights.files import load_model, save_folder

ROOT = Path(__file__).resolve().parents[2]
SHEET = "sheet.jpg"

_EXAMPLES = ("photo_grace_hopper.jpg", "painting_mona_lisa.jpg", "statue_marble.jpg", "avatar_3d.jpg")
#: What a Space needs of the repository; its settings are README.md's front matter.
_SPACE = ["README.md", "LICENSE", "app.py", "packages.txt", "requirements.txt", "docs/*", "examples/*", "reggan/*"]
_NEVER = ["**/__pycache__/*", "*.pyc", "*.pyi"]


@dataclass(frozen=True)
class Pushed:
    """A commit on the Hub."""

    repo: str
    commit: str
    address: str


def write_folder(folder: Path, repo: str, weights: str | Path | None = None, examples: Path = ROOT / "examples") -> str:
    """Write all that a model repository holds: weights, config.json, the card and, if the examples are there, a sheet.

    Returns:
        SHA-256 of the weights.
    """
    predictor = Predictor.from_pretrained(weights)
    if predictor.notice:
        raise InputError("{notice}", notice=predictor.notice)
    kept = {k: v for k, v in predictor.metadata.items() if k not in ("config", "sha256", "revision")}
    save_folder(predictor.model, folder, kept)
    _, metadata = load_model(folder)
    pictures = [examples / name for name in _EXAMPLES if (examples / name).is_file()]
    if pictures:
        write_sheet(predictor, pictures, folder / SHEET)
    card = model_card(metadata, repo, SHEET if pictures else "")
    (folder / "README.md").write_text(card, encoding="utf-8")
    return metadata["sha256"]


def write_sheet(predictor: Predictor, pictures: list[Path], file: Path) -> None:
    """One row per picture: the input and the six basic expressions."""
    rows = [expression_rows(predictor, predictor.analyse(path), BASIC, coarse=False)[0] for path in pictures]
    sheet = grid(rows)
    sheet = sheet.resize((sheet.width * 5 // 8, sheet.height * 5 // 8))
    provenance.save(np.asarray(sheet), file, predictor.metadata, ", ".join(BASIC), quality=90)


def push_model(repo: str, weights: str | Path | None = None, private: bool = True, token: str | None = None) -> Pushed:
    """Publish weights with their card.

    Raises:
        InputError: the weights cannot be read, or the Hub refuses or cannot be reached.
    """
    with tempfile.TemporaryDirectory() as folder:
        write_folder(Path(folder), repo, weights)
        return push_folder(folder, repo, private, token, "RegGAN's weights")


def push_folder(folder: str | Path, repo: str, private: bool, token: str | None, message: str) -> Pushed:
    """Put a folder's files into a model repository, in one commit."""
    return _push(Path(folder), repo, "model", private, token, message)


def push_space(
    repo: str, weights: str = "", private: bool = True, token: str | None = None, root: Path = ROOT
) -> Pushed:
    """Publish the demo as a Space, with `weights` ("owner/name@commit") as its REGGAN_WEIGHTS.

    Raises:
        InputError: this is an installed package without app.py, or the Hub refuses or cannot be reached.
    """
    if not (root / "app.py").is_file():
        raise InputError("A Space is pushed from a checkout of RegGAN, and app.py is not here.")
    return _push(root, repo, "space", private, token, "RegGAN's demo", weights)


def _push(
    folder: Path, repo: str, kind: str, private: bool, token: str | None, message: str, weights: str = ""
) -> Pushed:
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    space = kind == "space"
    variables = [{"key": "REGGAN_WEIGHTS", "value": weights}] if weights else None
    try:
        api = HfApi(token=token)
        made = api.create_repo(
            repo,
            repo_type=kind,
            private=private,
            exist_ok=True,
            space_sdk="gradio" if space else None,
            space_variables=variables,
        )
        commit = api.upload_folder(
            repo_id=made.repo_id,
            repo_type=kind,
            folder_path=folder,
            commit_message=message,
            allow_patterns=_SPACE if space else None,
            ignore_patterns=_NEVER,
        )
    except HFValidationError:
        raise InputError("A repository on the Hub has a name like someone/reggan, unlike {repo}.", repo=repo) from None
    except HfHubHTTPError as error:
        status = error.response.status_code
        if status in (401, 403):
            raise InputError(
                "The Hub does not let you write {repo}; HF_TOKEN must be a token that may.", repo=repo
            ) from None
        raise InputError(
            "The Hub answered with error {status}; {repo} was not changed.", status=status, repo=repo
        ) from None
    except Exception as error:  # noqa: BLE001 - of several libraries: sockets, HTTP, uploads
        raise InputError(
            "The upload to {repo} failed: {why}", repo=repo, why=(str(error).splitlines() or ["no reason"])[0]
        ) from error
    return Pushed(made.repo_id, commit.oid, str(commit.commit_url))
