"""What a training hands to the compiler."""

import jax

from prosemble.training import loop


def programs(monkeypatch, train, compiled=False):
    """Return the text of every program that `train()` runs, before compilation or as it is compiled."""
    texts, run = [], loop.run

    def recorded(*arguments):
        leaves, structure = jax.tree.flatten(arguments)
        flat = jax.jit(lambda *leaves: run(*jax.tree.unflatten(structure, leaves)))
        program = flat.lower(*leaves)
        texts.append(program.compile().as_text() if compiled else program.as_text())
        return run(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(loop, "run", recorded)
        train()
    return texts
