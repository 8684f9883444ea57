"""Double precision, for as long as a test asks for it."""

import jax


def float64():
    """Return the context in which JAX has 64 bits, under the name that this version of JAX gives it."""
    return jax.enable_x64(True) if hasattr(jax, "enable_x64") else jax.experimental.enable_x64()
