"""
Gaps in the table
=================

With ``allow_nan=True`` samples are compared over what was observed of them. Nothing is filled in, neither for training
nor for prediction, and prototypes are complete.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
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


def with_gaps(share):
    rng = np.random.default_rng(0)
    hidden = rng.random(X.shape) < share
    hidden[np.arange(len(X)), rng.integers(X.shape[1], size=len(X))] = False  # one value stays in each row
    return X.mask(hidden)


right = {way: [cross_val_score(ways[way], with_gaps(share), y, cv=5) for share in shares] for way in ways}

figure, ax = plt.subplots(figsize=(6, 3.4), layout="constrained")
for (way, scores), marker in zip(right.items(), "os", strict=True):
    ax.errorbar(shares, np.mean(scores, axis=1), np.std(scores, axis=1), marker=marker, capsize=3, label=way)
ax.set(xlabel="share of values hidden", ylabel="right, of rows held out", xticks=shares)
ax.legend(frameon=False)
plt.show()

# %%
# On this table neither way is better beyond the noise: its features say much the same, so that a few are enough. What
# ``allow_nan`` gives is that no value was made up. A prediction can be explained by what was measured of this patient,
# and a patient with two values is compared by two values.
#
# A prototype is complete even where every row it was learned from had gaps, and may be read as any other:

scaler, model = ways["allow_nan=True"].fit(with_gaps(0.6), y)
prototypes = pd.DataFrame(scaler.inverse_transform(model.prototypes_.astype(float)), model.prototype_labels_, X.columns)
prototypes[["mean radius", "mean texture", "mean smoothness", "worst concavity"]].round(2)
