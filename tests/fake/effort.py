"""What a piece of work costs, in processor time: the clock on the wall says more about who else uses the machine."""

import math
import time


def least_seconds(work, enough, times=8):
    """Processor seconds of this process that `work()` takes at least.

    Args:
        work: What is done; again and again as long as it takes too long, since a busy machine is slower even so.
        enough: Seconds below which nobody needs to know more.
        times: Most often.
    """
    best = math.inf
    for _ in range(times):
        started = time.process_time()
        work()
        best = min(best, time.process_time() - started)
        if best < enough:
            break
    return best
