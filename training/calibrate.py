"""Calibration on dev voices: temperatures, sigmoid biases and `unknownBelow`.

Temperatures are fitted by the likelihood of single frames over all conditions. What is reported is cross-fitted: each half of the speakers is judged with
the temperature of the other half; what ships is fitted on all of them, since dev is all there is.
"""
import numpy as np
from scipy.optimize import minimize, minimize_scalar

import network as N
from evaluate import HEAD_LABEL, SILENT_RMS, calibration_error, softmax

UNKNOWN_SHARE = 0.10    # of clean frames that may become unknown
KIND_TO_EVENT = np.array([3, 4, 5, 0, 1, 2])
KIND_TO_THREE = np.array([2, 0, 1, 1, 1, 1])


def halves(voices):
    """Which half of the speakers each row belongs to: every other voice by name."""
    names = sorted(set(voices))
    half = {name: k % 2 for k, name in enumerate(names)}
    return np.array([half[v] for v in voices])


def fit_temperature(logits, truth, weights):
    def loss(log_t):
        z = logits / np.exp(log_t)
        z = z - z.max(1, keepdims=True)
        return -(weights * (z[np.arange(len(z)), truth] - np.log(np.exp(z).sum(1)))).sum()
    return float(np.clip(np.exp(minimize_scalar(loss, bounds=(-1.5, 2.0), method="bounded").x), 0.3, 6.0))


def frames_of(answers, head):
    """Frame logits, truth, voice, weight (one per item) and whether clean, over all of a head's items."""
    rows = []
    for (name, condition), items in answers.sets.items():
        if name == "event" and head in ("speech", "speech-rt", "audio-event"):
            labels = [int((KIND_TO_EVENT if head == "audio-event" else KIND_TO_THREE)[i.labels["kind"]]) for i in items]
        elif name.split(" ")[0] == head and "unseen" not in name:
            labels = [i.labels[HEAD_LABEL[head]] for i in items]
        else:
            continue
        for item, label, out in zip(items, labels, answers[name, condition]):
            heard = out["rms"] >= SILENT_RMS
            if heard.any():
                rows.append((out[head][heard], np.full(heard.sum(), label), np.full(heard.sum(), 1.0 / heard.sum()), [item.voice] * heard.sum(),
                             np.full(heard.sum(), condition == "clean")))
    logits, truth, weight, clean = (np.concatenate([r[k] for r in rows]) for k in (0, 1, 2, 4))
    # Every class weighs the same, so that a head is not calibrated to the make-up of the dev part.
    for c in np.unique(truth):
        weight[truth == c] /= weight[truth == c].sum()
    return logits, truth, weight / weight.mean(), np.array(sum((list(r[3]) for r in rows), [])), clean


def resample(weight, size=40000):
    return np.random.default_rng(0).choice(len(weight), size, p=weight / weight.sum())


def softmax_head(answers, head):
    logits, truth, weight, voices, clean = frames_of(answers, head)
    half, crossed = halves(voices), np.zeros(len(truth))
    for side in (0, 1):
        fit, judge = half == side, half != side
        crossed[judge] = fit_temperature(logits[fit], truth[fit], weight[fit])
    temperature = fit_temperature(logits, truth, weight)
    p = softmax(logits / crossed[:, None])
    pick = resample(weight)
    report = {"temperature": round(temperature, 4), "eceBefore": round(calibration_error(softmax(logits).max(1)[pick], (logits.argmax(1) == truth)[pick].astype(float)), 4),
              "eceCrossFitted": round(calibration_error(p.max(1)[pick], (p.argmax(1) == truth)[pick].astype(float)), 4), "frames": len(truth), "speakers": len(set(voices))}
    made = {"calibration": {"temperature": round(temperature, 4)}}
    if head in ("gender", "language", "underage-speaker"):
        p = softmax(logits / temperature)
        confidence = np.abs(p[:, 0] - p[:, 1]) if p.shape[1] == 2 else p.max(1)
        pick = resample(weight * clean)
        below = float(np.floor(np.quantile(confidence[pick], UNKNOWN_SHARE) * 100) / 100)
        # A threshold under chance would do nothing; one far up would say unknown of what is known.
        made["unknownBelow"] = round(min(max(below, 0.05 if p.shape[1] == 2 else 0.25), 0.5), 2)
        right, kept = (p.argmax(1) == truth)[pick], confidence[pick] >= made["unknownBelow"]
        report.update(unknownBelow=made["unknownBelow"], unknownShare=round(float(1 - kept.mean()), 4), accuracyAll=round(float(right.mean()), 4), accuracyKept=round(float(right[kept].mean()), 4))
    return made, report


def sigmoid_head(answers, head):
    """One temperature and a bias a class: likelihood of single-class sound, each class at equal weight."""
    logits, truth, weight, voices, _ = frames_of(answers, head)
    pick = resample(weight)
    z, y = logits[pick], np.eye(6)[truth[pick]]

    def loss(v):
        s = z / np.exp(v[0]) + v[1:]
        return float((np.logaddexp(0, s) - y * s).mean() + 0.002 * (v[1:] ** 2).mean())
    best = minimize(loss, np.zeros(7), method="L-BFGS-B").x
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
