"""
Classes of unequal size
=======================

Where one class has one row in twenty, the mean loss hardly sees it. ``class_weight`` says what a row of each class is
worth, and ``n_prototypes_per_class`` gives the large class the prototypes that its shape needs.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_moons
from sklearn.metrics import balanced_accuracy_score, recall_score
from sklearn.model_selection import train_test_split

from prosemble.models import GLVQ

X, y = make_moons((1900, 100), noise=0.28, random_state=0)
y = np.array(["usual", "rare"])[y]
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.5, stratify=y, random_state=0)

# %%
# The same model, with all rows alike and with both classes alike. Weights are factors of the loss, exactly: a weight of
# 19 is the same as 19 copies of the row.

settings = {
    "n_prototypes_per_class": {"usual": 4, "rare": 2},
    "transfer_fn": "sigmoid_beta",
    "lr": 0.05,
    "lr_scheduler": "cosine_decay",
    "max_iter": 200,
}
models = {
    "all rows alike": GLVQ(**settings).fit(X_train, y_train),
    "class_weight='balanced'": GLVQ(class_weight="balanced", **settings).fit(X_train, y_train),
}
for name, model in models.items():
    predicted = model.predict(X_test)
    found = recall_score(y_test, predicted, pos_label="rare")
    balanced = balanced_accuracy_score(y_test, predicted)
    print(f"{name}: {found:.2f} of the rare found, balanced accuracy {balanced:.2f}")

# %%
# Balance has its price: more of the usual are taken for rare. Which is right depends on what each mistake costs, and is
# not for the model to say; ``class_weight`` also takes a number for each label.

figure, panels = plt.subplots(1, 2, figsize=(8, 3.4), layout="constrained", sharey=True)
x, z = np.meshgrid(np.linspace(X[:, 0].min(), X[:, 0].max(), 200), np.linspace(X[:, 1].min(), X[:, 1].max(), 200))
for ax, (name, model) in zip(panels, models.items(), strict=True):
    rare = model.predict(np.column_stack([x.ravel(), z.ravel()])).reshape(x.shape) == "rare"
    ax.contourf(x, z, rare, levels=[-0.5, 0.5, 1.5], colors=["#D9EAF3", "#FBF1D9"])
    for label, colour in ("usual", "#0072B2"), ("rare", "#E69F00"):
        ax.plot(*X_test[y_test == label].T, ".", color=colour, markersize=4, alpha=0.6, label=label)
        own = model.prototypes_[model.prototype_labels_ == label]
        ax.plot(*own.T, "D", color=colour, markeredgecolor="black", markersize=9)
    ax.set(title=name, xticks=[], yticks=[])
panels[1].legend(frameon=False)
plt.show()
