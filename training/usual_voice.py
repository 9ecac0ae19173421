"""What the slow baseline of moods (heads.json, decision 45) does to streams: before and after, on corpora left out.

From the windows of loco.py (--windows): streams of one voice are drawn window by window, in three manners, and the last five minutes are judged by macro recall and by the
share that is right. The mean over corpora; those without a neutral window are left out.
"""
import argparse
import json
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np

import heads
from loco import FAMILIES, NOTHING

SECONDS = FAMILIES["mood"].seconds
JUDGED = 300 // SECONDS             # windows at the end of a stream
MINUTES = (1, 5, 30, 60)
MANNERS = ("one mood all the time", "all moods equally often", "80 % neutral")
NEUTRAL_SHARE = 0.8

Windows = Dict[str, List[Any]]
Judged = Tuple[float, float]        # macro recall, share that is right


def next_mood(manner: str, mood: int, neutral: int, classes: int, rng: np.random.Generator) -> int:
    """What the next window of a stream is; `mood` is that of a stream that keeps one."""
    if manner == MANNERS[0]:
        return mood
    if manner == MANNERS[1]:
        return int(rng.integers(classes))
    return neutral if rng.random() < NEUTRAL_SHARE else int(rng.choice([k for k in range(classes) if k != neutral]))


def stream(logs: np.ndarray, of: Dict[int, np.ndarray], moods: Sequence[int], usual: np.ndarray, prior: float, memory: float, rng: np.random.Generator) -> List[Tuple[int, int, int]]:
    """Truth, answer without and with the baseline of the windows at the end of a stream."""
    mean, count, found = np.zeros(logs.shape[1]), 0, []
    for place, mood in enumerate(moods):
        if not len(of[mood]):
            continue
        log = logs[rng.choice(of[mood])]
        if place >= len(moods) - JUDGED:
            found.append((mood, int(log.argmax()), int((log - count / (count + prior) * (mean - usual)).argmax())))
        count = min(count + 1, memory)
        mean += (log - mean) / count
    return found


def judged(pairs: Sequence[Tuple[int, int]], classes: int) -> Judged:
    truth, answer = np.array(pairs).T
    return float(np.mean([(answer[truth == k] == k).mean() for k in range(classes) if (truth == k).any()])), float((truth == answer).mean())


def corpus(windows: Windows, head: heads.Head, usual: np.ndarray, manner: str, minutes: int) -> Optional[Tuple[Judged, Judged]]:
    """One corpus without and with the baseline."""
    neutral, classes = head.classes.index(head.baseline["usual"]), len(head.classes)
    logs, truth, voices = np.array(windows["logProbabilities"]), np.array(windows["truth"]), np.array(windows["voice"])
    rng, found = np.random.default_rng(1), []
    for voice in np.unique(voices):
        of = {k: np.flatnonzero((voices == voice) & (truth == k)) for k in range(classes)}
        if not len(of[neutral]):
            continue
        for mood in range(classes) if manner == MANNERS[0] else (neutral,):
            moods = [next_mood(manner, mood, neutral, classes, rng) for _ in range(minutes * 60 // SECONDS)]
            found += stream(logs, of, moods, usual, head.baseline["priorSeconds"] / SECONDS, head.baseline["memorySeconds"] / SECONDS, rng)
    return (judged([(t, a) for t, a, _ in found], classes), judged([(t, a) for t, _, a in found], classes)) if found else None


def main(arguments: argparse.Namespace) -> None:
    with open(arguments.windows) as file:
        windows = json.load(file)
    results: Dict[str, Any] = {"method": " ".join(__doc__.split())}
    for name, head in heads.SCORED.items():
        if not head.baseline:
            continue
        known = windows[name][NOTHING]
        usual = np.mean([log for log, mood in zip(known["logProbabilities"], known["truth"]) if mood == head.classes.index(head.baseline["usual"])], 0)
        for manner in MANNERS:
            for minutes in MINUTES:
                of = [made for left, part in windows[name].items() if left != NOTHING for made in [corpus(part, head, usual, manner, minutes)] if made]
                (recall, right), (recall_with, right_with) = np.mean(of, 0)
                results.setdefault(name, {}).setdefault(manner, {})[f"{minutes} min"] = {
                    "macroRecall": round(recall, 4), "macroRecallWithBaseline": round(recall_with, 4), "right": round(right, 4), "rightWithBaseline": round(right_with, 4), "corpora": len(of)}
                print(name, manner, minutes, "min", results[name][manner][f"{minutes} min"], flush=True)
    with open(arguments.out, "w") as file:
        json.dump(results, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--windows", required=True, help="what loco.py left with --windows")
    parser.add_argument("--out", required=True, help="JSON")
    main(parser.parse_args())
