"""Distances and losses written as their definitions read: one pair or one sample at a time, NumPy, float64."""

import numpy as np
from scipy.special import logsumexp


def pairs(to):
    """Make a function of a sample, a prototype and its index one of matrices."""

    def matrix(X, W, *args):
        return np.array([[to(x, w, k, *args) for k, w in enumerate(W)] for x in X], dtype=np.float64)

    return matrix


squared_euclidean = pairs(lambda x, w, k: ((x - w) ** 2).sum())
euclidean = pairs(lambda x, w, k: np.sqrt(((x - w) ** 2).sum()))
manhattan = pairs(lambda x, w, k: np.abs(x - w).sum())
lpnorm = pairs(lambda x, w, k, p: (np.abs(x - w) ** p).sum() ** (1 / p))
omega = pairs(lambda x, w, k, omega: (x - w) @ omega @ omega.T @ (x - w))
lomega = pairs(lambda x, w, k, omegas: (x - w) @ omegas[k] @ omegas[k].T @ (x - w))
tangent = pairs(lambda x, w, k, bases: (x - w) @ (np.eye(len(x)) - bases[k] @ bases[k].T) @ (x - w))
gaussian_kernel = pairs(lambda x, w, k, sigma: np.exp(-((x - w) ** 2).sum() / (2 * sigma**2)))
wasserstein2 = pairs(lambda x, w, k, logs: ((x - w) ** 2).sum() + np.exp(logs[k]).sum())
wasserstein2_omega = pairs(
    lambda x, w, k, logs, o: (x - w) @ o @ o.T @ (x - w) + np.trace(o.T @ np.diag(np.exp(logs[k])) @ o)
)
wasserstein2_relevance = pairs(lambda x, w, k, logs, r: (r * ((x - w) ** 2 + np.exp(logs[k]))).sum())
kernel_per_proto = pairs(lambda x, w, k, s: 2 - 2 * np.exp(-((x - w) ** 2).sum() / (2 * s[k] ** 2)))
kernel_relevance = pairs(lambda x, w, k, s, r: 2 - 2 * np.exp(-(r * (x - w) ** 2).sum() / (2 * s[k] ** 2)))


@pairs
def exponential_kernel(x, w, k, omega):
    def kernel(a, b):
        return np.exp(a @ omega @ omega.T @ b)

    return kernel(x, x) - 2 * kernel(x, w) + kernel(w, w)


def samples(of):
    """Make a function of the own and the other distances of a sample a mean over samples."""

    def mean(D, y, c):
        return np.mean([of(row[c == label], row[c != label]) for row, label in zip(D, y, strict=True)])

    return mean


glvq = samples(lambda own, other: (own.min() - other.min()) / (own.min() + other.min()))
lvq1 = samples(lambda own, other: own.min() if own.min() <= other.min() else -other.min())
lvq21 = samples(lambda own, other: own.min() - other.min())
nllr = samples(lambda own, other: logsumexp(-other / 2) - logsumexp(-own / 2))
rslvq = samples(lambda own, other: logsumexp(-np.concatenate([own, other]) / 2) - logsumexp(-own / 2))


def cross_entropy(D, y, c):
    logits = np.array([[-row[c == label].min() for label in np.unique(c)] for row in D])
    return np.mean(logsumexp(logits, axis=1) - logits[np.arange(len(y)), y])
