"""Measures a network on the dev voices: for every head, corpus and condition, with intervals bootstrapped over speakers.

An item's answer is the class with the highest mean probability over its frames that are not silent (rule: volume 0.005), as the engine forms it.
"""
import argparse
import json
import os
import pickle
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np
import torch

import corpus as C
import heads
import network as N
import testset as T

Key = Tuple[str, str]           # what is tested (a head, with more words behind it where it has several tests), and the condition
Outputs = Dict[str, np.ndarray]     # by head [frames, classes], and "rms" [frames]
Figures = Dict[str, Any]

SILENT_RMS = 0.005
FEW_FRAMES = 4                  # of a window of 1 s that must not be silent
WINDOW_STEPS = 16               # frames of a window of about 1 s
QUICK = ("clean", "noise 10 dB")
EVENT_OF_KIND = np.array(heads.named(heads.SCORED["audio-event"].classes, C.KINDS))
THREE_OF_KIND = np.array([heads.SCORED["speech"].classes.index(kind if kind in ("speech", "music") else "other") for kind in C.KINDS])
IS_SPEECH = heads.SCORED["speech"].classes.index("speech")
NON_COMMERCIAL = ("ravdess", "emovo", "emodb", "samplevoice")       # new to the open set's voices


def load(path: str) -> N.Network:
    """The averaged network of a checkpoint, in eval mode."""
    state = torch.load(path, map_location="cpu")
    return N.from_state(state["config"], state["ema"]).eval()


def build_items(folder: str, cache: str) -> Dict[Key, List[Any]]:
    """All test items by head and condition, made once and kept in the cache."""
    path = os.path.join(cache, "testset.pkl")
    if os.path.exists(path):
        with open(path, "rb") as file:
            return pickle.load(file)
    rows, sound = C.load(folder, cache)
    table, _, _ = C.labels(rows)
    rng = np.random.default_rng(11)
    rooms, draw = C.rooms(folder), T.backgrounds(rows, table, sound, rng)
    sets: Dict[Key, List[Any]] = {}
    for name, items in clean_items(rows, table, sound, rng).items():
        for condition in T.CONDITIONS if "unseen" not in name else QUICK:
            sets[name, condition] = [T.Item(T.under_condition(i.pcm, condition, draw, rooms, rng), i.voice, i.corpus, **i.labels) for i in items]
    for condition in T.CONDITIONS:
        sets["talk", condition] = T.talk_scenes(rows, table, sound, 30, condition, draw, rooms, rng)
    sets["event", "clean"] = events = event_items(rows, table, sound, rng)
    sets["event", "telephone"] = [T.Item(T.telephone(i.pcm), i.voice, i.corpus, **i.labels) for i in events]
    with open(path, "wb") as file:
        pickle.dump(sets, file, protocol=4)
    return sets


def clean_items(rows: List[C.Row], table: C.Table, sound: C.Sound, rng: np.random.Generator) -> Dict[str, List[T.Item]]:
    """Windows of one voice for the heads of the voice."""
    dev, speech = table["dev"] & ~table["suspect"], table["kind"] == 0
    some = lambda mask, most: np.sort(rng.permutation(np.flatnonzero(mask))[:most])
    windows = lambda chosen, seconds, label, most, joined=False: T.windows(rows, table, sound, chosen, seconds, label, most, joined)
    child, adult = (table["age"] == 0) & (table["years"] <= C.OLDEST_CHILD), table["age"] == 1
    clean = {
        "gender": windows(some(dev & speech & (table["gender"] >= 0) & adult, 900), 3.0, "gender", 2),
        "underage-speaker": windows(some(dev & speech & (adult | child), 900), 2.0, "age", 2),
        "arousal": windows(some(dev & table["acted"] & (table["arousal"] >= 0), 1200), 2.0, "arousal", 1),
        "emotions": windows(some(dev & table["acted"] & (table["emotion"] >= 0), 1200), 2.0, "emotion", 1),
        "emotions reading": windows(some(dev & ~table["acted"] & (table["emotion"] >= 0), 400), 2.0, "emotion", 1),
    }
    five = (table["language"] >= 0) & (table["language"] < len(C.LANGUAGES))
    spoken = fewer(rows, np.flatnonzero(dev & five), 100, rng)      # English has far more than the others
    outside = np.flatnonzero(~table["open"] & np.isin([r["corpus"] for r in rows], ("watson", "sppas")) & five)
    others = fewer(rows, np.flatnonzero(dev & (table["language"] == C.OTHER_LANGUAGE)), 20, rng)
    for seconds in (3, 10):
        clean[f"language {seconds} s"] = windows(spoken, seconds, "language", 8, True)
        clean[f"language {seconds} s others"] = windows(others, seconds, "language", 2, True)
        clean[f"language {seconds} s unseen by open"] = windows(outside, seconds, "language", 8, True)
    unseen = np.isin([r["corpus"] for r in rows], NON_COMMERCIAL) & ~table["dev"] & ~table["suspect"]
    clean["gender unseen by open"] = windows(some(unseen & (table["gender"] >= 0), 600), 3.0, "gender", 1)
    clean["underage-speaker adults unseen by open"] = windows(some(unseen & adult, 400), 2.0, "age", 1)
    return clean


def fewer(rows: List[C.Row], clips: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    """At most `most` of the clips of each voice."""
    by_voice: Dict[str, List[int]] = {}
    for i in clips:
        by_voice.setdefault(rows[i]["voice"], []).append(i)
    return np.sort(np.concatenate([rng.permutation(of)[:most] for of in by_voice.values()]))


def event_items(rows: List[C.Row], table: C.Table, sound: C.Sound, rng: np.random.Generator) -> List[T.Item]:
    """One class of sound at a time: whole clips, at random level."""
    events = []
    for i in np.flatnonzero(table["dev"] & ~table["babble"]):
        row = rows[i]
        if row["event"] == "speech" and rng.random() > 0.15:
            continue
        pcm = T.cut(sound, row) * 10 ** (rng.uniform(-8, 8) / 20)
        if len(pcm) >= 0.3 * C.RATE:
            events.append(T.Item(pcm[:30 * C.RATE].astype(np.float32), row["voice"], row["corpus"], kind=int(table["kind"][i])))
    return events


def run(net: N.Network, sounds: Sequence[np.ndarray], wanted: Sequence[str], size: int = 64) -> List[Outputs]:
    """Outputs `wanted` of the network for each sound: {name: [frames, ...]} plus "rms" [frames]. Sounds of like length share a batch."""
    order = sorted(range(len(sounds)), key=lambda i: len(sounds[i]))
    found: List[Optional[Outputs]] = [None] * len(sounds)
    with torch.no_grad():
        for at in range(0, len(order), size):
            part = order[at:at + size]
            longest = -(-max(len(sounds[i]) for i in part) // N.FRAME) * N.FRAME
            pcm = np.zeros((len(part), longest), np.float32)
            for row, i in enumerate(part):
                pcm[row, :len(sounds[i])] = C.without_offset(sounds[i])
            out = net(N.log_mel(torch.from_numpy(pcm)))
            for row, i in enumerate(part):
                frames = -(-len(sounds[i]) // N.FRAME)
                found[i] = {name: out[name][row].t()[:frames].numpy() for name in wanted}
                found[i]["rms"] = np.sqrt((pcm[row, :frames * N.FRAME].reshape(frames, -1) ** 2).mean(1))
    return found


class Answers:
    """What a network says of every set of items, asked once."""

    def __init__(self, net: N.Network, sets: Dict[Key, List[Any]]) -> None:
        self.net, self.sets, self.known = net, sets, {}

    def __getitem__(self, key: Key) -> List[Outputs]:
        if key not in self.known:
            sounds = [i.pcm if isinstance(i, T.Item) else i[0] for i in self.sets[key]]
            self.known[key] = run(self.net, sounds, tuple(heads.SCORED), 64 if len(sounds[0]) < 4 * C.RATE else 16)
        return self.known[key]


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities [..., classes]."""
    power = np.exp(logits - logits.max(-1, keepdims=True))
    return power / power.sum(-1, keepdims=True)


def probabilities(name: str, logits: np.ndarray, fitted: Dict[str, Any]) -> np.ndarray:
    """Calibrated probabilities of logits [..., classes]; `fitted` as in the catalogue."""
    made = fitted.get(name, {}).get("calibration", {})
    scaled = (logits + fitted.get(name, {}).get("shift", 0.0)) / made.get("temperature", 1.0)
    return 1 / (1 + np.exp(-(scaled + np.array(made.get("bias", 0.0))))) if heads.SCORED[name].activation == "sigmoid" else softmax(scaled)


def recall(truth: np.ndarray, answer: np.ndarray, classes: int) -> List[Optional[float]]:
    """Share of each class's items that were answered so; None for a class without items."""
    return [float((answer[truth == number] == number).mean()) if (truth == number).any() else None for number in range(classes)]


def macro(truth: np.ndarray, answer: np.ndarray, classes: int) -> Optional[float]:
    """Mean of the recalls of the classes that there are."""
    known = [share for share in recall(truth, answer, classes) if share is not None]
    return float(np.mean(known)) if known else None


def percentiles(values: Sequence[float]) -> List[float]:
    """The middle 95 %."""
    return [round(float(np.percentile(values, q)), 4) for q in (2.5, 97.5)]


def interval(truth: np.ndarray, answer: np.ndarray, voices: np.ndarray, classes: int, draws: int = 400) -> Optional[List[float]]:
    """95 % interval of macro recall, bootstrapped over speakers."""
    rng, names = np.random.default_rng(0), np.unique(voices)
    where = {name: np.flatnonzero(voices == name) for name in names}
    values = []
    for _ in range(draws):
        pick = np.concatenate([where[name] for name in rng.choice(names, len(names))])
        value = macro(truth[pick], answer[pick], classes)
        if value is not None and len(np.unique(truth[pick])) == len(np.unique(truth)):
            values.append(value)
    return percentiles(values) if values else None


def calibration_error(confidence: np.ndarray, right: np.ndarray, bins: int = 15) -> float:
    """Expected calibration error of confidences [answers] whose answers were right (1) or not (0)."""
    place, error = np.minimum((confidence * bins).astype(int), bins - 1), 0.0
    for number in range(bins):
        inside = place == number
        if inside.any():
            error += abs(confidence[inside].mean() - right[inside].mean()) * inside.mean()
    return float(error)


def f1(truth: np.ndarray, answer: np.ndarray) -> float:
    """F1 of two arrays of flags."""
    return round(float(2 * (truth & answer).sum() / max(1, truth.sum() + answer.sum())), 4)


def figures(truth: np.ndarray, answer: np.ndarray, voices: np.ndarray, corpora: np.ndarray, classes: Sequence[str]) -> Figures:
    """Accuracy, macro recall with its interval, F1 by class, confusions and results by corpus, of arrays [items]."""
    count = len(classes)
    by_corpus = {str(c): {"items": int((corpora == c).sum()), "uar": round(macro(truth[corpora == c], answer[corpora == c], count), 4),
                          "accuracy": round(float((truth == answer)[corpora == c].mean()), 4)} for c in np.unique(corpora)}
    return {"items": len(truth), "speakers": len(np.unique(voices)), "accuracy": round(float((truth == answer).mean()), 4),
            "uar": round(macro(truth, answer, count), 4), "interval95": interval(truth, answer, voices, count),
            "f1": {name: f1(truth == c, answer == c) for c, name in enumerate(classes)},
            "confusion": {"classes": list(classes), "rows": "truth", "counts": [[int(((truth == a) & (answer == b)).sum()) for b in range(count)] for a in range(count)]},
            "byCorpus": by_corpus}


def auc(score: np.ndarray, truth: np.ndarray) -> float:
    """Area under the ROC curve of scores [frames] for truth 0 or 1 [frames]."""
    order = np.argsort(score)
    rank = np.empty(len(score))
    rank[order] = np.arange(1, len(score) + 1)
    positive = truth == 1
    return float((rank[positive].sum() - positive.sum() * (positive.sum() + 1) / 2) / max(1, positive.sum() * (~positive).sum()))


def talk_figures(scores: Sequence[np.ndarray], truths: Sequence[np.ndarray], draws: int = 200) -> Figures:
    """AUC of speech over streams: scores and truths [frames] of each, -1 in truth where nobody knows; the interval is over streams."""
    parts = [(score[truth >= 0], truth[truth >= 0]) for score, truth in zip(scores, truths)]
    score, truth = np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])
    rng, values = np.random.default_rng(0), []
    for _ in range(draws):
        pick = rng.integers(0, len(parts), len(parts))
        values.append(auc(np.concatenate([parts[p][0] for p in pick]), np.concatenate([parts[p][1] for p in pick])))
    return {"auc": round(auc(score, truth), 4), "frames": len(truth), "interval95": percentiles(values)}


class EventWindows(NamedTuple):
    """Windows of about 1 s of one kind of sound each: kind, mean probabilities, voice and corpus."""

    kind: np.ndarray
    scores: np.ndarray
    voices: np.ndarray
    corpora: np.ndarray


def event_windows(head: str, items: Sequence[T.Item], outs: Sequence[Outputs], fitted: Dict[str, Any]) -> EventWindows:
    """Windows of all items that are not silent, with the mean probabilities of a head."""
    kinds, scores, voices, corpora = [], [], [], []
    for item, out in zip(items, outs):
        probability = probabilities(head, out[head], fitted)
        for at in range(0, max(1, len(probability) - WINDOW_STEPS + 1), WINDOW_STEPS):
            heard = out["rms"][at:at + WINDOW_STEPS] >= SILENT_RMS
            if heard.sum() < FEW_FRAMES:
                continue
            kinds.append(item.labels["kind"])
            scores.append(probability[at:at + WINDOW_STEPS][heard].mean(0))
            voices.append(item.voice), corpora.append(item.corpus)
    return EventWindows(np.array(kinds), np.array(scores), np.array(voices), np.array(corpora))


def event_figures(windows: EventWindows, classes: Sequence[str]) -> Figures:
    """F1, recall and false alarms of each kind of sound on its own, and of the strongest."""
    column, made = EVENT_OF_KIND[windows.kind], {}
    decided = windows.scores >= 0.5
    for c, label in enumerate(classes):
        made[label] = {"f1": f1(column == c, decided[:, c]), "windows": int((column == c).sum()),
                       "recall": round(float(decided[column == c, c].mean()), 4), "falseAlarms": round(float(decided[column != c, c].mean()), 4)}
    return {"macroF1": round(float(np.mean([of["f1"] for of in made.values()])), 4), "byClass": made,
            "winner": figures(column, windows.scores.argmax(1), windows.voices, windows.corpora, classes),
            "ece": round(calibration_error(windows.scores.flatten(), (np.eye(6)[column] > 0).flatten().astype(float)), 4)}


def voice_figures(head: heads.Head, items: Sequence[T.Item], outs: Sequence[Outputs], fitted: Dict[str, Any]) -> Figures:
    """Figures of a head of the voice, over items and over their frames. A class that the head rejects counts as one of its classes."""
    truth = np.array([i.labels[head.label] for i in items])
    scores, frames, frame_truth = [], [], []
    for label, out in zip(truth, outs):
        probability = probabilities(head.name, out[head.name], fitted)
        heard = out["rms"] >= SILENT_RMS
        heard = heard if heard.any() else np.ones(len(probability), bool)
        scores.append(probability[heard].mean(0))
        frames.append(probability[heard]), frame_truth.append(np.full(heard.sum(), label))
    made = figures(truth, np.array(scores).argmax(1), np.array([i.voice for i in items]), np.array([i.corpus for i in items]), head.learnt)
    every = np.concatenate(frames)
    right = (every.argmax(1) == np.concatenate(frame_truth)).astype(float)
    made["ece"] = round(calibration_error(every.max(1), right), 4)
    made["frameAccuracy"] = round(float(right.mean()), 4)
    return made


def evaluate(answers: Answers, fitted: Optional[Dict[str, Any]] = None, quick: bool = False) -> Dict[str, Figures]:
    """All figures of a network: {head: {condition: ...}}."""
    fitted, results = fitted or {}, {}
    put: Callable[[str, str, Figures], Any] = lambda head, title, made: results.setdefault(head, {}).__setitem__(title, made)
    for (name, condition), items in answers.sets.items():
        if quick and condition not in QUICK:
            continue
        outs = answers[name, condition]
        if name == "talk":
            for head in ("speech", "speech-rt"):
                scores = [probabilities(head, out[head], fitted)[:, IS_SPEECH] for out in outs]
                put(head, "frames, " + condition, talk_figures(scores, [truth for _, truth, _ in items]))
        elif name == "event":
            for head in ("speech", "speech-rt", "audio-event"):
                windows, classes = event_windows(head, items, outs, fitted), heads.SCORED[head].classes
                if head == "audio-event":
                    put(head, "1 s windows, " + condition, event_figures(windows, classes))
                else:
                    put(head, "1 s windows, " + condition, figures(THREE_OF_KIND[windows.kind], windows.scores.argmax(1), windows.voices, windows.corpora, classes))
        else:
            head, _, more = name.partition(" ")
            put(head, f"{more}, {condition}" if more else condition, voice_figures(heads.SCORED[head], items, outs, fitted))
    return results


def brief(results: Dict[str, Figures]) -> str:
    """One line a head and condition, for people."""
    lines = []
    for head, conditions in results.items():
        for condition, made in conditions.items():
            value = {k: made[k] for k in ("auc", "uar", "macroF1", "der", "countRight", "interval95", "ece") if k in made}
            corpora = {c: v["uar"] if isinstance(v, dict) else v for c, v in made.get("byCorpus", {}).items()}
            lines.append(f"{head:17s} {condition:42s} {value} {corpora if len(corpora) < 9 else ''}")
    return "\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--cache", required=True)
    parser.add_argument("--checkpoint", required=True)
    parser.add_argument("--out")
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    found = evaluate(Answers(load(arguments.checkpoint), build_items(arguments.corpus, arguments.cache)), quick=arguments.quick)
    print(brief(found))
    if arguments.out:
        with open(arguments.out, "w") as file:
            json.dump(found, file, indent=1)
