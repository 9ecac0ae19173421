"""Goes on training the voice head alone, on the frozen trunk: many more voices and turns a second than with the trunk."""
import argparse
import copy

import numpy as np
import torch

import corpus as C
import evaluate as E
import network as N
from losses import VOICE_AFTER, VoiceLoss
from scenes import Pool, Scenes
from train import clips_for


def main(a):
    torch.set_num_threads(1)
    torch.manual_seed(a.seed)
    rows = C.read_manifest(a.corpus)
    table, corpora, voices = C.labels(rows)
    allowed = clips_for(table, corpora, a.data, [])
    scenes = Scenes(Pool(a.cache, a.versions, table), allowed, a.seed, None, {"speaker": 1.0})
    state = torch.load(a.checkpoint, map_location="cpu")
    net = E.load(a.checkpoint)
    taps, labels = [], []
    with torch.no_grad():
        for _ in range(a.scenes // 32):
            features, found, same = scenes.batch(32)
            with torch.autocast("cpu", torch.bfloat16, enabled=a.bfloat16):
                out = net(torch.from_numpy(features))["tap_long"].float().transpose(1, 2)
            known = torch.from_numpy((found["voice"] >= 0) & (same >= VOICE_AFTER))
            taps.append(out[known].half())
            labels.append(torch.from_numpy(found["voice"])[known].long())
    taps, labels = torch.cat(taps), torch.cat(labels)
    print(len(labels), "frames", len(torch.unique(labels)), "voices", flush=True)
    head, loss = net.voice, VoiceLoss(3 * len(voices), net.config["embedding"], margin=a.margin)
    loss.load_state_dict({"centres": state["losses"]["voice.centres"]})
    head.train()
    ema = copy.deepcopy(head)
    optimizer = torch.optim.AdamW([*head.parameters(), *loss.parameters()], lr=1e-3, weight_decay=0.02)
    # Every voice as often as any other.
    count = torch.bincount(labels, minlength=3 * len(voices)).float()
    weights = (1 / count[labels].sqrt()).double()
    for step in range(a.steps):
        for group in optimizer.param_groups:
            group["lr"] = 1e-3 * (0.02 + 0.98 * 0.5 * (1 + np.cos(np.pi * step / a.steps)))
        pick = torch.multinomial(weights, 1024, replacement=True) if len(weights) < 2 ** 24 else torch.randint(len(labels), (1024,))
        x = taps[pick].float()
        x = x * (torch.rand_like(x) > 0.1) / 0.9
        embedding = torch.nn.functional.normalize(head(x[:, :, None])[:, :, 0], dim=1)
        value = loss(embedding, labels[pick])
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        with torch.no_grad():
            for old, new in zip(ema.parameters(), head.parameters()):
                old.lerp_(new, 0.01 if step > 100 else 1.0)
        if step % 250 == 0:
            print(step, float(value), flush=True)
    for name, value in ema.state_dict().items():
        state["ema"][f"voice.{name}"] = value
    state["arguments"]["refined"] = {"scenes": a.scenes, "steps": a.steps, "margin": a.margin}
    torch.save(state, a.out)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--cache", required=True)
    parser.add_argument("--checkpoint", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--data", choices=("all", "open"), default="all")
    parser.add_argument("--versions", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--scenes", type=int, default=4000)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--margin", type=float, default=0.1)
    parser.add_argument("--bfloat16", action="store_true")
    parser.add_argument("--seed", type=int, default=3)
    main(parser.parse_args())
