"""A model's `from_pretrained`, `save_pretrained` and `push_to_hub`, as `huggingface_hub.PyTorchModelHubMixin` has them.

The files are the same, and either can read the other's. What differs: nothing is ever unpickled, a checksum is
verified, and what goes wrong is one sentence.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import torch.nn as nn

from reggan.errors import InputError
from reggan.hub.fetch import Options, Unreachable, fetch

if TYPE_CHECKING:
    from reggan.model import RegGAN


class HubModel(nn.Module):
    """What `RegGAN` inherits."""

    config: dict[str, Any]
    #: Of the file it was loaded from: data, licence, attribution. Kept when it is saved.
    metadata: dict[str, str]

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
    ) -> "RegGAN":
        """Load a model, in eval mode, from a repository on the Hub, a folder or a file.

        Raises:
            InputError: it does not exist, does not fit, or cannot be reached.
        """
        from reggan import checkpoint

        path = Path(pretrained_model_name_or_path)
        if not path.exists():
            options = Options(token, cache_dir, force_download, local_files_only)
            try:
                path = fetch(str(pretrained_model_name_or_path), revision, options=options).folder
            except Unreachable as error:
                raise InputError(f"{path} could not be loaded from the Hub: {error}.") from error
        model, metadata = checkpoint.load(path)
        model.metadata = metadata
        return model.to(map_location)

    def save_pretrained(self, save_directory: str | Path) -> None:
        """Write config.json, model.safetensors (float16) and a model card, README.md, if there is none."""
        from reggan import checkpoint
        from reggan.hub.card import model_card

        # Figures belong to a file, not to a model that may have been trained on since.
        kept = {k: v for k, v in self.metadata.items() if k in ("data", "attribution", "license")}
        folder = Path(save_directory)
        checkpoint.save_folder(cast("RegGAN", self), folder, kept)
        if not (folder / "README.md").exists():
            (folder / "README.md").write_text(model_card(kept), encoding="utf-8")

    def push_to_hub(
        self,  # type: ignore[misc]
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
        import tempfile

        from reggan.hub.push import push_folder

        with tempfile.TemporaryDirectory() as folder:
            self.save_pretrained(folder)
            return push_folder(folder, repo_id, private, token, commit_message).address
