"""A model's `from_pretrained`, `save_pretrained` and `push_to_hub`, as `huggingface_hub.PyTorchModelHubMixin` has them.

The files are the same, and either can read the other's. What differs: nothing is ever unpickled, a checksum is
verified, and what goes wrong is one sentence.
"""

import tempfile
from pathlib import Path

from reggan.errors import InputError
from reggan.model.config import ModelConfig
from reggan.model.reggan import RegGAN
from reggan.publish.card import model_card
from reggan.publish.push import push_folder
from reggan.weights.fetch import Options, Unreachable, fetch
from reggan.weights.files import load_model, save_folder


class HubModel(RegGAN):
    """The bare network with the Hub's three methods."""

    def __init__(self, config: ModelConfig = ModelConfig()) -> None:  # noqa: B008  (it is frozen)
        super().__init__(config)
        #: Of the file it was loaded from: data, licence, attribution. Kept when it is saved.
        self.metadata: dict[str, str] = {}

    @classmethod
    def from_pretrained(
        cls,
        pretrained_model_name_or_path: str | Path,
        *,
        revision: str | None = None,
        token: str | bool | None = None,
        cache_dir: str | Path | None = None,
        force_download: bool = False,
        local_files_only: bool = False,
        map_location: str = "cpu",
    ) -> "HubModel":
        """Load a model, in eval mode, from a repository on the Hub, a folder or a file.

        Raises:
            InputError: it does not exist, does not fit, or cannot be reached.
        """
        path = Path(pretrained_model_name_or_path)
        if not path.exists():
            options = Options(token, cache_dir, force_download, local_files_only)
            try:
                path = fetch(str(pretrained_model_name_or_path), revision, options=options).folder
            except Unreachable as error:
                raise InputError("{repo} could not be loaded from the Hub: {why}.", repo=path, why=error) from error
        model, metadata = load_model(path, cls)
        model.metadata = metadata
        return model.to(map_location)

    def save_pretrained(self, save_directory: str | Path) -> None:
        """Write config.json, model.safetensors (float16) and a model card, README.md, if there is none."""
        # Figures belong to a file, not to a model that may have been trained on since.
        kept = {k: v for k, v in self.metadata.items() if k in ("data", "attribution", "license")}
        folder = Path(save_directory)
        save_folder(self, folder, kept)
        if not (folder / "README.md").exists():
            (folder / "README.md").write_text(model_card(kept), encoding="utf-8")

    def push_to_hub(
        self,
        repo_id: str,
        *,
        private: bool = True,
        token: str | None = None,
        commit_message: str = "RegGAN",
    ) -> str:
        """Write what `save_pretrained` does into a repository, which is made if it does not exist.

        Returns:
            the commit's address.

        Raises:
            InputError: the Hub refuses, or cannot be reached.
        """
        with tempfile.TemporaryDirectory() as folder:
            self.save_pretrained(folder)
            return push_folder(folder, repo_id, private, token, commit_message).address
