"""Trains heads alone, on a trunk that stays as it is: what it says of random frames of scenes is made once and kept on disk, and the heads see it again and again.

`train.py --only` makes every scene for one step and takes a second for it; here 3,000 steps of five times as many scenes take a minute once the scenes are made.
"""
import argparse
import hashlib
import json
import os
from typing import Dict, Iterator, List, NamedTuple, Tuple

import numpy as np
import torch

import heads
import network as N
from losses import Losses
from train import LOG_EVERY, rate_at, scenes_maker
from train_gate import taps_of

FRAMES_A_SCENE = 20         # neighbours are much alike
SCENES = 48                 # that are made at once
BATCH = 256                 # scenes of a step
WEIGHT_DECAY = 0.03
MAKING = ("corpus", "data", "leave_out", "versions", "more", "spoken", "tasks", "scenes", "seed", "bfloat16")       # what the kept frames depend on, beside the trunk


class Part(NamedTuple):
    """What is kept of the scenes of one seed: all taps side by side [scenes, frames, channels] in half precision, and labels by head [scenes, frames(, kinds)]."""

    taps: np.ndarray
    labels: Dict[str, np.ndarray]


def part_path(arguments: argparse.Namespace) -> str:
    """Where the frames of these very scenes and this very trunk are kept, without the endings."""
    with open(arguments.init, "rb") as file:
        trunk = hashlib.sha256(file.read()).hexdigest()
    made = json.dumps([trunk, *(getattr(arguments, name) for name in MAKING)])
    return os.path.join(arguments.out, "frames-" + hashlib.sha256(made.encode()).hexdigest()[:16])


def make_part(arguments: argparse.Namespace, net: N.Network, path: str) -> None:
    """Makes scenes and keeps frames of them under `path`; whole or not at all."""
    scenes, _ = scenes_maker(arguments)[0](arguments.seed)
    rng, labels, rows = np.random.default_rng(arguments.seed), {}, np.arange(SCENES)[:, None]
    with open(path + ".new", "wb") as file:
        for _ in range(-(-arguments.scenes // SCENES)):
            features, truth, _ = scenes.batch(SCENES)
            taps = taps_of(net, torch.from_numpy(features), arguments.bfloat16).permute(0, 2, 1)
            drawn = np.stack([np.sort(rng.choice(taps.shape[1], FRAMES_A_SCENE, replace=False)) for _ in range(SCENES)])
            file.write(taps[rows, drawn].half().numpy().tobytes())
            for name, value in truth.items():
                labels.setdefault(name, []).append(value[rows, drawn].astype(np.int16))
    np.savez(path + ".npz", **{name: np.concatenate(value) for name, value in labels.items()})
    os.replace(path + ".new", path + ".taps")


def read_part(path: str) -> Part:
    """What make_part kept under `path`."""
    labels = dict(np.load(path + ".npz"))
    scenes = len(next(iter(labels.values())))
    return Part(np.memmap(path + ".taps", np.float16, "r").reshape(scenes, FRAMES_A_SCENE, -1), labels)


def places_of(net: N.Network) -> Dict[str, slice]:
    """Where each tap lies in all of them side by side."""
    ends = np.cumsum([net.channels(tap) for tap in N.TAPS])
    return {tap: slice(int(end) - net.channels(tap), int(end)) for tap, end in zip(N.TAPS, ends)}


def drawn_scenes(parts: List[Part], rng: np.random.Generator) -> Iterator[List[Tuple[Part, np.ndarray]]]:
    """Batches of scenes of all parts, each scene once before any comes again."""
    count = sum(len(part.taps) for part in parts)
    size = min(BATCH, count)
    while True:
        order = rng.permutation(count)
        for at in range(0, count - size + 1, size):
            chosen, found, first = np.sort(order[at:at + size]), [], 0
            for part in parts:
                found.append((part, chosen[(chosen >= first) & (chosen < first + len(part.taps))] - first))
                first += len(part.taps)
            yield found


def fit(net: N.Network, parts: List[Part], arguments: argparse.Namespace) -> Dict[str, Dict[str, torch.Tensor]]:
    """Trains the heads of `only`; gives the running means of their weights."""
    places, losses = places_of(net), Losses(1, net.config["embedding"])
    chosen = {name: net.heads[name].train() for name in arguments.only}
    mean = {name: {key: value.clone() for key, value in head.state_dict().items()} for name, head in chosen.items()}
    optimizer = torch.optim.AdamW([p for head in chosen.values() for p in head.parameters()], lr=arguments.rate, weight_decay=WEIGHT_DECAY)
    for step, batch in zip(range(arguments.steps), drawn_scenes(parts, np.random.default_rng(arguments.seed))):
        for group in optimizer.param_groups:
            group["lr"] = rate_at(arguments.rate, step, arguments.warmup, step / arguments.steps)
        said: Dict[str, torch.Tensor] = {}
        for name, module in chosen.items():
            head = heads.SCORED[name]
            taps = torch.from_numpy(np.concatenate([part.taps[rows, :, places[head.tap]] for part, rows in batch]).astype(np.float32))
            truth = torch.from_numpy(np.concatenate([part.labels[name][rows] for part, rows in batch]).astype(np.int64))
            logits = module(taps.permute(0, 2, 1)).transpose(1, 2)
            said.update(losses.events(name, logits, truth) if head.activation == "sigmoid" else losses.classes(name, logits, truth))
        optimizer.zero_grad(set_to_none=True)
        sum(heads.ALL[name].loss_weight * value for name, value in said.items()).backward()
        optimizer.step()
        keep = min(arguments.ema, (1 + step) / (20 + step))
        with torch.no_grad():
            for name, module in chosen.items():
                for key, value in module.state_dict().items():
                    mean[name][key].lerp_(value, 1 - keep)
        if (step + 1) % LOG_EVERY == 0:
            print(step + 1, {name: round(float(value.detach()), 4) for name, value in said.items()}, flush=True)
    return mean


def main(arguments: argparse.Namespace) -> None:
    torch.manual_seed(arguments.seed)
    torch.set_num_threads(arguments.threads)
    state, checkpoint = torch.load(arguments.init, map_location="cpu"), os.path.join(arguments.out, "checkpoint.pt")
    net = N.from_state(state["config"], state["ema"]).eval()
    os.makedirs(arguments.out, exist_ok=True)
    path = part_path(arguments)
    if not os.path.exists(path + ".taps"):
        make_part(arguments, net, path)
    for name, weights in fit(net, [read_part(part) for part in (path, *arguments.frames)], arguments).items():
        state["ema"].update({f"heads.{name}.{key}": value for key, value in weights.items()})
    state.pop("optimizer", None)
    torch.save({**state, "net": state["ema"]}, checkpoint + ".new")
    os.replace(checkpoint + ".new", checkpoint)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--cache", required=True, help="folder of the feature pools")
    parser.add_argument("--out", required=True, help="folder of the checkpoint and of what is kept of the scenes; made of the same trunk and with the same arguments it is used again")
    parser.add_argument("--init", required=True, help="checkpoint of the trunk and of the heads to start from")
    parser.add_argument("--only", nargs="+", required=True, help="heads that learn")
    parser.add_argument("--frames", nargs="*", default=[], help="what is kept of more scenes of the same trunk, made by runs with other seeds or tasks: paths without their endings")
    parser.add_argument("--data", choices=("all", "open"), default="all")
    parser.add_argument("--leave-out", nargs="*", default=[], help="corpora not to learn from")
    parser.add_argument("--versions", type=int, nargs="+", default=list(range(16)), help="pools to draw from, as far as they are there")
    parser.add_argument("--more", nargs="*", default=[], help="folders with a manifest and pools of their own")
    parser.add_argument("--spoken", action="store_true", help="synthetic speech too, from the folder `spoken` of the cache")
    parser.add_argument("--tasks", default="{}", help="JSON of shares of scene kinds that differ from the usual")
    parser.add_argument("--scenes", type=int, default=100_000, help="that are made; five minutes of a core")
    parser.add_argument("--steps", type=int, default=4500)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--warmup", type=int, default=100)
    parser.add_argument("--ema", type=float, default=0.998)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--bfloat16", action="store_true")
    parser.set_defaults(gate=None)
    main(parser.parse_args())
