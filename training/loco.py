"""Leave one corpus out, for arousal and emotions: what the heads are worth on speakers, texts and microphones that they never met.

The trunk of the open set has never seen any of the four acted corpora. With its weights frozen, a private copy of the deepest layer and both heads are trained on
all acted corpora but one, and judged on all of that one in windows of 2 s. EMO-DB's two versions hold the same recordings and are left out together.
"""
import argparse
import json

import numpy as np
import torch
from torch.nn import functional as F

import corpus as C
import evaluate as E
import network as N
from scenes import Pool

GROUPS = {"ravdess": ("ravdess",), "emovo": ("emovo",), "emodb": ("emodb", "emodb2s")}
FRAMES = 40             # of 64 ms in a training crop


class Top(torch.nn.Module):
    def __init__(self, width=192):
        super().__init__()
        self.layer = N.Layer(width, width, 8, statistics=True)
        self.arousal, self.emotions = N.Head(width, 96, 3, 0.3), N.Head(width, 96, 4, 0.3)

    def forward(self, taps, silence):
        x, _ = self.layer(taps, silence)
        return {"arousal": self.arousal(x), "emotions": self.emotions(x)}


def taps_of(net, features):
    """tap_medium [frames, channels] of log powers [frames, 64]."""
    log_power = np.log(np.exp(features.astype(np.float32)) + N.FLOOR)
    x = torch.from_numpy((log_power + N.LOG_OFFSET) * N.LOG_SCALE)[None]
    x = x[:, :x.shape[1] // 4 * 4]
    with torch.no_grad():
        return net(x)["tap_medium"][0].t().half()


def main(arguments):
    torch.set_num_threads(1)
    torch.manual_seed(arguments.seed)
    rng = np.random.default_rng(arguments.seed)
    net = E.load(arguments.trunk)
    rows = C.read_manifest(arguments.corpus)
    table, _, _ = C.labels(rows)
    names = np.array([r["corpus"] for r in rows])
    acted = np.flatnonzero((table["arousal"] >= 0) & np.isin(names, sum(GROUPS.values(), ())))
    pool = Pool(arguments.cache, arguments.versions, table)
    taps = {i: [taps_of(net, frames[spans[i][0]:spans[i][0] + spans[i][1]]) for frames, _, spans, _ in pool.versions] for i in acted}
    with torch.no_grad():
        silence = net(torch.full((1, 320, 64), N.SILENCE))["tap_medium"][0, :, -1]
    results = {}
    for left, corpora in GROUPS.items():
        train = np.array([i for i in acted if names[i] not in corpora])
        test = [i for i in acted if names[i] in corpora]
        top = Top(net.config["width"])
        optimizer = torch.optim.AdamW(top.parameters(), lr=1.5e-3, weight_decay=0.05)
        weights = np.array([1.0 / (np.sum((names[train] == names[i]) & (table["arousal"][train] == table["arousal"][i]))) for i in train])
        weights /= weights.sum()
        top.train()
        for step in range(arguments.steps):
            for group in optimizer.param_groups:
                group["lr"] = 1.5e-3 * 0.5 * (1 + np.cos(np.pi * step / arguments.steps))
            batch = rng.choice(train, 48, p=weights)
            x = silence[None, :, None].repeat(48, 1, FRAMES)
            heard = torch.zeros(48, FRAMES, dtype=torch.bool)
            for row, i in enumerate(batch):
                clip = taps[i][rng.integers(len(taps[i]))].float()
                at = int(rng.integers(0, 8))
                n = min(len(clip), FRAMES - at)
                x[row, :, at:at + n] = clip[:n].t()
                heard[row, at + 5:at + n] = True
            out = top(x + 0.05 * torch.randn_like(x), silence)
            loss = 0
            for head, column in (("arousal", "arousal"), ("emotions", "emotion")):
                target = torch.from_numpy(table[column][batch]).long()[:, None].expand(-1, FRAMES)
                known = heard & (target >= 0)
                count = torch.bincount(target[known], minlength=out[head].shape[1]).float() + 1
                loss = loss + F.cross_entropy(out[head].transpose(1, 2)[known], target[known], (count.sum() / count) / (count.sum() / count).mean(), label_smoothing=0.1)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        top.eval()
        results[left] = {}
        for head, column in (("arousal", "arousal"), ("emotions", "emotion")):
            truth, answer, voices = [], [], []
            for i in test:
                if table[column][i] < 0:
                    continue
                clip = taps[i][0].float()[:32]
                with torch.no_grad():
                    p = torch.softmax(top(clip.t()[None], silence)[head][0], 0).mean(1)
                truth.append(table[column][i]), answer.append(int(p.argmax())), voices.append(rows[i]["voice"])
            truth, answer, voices = np.array(truth), np.array(answer), np.array(voices)
            results[left][head] = E.figures(truth, answer, voices, names[[i for i in test if table[column][i] >= 0]], N.HEADS[head][1])
            print(left, head, results[left][head]["uar"], results[left][head]["interval95"], flush=True)
    with open(arguments.out, "w") as file:
        json.dump({"method": " ".join(__doc__.split()), "trunk": "open set", "seed": arguments.seed, "steps": arguments.steps, "leftOut": results}, file, indent=1)
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
