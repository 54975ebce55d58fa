"""The worker with a decoder that misbehaves for certain file names; tests start it instead of the real one."""

import os
import sys
import time
from pathlib import Path

from wetread.images import worker

_decode, _survey, _answer = worker.decode_image, worker.survey_image, worker.answer


class Panic(BaseException):
    """What pyo3 raises when Rust panics."""


def misbehave(source, **options):
    path, name = source.path, source.name
    if "crash" in name:
        os.abort()
    if "once" in name:
        marker = Path(path).with_suffix(".seen")
        if not marker.exists():
            marker.write_text("")
            os._exit(1)
    if "hang" in name:
        Path(path).with_suffix(".hangs").touch()
        while True:
            time.sleep(0.01)
    if "panic" in name:
        raise Panic("patient Smith^John")
    if "memory" in name:
        bytearray(8 << 30)
    if "noise" in name:
        os.write(1, b"decoder says hello\n" * 1000)
        print("Smith^John")
    return _decode(source, **options)


def missurvey(source, **options):
    if "crash" in source.path.name:
        os.abort()
    return _survey(source, **options)


def misstate(task, *others):
    header, body = _answer(task, *others)
    return (header | {"shape": [9, 9, 9]}, body) if "nonsense" in task.source.name else (header, body)


if __name__ == "__main__":
    if "--stillborn" in sys.argv:
        sys.exit(1)
    worker.decode_image = misbehave
    worker.survey_image = missurvey
    worker.answer = misstate
    worker.main()
