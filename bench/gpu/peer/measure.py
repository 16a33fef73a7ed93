"""What the peer's scripts share: the paper's shapes, timing with device events, one JSON line a figure."""
import json
import statistics

import torch

VOCABULARY, WIDTH, HEADS, BLOCKS = 151936, 1536, 12, 6
DEVICE = "cuda"


def say(**figure):
    print(json.dumps({"side": "peer", **figure}), flush=True)


def median(action, runs=12, warm_up=4):
    """Median milliseconds of a call and peak memory in GiB over all timed calls."""
    for _ in range(warm_up):
        action()
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    times = []
    for _ in range(runs):
        start, end = torch.cuda.Event(True), torch.cuda.Event(True)
        start.record()
        action()
        end.record()
        end.synchronize()
        times.append(start.elapsed_time(end))
    return statistics.median(times), torch.cuda.max_memory_allocated() / 2**30


def figure(name, action, tokens=None, runs=12, warm_up=4, **more):
    """Measures and says; what does not fit or run is said too, and the next figure is measured."""
    try:
        milliseconds, gib = median(action, runs, warm_up)
        speed = {} if tokens is None else {"tokens_per_s": round(tokens / milliseconds * 1e3)}
        say(figure=name, ms=round(milliseconds, 3), peak_gib=round(gib, 2), **speed, **more)
    except (RuntimeError, AssertionError, ValueError, TypeError) as error:
        say(figure=name, failed=f"{type(error).__name__}: {str(error).strip().splitlines()[0][:200]}", **more)
    torch.cuda.empty_cache()
