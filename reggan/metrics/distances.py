"""FID and KID: how far is one set of images from another, in the features of an Inception network?

FID is the Frechet distance between Gaussians fitted to the features (Heusel et al., NeurIPS 2017),

    FID = |mu_1 - mu_2|^2 + tr(S_1 + S_2 - 2 (S_1 S_2)^1/2),

KID the squared maximum mean discrepancy with the kernel (x . y / d + 1)^3 (Binkowski et al., ICLR 2018), which has no
bias in small sets. Through `torchmetrics` (Apache-2.0) and, for the network, `torch-fidelity` (Apache-2.0), which
downloads the weights at first use. Sets here are small: below `SMALL` images FID is dominated by its bias, which the
report says beside the number; compare methods at equal N only, and look at KID.
"""

from typing import Any, NamedTuple

import numpy as np
import torch

from reggan.metrics.crops import check_images
from reggan.metrics.optional import package, unavailable

SMALL = 2048  # the number of Inception features: with fewer images the covariance is singular
_BATCH = 32


class SetDistance(NamedTuple):
    fid: float
    kid: float
    kid_std: float  # over subsets
    references: int  # images
    outputs: int
    warning: str  # "" if the sets are large enough


def set_distance(references: np.ndarray, outputs: np.ndarray, network: torch.nn.Module | None = None) -> SetDistance:
    """FID and KID of two sets of images.

    Args:
        references, outputs: (N, H, W, 3) and (M, H, W, 3) uint8 RGB, at least two each.
        network: (B, 3, H, W) uint8 to (B, F) features; by default Inception's 2048.

    Raises:
        NotAvailable: the packages are missing or the weights cannot be had.
    """
    check_images(references)
    check_images(outputs)
    fid, kid = _metrics(network, min(len(references), len(outputs)))
    for images, real in ((references, True), (outputs, False)):
        for start in range(0, len(images), _BATCH):
            batch = torch.from_numpy(np.ascontiguousarray(images[start : start + _BATCH])).permute(0, 3, 1, 2)
            for metric in (fid, kid):
                metric.update(batch, real=real)
    torch.manual_seed(0)  # KID draws subsets
    mean, std = kid.compute()
    smallest = min(len(references), len(outputs))
    warning = f"small sets (N = {smallest}): FID is biased upwards" if smallest < SMALL else ""
    return SetDistance(float(fid.compute()), float(mean), float(std), len(references), len(outputs), warning)


def _metrics(network: torch.nn.Module | None, smallest: int) -> tuple[Any, Any]:
    frechet = package("torchmetrics.image.fid").FrechetInceptionDistance
    kernel = package("torchmetrics.image.kid").KernelInceptionDistance
    if network is None:
        package("torch_fidelity")
    try:
        feature: Any = 2048 if network is None else network
        fid = frechet(feature=feature, **({} if network is None else {"input_img_size": (3, 256, 256)}))
        return fid.set_dtype(torch.float64), kernel(feature=feature, subset_size=min(100, smallest))
    except Exception as error:  # downloads fail in many ways, none of them ours
        raise unavailable("the Inception weights could not be loaded", error) from error
