"""A training factorises matrices on one thread, and leaves other programs theirs."""

from contextlib import ExitStack

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from prosemble.models import LGMLVQ
from prosemble.models.together import fit_together
from prosemble.training import loop
from prosemble.training.threads import one_thread_each


def threads():
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


@pytest.mark.parametrize("together", [False, True])
def test_one_while_it_trains_and_then_as_before(together, iris, monkeypatch):
    X, y = iris
    run, seen = loop.run, []
    monkeypatch.setattr(loop, "run", lambda *arguments: seen.append(threads()) or run(*arguments))
    with threadpool_limits(2, user_api="blas"):
        models = [LGMLVQ(max_iter=1, regularization=eta) for eta in (0.01, 0.02)]
        if together:
            fit_together(models, X, y)
        else:
            models[0].fit(X, y)
        assert seen == [{1}]
        assert threads() == {2}


def test_the_last_of_trainings_that_overlap_gives_them_back():
    with threadpool_limits(2, user_api="blas"):
        for _ in range(2):
            first, second = ExitStack(), ExitStack()  # as of two threads that fit
            first.enter_context(one_thread_each)
            second.enter_context(one_thread_each)
            first.close()
            assert threads() == {1}
            second.close()
            assert threads() == {2}
