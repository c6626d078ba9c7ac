from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevision.envs.dynamic.request_queue import RequestQueue


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**31), length=st.integers(1, 4))
def test_queues_do_what_lists_of_requests_do(seed: int, length: int) -> None:
    """Against one Python list of (slots left, content) per camera."""
    random, n, users = np.random.default_rng(seed), 3, 2
    queue = RequestQueue(n, users, length)
    lists: list[list[tuple[int, int]]] = [[] for _ in range(n * users)]
    elapsed = np.zeros(n, np.int64)
    for _ in range(25):
        arrives, window = random.random((n, users)) < 0.6, random.integers(1, 6, (n, users))
        running = random.random(n) < 0.8
        # Requests that end at the same time have the same content, because nothing says which of them is the head.
        content = window + elapsed[:, None]
        dropped = queue.add(arrives, window, content)
        for i, waiting in enumerate(lists):
            full = bool(arrives.ravel()[i]) and len(waiting) == length
            assert dropped.ravel()[i] == full
            if full:
                waiting.remove(min(waiting, key=lambda request: request[0]))
            if arrives.ravel()[i]:
                waiting.append((int(window.ravel()[i]), int(content.ravel()[i])))
        assert queue.waiting.ravel().tolist() == [len(waiting) for waiting in lists]
        head, slack, second = (array.ravel() for array in queue.heads())
        for i, waiting in enumerate(lists):
            left = sorted(request[0] for request in waiting)
            assert [slack[i], second[i]] == [*left, 0, 0][:2]
            assert not waiting or (slack[i], head[i]) in waiting
        sent = (random.random((n, users)) < 0.5) & (queue.waiting > 0)
        queue.take_heads(sent)
        expired = queue.age(running)
        elapsed += running
        for i, waiting in enumerate(lists):
            if sent.ravel()[i]:
                waiting.remove((slack[i], head[i]))
            if running[i // users]:
                assert expired.ravel()[i] == sum(left == 1 for left, _ in waiting)
                waiting[:] = [(left - 1, content) for left, content in waiting if left > 1]
            else:
                assert expired.ravel()[i] == 0
