"""Reading sessions on disk: people read cases without knowing their truth, and every answer is kept at once.

    PROJECT/readings/<id>/session.json        name, run, classes, seed, cases with their truth; no reader is sent it
    PROJECT/readings/<id>/readers/<x>.json    nickname, experience, order of the cases and their names for this reader
    PROJECT/readings/<id>/readers/<x>.jsonl   the answers, one line each; the file only grows
    PROJECT/readings/<id>/results/<digest>/   what `wetread readers` made of them

A correction is a further line: the last one counts for class and confidence, and the times of all add up. So nothing is
lost, whenever the browser, the server or the machine goes away.
"""

from __future__ import annotations

import json
import re
import secrets
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from wetread.dataset.columns import plain_name
from wetread.dataset.label_names import clean_name
from wetread.readers.columns import looks_personal
from wetread.readers.rows import TRUTH_READERS
from wetread.studio.answers import Refusal
from wetread.studio.places import TERMINAL, Home
from wetread.studio.reading_order import ReadingCase, draw_names, draw_order, say_few
from wetread.writing import AppendLog, atomic_write

FORMAT = 1
#: Characters of a nickname, of an experience, of the name of a session.
LONGEST_NICKNAME, LONGEST_EXPERIENCE, LONGEST_NAME = 40, 60, 120
#: Readers of one session.
MOST_READERS = 200
#: Milliseconds of one answer; whoever takes longer was away.
LONGEST_ANSWER = 24 * 3600 * 1000
#: An answer where several findings are possible and none is there.
NOTHING = "No finding"

_ID = re.compile(r"[0-9a-f]{16}", re.ASCII)


class Readings:
    """The sessions of one project.

    Args:
        home: Of the studio.
        project: Its id, or ``terminal``.

    Raises:
        Refusal: There is no such project (404).
    """

    def __init__(self, home: Home, project: str) -> None:
        owner = home.cache_folder(project) if project == TERMINAL else home.project_folder(project)
        self.folder = owner / "readings"

    def all(self) -> list[Reading]:
        """The latest first."""
        places = [place for place in self.folder.glob("*/session.json") if _ID.fullmatch(place.parent.name)]
        places.sort(key=lambda place: place.stat().st_mtime_ns, reverse=True)
        return [Reading(place.parent) for place in places]

    def get(self, number: str) -> Reading:
        """One session; raises `Refusal` (404) where there is none."""
        if not _ID.fullmatch(number) or not (self.folder / number / "session.json").is_file():
            raise Refusal(404, "There is no such reading session.", "Go back to the list.", "no-reading")
        return Reading(self.folder / number)

    def create(
        self,
        name: str,
        run: str,
        cases: Sequence[ReadingCase],
        classes: Sequence[str],
        *,
        several: bool = False,
        positive: str = "",
        seed: int = 0,
    ) -> Reading:
        """Begins a session.

        Args:
            name: For people.
            run: Id of the run whose model is compared; empty for none.
            cases: From `draw_cases`.
            classes: What a reader chooses from.
            several: A case can have several findings.
            positive: The class that means: it is there; empty where the names say so.
            seed: Of the order of the cases.
        """
        described = {
            "format": FORMAT,
            "name": clean_name(name)[:LONGEST_NAME] or "Reading session",
            "run": run,
            "classes": list(classes),
            "several": several,
            "positive": positive,
            "seed": seed,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "cases": [case.as_dict() for case in cases],
        }
        number = secrets.token_hex(8)
        atomic_write(self.folder / number / "session.json", json.dumps(described, ensure_ascii=False, indent=1))
        return Reading(self.folder / number)


class Reading:
    """One session.

    Args:
        folder: Its folder.
    """

    #: One writer at a time: who asks twice at once must not be answered twice.
    _lock = threading.Lock()

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.id = folder.name

    @property
    def results_shown(self) -> bool:
        """Whether anybody has seen results; from then on who has finished can correct nothing."""
        return (self.folder / "shown").is_file()

    def note_shown(self) -> None:
        """Remembers that results were seen."""
        if not self.results_shown:
            atomic_write(self.folder / "shown", datetime.now(UTC).isoformat(timespec="seconds") + "\n")

    @cached_property
    def about(self) -> dict[str, Any]:
        """The contents of session.json, the truth of all cases included."""
        found: dict[str, Any] = json.loads((self.folder / "session.json").read_text(encoding="utf-8"))
        return found

    @property
    def cases(self) -> list[ReadingCase]:
        """All cases."""
        return [ReadingCase(**case) for case in self.about["cases"]]

    @property
    def options(self) -> list[str]:
        """What a reader chooses from."""
        return [*self.about["classes"], NOTHING] if self.about["several"] else list(self.about["classes"])

    def tell(self) -> dict[str, Any]:
        """What anybody may know: nothing of any single case, nor how many there are of a class."""
        readers = self.readers()
        return {
            "id": self.id,
            "name": self.about["name"],
            "run": self.about["run"] or None,
            "classes": self.options,
            "several": self.about["several"],
            "created": self.about["created"],
            "total": len(self.about["cases"]),
            "readers": [one.tell() for one in readers],
            "finished": sum(one.is_finished for one in readers),
        }

    @property
    def few(self) -> str:
        """What is too few to judge readers by; not for readers, since it counts cases of a class."""
        return say_few([case["truth"] for case in self.about["cases"]], self.about["classes"])

    def readers(self) -> list[Reader]:
        """All readers, in the order in which they came."""
        places = [place for place in (self.folder / "readers").glob("*.json") if _ID.fullmatch(place.stem)]
        return sorted((Reader(self, place) for place in places), key=lambda one: int(one.about["number"]))

    def reader(self, number: str) -> Reader:
        """One reader; raises `Refusal` (404) where there is none."""
        place = self.folder / "readers" / f"{number}.json"
        if not _ID.fullmatch(number) or not place.is_file():
            raise Refusal(404, "There is no such reader.", "Sign in with your nickname.", "no-reader")
        return Reader(self, place)

    def join(self, nickname: str, experience: str) -> Reader:
        """A reader signs in; whoever comes again under the same nickname goes on where he or she stopped.

        Raises:
            Refusal: The nickname cannot be used (400), or there are too many readers (409).
        """
        nickname, experience = _check_nickname(nickname), clean_name(experience)[:LONGEST_EXPERIENCE]
        with self._lock:
            known = self.readers()
            for one in known:
                if plain_name(str(one.about["nickname"])) == plain_name(nickname):
                    return one
            if len(known) >= MOST_READERS:
                raise Refusal(409, f"{MOST_READERS} readers take part.", "Begin another session.", "too-many-readers")
            return self._add_reader(nickname, experience, len(known) + 1)

    def _add_reader(self, nickname: str, experience: str, number: int) -> Reader:
        order = draw_order(len(self.about["cases"]), int(self.about["seed"]), number)
        described = {
            "nickname": nickname,
            "experience": experience,
            "number": number,
            "joined": datetime.now(UTC).isoformat(timespec="seconds"),
            "order": [[name, case] for name, case in zip(draw_names(len(order)), order, strict=True)],
        }
        place = self.folder / "readers" / f"{secrets.token_hex(8)}.json"
        atomic_write(place, json.dumps(described, ensure_ascii=False))
        return Reader(self, place)

    def case(self, name: str) -> ReadingCase:
        """The case that some reader meets under a name; raises `Refusal` (404) where nobody does."""
        for reader in self.readers():
            number = reader.number_of(name)
            if number is not None:
                return self.cases[number]
        raise Refusal(404, "There is no such case.", "Load the page again.", "no-case")


class Reader:
    """One reader of a session.

    Args:
        reading: The session.
        place: The file of the reader.
    """

    def __init__(self, reading: Reading, place: Path) -> None:
        self._reading = reading
        self.id = place.stem
        self._log = place.with_suffix(".jsonl")
        self.about: dict[str, Any] = json.loads(place.read_text(encoding="utf-8"))
        #: Name of a case for this reader -> its number in the session, in the order of reading.
        self._order: dict[str, int] = {str(name): int(case) for name, case in self.about["order"]}

    @property
    def lines(self) -> list[dict[str, Any]]:
        """All answers as they came, corrections included. A line that a power cut broke off is left out."""
        if not self._log.is_file():
            return []
        found = []
        for line in self._log.read_text(encoding="utf-8").splitlines():
            try:
                found.append(json.loads(line))
            except ValueError:
                continue
        return [line for line in found if isinstance(line, dict) and self.number_of(line.get("case", "")) is not None]

    def answers(self) -> dict[str, dict[str, Any]]:
        """Name of a case -> the answer that counts, in the order of reading; ``ms`` is the time of all its lines."""
        found: dict[str, dict[str, Any]] = {}
        for line in self.lines:
            before = found.get(line["case"], {"ms": 0})
            found[line["case"]] = line | {"ms": before["ms"] + line["ms"]}
        return found

    @property
    def is_finished(self) -> bool:
        """Whether every case was answered."""
        return len(self.answers()) == len(self._order)

    def number_of(self, name: str) -> int | None:
        """The number of a case in the session, by its name for this reader."""
        return self._order.get(name)

    def tell(self) -> dict[str, Any]:
        """Who it is, and how far."""
        done = len(self.answers())
        return {
            "nickname": self.about["nickname"],
            "experience": self.about["experience"],
            "done": done,
            "total": len(self._order),
            "finished": done == len(self._order),
        }

    def next(self) -> dict[str, Any]:
        """The first case without an answer, and its position from 1; or that there is none left."""
        done = self.answers()
        for position, name in enumerate(self._order, start=1):
            if name not in done:
                return {"case": name, "position": position, "total": len(self._order), "done": False}
        return {"done": True, "total": len(self._order)}

    def back(self) -> dict[str, Any]:
        """The case that was answered last, with that answer; raises `Refusal` (409) where there is none."""
        last = next(reversed(self.answers().values()), None)
        if last is None:
            raise Refusal(409, "There is no answer to go back to.", "Answer the first case.", "no-answer")
        position = list(self._order).index(last["case"]) + 1
        told = {key: last[key] for key in ("case", "class", "confidence")}
        return told | {"position": position, "total": len(self._order), "correction": True}

    def answer(self, case: str, said: Any, confidence: Any, ms: Any, *, correction: bool = False) -> dict[str, Any]:
        """Keeps an answer, at once and for good.

        Args:
            case: Its name for this reader.
            said: The class; a list of findings where several are possible; None where the picture cannot be judged,
                which then counts as not read.
            confidence: 0 to 100, how sure the reader is of that.
            ms: Milliseconds since the picture was shown.
            correction: This replaces the last answer.

        Returns:
            `next`.

        Raises:
            Refusal: The case is unknown (404), has an answer (409, ``answered``), is not the one that was answered last
                (409, ``not-last``), results were seen since (409, ``shown``), or the answer makes no sense (400).
        """
        line = {"case": case, "class": self._check_class(said), **_check_numbers(confidence, ms)}
        with self._reading._lock:
            if self.number_of(case) is None:
                raise Refusal(404, "There is no such case.", "Load the page again.", "no-case")
            answered = self.answers()
            if correction and (not answered or next(reversed(answered)) != case):
                raise Refusal(409, "Only the last answer can be corrected.", "Go on with the next case.", "not-last")
            if correction and self._reading.results_shown and len(answered) == len(self._order):
                raise Refusal(409, "The results have been seen, so nothing can be corrected.", "", "shown")
            if not correction and case in answered:
                raise Refusal(409, "This case has an answer.", "Go on with the next case.", "answered")
            if not correction and self.next().get("case") != case:
                raise Refusal(409, "Another case comes first.", "Load the page again.", "not-next")
            moment = datetime.now(UTC).isoformat(timespec="milliseconds")
            with AppendLog(self._log) as log:
                log.append(json.dumps({**line, "at": moment, "correction": correction}, ensure_ascii=False))
        return self.next()

    def _check_class(self, said: Any) -> str | None:
        if said is None:
            return None
        several = bool(self._reading.about["several"])
        names = list(said) if several and isinstance(said, list) else [said]
        known = self._reading.options
        whole = names and all(isinstance(name, str) and name in known for name in names)
        if not whole or (NOTHING in names and several and len(names) > 1):
            raise Refusal(400, "This answer is none of the classes.", "Choose one of the list.", "unknown-class")
        return "|".join(name for name in known if name in names)


def _check_numbers(confidence: Any, ms: Any) -> dict[str, int]:
    for value, most, what in ((confidence, 100, "confidence"), (ms, LONGEST_ANSWER, "time")):
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
            raise Refusal(400, f"The {what} has to be a whole number from 0 to {most}.", "Answer again.", f"bad-{what}")
    return {"confidence": confidence, "ms": ms}


def _check_nickname(text: str) -> str:
    """A nickname that can stand in a table beside the model and the truth."""
    name = clean_name(text)[:LONGEST_NICKNAME].strip()
    if not name[:1].isalnum() or plain_name(name) in (*TRUTH_READERS, "model"):
        raise Refusal(400, "This nickname cannot be used.", "Choose one that begins with a letter.", "bad-nickname")
    if looks_personal(name):
        raise Refusal(400, "An e-mail address is no nickname.", "Choose a short made-up name.", "bad-nickname")
    return name
