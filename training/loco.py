"""Leave one corpus out: what arousal, emotions, gender and language are worth on speakers, texts and microphones that they never met.

The trunk of the open set has never heard the corpora that are not openly licensed, and these are the ones that are left out. With its weights frozen up to the tap of one second, private copies of the
deeper layers and the heads are trained on the train part of all data but one corpus, and judged on all of that one, on the first seconds from where a clip begins to sound. Frames that pause do not
count. EMO-DB's two versions hold the same recordings and are left out together.

With nothing left out the same layers are judged on dev voices: by how much wider the temperature of a corpus never met is than theirs is what calibrate.py hands on to a set that has met every corpus,
and, beside the heads of another network on the same windows (--beside), it says what one trunk on open data would cost.
"""
import argparse
import json
import os
from typing import Any, Callable, Dict, List, NamedTuple, Sequence, Tuple

import numpy as np
import torch
from torch.nn import functional as F

import calibrate as K
import corpus as C
import evaluate as E
import heads
import network as N
from scenes import Pool

EMODB = ("emodb", "emodb2s")
MOOD_CORPORA = {"ravdess": ("ravdess",), "emovo": ("emovo",), "emodb": EMODB, "nemo": ("nemo",), "savee": ("savee",), "tess": ("tess",)}
GENDER_CORPORA = {"ravdess": ("ravdess",), "emovo": ("emovo",), "emodb": EMODB, "samplevoice": ("samplevoice",), "nemo": ("nemo",)}
LANGUAGE_CORPORA = {"watson": ("watson",), "sppas": ("sppas",), "emovo": ("emovo",), "emodb": EMODB}
NOTHING = "nothing"     # left out: judged on dev voices


class Family(NamedTuple):
    """Heads that are trained together."""

    heads: Tuple[str, ...]
    left_out: Dict[str, Tuple[str, ...]]        # what is left out in turn
    frames: int                                 # of a training crop
    seconds: int                                # of a judged window


FAMILIES = {
    "mood": Family(("arousal", "emotions"), MOOD_CORPORA, 40, 2),
    "gender": Family(("gender",), GENDER_CORPORA, 56, 3),
    "language": Family(("language",), LANGUAGE_CORPORA, 56, 3),
}
LEAD = 5                # frames of a voice before its label counts
CLIPS_A_VOICE = 30      # and class
SPOKEN_SHARE = 0.25     # of a language batch that is synthetic speech
BATCH, RATE = 48, 1.5e-3
LONGEST_MS16 = 500      # 16 ms frames of a clip that are heard
FEW_FRAMES = 8          # of a judged window that must sound

Clip = Tuple[str, int]  # "real" or "spoken", and the number of the clip there
Heard = Tuple[torch.Tensor, torch.Tensor]       # tap_medium [channels, frames] and whether each frame sounds [frames]


class Top(torch.nn.Module):
    """Copies of the layers above tap_medium, and the heads of one family."""

    def __init__(self, names: Sequence[str], width: int = 192) -> None:
        super().__init__()
        self.long, self.longest = N.Layer(width, width, 8, statistics=True), N.Layer(width, width, 8, statistics=True)
        self.heads = torch.nn.ModuleDict({name: N.Head(width, 96, heads.SCORED[name].outputs, 0.3) for name in names})

    def forward(self, taps: torch.Tensor, silence: torch.Tensor) -> Dict[str, torch.Tensor]:
        x, silence = self.long(taps, silence)
        if any(heads.SCORED[name].tap == "tap_longest" for name in self.heads):
            x, _ = self.longest(x, silence)
        return {name: module(x) for name, module in self.heads.items()}


class Taps:
    """tap_medium and activity of clips, from their first sound on, at most 8 s of each, in every version of a pool."""

    def __init__(self, net: N.Network, pool: Pool) -> None:
        self.net, self.pool = net, pool
        self.known: Dict[int, List[Heard]] = {}

    def __getitem__(self, i: int) -> List[Heard]:
        if i not in self.known:
            versions, clip = self.pool.clips[i]
            self.known[i] = [self.hear(frames[at:at + n], active[at:at + n]) for frames, active, spans, _ in versions for at, n in [spans[clip]]]
        return self.known[i]

    def hear(self, log_power: np.ndarray, active: np.ndarray) -> Heard:
        """From log powers [frames, 64] and activity [frames] at 16 ms."""
        features, active = self.sounding(log_power, active)
        with torch.no_grad():
            taps = self.net.trunk(features)["tap_medium"][0].half()
        return taps, torch.from_numpy(active.reshape(-1, 4).mean(1) >= 0.5)

    @staticmethod
    def sounding(log_power: np.ndarray, active: np.ndarray) -> Tuple[torch.Tensor, np.ndarray]:
        """Features [1, frames, 64] and activity [frames] from the first sound on, in whole steps of 64 ms."""
        first = max(0, int(np.argmax(active)) // 4 * 4 - 8)
        log_power, active = log_power[first:first + LONGEST_MS16], active[first:first + LONGEST_MS16]
        size = len(active) // 4 * 4
        features = (np.log(np.exp(log_power[:size].astype(np.float32)) + N.FLOOR) + N.LOG_OFFSET) * N.LOG_SCALE
        return torch.from_numpy(features)[None], active[:size]

    def features(self, i: int) -> torch.Tensor:
        """Features [1, frames, 64] of a clip as it is."""
        versions, clip = self.pool.clips[i]
        frames, active, spans, _ = versions[0]
        at, n = spans[clip]
        return self.sounding(frames[at:at + n], active[at:at + n])[0]


def made_pools(folder: str) -> List[int]:
    """The versions of pools that a folder has."""
    return sorted(int(name[4:-4]) for name in os.listdir(folder) if name.startswith("pool") and name.endswith(".npz"))


class Data:
    """Real clips, and synthetic speech where there is some: labels and taps."""

    def __init__(self, arguments: argparse.Namespace, net: N.Network) -> None:
        rows, folders = C.read_manifest(arguments.corpus), [(arguments.cache, arguments.versions)]
        debian, spoken = (os.path.join(arguments.cache, name) for name in ("debian", "spoken"))
        if os.path.exists(os.path.join(debian, "manifest.csv")):
            rows += C.read_manifest(debian)
            folders.append((debian, made_pools(debian)))
        table, _, _ = C.labels(rows)
        self.corpora, self.voices = np.array([r["corpus"] for r in rows]), np.array([r["voice"] for r in rows])
        self.tables = {"real": table}
        self.taps = {"real": Taps(net, Pool(folders, table))}
        if os.path.exists(os.path.join(spoken, "manifest.csv")):
            self.tables["spoken"] = C.labels(C.read_manifest(spoken))[0]
            self.taps["spoken"] = Taps(net, Pool([(spoken, made_pools(spoken))], self.tables["spoken"]))
        with torch.no_grad():
            self.silence = net.trunk(torch.full((1, 320, N.MELS), N.SILENCE))["tap_medium"][0, :, -1]

    def label(self, head: str, clip: Clip) -> int:
        """What a head should say of a clip, -1 where nobody knows."""
        source, i = clip
        return int(self.tables[source][heads.SCORED[head].label][i])

    def split(self, family: Family, left: Sequence[str], rng: np.random.Generator) -> Tuple[np.ndarray, np.ndarray]:
        """Clips to learn from, of all corpora but `left` and never dev, and clips of `left`, or of dev where nothing is left out, to judge by, never synthetic."""
        table, column = self.tables["real"], heads.SCORED[family.heads[0]].label
        labelled = np.flatnonzero((table[column] >= 0) & (table["kind"] == 0) & ~table["suspect"])
        inside = np.isin(self.corpora, left) if left else table["dev"] & (table["acted"] if "arousal" in family.heads else True)
        return (fewer([i for i in labelled if not inside[i] and not table["dev"][i]], self.voices, table[column], rng),
                fewer([i for i in labelled if inside[i] and not table["synthetic"][i]], self.voices, table[column], rng))

    def groups(self, family: Family, train: np.ndarray) -> List[np.ndarray]:
        """Clips that are drawn equally often: those of a class, for moods as scenes.py draws them."""
        table, column = self.tables["real"], heads.SCORED[family.heads[0]].label
        if "arousal" in family.heads:
            acted, emotion = table["acted"][train], table["emotion"][train]
            made = [train[acted & (emotion == number)] for number in range(4)] + [train[acted & (emotion < 0)], train[~acted]]
        else:
            made = [train[table[column][train] == number] for number in np.unique(table[column][train])]
        return [of for of in made if len(of)]

    def chooser(self, family: Family, train: np.ndarray, rng: np.random.Generator) -> Callable[[int], List[Clip]]:
        """A function that draws clips; within a group, corpora with many clips are drawn less than their share."""
        groups, shares = self.groups(family, train), []
        for group in groups:
            weights = np.array([np.sum(self.corpora[group] == self.corpora[i]) for i in group]) ** -0.75
            shares.append(weights / weights.sum())

        def draw(size: int) -> List[Clip]:
            synthetic = int(size * SPOKEN_SHARE) if "language" in family.heads and "spoken" in self.tables else 0
            of = rng.integers(0, len(groups), size - synthetic)
            chosen = [("real", int(rng.choice(groups[k], p=shares[k]))) for k in of]
            return chosen + [("spoken", int(i)) for i in (rng.integers(0, len(self.tables["spoken"]["language"]), synthetic) if synthetic else [])]
        return draw


def fewer(clips: Sequence[int], voices: np.ndarray, values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """At most CLIPS_A_VOICE of each voice and class."""
    groups: Dict[Tuple[str, int], List[int]] = {}
    for i in rng.permutation(clips):
        groups.setdefault((voices[i], values[i]), []).append(i)
    return np.sort(np.concatenate([group[:CLIPS_A_VOICE] for group in groups.values()]))


def batch_of(data: Data, chosen: Sequence[Clip], frames: int, rng: np.random.Generator) -> Heard:
    """Crops [batch, channels, frames] with silence around them, and which frames count [batch, frames]."""
    x, heard = data.silence[None, :, None].repeat(len(chosen), 1, frames), torch.zeros(len(chosen), frames, dtype=torch.bool)
    for row, (source, i) in enumerate(chosen):
        versions = data.taps[source][i]
        clip, active = versions[rng.integers(len(versions))]
        at = int(rng.integers(0, 8))
        first = int(rng.integers(0, max(1, clip.shape[1] - frames)))
        n = min(clip.shape[1] - first, frames - at)
        x[row, :, at:at + n] = clip[:, first:first + n].float()
        heard[row, at + LEAD:at + n] = active[first + LEAD:first + n]
    return x, heard


def fit(top: Top, data: Data, draw: Callable[[int], List[Clip]], frames: int, steps: int, rng: np.random.Generator) -> Top:
    """Trains the layers and heads on the clips that `draw` gives."""
    optimizer = torch.optim.AdamW(top.parameters(), lr=RATE, weight_decay=0.05)
    top.train()
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = RATE * 0.5 * (1 + np.cos(np.pi * step / steps))
        chosen = draw(BATCH)
        x, heard = batch_of(data, chosen, frames, rng)
        loss = 0
        for head, logits in top(x + 0.05 * torch.randn_like(x), data.silence).items():
            target = torch.tensor([data.label(head, clip) for clip in chosen])[:, None].expand(-1, frames)
            known = heard & (target >= 0)
            count = torch.bincount(target[known], minlength=logits.shape[1]).float() + 1
            loss = loss + F.cross_entropy(logits.transpose(1, 2)[known], target[known], count.sum() / count / (count.sum() / count).mean(), label_smoothing=0.1)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return top.eval()


class Judged(NamedTuple):
    """Windows of a head: their clips, and scores [frames, classes] of the frames of each that sound."""

    clips: List[int]
    logits: List[np.ndarray]


def judge(scores_of: Callable[[int, int], torch.Tensor], head: str, data: Data, test: Sequence[int], seconds: float) -> Judged:
    """What `scores_of` (clip, frames) gives [classes, frames] on the first seconds of clips, from where they begin to sound."""
    judged, size = Judged([], []), int(seconds * 1000 / 64)
    for i in test:
        _, active = data.taps["real"][i][0]
        if data.label(head, ("real", i)) < 0 or active[:size].sum() < FEW_FRAMES:
            continue
        with torch.no_grad():
            logits = scores_of(i, size)
        judged.clips.append(i), judged.logits.append(logits[:, active[:size]].t().numpy())
    return judged


def figures(judged: Judged, head: str, data: Data) -> E.Figures:
    """Figures of windows as the mean of their frames' probabilities."""
    chosen = np.array(judged.clips)
    truth = data.tables["real"][heads.SCORED[head].label][chosen]
    answer = np.array([E.softmax(logits).mean(0).argmax() for logits in judged.logits])
    return E.figures(truth, answer, data.voices[chosen], data.corpora[chosen], heads.SCORED[head].learnt)


class Weighed(NamedTuple):
    """Frames of judged windows: scores [frames, classes], truth [frames] and a weight [frames] that is the same for each window of a part."""

    logits: np.ndarray
    truth: np.ndarray
    weight: np.ndarray

    def temperature(self) -> float:
        return K.fit(self.logits, self.truth, self.weight, self.weight, False)[0]


def weighed(judged: Judged, head: str, data: Data) -> Weighed:
    label = data.tables["real"][heads.SCORED[head].label]
    weight = np.concatenate([np.full(len(of), 1 / len(of)) for of in judged.logits])
    return Weighed(np.concatenate(judged.logits), np.concatenate([np.full(len(of), label[i]) for i, of in zip(judged.clips, judged.logits)]), weight / weight.sum())


def together(parts: Sequence[Weighed]) -> Weighed:
    """Parts that weigh the same."""
    return Weighed(*(np.concatenate([part[k] for part in parts]) for k in range(3)))


def error(parts: Sequence[Weighed], temperatures: Sequence[float]) -> float:
    """Calibration error over parts, each with a temperature of its own."""
    every = together(parts)
    probability = np.concatenate([E.softmax(part.logits / temperature) for part, temperature in zip(parts, temperatures)])
    pick = K.resample(every.weight)
    return round(E.calibration_error(probability.max(1)[pick], (probability.argmax(1) == every.truth)[pick].astype(float)), 4)


def calibration(known: Judged, left: Sequence[Judged], head: str, data: Data) -> Dict[str, Any]:
    """How sure answers may be: the temperature of known corpora, that of corpora left out, and the calibration error of these with either. A corpus is judged by the temperature of the others."""
    dev, parts = weighed(known, head, data), [weighed(part, head, data) for part in left]
    narrow, wide = dev.temperature(), together(parts).temperature()
    crossed = [together([other for other in parts if other is not part]).temperature() for part in parts]
    return {"dev": {"temperature": round(narrow, 4), "ece": error([dev], [narrow])}, "wider": round(wide / narrow, 3),
            "leftOut": {"temperature": round(wide, 4), "ece": error(parts, crossed), "eceWithKnownTemperature": error(parts, [narrow] * len(parts)), "frames": sum(len(part.truth) for part in parts)}}


def of_top(top: Top, head: str, data: Data) -> Callable[[int, int], torch.Tensor]:
    """Scores of trained layers, of clean clips."""
    return lambda i, size: top(data.taps["real"][i][0][0][None, :, :size].float(), data.silence)[head][0]


def of_network(net: N.Network, head: str, data: Data) -> Callable[[int, int], torch.Tensor]:
    """Scores of a whole network, of clean clips."""
    return lambda i, size: net.answers(net.trunk(data.taps["real"].features(i)[:, :4 * size]), gated=False)[head][0]


def kept(judged: Judged, head: str, data: Data) -> Dict[str, List[Any]]:
    """The windows of a head as lists: voice, truth and mean logarithm of the probabilities."""
    label = data.tables["real"][heads.SCORED[head].label]
    return {"voice": [data.voices[i] for i in judged.clips], "truth": [int(label[i]) for i in judged.clips],
            "logProbabilities": [[round(float(v), 4) for v in np.log(E.softmax(logits) + 1e-9).mean(0)] for logits in judged.logits]}


def main(arguments: argparse.Namespace) -> None:
    torch.set_num_threads(1)
    net = E.load(arguments.trunk)
    beside = E.load(arguments.beside) if arguments.beside else None
    data, results, calibrated, one_trunk, windows = Data(arguments, net), {}, {}, {}, {}
    for name in arguments.families:
        family, parts = FAMILIES[name], {}
        for left, corpora in {NOTHING: (), **family.left_out}.items():
            torch.manual_seed(arguments.seed)
            rng = np.random.default_rng(arguments.seed)
            train, test = data.split(family, corpora, rng)
            top = fit(Top(family.heads, net.config["width"]), data, data.chooser(family, train, rng), family.frames, arguments.steps, rng)
            for head in family.heads:
                judged = judge(of_top(top, head, data), head, data, test, family.seconds)
                made = figures(judged, head, data)
                parts.setdefault(head, {})[left] = judged
                windows.setdefault(head, {})[left] = kept(judged, head, data)
                print(head, "without", left, made["uar"], made["interval95"], made["items"], "windows", made["speakers"], "voices", flush=True)
                if left != NOTHING:
                    results.setdefault(head, {})[left] = made
                    continue
                one_trunk[head] = {"layersOfItsOwnOnTheOpenTrunk": made}
                if beside:
                    one_trunk[head]["standard"] = figures(judge(of_network(beside, head, data), head, data, test, family.seconds), head, data)
                    print(head, "standard on the same", one_trunk[head]["standard"]["uar"], one_trunk[head]["standard"]["interval95"], flush=True)
        for head, of in parts.items():
            calibrated[head] = calibration(of.pop(NOTHING), list(of.values()), head, data)
            print(head, calibrated[head], flush=True)
    if arguments.windows:
        with open(arguments.windows, "w") as file:
            json.dump(windows, file)
    with open(arguments.out, "w") as file:
        json.dump({"method": " ".join(__doc__.split()), "trunk": "open set", "pools": arguments.versions, "seed": arguments.seed, "steps": arguments.steps, "leftOut": results,
                   "calibration": calibrated, "dev": one_trunk}, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--cache", required=True)
    parser.add_argument("--trunk", required=True, help="checkpoint of the open set")
    parser.add_argument("--beside", help="checkpoint of the standard set, whose heads are judged on the same dev windows")
    parser.add_argument("--families", nargs="+", default=list(FAMILIES), choices=list(FAMILIES))
    parser.add_argument("--windows", help="JSON: what was said of every window")
    parser.add_argument("--versions", type=int, nargs="+", default=[0, 1, 2, 3], help="pools, the clean one first: it is judged on")
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", required=True)
    main(parser.parse_args())
