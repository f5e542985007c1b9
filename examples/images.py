"""Search a network for images: scikit-learn's handwritten digits, 8 by 8 pixels each.

python examples/images.py            half a minute: little more than the hand-made networks
python examples/images.py 5m         as long as you like, and better
"""

import sys
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from coeval.estimators import ArchitectureClassifier
from coeval.export.predictor import Predictor


def main(budget: str = "30s") -> None:
    digits = load_digits()
    images = np.round(digits.images * (255 / 16)).astype(np.uint8)[..., None]  # (images, 8, 8, 1)
    known, fresh, labels, truth = train_test_split(
        images, digits.target, test_size=0.25, stratify=digits.target, random_state=0
    )
    model = ArchitectureClassifier(budget, random_state=0).fit(known, labels)
    print(model.describe())
    print(f"the best of {model.run_.counts.done} networks by {model.run_.objective.name}")
    print(f"accuracy on {len(fresh)} images never seen before: {model.score(fresh, truth):.3f}")

    folder = model.save(Path("digits-model"))
    found = Predictor(folder).predict(fresh[:5])  # through ONNX Runtime, without torch
    print(found[["image", "prediction"]].assign(truth=truth[:5]).to_string(index=False))


if __name__ == "__main__":
    main(*sys.argv[1:2])
