"""What a training hands to the compiler."""

import jax

from prosemble.training import loop


def programs(monkeypatch, train):
    """Return the text of every program that `train()` runs, before compilation."""
    texts, run = [], loop.run

    def recorded(*arguments):
        leaves, structure = jax.tree.flatten(arguments)
        flat = jax.jit(lambda *leaves: run(*jax.tree.unflatten(structure, leaves)))
        texts.append(flat.lower(*leaves).as_text())
        return run(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(loop, "run", recorded)
        train()
    return texts
