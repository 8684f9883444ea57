"""
Images: prototypes that can be looked at
========================================

A prototype of images is an image. Here are three for each of the ten digits, and what the model says of digits that it
gets wrong.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from prosemble.models import GLVQ

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X / 16, y, test_size=0.3, stratify=y, random_state=0)

# %%
# All pixels have one unit, so that there is nothing to scale. Neither has the model to see all images at once:

model = GLVQ(n_prototypes_per_class=3, transfer_fn="sigmoid_beta", lr=0.02, batch_size=128, max_iter=60)
model.fit(X_train, y_train)
print(f"{model.score(X_test, y_test):.3f} right of {len(y_test)} digits held out, with 30 prototypes")

# %%
# The prototypes:

figure, panels = plt.subplots(3, 10, figsize=(8, 2.6), layout="constrained")
for ax, prototype in zip(panels.T.ravel(), model.prototypes_, strict=True):
    ax.imshow(prototype.reshape(8, 8), cmap="gray_r", vmin=0, vmax=1)
    ax.axis("off")
plt.show()

# %%
# What is doubtful? ``mu`` compares the nearest prototype with the nearest of another class: 0 on the border, -1 on a
# prototype. Here are the digits that the model is least sure of among those it gets wrong, each with the two prototypes
# it is between.

distances = model.distances(X_test)
nearest = distances.argmin(axis=1)
rows = np.arange(len(X_test))
others = np.where(model.prototype_labels_ == model.prototype_labels_[nearest][:, None], np.inf, distances)
second = others.argmin(axis=1)
mu = (distances[rows, nearest] - others[rows, second]) / (distances[rows, nearest] + others[rows, second])
wrong = np.flatnonzero(model.prototype_labels_[nearest] != y_test)
shown = wrong[mu[wrong].argsort()[::-1][:6]]

figure, panels = plt.subplots(3, len(shown), figsize=(8, 4), layout="constrained")
for column, row in zip(panels.T, shown, strict=True):
    images = X_test[row], model.prototypes_[nearest[row]], model.prototypes_[second[row]]
    labels = (
        f"a {y_test[row]}",
        f"taken for a {model.prototype_labels_[nearest[row]]}",
        f"next: {model.prototype_labels_[second[row]]}",
    )
    for ax, image, label in zip(column, images, labels, strict=True):
        ax.imshow(image.reshape(8, 8), cmap="gray_r", vmin=0, vmax=1)
        ax.set_title(label, fontsize=9)
        ax.axis("off")
plt.show()
