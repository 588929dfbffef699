"""Convert face-api's two quantised networks to safetensors: `python -m reggan.metrics.convert_faceapi MODEL_FOLDER`.

MODEL_FOLDER is `node_modules/@vladmandic/face-api/model` after `npm install @vladmandic/face-api@1.7.15` (MIT licence,
kept beside the weights). The files in `reggan/metrics/weights/` were made this way; nobody needs to run it again.

face-api stores a tensor as uint8 with one `scale` and one `min`, value = uint8 * scale + min, or as float32. Both are
kept as they are, under face-api's own names; `NAME#quantization` holds (scale, min) in float64.
"""

import argparse
import json
import math
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from reggan.metrics.weights import FOLDER, RANGE_SUFFIX

NETWORKS = {"expression": "face_expression_model", "recognition": "face_recognition_model"}
METADATA = {
    "source": "npm package @vladmandic/face-api 1.7.15, a fork of face-api.js 0.22.2 (justadudewhohacks)",
    "licence": "MIT, see LICENSE-face-api.txt",
}


def read_network(folder: Path, stem: str) -> dict[str, np.ndarray]:
    """Tensors of one network in TensorFlow's axis order, uint8 (with a (2,) float64 range beside each) or float32."""
    (group,) = json.loads((folder / f"{stem}-weights_manifest.json").read_text())
    data = b"".join((folder / path).read_bytes() for path in group["paths"])
    tensors: dict[str, np.ndarray] = {}
    offset = 0
    for entry in group["weights"]:
        quantization = entry.get("quantization")
        dtype = np.dtype(quantization["dtype"] if quantization else entry["dtype"])
        count = math.prod(entry["shape"])
        tensors[entry["name"]] = np.frombuffer(data, dtype, count, offset).reshape(entry["shape"])
        if quantization:
            tensors[entry["name"] + RANGE_SUFFIX] = np.array([quantization["scale"], quantization["min"]])
        offset += count * dtype.itemsize
    if offset != len(data):
        raise ValueError(f"{stem} has {len(data)} bytes of weights, its manifest describes {offset}")
    return tensors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model_folder", type=Path)
    folder = parser.parse_args().model_folder
    for name, stem in NETWORKS.items():
        save_file(read_network(folder, stem), FOLDER / f"{name}.safetensors", METADATA)


if __name__ == "__main__":
    main()
