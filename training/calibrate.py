"""Calibration on dev voices: temperatures, shifts, sigmoid biases and `unknownBelow`.

A shift evens out the classes of a softmax head and goes into the head's own bias when it is exported. Temperatures are fitted by the likelihood of single frames over all conditions; where
there is a shift, behind it, and with the classes as dev has them: a shift for classes that weigh the same makes a head too sure of the rarer ones. What is reported is cross-fitted: each half of the speakers is judged with
the temperature of the other half; what ships is fitted on all of them, since dev is all there is.
"""
import numpy as np
from scipy.optimize import minimize

import network as N
from evaluate import HEAD_LABEL, SILENT_RMS, calibration_error, softmax

SHIFTED = ("gender", "underage-speaker", "arousal")     # heads that are evened out; for the others dev has too few voices, or it did not help the other half
UNKNOWN_SHARE = 0.10    # of clean frames that may become unknown
KIND_TO_EVENT = np.array([3, 4, 5, 0, 1, 2])
KIND_TO_THREE = np.array([2, 0, 1, 1, 1, 1])


def halves(voices):
    """Which half of the speakers each row belongs to: every other voice by name."""
    names = sorted(set(voices))
    half = {name: k % 2 for k, name in enumerate(names)}
    return np.array([half[v] for v in voices])


def fit(logits, truth, weights, items, shifted):
    """Temperature, and shifts of the logits [classes] that even the classes out where `shifted`; else zeros. weights: each class the same; items: each item the same."""
    classes, exact = logits.shape[1], logits.astype(np.float64)

    def loss(v):
        return likelihood(exact + np.append(v[1:], 0.0) if shifted else exact, truth, weights, np.exp(v[0])) + 0.001 * (v[1:] ** 2).sum()
    best = minimize(loss, np.zeros(classes if shifted else 1), method="L-BFGS-B", options={"eps": 1e-4}).x
    if not shifted:
        return float(np.clip(np.exp(best[0]), 0.3, 6.0)), np.zeros(classes)
    shift = np.append(best[1:], 0.0)
    alone = minimize(lambda t: likelihood(exact + shift, truth, items, np.exp(t[0])), np.zeros(1), method="L-BFGS-B", options={"eps": 1e-4}).x
    return float(np.clip(np.exp(alone[0]), 0.3, 6.0)), shift - shift.mean()


def likelihood(logits, truth, weights, temperature):
    """Mean negative log-likelihood."""
    z = logits / temperature
    z = z - z.max(1, keepdims=True)
    return -(weights * (z[np.arange(len(z)), truth] - np.log(np.exp(z).sum(1)))).sum() / weights.sum()


def frames_of(answers, head):
    """Frame logits, truth, weights (each class the same; each item the same), voice and whether clean, over all of a head's items."""
    rows = []
    for (name, condition), items in answers.sets.items():
        if name == "event" and head in ("speech", "speech-rt", "audio-event"):
            labels = [int((KIND_TO_EVENT if head == "audio-event" else KIND_TO_THREE)[i.labels["kind"]]) for i in items]
        elif name.split(" ")[0] == head and "unseen" not in name:
            labels = [i.labels[HEAD_LABEL[head]] for i in items]
        else:
            continue
        # The border of childhood is sought where children and adults speak into the same microphones.
        corpora = {i.corpus for i, label in zip(items, labels) if label == 0} if head == "underage-speaker" else None
        for item, label, out in zip(items, labels, answers[name, condition]):
            if corpora is not None and item.corpus not in corpora:
                continue
            heard = out["rms"] >= SILENT_RMS
            if heard.any():
                rows.append((out[head][heard], np.full(heard.sum(), label), np.full(heard.sum(), 1.0 / heard.sum()), [item.voice] * heard.sum(),
                             np.full(heard.sum(), condition == "clean")))
    logits, truth, weight, clean = (np.concatenate([r[k] for r in rows]) for k in (0, 1, 2, 4))
    # Every class weighs the same, so that a head is not calibrated to the make-up of the dev part.
    items = weight.copy()
    for c in np.unique(truth):
        weight[truth == c] /= weight[truth == c].sum()
    return logits, truth, weight / weight.mean(), items, np.array(sum((list(r[3]) for r in rows), [])), clean


def resample(weight, size=40000):
    return np.random.default_rng(0).choice(len(weight), size, p=weight / weight.sum())


def softmax_head(answers, head):
    logits, truth, weight, items, voices, clean = frames_of(answers, head)
    half, shifted, crossed = halves(voices), head in SHIFTED, np.zeros(logits.shape)
    for side in (0, 1):
        known, judged = half == side, half != side
        temperature, shift = fit(logits[known], truth[known], weight[known], items[known], shifted)
        crossed[judged] = (logits[judged] + shift) / temperature
    temperature, shift = fit(logits, truth, weight, items, shifted)
    p = softmax(crossed)
    pick = resample(weight)
    report = {"temperature": round(temperature, 4), "eceBefore": round(calibration_error(softmax(logits).max(1)[pick], (logits.argmax(1) == truth)[pick].astype(float)), 4),
              "shift": [round(float(v), 4) for v in shift], "eceCrossFitted": round(calibration_error(p.max(1)[pick], (p.argmax(1) == truth)[pick].astype(float)), 4), "frames": len(truth), "speakers": len(set(voices))}
    made = {"calibration": {"temperature": round(temperature, 4)}, "shift": shift}
    if head in ("gender", "language", "underage-speaker"):
        p = softmax((logits + shift) / temperature)
        confidence = np.abs(p[:, 0] - p[:, 1]) if p.shape[1] == 2 else p.max(1)
        pick = resample(weight * clean)
        below = float(np.floor(np.quantile(confidence[pick], UNKNOWN_SHARE) * 100) / 100)
        # A threshold under chance would do nothing; one far up would say unknown of what is known.
        made["unknownBelow"] = round(min(max(below, 0.05 if p.shape[1] == 2 else 0.25), 0.5), 2)
        right, kept = (p.argmax(1) == truth)[pick], confidence[pick] >= made["unknownBelow"]
        report.update(unknownBelow=made["unknownBelow"], unknownShare=round(float(1 - kept.mean()), 4), accuracyAll=round(float(right.mean()), 4), accuracyKept=round(float(right[kept].mean()), 4))
    return made, report


def sigmoid_head(answers, head):
    """One temperature and a bias a class: likelihood of single-class sound, each class weighing as the root of its share, so that rare ones are not called too often."""
    logits, truth, weight, _, voices, _ = frames_of(answers, head)
    weight = weight * np.sqrt(np.bincount(truth, minlength=6))[truth]
    pick = resample(weight)
    z, y = logits[pick].astype(np.float64), np.eye(6)[truth[pick]]

    def loss(v):
        s = z / np.exp(v[0]) + v[1:]
        return float((np.logaddexp(0, s) - y * s).mean() + 0.002 * (v[1:] ** 2).mean())
    best = minimize(loss, np.zeros(7), method="L-BFGS-B", options={"eps": 1e-4}).x
    best[1:] = np.clip(best[1:], -2.5, 2.5)
    scaled = 1 / (1 + np.exp(-(z / np.exp(best[0]) + best[1:])))
    report = {"temperature": round(float(np.exp(best[0])), 4), "bias": [round(float(b), 4) for b in best[1:]],
              "ece": round(calibration_error(scaled.flatten(), y.flatten()), 4), "eceBefore": round(calibration_error((1 / (1 + np.exp(-z))).flatten(), y.flatten()), 4)}
    return {"calibration": {"temperature": report["temperature"], "bias": report["bias"]}}, report


def calibrate(answers, heads=tuple(N.HEADS)):
    """What the catalogue needs and a report, both by head."""
    fitted, report = {}, {}
    for head in heads:
        fitted[head], report[head] = (sigmoid_head if head in N.SIGMOID else softmax_head)(answers, head)
    return fitted, report
