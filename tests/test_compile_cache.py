import subprocess
import sys

import jax
import pytest

import prosemble

OLD = jax.__version_info__ < (0, 6, 2)

FIT = """
import jax
from prosemble.models import GLVQ
events = []
jax.monitoring.register_event_listener(lambda name, **_: events.append(name.rsplit("/", 1)[-1]))
GLVQ(max_iter=2).fit([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])
print(events.count("cache_hits"), events.count("cache_misses"))
"""


def compiled(folder):
    """Return how many programs a new process has found in the folder, and how many it has not."""
    environment = {"PROSEMBLE_COMPILE_CACHE": str(folder), "PATH": ""}
    result = subprocess.run([sys.executable, "-c", FIT], env=environment, capture_output=True, text=True, check=True)
    return tuple(map(int, result.stdout.split()))


@pytest.mark.skipif(OLD, reason="programs that such a JAX reads back give wrong results")
def test_a_new_process_compiles_nothing_that_is_in_the_folder(tmp_path):
    folder = tmp_path / "programs"
    assert compiled(folder) == (0, 1)
    assert compiled(folder) == (1, 0)


@pytest.mark.skipif(not OLD, reason="of an older JAX")
def test_a_jax_that_reads_programs_wrongly_is_refused(tmp_path):
    with pytest.raises(RuntimeError, match=r"JAX 0\.6\.2 or newer"):
        prosemble.enable_compile_cache(tmp_path)


@pytest.mark.skipif(OLD, reason="refused before it looks at the folder")
def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        prosemble.enable_compile_cache(tmp_path / "file" / "below")
