"""The two torch networks against the JavaScript they were ported from.

tests/data/faceapi_reference.npz: eight 150 x 150 images (four crops of the public-domain portrait of Grace Hopper that
comes with matplotlib, two drawn faces, noise, a gradient) and what @vladmandic/face-api 1.7.15 answers in node 20 on
tfjs 4.22's CPU backend: `FaceExpressionNet.forwardInput` on the central 112 x 112 pixels, `FaceRecognitionNet.
forwardInput` on the whole. Inputs have the networks' own sizes, so nothing is resized on either side.
"""

from pathlib import Path

import numpy as np
import pytest
import torch

from reggan.metrics import expression_net, recognition_net

REFERENCE = np.load(Path(__file__).with_name("faceapi_reference.npz"))


@pytest.fixture(scope="module")
def images() -> torch.Tensor:
    return torch.from_numpy(REFERENCE["images"]).permute(0, 3, 1, 2).float()  # (8, 3, 150, 150)


def test_expression_network_equals_the_javascript(images):
    probabilities = expression_net.logits(images[:, :, 19:131, 19:131]).softmax(1).numpy()
    assert probabilities.shape == (8, 7)
    np.testing.assert_allclose(probabilities, REFERENCE["probabilities"], rtol=0, atol=1e-5)


def test_recognition_network_equals_the_javascript(images):
    embeddings = recognition_net.embed(images).numpy()
    assert embeddings.shape == (8, 128)
    np.testing.assert_allclose(embeddings, REFERENCE["embeddings"], rtol=0, atol=1e-5)


def test_reference_is_not_trivial():
    assert len(set(REFERENCE["probabilities"].argmax(1))) >= 3
    assert REFERENCE["embeddings"].std(axis=0).mean() > 0.01
