"""Measures a network on the dev voices: for every head, corpus and condition, with intervals bootstrapped over speakers.

An item's answer is the class with the highest mean probability over its frames that are not silent (rule: volume 0.005), as the engine forms it.
"""
import argparse
import json
import os
import pickle

import numpy as np
import torch

import corpus as C
import network as N
import testset as T

HEAD_LABEL = {"gender": "gender", "underage-speaker": "age", "arousal": "arousal", "emotions": "emotion", "language": "language"}
SILENT_RMS = 0.005


def load(path):
    state = torch.load(path, map_location="cpu")
    net = N.Network(**state["config"])
    net.load_state_dict(state["ema"])
    return net.eval()


def build_items(folder, cache):
    """All test items by head, made once and kept in the cache."""
    path = os.path.join(cache, "testset.pkl")
    if os.path.exists(path):
        with open(path, "rb") as file:
            return pickle.load(file)
    rows, sound = C.load(folder, cache)
    table, _, _ = C.labels(rows)
    rng = np.random.default_rng(11)
    rooms, draw = C.rooms(folder), T.backgrounds(rows, table, sound, rng)
    dev, speech = table["dev"] & ~table["suspect"], table["kind"] == 0
    some = lambda mask, most: np.sort(rng.permutation(np.flatnonzero(mask))[:most])
    sets = {}
    clean = {
        "gender": T.windows(rows, table, sound, some(dev & speech & (table["gender"] >= 0) & (table["age"] == 1), 900), 3.0, "gender", 2),
        "underage-speaker": T.windows(rows, table, sound, some(dev & speech & ((table["age"] == 1) | ((table["age"] == 0) & (table["years"] <= 10))), 900), 2.0, "age", 2),
        "arousal": T.windows(rows, table, sound, some(dev & table["acted"] & (table["arousal"] >= 0), 1200), 2.0, "arousal", 1),
        "emotions": T.windows(rows, table, sound, some(dev & table["acted"] & (table["emotion"] >= 0), 1200), 2.0, "emotion", 1),
        "emotions reading": T.windows(rows, table, sound, some(dev & ~table["acted"] & (table["emotion"] >= 0), 400), 2.0, "emotion", 1),
    }
    spoken = np.flatnonzero(dev & (table["language"] >= 0) & (table["language"] < 5))
    english = {}
    for i in spoken:        # at most 40 clips a voice: English has far more than the others
        english.setdefault(rows[i]["voice"], []).append(i)
    spoken = np.sort(np.concatenate([rng.permutation(clips)[:100] for clips in english.values()]))
    outside = np.flatnonzero(~table["open"] & np.isin([r["corpus"] for r in rows], ("watson", "sppas")) & (table["language"] >= 0) & (table["language"] < 5))
    for seconds in (3, 10):
        clean[f"language {seconds} s"] = T.windows(rows, table, sound, spoken, seconds, "language", 8, True)
        clean[f"language {seconds} s unseen by open"] = T.windows(rows, table, sound, outside, seconds, "language", 8, True)
    nc = np.isin([r["corpus"] for r in rows], ("ravdess", "emovo", "emodb", "samplevoice")) & ~table["dev"] & ~table["suspect"]
    clean["gender unseen by open"] = T.windows(rows, table, sound, some(nc & (table["gender"] >= 0), 600), 3.0, "gender", 1)
    clean["underage-speaker adults unseen by open"] = T.windows(rows, table, sound, some(nc & (table["age"] == 1), 400), 2.0, "age", 1)
    for name, items in clean.items():
        for condition in T.CONDITIONS if "unseen" not in name else ("clean", "noise 10 dB"):
            sets[name, condition] = [T.Item(T.under_condition(i.pcm, condition, draw, rooms, rng), i.voice, i.corpus, **i.labels) for i in items]
    for condition in T.CONDITIONS:
        sets["talk", condition] = T.talk_scenes(rows, table, sound, 30, condition, draw, rooms, rng)
    # One class of sound at a time: clips of at least a second, at random level.
    events = []
    for i in np.flatnonzero(table["dev"] & ~table["babble"]):
        row = rows[i]
        if row["event"] == "speech" and rng.random() > 0.15:
            continue
        pcm = T.cut(sound, row) * 10 ** (rng.uniform(-8, 8) / 20)
        if len(pcm) >= 0.3 * C.RATE:
            events.append(T.Item(pcm[:30 * C.RATE].astype(np.float32), row["voice"], row["corpus"], kind=int(table["kind"][i])))
    sets["event", "clean"] = events
    sets["event", "telephone"] = [T.Item(T.telephone(i.pcm), i.voice, i.corpus, **i.labels) for i in events]
    with open(path, "wb") as file:
        pickle.dump(sets, file, protocol=4)
    return sets


def run(net, sounds, wanted, size=64):
    """Outputs `wanted` of the network for each sound: list of {name: [frames, ...]} plus "rms" [frames]. Sounds of like length share a batch."""
    order, found = sorted(range(len(sounds)), key=lambda i: len(sounds[i])), [None] * len(sounds)
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

    def __init__(self, net, sets):
        self.net, self.sets, self.known = net, sets, {}

    def __getitem__(self, key):
        if key not in self.known:
            items = self.sets[key]
            sounds = [i.pcm if isinstance(i, T.Item) else i[0] for i in items]
            self.known[key] = run(self.net, sounds, tuple(N.HEADS), 64 if len(sounds[0]) < 4 * C.RATE else 16)
        return self.known[key]


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def probabilities(name, logits, fitted):
    """Calibrated probabilities; `fitted` as in the catalogue."""
    made = fitted.get(name, {}).get("calibration", {})
    scaled = (logits + fitted.get(name, {}).get("shift", 0.0)) / made.get("temperature", 1.0)
    return 1 / (1 + np.exp(-(scaled + np.array(made.get("bias", 0.0))))) if name in N.SIGMOID else softmax(scaled)


def recall(truth, answer, classes):
    return [float((answer[truth == c] == c).mean()) if (truth == c).any() else None for c in range(classes)]


def macro(truth, answer, classes):
    known = [r for r in recall(truth, answer, classes) if r is not None]
    return float(np.mean(known)) if known else None


def interval(truth, answer, voices, classes, draws=400):
    """95 % interval of macro recall, bootstrapped over speakers."""
    rng, names = np.random.default_rng(0), np.unique(voices)
    where = {v: np.flatnonzero(voices == v) for v in names}
    values = []
    for _ in range(draws):
        pick = np.concatenate([where[v] for v in rng.choice(names, len(names))])
        value = macro(truth[pick], answer[pick], classes)
        if value is not None and len(np.unique(truth[pick])) == len(np.unique(truth)):
            values.append(value)
    return [round(float(np.percentile(values, q)), 4) for q in (2.5, 97.5)] if values else None


def calibration_error(confidence, right, bins=15):
    edges = np.minimum((confidence * bins).astype(int), bins - 1)
    return float(sum(abs(confidence[edges == b].mean() - right[edges == b].mean()) * (edges == b).mean() for b in range(bins) if (edges == b).any()))


def figures(truth, answer, voices, corpora, classes, chance=None):
    table = [[int(((truth == a) & (answer == b)).sum()) for b in range(len(classes))] for a in range(len(classes))]
    f1 = {}
    for c, name in enumerate(classes):
        both = ((truth == c) & (answer == c)).sum()
        f1[name] = round(float(2 * both / max(1, (truth == c).sum() + (answer == c).sum())), 4)
    made = {"items": len(truth), "speakers": len(np.unique(voices)), "accuracy": round(float((truth == answer).mean()), 4),
            "uar": round(macro(truth, answer, len(classes)), 4), "interval95": interval(truth, answer, voices, len(classes)), "f1": f1,
            "confusion": {"classes": list(classes), "rows": "truth", "counts": table},
            "byCorpus": {str(c): {"items": int((corpora == c).sum()), "uar": round(macro(truth[corpora == c], answer[corpora == c], len(classes)), 4),
                                  "accuracy": round(float((truth == answer)[corpora == c].mean()), 4)} for c in np.unique(corpora)}}
    return made


def auc(score, truth):
    order = np.argsort(score)
    rank = np.empty(len(score))
    rank[order] = np.arange(1, len(score) + 1)
    positive = truth == 1
    return float((rank[positive].sum() - positive.sum() * (positive.sum() + 1) / 2) / max(1, positive.sum() * (~positive).sum()))


def evaluate(answers, fitted=None, quick=False):
    """All figures of a network: {head: {condition: ...}}."""
    fitted, results, sets = fitted or {}, {}, answers.sets
    for (name, condition), items in sets.items():
        if quick and condition not in ("clean", "noise 10 dB"):
            continue
        if name == "talk":
            outs = answers[name, condition]
            for head in ("speech", "speech-rt"):
                score = np.concatenate([probabilities(head, o[head], fitted)[:, 2] for o in outs])
                truth = np.concatenate([t for _, t, _ in items])
                known = truth >= 0
                made = {"auc": round(auc(score[known], truth[known]), 4), "frames": int(known.sum())}
                rng, values = np.random.default_rng(0), []
                parts = [(probabilities(head, o[head], fitted)[:, 2][t >= 0], t[t >= 0]) for o, (_, t, _) in zip(outs, items)]
                for _ in range(200):
                    pick = rng.integers(0, len(parts), len(parts))
                    values.append(auc(np.concatenate([parts[p][0] for p in pick]), np.concatenate([parts[p][1] for p in pick])))
                made["interval95"] = [round(float(np.percentile(values, q)), 4) for q in (2.5, 97.5)]
                results.setdefault(head, {})["frames, " + condition] = made
            continue
        if name == "event":
            outs = answers[name, condition]
            for head in ("speech", "speech-rt", "audio-event"):
                truth, answer, voices, corpora, scores = [], [], [], [], []
                for item, out in zip(items, outs):
                    p = probabilities(head, out[head], fitted)
                    for at in range(0, max(1, len(p) - 15), 16):
                        heard = out["rms"][at:at + 16] >= SILENT_RMS
                        if heard.sum() < 4:
                            continue
                        kind = item.labels["kind"]
                        truth.append(kind if head == "audio-event" else {0: 2, 1: 0}.get(kind, 1))
                        scores.append(p[at:at + 16][heard].mean(0))
                        voices.append(item.voice), corpora.append(item.corpus)
                truth, scores, voices, corpora = np.array(truth), np.array(scores), np.array(voices), np.array(corpora)
                if head == "audio-event":
                    column = np.array([3, 4, 5, 0, 1, 2])[truth]
                    classes, made = N.HEADS[head][1], {}
                    decided = scores >= 0.5
                    for c, label in enumerate(classes):
                        both = (decided[:, c] & (column == c)).sum()
                        made[label] = {"f1": round(float(2 * both / max(1, decided[:, c].sum() + (column == c).sum())), 4), "windows": int((column == c).sum()),
                                       "recall": round(float(decided[column == c, c].mean()), 4), "falseAlarms": round(float(decided[column != c, c].mean()), 4)}
                    top = figures(column, scores.argmax(1), voices, corpora, classes)
                    results.setdefault(head, {})["1 s windows, " + condition] = {
                        "macroF1": round(float(np.mean([m["f1"] for m in made.values()])), 4), "byClass": made, "winner": top,
                        "ece": round(calibration_error(scores.flatten(), (np.eye(6)[column] > 0).flatten().astype(float)), 4)}
                else:
                    results.setdefault(head, {})["1 s windows, " + condition] = figures(truth, scores.argmax(1), voices, corpora, N.HEADS[head][1])
            continue
        head = name.split(" ")[0]
        outs = answers[name, condition]
        truth = np.array([i.labels[HEAD_LABEL[head]] for i in items])
        scores, frames, frame_truth = [], [], []
        for i, out in zip(items, outs):
            p = probabilities(head, out[head], fitted)
            heard = out["rms"] >= SILENT_RMS
            heard = heard if heard.any() else np.ones(len(p), bool)
            scores.append(p[heard].mean(0))
            frames.append(p[heard]), frame_truth.append(np.full(heard.sum(), i.labels[HEAD_LABEL[head]]))
        scores, voices, corpora = np.array(scores), np.array([i.voice for i in items]), np.array([i.corpus for i in items])
        made = figures(truth, scores.argmax(1), voices, corpora, N.HEADS[head][1])
        p, t = np.concatenate(frames), np.concatenate(frame_truth)
        made["ece"] = round(calibration_error(p.max(1), (p.argmax(1) == t).astype(float)), 4)
        made["frameAccuracy"] = round(float((p.argmax(1) == t).mean()), 4)
        results.setdefault(head, {})[(name[len(head):] + ", " if len(name) > len(head) else "").strip() + (" " if len(name) > len(head) else "") + condition] = made
    return results


def brief(results):
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
