"""What the network answers, from heads.json: the one place where a head is declared.

| field | meaning |
|---|---|
| name, title, description | as in the catalogue; the order of the file is the order of the graph and of the catalogue |
| tap | depth of the trunk that the head reads |
| classes | names of the classes, in the order of the scores |
| reject | name of one more class that is never answered: none of the classes; its score stands behind theirs |
| activation | softmax: one of the classes; sigmoid: each on its own; embedding: a vector of length 1 |
| gate | what must let a frame through before it is answered: volume, or voice |
| withUnknown | whether the head may answer `unknown` |
| pooling | whether answers are those of the last `seconds` of speech, sharpened by `temperature`, with `priorSeconds` of an even answer beside them (tune-language.mjs sets it) |
| baseline | whether answers are seen against what was usual in the last `memorySeconds` of speech, which is taken for the class `usual`; beside `priorSeconds` of speech as training knows that class (calibrate.py finds out what it sounds like) |
| evenedOut | whether calibration shifts the scores until the classes are even |
| prior | log odds by class that calibration adds: classes that are rarer, or likelier, where people use it than among test clips |
| label | the column of corpus.labels that it learns from; `kind` is what sounds |
| lossWeight | weight of its loss in the sum |
| waitSteps | steps of 64 ms that a voice must have been heard before its label counts |
| survivesWarp | whether the label is still true of a voice whose formants were moved |

Beside them stands the `gate`, which no user asks for: its hidden values and recurrent units, the temperature of its score (its thresholds are those of a set, in publish.py), and the
weight of its loss where it trains along with the trunk.
"""
import json
import os
from typing import Any, Dict, NamedTuple, Optional, Tuple

STEP_LABELS = "kind"


class Head(NamedTuple):
    """One entry of heads.json."""

    name: str
    title: str
    description: str
    tap: str
    classes: Tuple[str, ...]
    reject: Optional[str]
    activation: str
    gate: str
    with_unknown: bool
    evened_out: bool
    label: str
    loss_weight: float
    wait_steps: int
    survives_warp: bool
    pooling: Optional[Dict[str, float]] = None
    baseline: Optional[Dict[str, Any]] = None
    prior: Tuple[float, ...] = ()

    @property
    def outputs(self) -> int:
        """Scores that the network has for the head."""
        return len(self.learnt)

    @property
    def learnt(self) -> Tuple[str, ...]:
        """The classes that the network tells apart: those of the answers, and the rejected one behind them."""
        return self.classes + ((self.reject,) if self.reject else ())

    @property
    def of_voice(self) -> bool:
        """Whether the head says something of who speaks, and not of what sounds."""
        return self.label != STEP_LABELS


class Gate(NamedTuple):
    """The entry `gate` of heads.json."""

    name: str
    hidden: int
    memory: int
    temperature: float
    loss_weight: float


def read() -> Tuple[Dict[str, Head], Gate]:
    """All heads by name, in the order of the file, and the gate."""
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "heads.json")) as file:
        made = json.load(file)
    gate, entries = made["gate"], made["heads"]
    heads = {entry["name"]: Head(entry["name"], entry["title"], entry["description"], entry["tap"], tuple(entry["classes"]), entry.get("reject"), entry["activation"], entry["gate"],
                                 entry["withUnknown"], entry["evenedOut"], entry["label"], entry["lossWeight"], entry["waitSteps"], entry["survivesWarp"], entry.get("pooling"), entry.get("baseline"),
                                 tuple(entry.get("prior", {}).get(name, 0.0) for name in entry["classes"]))
             for entry in entries}
    return heads, Gate(gate["name"], gate["hidden"], gate["memory"], gate["temperature"], gate["lossWeight"])


ALL, GATE = read()
SCORED = {name: head for name, head in ALL.items() if head.activation != "embedding"}
VOICE = next(head for head in ALL.values() if head.activation == "embedding")


def named(classes: Tuple[str, ...], names: Tuple[str, ...]) -> Tuple[int, ...]:
    """Where each of `names` stands in `classes`."""
    return tuple(classes.index(name) for name in names)
