"""
A table: typical wines, and what tells them apart
=================================================

Thirteen measurements of 178 wines of three cultivars. We ask for one typical wine of each, in the units of the table,
and for a weight of each measurement.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.datasets import load_wine
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from prosemble.models import GLVQ, GRLVQ

data = load_wine(as_frame=True)
X = data.data.rename(columns={"od280/od315_of_diluted_wines": "od280/od315"})
y = data.target.map(dict(enumerate(["Barolo", "Grignolino", "Barbera"])))

# %%
# Two ways to train, and how good each is on wines that were not trained on. A sigmoid lets wines near the border count
# most, the plain loss all wines.

border = {"transfer_fn": "sigmoid_beta", "lr": 0.1, "lr_scheduler": "cosine_decay"}
plain = {"prototypes_initializer": "class_mean", "lr": 0.03}
for name, settings in {"sigmoid": border, "plain": plain}.items():
    scores = cross_val_score(make_pipeline(StandardScaler(), GLVQ(**settings)), X, y, cv=5)
    print(f"{name}: {scores.mean():.3f} ± {scores.std():.3f} right")

# %%
# The prototypes, back in the units of the table. Those of the plain loss may be read as typical wines. Those of the
# sigmoid lie where they decide best, which need not be where a wine can be: look at the flavanoids of Barbera.


def typical(settings):
    scaler, model = make_pipeline(StandardScaler(), GLVQ(**settings)).fit(X, y)
    return pd.DataFrame(scaler.inverse_transform(model.prototypes_.astype(float)), model.prototype_labels_, X.columns)


pd.concat({"plain": typical(plain).T, "sigmoid": typical(border).T}, axis=1).round(1)

# %%
# The plain ones, drawn in standard deviations from the mean wine:

figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
for (label, wine), marker in zip(((typical(plain) - X.mean()) / X.std()).iterrows(), "osD", strict=True):
    ax.plot(wine, range(X.shape[1]), marker=marker, linewidth=1, label=label)
ax.axvline(0, color="0.5", linewidth=0.8, zorder=0)
ax.set(
    yticks=range(X.shape[1]), yticklabels=X.columns.str.replace("_", " "), xlabel="standard deviations from the mean"
)
ax.invert_yaxis()
ax.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
plt.show()

# %%
# Which measurements count? ``GRLVQ`` learns a weight for each. A single fit is an opinion; ten fits on random halves of
# the wines show how firm it is.


def relevances(rows):
    part = make_pipeline(StandardScaler(), GRLVQ(prototypes_initializer="class_mean", **border))
    return part.fit(X.iloc[rows], y.iloc[rows])[-1].relevances_


halves = np.array([relevances(np.random.default_rng(seed).permutation(len(X))[:89]) for seed in range(10)])
learned = relevances(np.arange(len(X)))
order = learned.argsort()
figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
ax.barh(range(len(order)), learned[order], alpha=0.6, label="all wines")
ax.plot(halves[:, order].T, range(len(order)), "k.", markersize=4, alpha=0.5)
ax.axvline(1 / len(order), color="0.5", linestyle="--", linewidth=0.8, label="at the start")
ax.set(yticks=range(len(order)), yticklabels=X.columns[order].str.replace("_", " "), xlabel="relevance (sums to one)")
ax.legend(loc="lower right", frameon=False)
plt.show()
