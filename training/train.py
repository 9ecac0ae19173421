"""Trains one network on scenes from the feature pools. Checkpointed: started again with the same arguments, it goes on where it was."""
import argparse
import copy
import json
import math
import os
import time
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple

import numpy as np
import torch

import corpus as C
import heads
import network as N
from gate_scenes import GateScenes, TaughtPool
from losses import Losses, gate_loss_of
from restore import refresh_norms
from scenes import TASKS, Pool, Scenes

Batch = Tuple[torch.Tensor, Dict[str, torch.Tensor], torch.Tensor]
LOG_EVERY, SAVE_EVERY = 100, 200        # steps
NORM_BATCHES = 12                       # from which a network that was restored from a graph learns what its norms see
LOWEST_RATE = 0.01                      # share of the rate that is left at the end


class Stream(torch.utils.data.IterableDataset):
    """Endless batches, made in a process of their own."""

    def __init__(self, make: Callable[[int], Scenes], size: int, seed: int) -> None:
        self.make, self.size, self.seed = make, size, seed

    def __iter__(self) -> Iterator[Batch]:
        torch.set_num_threads(1)
        info = torch.utils.data.get_worker_info()
        scenes = self.make(self.seed * 1000 + (info.id if info else 0))
        while True:
            features, labels, same = scenes.batch(self.size)
            yield torch.from_numpy(features), {name: torch.from_numpy(value).long() for name, value in labels.items()}, torch.from_numpy(same)


def clips_for(table: Dict[str, np.ndarray], corpora: Sequence[str], data: str, leave_out: Sequence[str]) -> np.ndarray:
    """Which clips a run may learn from: never dev, only open ones for the open set, no corpus that is left out."""
    allowed = ~table["dev"]
    if data == "open":
        allowed &= table["open"]
    for name in leave_out:
        allowed &= table["corpus"] != corpora.index(name)
    return allowed


def share_gradients(parameters: Sequence[torch.nn.Parameter], world: int) -> None:
    """Averages the gradients over the processes that train together."""
    flat = torch.cat([(p.grad if p.grad is not None else torch.zeros_like(p)).flatten() for p in parameters])
    torch.distributed.all_reduce(flat)
    at = 0
    for parameter in parameters:
        parameter.grad = flat[at:at + parameter.numel()].view_as(parameter) / world
        at += parameter.numel()


GateBatch = Tuple[torch.Tensor, torch.Tensor]


def gate_batches(arguments: argparse.Namespace, step: int) -> Iterator[GateBatch]:
    """Endless scenes for the gate: features [batch, 640, 64] and targets [batch, 160]."""
    table, corpora, _ = C.labels(C.read_manifest(arguments.corpus))
    allowed = clips_for(table, corpora, arguments.data, arguments.leave_out)
    scenes = GateScenes(TaughtPool(arguments.cache, arguments.versions, table), corpora, allowed, 7 * arguments.seed * 1000 + step)
    while True:
        features, target = scenes.batch(arguments.gate_batch)
        yield torch.from_numpy(features), torch.from_numpy(target)


def scenes_maker(arguments: argparse.Namespace) -> Tuple[Callable[[int], Scenes], int]:
    """A function that makes scenes from a seed, of the clips that this run may learn from, and the number of voices in the data."""
    rows, folders = C.read_manifest(arguments.corpus), [(arguments.cache, arguments.versions)]
    if arguments.debian:
        folders.append((os.path.join(arguments.cache, "debian"), arguments.debian))
        rows += C.read_manifest(folders[-1][0])
    table, corpora, voices = C.labels(rows)
    allowed = clips_for(table, corpora, arguments.data, arguments.leave_out)
    pool, spoken = Pool(folders, table), None
    if arguments.spoken:
        folder = os.path.join(arguments.cache, "spoken")
        spoken = Pool([(folder, arguments.spoken)], C.labels(C.read_manifest(folder))[0])
    tasks = {**TASKS, **({"emotion": 0.0} if arguments.data == "open" else {}), **json.loads(arguments.tasks)}
    return lambda seed: Scenes(pool, allowed, seed, spoken, tasks), len(voices)


class Run:
    """A network in training: weights, their running mean, losses, optimizer, and where it stands."""

    def __init__(self, arguments: argparse.Namespace, voices: int) -> None:
        self.arguments = arguments
        self.net = N.Network(**json.loads(arguments.network)).to(arguments.device)
        self.start: Optional[Dict[str, Any]] = None
        if arguments.init:
            self.start = torch.load(arguments.init, map_location=arguments.device)
            self.net.load_state_dict(self.start["ema"], strict=not arguments.gate)
        if arguments.gate:
            self.net.gate = N.load_gate(arguments.gate).to(arguments.device)
        self.losses = Losses(3 * voices, self.net.config["embedding"]).to(arguments.device)
        self.take_losses()
        self.mean = copy.deepcopy(self.net).eval()
        self.optimizer = self.new_optimizer()
        self.step, self.spent, self.path = 0, 0.0, os.path.join(arguments.out, "checkpoint.pt")
        self.resumed = os.path.exists(self.path)
        if self.resumed:
            state = torch.load(self.path, map_location=arguments.device)
            self.net.load_state_dict(state["net"]), self.mean.load_state_dict(state["ema"]), self.losses.load_state_dict(state["losses"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.step, self.spent = state["step"], state["spent"]

    def take_losses(self) -> None:
        """Takes over what the losses of the start remember."""
        if self.start is None or "losses" not in self.start:
            return
        with torch.no_grad():       # voices that the run before did not know come last
            known = self.start["losses"].pop("voice.centres")
            self.losses.voice.centres[:len(known)] = known
        self.losses.load_state_dict(self.start["losses"], strict=False)

    def new_optimizer(self) -> torch.optim.Optimizer:
        """AdamW with weight decay on the matrices of the network alone; the last group is the losses' own."""
        decay = [p for p in self.net.parameters() if p.dim() > 1]
        plain = [p for p in self.net.parameters() if p.dim() <= 1]
        return torch.optim.AdamW([{"params": decay, "weight_decay": 0.03}, {"params": plain, "weight_decay": 0.0},
                                  {"params": self.losses.parameters(), "weight_decay": 0.0}], lr=self.arguments.rate, betas=(0.9, 0.98))

    def parameters(self) -> List[torch.nn.Parameter]:
        return [*self.net.parameters(), *self.losses.parameters()]

    def save(self) -> None:
        torch.save({"net": self.net.state_dict(), "ema": self.mean.state_dict(), "losses": self.losses.state_dict(), "optimizer": self.optimizer.state_dict(), "step": self.step,
                    "spent": self.spent, "config": self.net.config, "arguments": vars(self.arguments)}, self.path + ".new")
        os.replace(self.path + ".new", self.path)

    def set_rate(self, progress: float) -> None:
        """Warm-up, then a cosine over `progress` (0 to 1). In the head start of a restored network only the voices' centres move."""
        warm = min(1.0, (self.step + 1) / self.arguments.warmup)
        rate = self.arguments.rate * warm * (LOWEST_RATE + (1 - LOWEST_RATE) * 0.5 * (1 + math.cos(math.pi * progress)))
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        if self.step < self.arguments.head_start:
            for group in self.optimizer.param_groups[:-1]:
                group["lr"] = 0.0

    def gate_loss(self, batch: GateBatch) -> torch.Tensor:
        """Loss of the gate on scenes of its own, through the trunk."""
        features, target = (part.to(self.arguments.device) for part in batch)
        with torch.autocast(self.arguments.device, torch.bfloat16, enabled=self.arguments.bfloat16):
            taps = N.side_by_side(self.net.trunk(features))
        return gate_loss_of(self.net.gate(taps)[0], target)

    def learn(self, batch: Batch, gate_batch: Optional[GateBatch] = None) -> Dict[str, float]:
        """One step; gives the losses by name."""
        arguments, (features, labels, same) = self.arguments, batch
        self.net.train()
        for name in arguments.without:
            labels[name][:] = -1
        with torch.autocast(arguments.device, torch.bfloat16, enabled=arguments.bfloat16):
            out = self.net(features.to(arguments.device))
        out = {name: value.float() for name, value in out.items() if not name.startswith("tap")}
        total, parts = self.losses(out, {name: value.to(arguments.device) for name, value in labels.items()}, same.to(arguments.device))
        self.optimizer.zero_grad(set_to_none=True)
        if gate_batch is not None:
            parts["gate"] = self.gate_loss(gate_batch)
            total = total + heads.GATE.loss_weight * parts["gate"]
            parts["gate"] = float(parts["gate"])
        total.backward()
        if arguments.world > 1:
            share_gradients(self.parameters(), arguments.world)
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 4.0)
        self.optimizer.step()
        self.average(min(arguments.ema, (1 + self.step) / (20 + self.step)))
        self.step += 1
        return parts

    @torch.no_grad()
    def average(self, keep: float) -> None:
        """Moves the mean of the weights towards the weights."""
        for old, new in zip(self.mean.state_dict().values(), self.net.state_dict().values()):
            if old.dtype.is_floating_point:
                old.lerp_(new, 1 - keep)
            else:
                old.copy_(new)

    def finish(self) -> None:
        """Mixes the start into the mean and saves."""
        if self.arguments.keep_start:        # the start knew fewer voices by heart (WiSE-FT: Wortsman et al. 2022)
            for name, value in self.mean.state_dict().items():
                if value.dtype.is_floating_point and name in self.start["ema"]:
                    value.lerp_(self.start["ema"][name].to(value), self.arguments.keep_start)
        self.save()


class Log:
    """Means of the losses, one line of JSON every LOG_EVERY steps."""

    def __init__(self, folder: str) -> None:
        self.file, self.sums = open(os.path.join(folder, "log.jsonl"), "a"), {}

    def add(self, parts: Dict[str, float]) -> None:
        for name, value in parts.items():
            self.sums.setdefault(name, []).append(value)

    def write(self, step: int, minutes: float, progress: float) -> None:
        line = {"step": step, "minutes": round(minutes, 2), "progress": round(progress, 3), **{name: round(float(np.mean(v)), 4) for name, v in self.sums.items()}}
        print(json.dumps(line), flush=True)
        self.file.write(json.dumps(line) + "\n"), self.file.flush()
        self.sums = {}


def agreed(progress: float, world: int) -> float:
    """The clock of the first process: all go by the same."""
    if world == 1:
        return progress
    clock = torch.tensor(progress)
    torch.distributed.broadcast(clock, 0)
    return float(clock)


def batches(arguments: argparse.Namespace, make: Callable[[int], Scenes], step: int) -> Iterator[Batch]:
    """Endless batches, other ones after every step from which a run goes on."""
    stream = Stream(make, arguments.batch, arguments.seed + step + 500_000 * arguments.rank)
    ahead = {"prefetch_factor": 6} if arguments.workers else {}
    return iter(torch.utils.data.DataLoader(stream, batch_size=None, num_workers=arguments.workers, **ahead))


def train(arguments: argparse.Namespace) -> None:
    """Trains until the steps or the minutes are over."""
    torch.manual_seed(arguments.seed)
    lead = arguments.rank == 0
    if arguments.world > 1:
        torch.distributed.init_process_group("gloo", init_method=f"file://{os.path.abspath(arguments.out)}.meet", rank=arguments.rank, world_size=arguments.world)
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    os.makedirs(arguments.out, exist_ok=True)
    make, voices = scenes_maker(arguments)
    run = Run(arguments, voices)
    log, source = Log(arguments.out), batches(arguments, make, run.step)
    gate_source = gate_batches(arguments, run.step) if arguments.gate else None
    if arguments.init and run.start["arguments"].get("restored") and not run.resumed:
        refresh_norms(run.net, (next(source)[0].to(arguments.device) for _ in range(NORM_BATCHES)))
        run.mean.load_state_dict(run.net.state_dict())
    began = time.time() - run.spent
    while True:
        progress = agreed(max(run.step / arguments.steps, (time.time() - began) / 60 / arguments.minutes), arguments.world)
        if progress >= 1:
            break
        run.set_rate(progress)
        log.add(run.learn(next(source), next(gate_source) if gate_source else None))
        run.spent = time.time() - began
        if lead and run.step % LOG_EVERY == 0:
            log.write(run.step, run.spent / 60, progress)
        if lead and run.step % SAVE_EVERY == 0:
            run.save()
    if lead:
        run.finish()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--cache", required=True, help="folder of the feature pools")
    parser.add_argument("--out", required=True, help="folder of the checkpoint and the log")
    parser.add_argument("--data", choices=("all", "open"), default="all")
    parser.add_argument("--leave-out", nargs="*", default=[], help="corpora not to learn from")
    parser.add_argument("--without", nargs="*", default=[], help="heads that do not learn in this run")
    parser.add_argument("--versions", type=int, nargs="+", default=[0, 1, 2, 3, 4, 5, 6])
    parser.add_argument("--debian", type=int, nargs="*", default=[], help="pools of what comes from Debian packages")
    parser.add_argument("--spoken", type=int, nargs="*", default=[], help="pools of synthetic speech")
    parser.add_argument("--init", help="checkpoint to start from")
    parser.add_argument("--head-start", type=int, default=0, help="steps in which only the voices' centres learn, for a start that was restored from a graph")
    parser.add_argument("--gate", help="checkpoint of train_gate.py: the gate trains along, on scenes of its own, and the trunk for it")
    parser.add_argument("--gate-batch", type=int, default=10, help="scenes of 10 s for the gate in every step")
    parser.add_argument("--keep-start", type=float, default=0.0, help="share of the weights of --init in the mean that the run ends with")
    parser.add_argument("--network", default="{}", help="JSON of arguments of Network")
    parser.add_argument("--tasks", default="{}", help="JSON of shares of scene kinds that differ from the usual")
    parser.add_argument("--steps", type=int, default=8000)
    parser.add_argument("--minutes", type=float, default=1e9, help="anneal so as to end by then even if steps are left")
    parser.add_argument("--batch", type=int, default=48)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--warmup", type=int, default=300)
    parser.add_argument("--ema", type=float, default=0.998)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--bfloat16", action="store_true", help="convolutions in bfloat16: half as fast again on processors that have it")
    parser.add_argument("--rank", type=int, default=0)
    parser.add_argument("--world", type=int, default=1, help="processes that train together, each started with its rank")
    parser.add_argument("--device", default="cpu")
    train(parser.parse_args())
