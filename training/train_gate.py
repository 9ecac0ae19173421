"""Trains the gate on a trunk that stays as it is. Checkpointed: started again with the same arguments, it goes on where it was.

The gate reads all taps of the frozen trunk and learns the teachers' probability that somebody speaks (targets.py, gate_scenes.py). Half of the scenes begin in the
state in which a scene before them ended, so that the gate works in the middle of a stream as well as at its start.
"""
import argparse
import copy
import json
import math
import os
import time
from typing import Dict, Optional

import numpy as np
import torch

import corpus as C
import heads
import network as N
from gate_scenes import GateScenes, TaughtPool
from losses import gate_loss_of
from train import clips_for

SAVE_EVERY, LOG_EVERY = 100, 50     # steps


def load_trunk(path: str) -> N.Network:
    """The averaged network of a checkpoint, frozen and in eval mode."""
    saved = torch.load(path, map_location="cpu")
    return N.from_state(saved["config"], saved["ema"]).eval().requires_grad_(False)


def taps_of(net: N.Network, features: torch.Tensor, bfloat16: bool) -> torch.Tensor:
    """All taps side by side, [batch, channels, steps], of features [batch, frames, 64]."""
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
        return N.side_by_side(net.trunk(features))


class Run:
    """A gate in training: weights, their running mean, optimizer, and where it stands."""

    def __init__(self, channels: int, arguments: argparse.Namespace) -> None:
        torch.manual_seed(arguments.seed)
        self.arguments = arguments
        self.gate = N.load_gate(arguments.init) if arguments.init else N.Gate(channels, arguments.hidden, arguments.memory)
        self.mean = copy.deepcopy(self.gate).eval()
        self.optimizer = torch.optim.AdamW(self.gate.parameters(), lr=arguments.rate, weight_decay=0.02, betas=(0.9, 0.98))
        self.step, self.minutes = 0, 0.0
        self.path = os.path.join(arguments.out, "checkpoint.pt")
        if os.path.exists(self.path):
            saved = torch.load(self.path, map_location="cpu")
            self.gate.load_state_dict(saved["gate"]), self.mean.load_state_dict(saved["mean"]), self.optimizer.load_state_dict(saved["optimizer"])
            self.step, self.minutes = saved["step"], saved["minutes"]

    def save(self) -> None:
        torch.save({"gate": self.gate.state_dict(), "mean": self.mean.state_dict(), "optimizer": self.optimizer.state_dict(), "step": self.step, "minutes": self.minutes,
                    "config": self.gate.config, "arguments": vars(self.arguments)}, self.path + ".new")
        os.replace(self.path + ".new", self.path)

    def learn(self, taps: torch.Tensor, target: torch.Tensor, state: Optional[torch.Tensor]) -> Dict[str, object]:
        """One step of training; gives the loss, the share of right answers and the state behind the scenes."""
        progress = min(1.0, self.step / self.arguments.steps)
        rate = self.arguments.rate * min(1.0, (self.step + 1) / 100) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * progress)))
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.gate.train()
        logits, state = self.gate(taps, state)
        loss = gate_loss_of(logits, target)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.gate.parameters(), 1.0)
        self.optimizer.step()
        keep = min(self.arguments.ema, (1 + self.step) / (20 + self.step))
        with torch.no_grad():
            for old, new in zip(self.mean.state_dict().values(), self.gate.state_dict().values()):
                old.lerp_(new, 1 - keep)
        self.step += 1
        known = target >= 0
        right = ((logits > 0) == (target >= 0.5))[known].float().mean()
        return {"loss": float(loss), "right": float(right), "state": state.detach()}


def main(arguments: argparse.Namespace) -> None:
    torch.set_num_threads(1)
    os.makedirs(arguments.out, exist_ok=True)
    table, corpora, _ = C.labels(C.read_manifest(arguments.corpus))
    allowed = clips_for(table, corpora, arguments.data, arguments.leave_out)
    net = load_trunk(arguments.trunk)
    run = Run(sum(net.channels(tap) for tap in N.TAPS), arguments)
    scenes = GateScenes(TaughtPool([(arguments.cache, arguments.versions)], table), corpora, allowed, arguments.seed * 1000 + run.step)
    draw = np.random.default_rng(arguments.seed + run.step)
    state, sums, began = None, [], time.time() - 60 * run.minutes
    while run.step < arguments.steps and time.time() - began < 60 * arguments.minutes:
        features, target = scenes.batch(arguments.batch)
        taps = taps_of(net, torch.from_numpy(features), arguments.bfloat16)
        made = run.learn(taps, torch.from_numpy(target), state)
        fresh = torch.from_numpy((draw.random(arguments.batch) < 0.5).astype(np.float32))
        state = (made["state"] * (1 - fresh)[None, :, None])[:, torch.from_numpy(draw.permutation(arguments.batch))]
        sums.append((made["loss"], made["right"]))
        run.minutes = (time.time() - began) / 60
        if run.step % LOG_EVERY == 0:
            line = {"step": run.step, "minutes": round(run.minutes, 2), "loss": round(float(np.mean(sums, 0)[0]), 4), "right": round(float(np.mean(sums, 0)[1]), 4)}
            print(json.dumps(line), flush=True)
            sums = []
        if run.step % SAVE_EVERY == 0:
            run.save()
    run.save()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--cache", required=True, help="folder of the feature pools and of the gate's targets")
    parser.add_argument("--trunk", required=True, help="checkpoint whose trunk the gate reads; it stays as it is")
    parser.add_argument("--out", required=True, help="folder of the checkpoint")
    parser.add_argument("--init", help="checkpoint of a gate to start from: of this script, or of train.py with the gate trained along")
    parser.add_argument("--data", choices=("all", "open"), default="all")
    parser.add_argument("--leave-out", nargs="*", default=[], help="corpora not to learn from")
    parser.add_argument("--versions", type=int, nargs="+", default=[0, 1, 2, 3])
    parser.add_argument("--hidden", type=int, default=heads.GATE.hidden)
    parser.add_argument("--memory", type=int, default=heads.GATE.memory)
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--minutes", type=float, default=1e9, help="end by then even if steps are left")
    parser.add_argument("--batch", type=int, default=24)
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--ema", type=float, default=0.995)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bfloat16", action="store_true", help="the trunk in bfloat16")
    main(parser.parse_args())
