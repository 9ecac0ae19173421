"""Leave one corpus out: what arousal, emotions, gender and language are worth on speakers, texts and microphones that they never met.

The trunk of the first open set has never heard any of the corpora that are left out. With its weights frozen up to the tap of one second, private copies of the deeper layers and
the heads are trained on the train part of all data but one corpus, and judged on all of that one, on the first seconds from where a clip begins to sound. Frames that pause do not count. EMO-DB's two
versions hold the same recordings and are left out together.
"""
import argparse
import json
import os

import numpy as np
import torch
from torch.nn import functional as F

import corpus as C
import evaluate as E
import network as N
from scenes import Pool

EMODB = ("emodb", "emodb2s")
# heads that are trained together: columns of their labels, what is left out in turn, frames of a training crop, seconds of a judged window
MOOD_CORPORA = {"ravdess": ("ravdess",), "emovo": ("emovo",), "emodb": EMODB, "nemo": ("nemo",), "savee": ("savee",), "tess": ("tess",)}
GENDER_CORPORA = {"ravdess": ("ravdess",), "emovo": ("emovo",), "emodb": EMODB, "samplevoice": ("samplevoice",), "nemo": ("nemo",), "samromur": ("samromur",), "vcmex": ("vcmex",)}
LANGUAGE_CORPORA = {"watson": ("watson",), "sppas": ("sppas",), "emovo": ("emovo",), "emodb": EMODB, "voxlingua-dev": ("voxlingua-dev",), "voxforge-arpan": ("voxforge-arpan",),
                    "vcmex": ("vcmex",), "french volunteers": ("cvfr-rawi", "ephec")}
FAMILIES = {
    "mood": ({"arousal": "arousal", "emotions": "emotion"}, MOOD_CORPORA, 40, 2),
    "gender": ({"gender": "gender"}, GENDER_CORPORA, 56, 3),
    "language": ({"language": "language"}, LANGUAGE_CORPORA, 56, 3),
}
LEAD = 5                # frames of a voice before its label counts
CLIPS_A_VOICE = 30      # and class
SPOKEN_SHARE = 0.25     # of a language batch that is synthetic speech


class Top(torch.nn.Module):
    """Copies of the layers above tap_medium, and the heads of one family."""

    def __init__(self, heads, width=192):
        super().__init__()
        self.long, self.longest = N.Layer(width, width, 8, statistics=True), N.Layer(width, width, 8, statistics=True)
        self.heads = torch.nn.ModuleDict({head: N.Head(width, 96, len(N.HEADS[head][1]), 0.3) for head in heads})

    def forward(self, taps, silence):
        x, silence = self.long(taps, silence)
        if any(N.HEADS[head][0] == "tap_longest" for head in self.heads):
            x, _ = self.longest(x, silence)
        return {head: module(x) for head, module in self.heads.items()}


class Taps:
    """tap_medium and activity of clips, from their first sound on, at most 8 s of each, in every version of a pool."""

    def __init__(self, net, pool):
        self.net, self.pool, self.known = net, pool, {}

    def __getitem__(self, i):
        if i not in self.known:
            versions, clip = self.pool.clips[i]
            self.known[i] = [self.hear(frames[at:at + n], active[at:at + n]) for frames, active, spans, _ in versions for at, n in [spans[clip]]]
        return self.known[i]

    def hear(self, log_power, active):
        first = max(0, int(np.argmax(active)) // 4 * 4 - 8)
        log_power, active = log_power[first:first + 500], active[first:first + 500]
        size = len(active) // 4 * 4
        features = (np.log(np.exp(log_power[:size].astype(np.float32)) + N.FLOOR) + N.LOG_OFFSET) * N.LOG_SCALE
        with torch.no_grad():
            taps = self.net(torch.from_numpy(features)[None])["tap_medium"][0].half()
        return taps, torch.from_numpy(active[:size].reshape(-1, 4).mean(1) >= 0.5)


def fewer(clips, voices, values, rng):
    """At most CLIPS_A_VOICE of each voice and class."""
    groups = {}
    for i in rng.permutation(clips):
        groups.setdefault((voices[i], values[i]), []).append(i)
    return np.sort(np.concatenate([group[:CLIPS_A_VOICE] for group in groups.values()]))


def batch_of(taps, chosen, frames, silence, rng):
    """Crops [batch, channels, frames] with silence around them, and which frames count."""
    x, heard = silence[None, :, None].repeat(len(chosen), 1, frames), torch.zeros(len(chosen), frames, dtype=torch.bool)
    for row, (source, i) in enumerate(chosen):
        versions = taps[source][i]
        clip, active = versions[rng.integers(len(versions))]
        at = int(rng.integers(0, 8))
        first = int(rng.integers(0, max(1, clip.shape[1] - frames)))
        n = min(clip.shape[1] - first, frames - at)
        x[row, :, at:at + n] = clip[:, first:first + n].float()
        heard[row, at + LEAD:at + n] = active[first + LEAD:first + n]
    return x, heard


def fit(top, taps, chooser, label_of, frames, silence, steps, rng):
    optimizer = torch.optim.AdamW(top.parameters(), lr=1.5e-3, weight_decay=0.05)
    top.train()
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = 1.5e-3 * 0.5 * (1 + np.cos(np.pi * step / steps))
        chosen = chooser(48)
        x, heard = batch_of(taps, chosen, frames, silence, rng)
        out, loss = top(x + 0.05 * torch.randn_like(x), silence), 0
        for head, logits in out.items():
            target = torch.tensor([label_of(head, *which) for which in chosen])[:, None].expand(-1, frames)
            known = heard & (target >= 0) & (target < logits.shape[1])
            count = torch.bincount(target[known], minlength=logits.shape[1]).float() + 1
            loss = loss + F.cross_entropy(logits.transpose(1, 2)[known], target[known], count.sum() / count / (count.sum() / count).mean(), label_smoothing=0.1)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return top.eval()


def main(arguments):
    torch.set_num_threads(1)
    net = E.load(arguments.trunk)
    rows, folders = C.read_manifest(arguments.corpus), [(arguments.cache, arguments.versions)]
    debian = os.path.join(arguments.cache, "debian")
    if os.path.exists(os.path.join(debian, "manifest.csv")):
        rows += C.read_manifest(debian)
        folders.append((debian, [version for version in arguments.versions if version > 0]))
    table, _, _ = C.labels(rows)
    names, voices = np.array([r["corpus"] for r in rows]), [r["voice"] for r in rows]
    taps = {"real": Taps(net, Pool(folders, table))}
    spoken, spoken_table = os.path.join(arguments.cache, "spoken"), None
    if os.path.exists(os.path.join(spoken, "manifest.csv")):
        spoken_table = C.labels(C.read_manifest(spoken))[0]
        taps["spoken"] = Taps(net, Pool([(spoken, [1])], spoken_table))
    with torch.no_grad():
        silence = net(torch.full((1, 320, 64), N.SILENCE))["tap_medium"][0, :, -1]
    results = {}
    for family, (columns, groups, frames, seconds) in FAMILIES.items():
        first = next(iter(columns.values()))
        labelled = np.flatnonzero((table[first] >= 0) & (table[first] < 5) & (table["kind"] == 0) & ~table["suspect"])
        for left, corpora in groups.items():
            torch.manual_seed(arguments.seed)
            rng = np.random.default_rng(arguments.seed)
            train = fewer([i for i in labelled if names[i] not in corpora and not table["dev"][i]], voices, table[first], rng)
            test = fewer([i for i in labelled if names[i] in corpora and not table["synthetic"][i]], voices, table[first], rng)
            weights = np.array([np.sum((names[train] == names[i]) & (table[first][train] == table[first][i])) for i in train]) ** -0.75
            weights /= weights.sum()

            def chooser(size):
                synthetic = int(size * SPOKEN_SHARE) if family == "language" and spoken_table is not None else 0
                return ([("real", int(i)) for i in rng.choice(train, size - synthetic, p=weights)] +
                        [("spoken", int(i)) for i in rng.integers(0, len(spoken_table["language"]), synthetic)] if synthetic else [("real", int(i)) for i in rng.choice(train, size, p=weights)])

            def label_of(head, source, i):
                return int((table if source == "real" else spoken_table)[columns[head]][i])

            top = fit(Top(columns, net.config["width"]), taps, chooser, label_of, frames, silence, arguments.steps, rng)
            for head, column in columns.items():
                judged, answer = [], []
                for i in test:
                    clip, active = taps["real"][i][0]
                    size = int(seconds * 1000 / 64)
                    if table[column][i] < 0 or active[:size].sum() < 8:
                        continue
                    with torch.no_grad():
                        p = torch.softmax(top(clip[None, :, :size].float(), silence)[head][0], 0)
                    judged.append(i), answer.append(int(p[:, active[:size]].mean(1).argmax()))
                judged = np.array(judged)
                made = E.figures(table[column][judged], np.array(answer), np.array(voices)[judged], names[judged], N.HEADS[head][1])
                results.setdefault(head, {})[left] = made
                print(head, "without", left, made["uar"], made["interval95"], made["items"], "windows", made["speakers"], "voices", flush=True)
    with open(arguments.out, "w") as file:
        json.dump({"method": " ".join(__doc__.split()), "trunk": "open set", "pools": arguments.versions, "seed": arguments.seed, "steps": arguments.steps, "leftOut": results}, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--cache", required=True)
    parser.add_argument("--trunk", required=True, help="checkpoint of the open set")
    parser.add_argument("--versions", type=int, nargs="+", default=[0, 1, 2, 3])
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", required=True)
    main(parser.parse_args())
