"""Kohonen's rules as they are printed: one sample after the other, NumPy, float64."""

import numpy as np


def train(rule, X, y, W, c, orders, *, lr, window=0.3, epsilon=0.2):
    """`orders` are the rows of each pass; return the prototypes and the share of wrong decisions of each pass."""
    X, W = np.asarray(X, float), np.array(W, float)
    rates = np.full(len(W), lr)
    errors, t, updates = [], 0, sum(map(len, orders))
    for order in orders:
        wrong = 0
        for row in order:
            x, label = X[row], y[row]
            d = np.sqrt(((x - W) ** 2).sum(axis=1))
            i, j = np.argsort(d, kind="stable")[:2]
            alpha = lr * (1 - t / updates)
            t += 1
            wrong += c[i] != label
            inside = min(d[i] / d[j], d[j] / d[i]) > (1 - window) / (1 + window)
            if rule == "LVQ1":
                W[i] += alpha * (x - W[i]) if c[i] == label else -alpha * (x - W[i])
            elif rule == "OLVQ1":
                s = 1 if c[i] == label else -1
                rates[i] = min(rates[i] / (1 + s * rates[i]), lr)
                W[i] += s * rates[i] * (x - W[i])
            elif rule == "LVQ2":
                if c[i] != label and c[j] == label and inside:
                    W[i] -= alpha * (x - W[i])
                    W[j] += alpha * (x - W[j])
            elif rule in ("LVQ21", "LVQ3"):
                if (c[i] == label) != (c[j] == label) and inside:
                    right, other = (i, j) if c[i] == label else (j, i)
                    W[right] += alpha * (x - W[right])
                    W[other] -= alpha * (x - W[other])
                elif rule == "LVQ3" and c[i] == c[j] == label:
                    for k in (i, j):
                        W[k] += epsilon * alpha * (x - W[k])
        errors.append(wrong / len(order))
    return W, np.array(errors)
