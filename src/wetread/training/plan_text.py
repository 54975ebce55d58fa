"""The text of a plan.yaml, in which names stay the names that they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from wetread.errors import InputError

#: What PyYAML raises; all but the first for a value of a tag that it does not fit, such as ``!!int x``, or a deep one.
UNREADABLE = (yaml.YAMLError, ValueError, AttributeError, TypeError, LookupError, RecursionError)


class _Texts(yaml.SafeLoader):
    """YAML in which 1, no and 40/80 stay the texts that they are, as a class may be called; nothing stays nothing."""


_Texts.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in known if tag.endswith(":null")]
    for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _parse(text: str) -> Any:
    loader = _Texts(text)
    try:
        return loader.get_single_data()
    finally:
        loader.dispose()


def load_plan(path: Path) -> dict[str, Any]:
    """What stands in a plan.yaml: decision -> a text, a list of texts, nothing, or these as ``value``.

    Raises:
        InputError: There is no such file, or it is no plan.
    """
    try:
        stored = _parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError(
            f"There is no plan {path}.",
            remedy="Check the path, or start from a run's plan.yaml.",
            file=path,
            code="plan",
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"The plan {path} cannot be read.", remedy="Start from a run's plan.yaml.", file=path, code="plan"
        ) from error
    except UNREADABLE as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark is not None else ""
        raise InputError(
            f"The plan {path} cannot be read{line}: {getattr(error, 'problem', None) or 'it cannot be parsed'}.",
            remedy="Write one NAME: VALUE a line, entries below a name indented alike.",
            file=path,
            code="plan",
        ) from error
    if not isinstance(stored, dict):
        raise InputError(f"{path} is not a plan.", remedy="Start from a run's plan.yaml.", file=path, code="plan")
    return stored


def value_of(entry: Any) -> Any:
    """The value of a decision, which stands beside its reason or alone."""
    return entry["value"] if isinstance(entry, dict) and "value" in entry else entry
