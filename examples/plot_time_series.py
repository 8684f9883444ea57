"""
Time series: what a window looks like
=====================================

A machine is watched by an accelerometer. Windows of its signal become a few features that an engineer can read, and the
model learns a typical window of each state and what tells the states apart.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy.stats import kurtosis
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from prosemble.models import GMLVQ

# %%
# Synthetic signals, so that this page needs no download: a healthy machine hums at 30 Hz, an unbalanced one hums
# louder, a worn bearing knocks now and then, a loose foot adds an overtone. Load and noise vary.

RATE, LENGTH = 1000, 1000
time = np.arange(LENGTH) / RATE
rng = np.random.default_rng(0)


def window(state):
    load, phase = rng.uniform(0.8, 1.2), rng.uniform(0, 2 * np.pi)
    signal = load * np.sin(2 * np.pi * 30 * time + phase) + rng.normal(scale=rng.uniform(0.3, 0.6), size=LENGTH)
    if state == "unbalanced":
        signal += 0.7 * load * np.sin(2 * np.pi * 30 * time + phase)
    if state == "worn bearing":
        for start in np.arange(rng.integers(90), LENGTH - 20, 90):
            signal[start : start + 20] += rng.uniform(1, 3) * np.exp(-np.arange(20) / 5)
    if state == "loose foot":
        signal += rng.uniform(0.3, 0.6) * np.sin(2 * np.pi * 60 * time + phase)
    return signal


states = np.repeat(["healthy", "unbalanced", "worn bearing", "loose foot"], 60)
signals = np.array([window(state) for state in states])

# %%
# A handful of features for each window. Whatever makes them will do: libraries of features, or a transformer of your
# own in the pipeline.


def features(signals):
    power = np.abs(np.fft.rfft(signals)) ** 2 / LENGTH
    band = {f"log power at {hz} Hz": np.log(power[:, hz - 2 : hz + 3].sum(axis=1)) for hz in (30, 60, 90)}
    return pd.DataFrame(
        {
            "root mean square": np.sqrt((signals**2).mean(axis=1)),
            "crest factor": np.abs(signals).max(axis=1) / np.sqrt((signals**2).mean(axis=1)),
            "kurtosis": kurtosis(signals, axis=1),
            "roughness": np.abs(np.diff(signals)).mean(axis=1),
            **band,
        }
    )


X = features(signals)
pipeline = make_pipeline(
    StandardScaler(), GMLVQ(latent_dim=2, transfer_fn="sigmoid_beta", lr=0.05, lr_scheduler="cosine_decay")
)
scores = cross_val_score(pipeline, X, states, cv=5)
print(f"{scores.mean():.3f} ± {scores.std():.3f} right")

# %%
# ``GMLVQ`` with two latent dimensions is a classifier and a map at once: each window is a point, and the state is that
# of the nearest prototype, as you can see with a ruler.

scaler, model = pipeline.fit(X, states)
points, centres = pipeline.transform(X), model.prototypes_ @ model.omega_
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained")
for label, centre, marker in zip(model.prototype_labels_, centres, "osD^", strict=True):
    (dots,) = left.plot(*points[states == label].T, marker, markersize=4, alpha=0.5, label=label)
    left.plot(*centre, marker, color=dots.get_color(), markeredgecolor="black", markersize=10)
left.set(xlabel="first direction", ylabel="second direction", aspect="equal")
left.legend(frameon=False, fontsize=8)
relevance = model.lambda_.diagonal()
order = relevance.argsort()
right.barh(X.columns[order], relevance[order])
right.set(xlabel="relevance (diagonal of lambda, sums to one)")
plt.show()

# %%
# And the prototypes in the units of the features:

pd.DataFrame(scaler.inverse_transform(model.prototypes_), model.prototype_labels_, X.columns).T.round(2)
