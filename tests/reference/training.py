"""A GLVQ training as the options' definitions read: gradient descent, NumPy, float64, one step after the other."""

from typing import NamedTuple

import numpy as np


class Trained(NamedTuple):
    prototypes: np.ndarray
    history: np.ndarray
    val_history: np.ndarray


def loss_and_gradient(X, y, weight, W, c, beta, margin):
    """Weighted mean of sigmoid(beta (mu + margin)), or of mu + margin where beta is None, and its gradient."""
    loss, gradient = 0.0, np.zeros_like(W)
    for x, label, factor in zip(X, y, weight / weight.sum(), strict=True):
        d = ((x - W) ** 2).sum(axis=1)
        plus = np.where(c == label, d, np.inf).argmin()
        minus = np.where(c == label, np.inf, d).argmin()
        total = d[plus] + d[minus]
        mu = (d[plus] - d[minus]) / total + margin
        value = mu if beta is None else 1 / (1 + np.exp(-beta * mu))
        slope = 1.0 if beta is None else beta * value * (1 - value)
        loss += factor * value
        gradient[plus] += factor * slope * 2 * d[minus] / total**2 * 2 * (W[plus] - x)
        gradient[minus] -= factor * slope * 2 * d[plus] / total**2 * 2 * (W[minus] - x)
    return loss, gradient


def train(
    X, y, W, c, *, max_iter, rates, beta=5.0, margin=0.0, batches=None, weight=None, validation=None,
    accumulate=1, ema=None, lookahead=None, frozen=False, epsilon=0.0, patience=None, restore_best=False,
):  # fmt: skip
    """`rates(t)` is the learning rate of update t, `batches(epoch)` a list of index arrays (None: full batch)."""
    weight = np.ones(len(X)) if weight is None else weight
    W = np.array(W, float)
    average, slow = W.copy(), W.copy()
    waiting, steps, updates = np.zeros_like(W), 0, 0
    history, val_history = [], []
    best, best_loss, stalled, to_improve, previous = W, np.inf, 0, np.inf, np.inf

    def held():
        return average if ema is not None else slow if lookahead is not None else W

    for epoch in range(max_iter):
        before, losses = held().copy(), 0.0
        for rows in [np.arange(len(X))] if batches is None else batches(epoch):
            loss, gradient = loss_and_gradient(X[rows], y[rows], weight[rows], W, c, beta, margin)
            losses += loss * weight[rows].sum() / weight.sum()
            steps, waiting = steps + 1, waiting + gradient / accumulate
            if steps % accumulate:
                continue
            if not frozen:
                W = W - rates(updates) * waiting
            waiting, updates = np.zeros_like(W), updates + 1
            if lookahead is not None and updates % lookahead[0] == 0:
                slow = slow + lookahead[1] * (W - slow)
                W = slow.copy()
            if ema is not None:
                average = ema * average + (1 - ema) * W
        history.append(losses)
        monitored, measured = losses, before if batches is None else held()
        if validation is not None:
            ones = np.ones(len(validation[0])) if len(validation) == 2 else validation[2]
            monitored, measured = loss_and_gradient(*validation[:2], ones, held(), c, beta, margin)[0], held()
            val_history.append(monitored)
        elif restore_best and held() is not W:
            monitored, measured = loss_and_gradient(X, y, weight, held(), c, beta, margin)[0], held()
        if monitored < best_loss:
            best, best_loss = measured.copy(), monitored
        if patience is not None:
            improved = monitored < to_improve - epsilon
            stalled, to_improve = (0, monitored) if improved else (stalled + 1, to_improve)
            if stalled == patience:
                break
        elif 0 < abs(monitored - previous) < epsilon:
            break
        previous = monitored
    return Trained(best if restore_best else held(), np.array(history), np.array(val_history))
