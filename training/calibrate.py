"""Calibration on dev voices: temperatures, shifts, sigmoid biases and `unknownBelow`.

A shift evens out the classes of a softmax head and goes into the head's own bias when it is exported. Temperatures are fitted by the likelihood of single frames over all conditions; where
there is a shift, behind it, and with the classes as dev has them: a shift for classes that weigh the same makes a head too sure of the rarer ones. What is reported is cross-fitted: each half of the speakers is judged with
the temperature of the other half; what ships is fitted on all of them, since dev is all there is.

Where there are corpora that the network never met (LEFT_OUT), they take the place of the known ones: who speaks into a known microphone is answered with more
confidence than a stranger. How much wider their temperature is can be handed on to a set that has met every corpus (`wider`).
"""
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Set, Tuple

import numpy as np
from scipy.optimize import minimize

import heads
from evaluate import EVENT_OF_KIND, SILENT_RMS, THREE_OF_KIND, Answers, calibration_error, softmax
from testset import Item

UNKNOWN_SHARE = 0.10    # of clean frames that may become unknown
LOWEST_OF_TWO, LOWEST_OF_MORE = 0.05, 0.25      # a threshold under chance would do nothing
HIGHEST_UNKNOWN = 0.5   # one far up would say unknown of what is known
LEFT_OUT = ("gender", "language")       # heads with items of corpora that the open set never met
REJECTED_SHARE = 0.8    # of frames of what a head rejects that must become unknown
MOST_BIAS = 2.5
Made = Tuple[Dict[str, Any], Dict[str, Any]]        # what the catalogue needs, and a report


class Frames(NamedTuple):
    """Frames of dev: logits [frames, classes]; all others [frames]."""

    logits: np.ndarray
    truth: np.ndarray
    weight: np.ndarray          # each class weighs the same, so that a head is not calibrated to the make-up of the dev part
    item_weight: np.ndarray     # each item weighs the same
    voices: np.ndarray
    clean: np.ndarray


def halves(voices: np.ndarray) -> np.ndarray:
    """Which half of the speakers each row belongs to: every other voice by name."""
    half = {name: k % 2 for k, name in enumerate(sorted(set(voices)))}
    return np.array([half[v] for v in voices])


def likelihood(logits: np.ndarray, truth: np.ndarray, weights: np.ndarray, temperature: float) -> float:
    """Mean negative log-likelihood."""
    z = logits / temperature
    z = z - z.max(1, keepdims=True)
    return -(weights * (z[np.arange(len(z)), truth] - np.log(np.exp(z).sum(1)))).sum() / weights.sum()


def fit(logits: np.ndarray, truth: np.ndarray, weights: np.ndarray, item_weights: np.ndarray, shifted: bool) -> Tuple[float, np.ndarray]:
    """Temperature, and shifts of the logits [classes] that even the classes out where `shifted`; else zeros. weights: each class the same; item_weights: each item the same."""
    classes, exact = logits.shape[1], logits.astype(np.float64)

    def loss(v: np.ndarray) -> float:
        return likelihood(exact + np.append(v[1:], 0.0) if shifted else exact, truth, weights, np.exp(v[0])) + 0.001 * (v[1:] ** 2).sum()
    best = minimize(loss, np.zeros(classes if shifted else 1), method="L-BFGS-B", options={"eps": 1e-4}).x
    if not shifted:
        return float(np.clip(np.exp(best[0]), 0.3, 6.0)), np.zeros(classes)
    shift = np.append(best[1:], 0.0)
    alone = minimize(lambda t: likelihood(exact + shift, truth, item_weights, np.exp(t[0])), np.zeros(1), method="L-BFGS-B", options={"eps": 1e-4}).x
    return float(np.clip(np.exp(alone[0]), 0.3, 6.0)), shift - shift.mean()


def labels_of(head: heads.Head, name: str, items: Sequence[Item], left_out: bool) -> Optional[List[int]]:
    """The labels of a set of items for a head, or None where the set is none of the head's. `left_out`: of corpora never met, rather than of known ones."""
    if name == "event" and not head.of_voice:
        kinds = EVENT_OF_KIND if head.activation == "sigmoid" else THREE_OF_KIND
        return [int(kinds[i.labels["kind"]]) for i in items]
    if name.split(" ")[0] == head.name and ("unseen" in name) == left_out or name.split(" ")[0] == head.name and name.endswith("others"):
        return [i.labels[head.label] for i in items]
    return None


def frames_of(answers: Answers, head: heads.Head, known: bool = False) -> Frames:
    """All frames of a head's items that are not silent, over all conditions; of `known` corpora alone, or else of those never met where there are such items."""
    rows = []
    left_out = not known and head.name in LEFT_OUT and any(name.startswith(head.name) and "unseen" in name for name, _ in answers.sets)
    for (name, condition), items in answers.sets.items():
        labels = labels_of(head, name, items, left_out)
        if labels is None:
            continue
        # The border of childhood is sought where children and adults speak into the same microphones.
        corpora: Optional[Set[str]] = {i.corpus for i, label in zip(items, labels) if label == 0} if head.name == "underage-speaker" else None
        for item, label, out in zip(items, labels, answers[name, condition]):
            if corpora is not None and item.corpus not in corpora:
                continue
            heard = out["rms"] >= SILENT_RMS
            count = heard.sum()
            if count:
                rows.append((out[head.name][heard], np.full(count, label), np.full(count, 1.0 / count), [item.voice] * count, np.full(count, condition == "clean")))
    logits, truth, weight, clean = (np.concatenate([row[part] for row in rows]) for part in (0, 1, 2, 4))
    item_weight = weight.copy()
    for number in np.unique(truth):
        weight[truth == number] /= weight[truth == number].sum()
    return Frames(logits, truth, weight / weight.mean(), item_weight, np.array(sum((row[3] for row in rows), [])), clean)


def resample(weight: np.ndarray, size: int = 40000) -> np.ndarray:
    """Indices of `size` frames drawn by their weight."""
    return np.random.default_rng(0).choice(len(weight), size, p=weight / weight.sum())


def unknown_below(head: heads.Head, frames: Frames, temperature: float, shift: np.ndarray) -> Made:
    """The confidence below which a head says `unknown`: of clean frames a tenth, or for a head that rejects most frames of what it rejects."""
    probability = softmax((frames.logits + shift) / temperature)
    classes = probability.shape[1]
    if head.reject:
        return rejecting(head, frames, probability)
    confidence = np.abs(probability[:, 0] - probability[:, 1]) if classes == 2 else probability.max(1)
    pick = resample(frames.weight * frames.clean)
    below = float(np.floor(np.quantile(confidence[pick], UNKNOWN_SHARE) * 100) / 100)
    threshold = round(min(max(below, LOWEST_OF_TWO if classes == 2 else LOWEST_OF_MORE), HIGHEST_UNKNOWN), 2)
    right, kept = (probability.argmax(1) == frames.truth)[pick], confidence[pick] >= threshold
    return {"unknownBelow": threshold}, {"unknownBelow": threshold, "unknownShare": round(float(1 - kept.mean()), 4), "accuracyAll": round(float(right.mean()), 4),
                                         "accuracyKept": round(float(right[kept].mean()), 4)}


def rejecting(head: heads.Head, frames: Frames, probability: np.ndarray) -> Made:
    """The threshold of a head that rejects: the share REJECTED_SHARE of the clean frames of what it rejects falls below it."""
    offered = probability[:, :len(head.classes)]
    confidence, answer, outside = offered.max(1), offered.argmax(1), frames.truth == len(head.classes)
    pick = resample(frames.weight * frames.clean)
    wanted = float(np.quantile(confidence[pick][outside[pick]], REJECTED_SHARE))
    threshold = round(min(max(wanted, LOWEST_OF_MORE), HIGHEST_UNKNOWN), 2)
    kept, inside = confidence[pick] >= threshold, ~outside[pick]
    right = (answer == frames.truth)[pick]
    return {"unknownBelow": threshold}, {"unknownBelow": threshold, "unknownShare": round(float(1 - kept[inside].mean()), 4), "unknownShareOfRejected": round(float(1 - kept[~inside].mean()), 4),
                                         "accuracyAll": round(float(right[inside].mean()), 4), "accuracyKept": round(float(right[inside & kept].mean()), 4),
                                         "accuracyKeptRejectedIncluded": round(float(right[kept].mean()), 4)}


def softmax_head(answers: Answers, head: heads.Head, wider: float = 1.0) -> Made:
    """Temperature, shift and threshold of a head whose classes exclude each other; the temperature is `wider` by that factor."""
    frames = frames_of(answers, head)
    half, shifted, crossed = halves(frames.voices), head.evened_out, np.zeros(frames.logits.shape)
    for side in (0, 1):
        known, judged = half == side, half != side
        temperature, shift = fit(frames.logits[known], frames.truth[known], frames.weight[known], frames.item_weight[known], shifted)
        crossed[judged] = (frames.logits[judged] + shift) / temperature
    temperature, shift = fit(frames.logits, frames.truth, frames.weight, frames.item_weight, shifted)
    temperature *= wider
    shift[:len(head.prior)] += head.prior
    pick = resample(frames.weight)

    def error(logits: np.ndarray, answer: np.ndarray) -> float:
        return round(calibration_error(softmax(logits).max(1)[pick], (answer == frames.truth)[pick].astype(float)), 4)
    report = {"temperature": round(temperature, 4), "eceBefore": error(frames.logits, frames.logits.argmax(1)), "shift": [round(float(v), 4) for v in shift],
              "eceCrossFitted": error(crossed, softmax(crossed).argmax(1)), "frames": len(frames.truth), "speakers": len(set(frames.voices))}
    if head.name in LEFT_OUT and wider == 1.0:
        known_frames = frames_of(answers, head, known=True)
        known_temperature, _ = fit(known_frames.logits, known_frames.truth, known_frames.weight, known_frames.item_weight, shifted)
        report["temperatureOnKnownCorpora"] = round(known_temperature, 4)
    report["wider"] = wider
    made: Dict[str, Any] = {"calibration": {"temperature": round(temperature, 4)}, "shift": shift}
    if head.baseline:
        made["baseline"] = {**{name: head.baseline[name] for name in ("priorSeconds", "memorySeconds")}, "logProbabilities": usual(head, answers, temperature, shift)}
    if head.with_unknown:
        more, told = unknown_below(head, frames, temperature, shift)
        made.update(more), report.update(told)
    return made, report


def usual(head: heads.Head, answers: Answers, temperature: float, shift: np.ndarray) -> List[float]:
    """Mean logarithm of the probabilities [classes] of clean acted clips of the class that is usual, each clip the same: what a voice's own mean is compared with."""
    label, means = head.classes.index(head.baseline["usual"]), []
    for item, out in zip(answers.sets[head.name, "clean"], answers[head.name, "clean"]):
        heard = out["rms"] >= SILENT_RMS
        if item.labels[head.label] == label and heard.any():
            means.append(np.log(softmax((out[head.name][heard] + shift) / temperature) + 1e-9).mean(0))
    return [round(float(v), 4) for v in np.mean(means, 0)]


def sigmoid_head(answers: Answers, head: heads.Head) -> Made:
    """One temperature and a bias a class: likelihood of single-class sound, each class weighing as the root of its share, so that rare ones are not called too often."""
    frames, classes = frames_of(answers, head), head.outputs
    weight = frames.weight * np.sqrt(np.bincount(frames.truth, minlength=classes))[frames.truth]
    pick = resample(weight)
    z, y = frames.logits[pick].astype(np.float64), np.eye(classes)[frames.truth[pick]]

    def loss(v: np.ndarray) -> float:
        s = z / np.exp(v[0]) + v[1:]
        return float((np.logaddexp(0, s) - y * s).mean() + 0.002 * (v[1:] ** 2).mean())
    best = minimize(loss, np.zeros(classes + 1), method="L-BFGS-B", options={"eps": 1e-4}).x
    best[1:] = np.clip(best[1:], -MOST_BIAS, MOST_BIAS)
    best[1:] += head.prior
    scaled = 1 / (1 + np.exp(-(z / np.exp(best[0]) + best[1:])))
    report = {"temperature": round(float(np.exp(best[0])), 4), "bias": [round(float(b), 4) for b in best[1:]],
              "ece": round(calibration_error(scaled.flatten(), y.flatten()), 4), "eceBefore": round(calibration_error((1 / (1 + np.exp(-z))).flatten(), y.flatten()), 4)}
    return {"calibration": {"temperature": report["temperature"], "bias": report["bias"]}}, report


def calibrate(answers: Answers, names: Sequence[str] = tuple(heads.SCORED), wider: Optional[Dict[str, float]] = None) -> Tuple[Dict[str, Any], Dict[str, Any]]:
    """What the catalogue needs and a report, both by head. `wider`: factors of temperatures by head."""
    made = {name: sigmoid_head(answers, heads.SCORED[name]) if heads.SCORED[name].activation == "sigmoid" else softmax_head(answers, heads.SCORED[name], (wider or {}).get(name, 1.0)) for name in names}
    return {name: fitted for name, (fitted, _) in made.items()}, {name: report for name, (_, report) in made.items()}
