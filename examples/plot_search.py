"""
Searching settings, and a model
===============================

``BatchedSearchCV`` is used as scikit-learn's ``GridSearchCV`` and trains candidates that share a program together.
``AutoPrototypeClassifier`` also chooses the scaling and the model.
"""

import matplotlib.pyplot as plt
import pandas as pd
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from prosemble import AutoPrototypeClassifier
from prosemble.model_selection import BatchedSearchCV
from prosemble.models import GLVQ

X, y = load_breast_cancer(return_X_y=True, as_frame=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.3, stratify=y, random_state=0)

# %%
# Twenty-five candidates and five folds are 125 trainings; all of them share one program, since only numbers differ.

pipeline = make_pipeline(StandardScaler(), GLVQ(transfer_fn="sigmoid_beta", lr_scheduler="cosine_decay"))
settings = {"glvq__beta": [1.0, 2.0, 5.0, 10.0, 20.0], "glvq__lr": [0.01, 0.03, 0.1, 0.3, 1.0]}
search = BatchedSearchCV(pipeline, settings, cv=5).fit(X_train, y_train)
print(search.best_params_, f"{search.best_score_:.3f}; on rows held out {search.score(X_test, y_test):.3f}")

# %%
# A table of all of them says whether the best is a peak or chance:

results = pd.DataFrame(search.cv_results_)
table = results.pivot(index="param_glvq__beta", columns="param_glvq__lr", values="mean_test_score")
figure, ax = plt.subplots(figsize=(5.5, 3.6), layout="constrained")
cells = ax.imshow(table, cmap="cividis", origin="lower")
for row, beta in enumerate(table.index):
    for column, lr in enumerate(table.columns):
        score = table.loc[beta, lr]
        colour = "black" if score > table.to_numpy().mean() else "white"
        ax.text(column, row, f"{score:.3f}", ha="center", va="center", fontsize=8, color=colour)
ax.set(xticks=range(5), xticklabels=table.columns, xlabel="lr", yticks=range(5), yticklabels=table.index, ylabel="beta")
figure.colorbar(cells, label="right, five folds")
plt.show()

# %%
# And without choosing anything. With ``time_budget=0`` only the first models are tried; a minute, which is the default,
# goes on to other kinds, and then to what is like the best of them.

auto = AutoPrototypeClassifier(time_budget=0, max_prototypes=3).fit(X_train, y_train)
print(f"on rows held out {auto.score(X_test, y_test):.3f}")
auto.leaderboard_[["scaling", "model", "prototypes_per_class", "accuracy", "chosen"]].head(8)
