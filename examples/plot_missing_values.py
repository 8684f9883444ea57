"""
Gaps in the table
=================

With ``allow_nan=True`` samples are compared over what was observed of them. Nothing is filled in, neither for training
nor for prediction, and prototypes are complete.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from prosemble.models import GLVQ

data = load_breast_cancer(as_frame=True)
X, y = data.data, data.target_names[data.target]
settings = {"transfer_fn": "sigmoid_beta", "lr": 0.1, "lr_scheduler": "cosine_decay"}

# %%
# We hide values at random, more and more of them, and compare with the usual way, the mean of the feature in each gap.
# Each score is of rows that were held out, with gaps, too.

ways = {
    "allow_nan=True": make_pipeline(StandardScaler(), GLVQ(allow_nan=True, **settings)),
    "means in the gaps": make_pipeline(SimpleImputer(), StandardScaler(), GLVQ(**settings)),
}
shares = [0.0, 0.3, 0.6, 0.9]
right = {way: [] for way in ways}
for share in shares:
    hidden = np.random.default_rng(0).random(X.shape) < share
    hidden[np.arange(len(X)), np.random.default_rng(1).integers(X.shape[1], size=len(X))] = False  # each row has one
    for way, pipeline in ways.items():
        right[way].append(cross_val_score(pipeline, X.mask(hidden), y, cv=5))

figure, ax = plt.subplots(figsize=(6, 3.4), layout="constrained")
for (way, scores), marker in zip(right.items(), "os", strict=True):
    ax.errorbar(shares, np.mean(scores, axis=1), np.std(scores, axis=1), marker=marker, capsize=3, label=way)
ax.set(xlabel="share of values hidden", ylabel="right, of rows held out", xticks=shares)
ax.legend(frameon=False)
plt.show()

# %%
# A prototype is complete even where every row it was learned from had gaps, and may be read as any other:

scaler, model = ways["allow_nan=True"].fit(X.mask(hidden), y)
for label, prototype in zip(model.prototype_labels_, scaler.inverse_transform(model.prototypes_), strict=True):
    print(f"{label}: mean radius {prototype[0]:.1f}, mean texture {prototype[1]:.1f}, mean area {prototype[3]:.0f}")
