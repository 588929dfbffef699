"""BRISQUE: how natural do an image's local statistics look? No reference, no network.

Mittal, Moorthy, Bovik, "No-reference image quality assessment in the spatial domain", IEEE TIP 2012, by the PyPI
package `brisque` (Apache-2.0), which carries its regression model whole. Lower is better, about 0 to 100. It was
fitted to distorted photographs: on paintings and drawings only differences from the input mean anything.
"""

import numpy as np

from reggan.metrics.crops import check_images
from reggan.metrics.optional import package


def brisque(outputs: np.ndarray) -> np.ndarray:
    """Scores of (N, H, W, 3) uint8 RGB images: (N,) float64.

    Raises:
        NotAvailable: the package is missing.
    """
    check_images(outputs)
    judge = package("brisque").BRISQUE(url=False)
    return np.array([float(judge.score(image)) for image in outputs])
