"""A worker process ends when its supervisor is gone: killed outright, that can tell nobody."""

import ctypes
import multiprocessing
import os
import signal
import sys
from typing import Final

PR_SET_PDEATHSIG: Final = 1


def end_with_supervisor() -> None:
    """Have this worker get SIGTERM when the process that started it ends, whichever way it does.

    Linux alone knows this; elsewhere a worker outlives a supervisor that was killed. It concerns
    the thread that started the worker, which is the supervisor's only one.
    """
    supervisor = multiprocessing.parent_process()
    if supervisor is None or sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != supervisor.pid:  # it ended before it could be asked for
        os.kill(os.getpid(), signal.SIGTERM)
