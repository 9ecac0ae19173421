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
GateBatch = Tuple[torch.Tensor, torch.Tensor]
Sources = Tuple[Scenes, Optional[GateScenes]]
LOG_EVERY, SAVE_EVERY = 100, 200        # steps
NORM_BATCHES = 12                       # from which a network that was restored from a graph learns what its norms see
LOWEST_RATE = 0.01                      # share of the rate that is left at the end
LOOK_AGAIN = 200                        # batches after which a process that makes them looks for new pools
STATE_KEPT = 0.5                        # share of the gate's scenes that begin in the state in which others ended: streams run for hours


class Stream(torch.utils.data.IterableDataset):
    """Endless batches, those of the gate beside them, made in a process of their own."""

    def __init__(self, make: Callable[[int], Sources], size: int, gate_size: int, seed: int, kind: torch.dtype) -> None:
        """kind: of the features that travel to the process that trains."""
        self.make, self.size, self.gate_size, self.seed, self.kind = make, size, gate_size, seed, kind

    def __iter__(self) -> Iterator[Tuple[Batch, Optional[GateBatch]]]:
        torch.set_num_threads(1)
        info = torch.utils.data.get_worker_info()
        seed = self.seed * 1000 + (info.id if info else 0)
        while True:
            scenes, gate_scenes = self.make(seed)
            for _ in range(LOOK_AGAIN):
                features, labels, same = scenes.batch(self.size)
                batch = torch.from_numpy(features).to(self.kind), {name: torch.from_numpy(value).long() for name, value in labels.items()}, torch.from_numpy(same)
                if gate_scenes is None:
                    yield batch, None
                    continue
                features, target = gate_scenes.batch(self.gate_size)
                yield batch, (torch.from_numpy(features).to(self.kind), torch.from_numpy(target))
            seed += 500


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


def made_pools(folder: str, versions: Sequence[int]) -> List[int]:
    """Those of the versions that a folder has; more may come while a run goes on."""
    return [version for version in versions if os.path.exists(os.path.join(folder, f"pool{version}.npz"))]


def hard_noises(cache: str, rows: List[C.Row]) -> np.ndarray:
    """Which clips hard_noises.py found to be taken for people, where it ran, those that made_noises.py made, and animals and alarms of debian.py."""
    path, listed = os.path.join(cache, "hard.json"), set()
    if os.path.exists(path):
        with open(path) as file:
            listed = set(json.load(file))
    return np.array([f"{row['file']}@{row['start']}" in listed or row["corpus"].startswith(("made-", "animals-")) for row in rows])


def scenes_maker(arguments: argparse.Namespace) -> Tuple[Callable[[int], Sources], int]:
    """A function that makes scenes, the gate's beside them, from a seed, of the clips that this run may learn from and the pools that there are; and the number of voices in the data."""
    folders, rows = [arguments.cache, *arguments.more], C.read_manifest(arguments.corpus)
    for folder in arguments.more:
        rows += C.read_manifest(folder)
    table, corpora, voices = C.labels(rows)
    table["hard"] = hard_noises(arguments.cache, rows)
    allowed = clips_for(table, corpora, arguments.data, arguments.leave_out)
    taught = allowed & np.array([row["licence"] != C.DEBIAN_LICENCE or row["event"] != "speech" for row in rows])
    spoken_folder = os.path.join(arguments.cache, "spoken")
    tasks = {**TASKS, **({"emotion": 0.0} if arguments.data == "open" else {}), **json.loads(arguments.tasks)}

    def make(seed: int) -> Sources:
        versions = [(folder, made_pools(folder, arguments.versions)) for folder in folders]
        spoken = Pool([(spoken_folder, made_pools(spoken_folder, arguments.versions))], C.labels(C.read_manifest(spoken_folder))[0]) if arguments.spoken else None
        gate = GateScenes(TaughtPool(versions, table), corpora, taught, 7 * seed) if arguments.gate else None
        return Scenes(Pool(versions, table), allowed, seed, spoken, tasks), gate
    return make, len(voices)


def rate_at(rate: float, step: int, warmup: int, progress: float) -> float:
    """The learning rate: warm-up over the first steps, then a cosine over `progress` (0 to 1)."""
    return rate * min(1.0, (step + 1) / warmup) * (LOWEST_RATE + (1 - LOWEST_RATE) * 0.5 * (1 + math.cos(math.pi * progress)))


class Run:
    """A network in training: weights, their running mean, losses, optimizer, and where it stands."""

    def __init__(self, arguments: argparse.Namespace, voices: int) -> None:
        self.arguments = arguments
        self.net = N.Network(**json.loads(arguments.network)).to(arguments.device)
        self.start: Optional[Dict[str, Any]] = None
        if arguments.init:
            self.start = torch.load(arguments.init, map_location=arguments.device)
            if arguments.gate:
                self.net.load_state_dict(self.start["ema"], strict=False)
            else:               # a gate that is there stays as it is
                self.net = N.from_state(self.start["config"], self.start["ema"]).to(arguments.device)
        if arguments.gate:
            self.net.gate = N.load_gate(arguments.gate).to(arguments.device)
        self.losses = Losses(3 * voices, self.net.config["embedding"]).to(arguments.device)
        self.remembered: Optional[torch.Tensor] = None          # the gate's state behind the last scenes
        self.take_losses()
        if arguments.only:
            for name, parameter in self.net.named_parameters():
                parameter.requires_grad_(name.split(".")[:2] in [["heads", head] for head in arguments.only])
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
        """Takes over what the losses of the start remember, unless its voices are others."""
        if self.start is None or "losses" not in self.start or self.arguments.new_voices:
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
                                  {"params": self.losses.parameters(), "weight_decay": 0.0}], lr=self.arguments.rate, betas=(0.9, 0.98), **({"fused": True} if self.arguments.device == "cuda" else {}))

    def parameters(self) -> List[torch.nn.Parameter]:
        return [*self.net.parameters(), *self.losses.parameters()]

    def save(self) -> None:
        torch.save({"net": self.net.state_dict(), "ema": self.mean.state_dict(), "losses": self.losses.state_dict(), "optimizer": self.optimizer.state_dict(), "step": self.step,
                    "spent": self.spent, "config": self.net.config, "arguments": vars(self.arguments)}, self.path + ".new")
        os.replace(self.path + ".new", self.path)

    def set_rate(self, progress: float) -> None:
        """In the head start of a restored network only the voices' centres move."""
        rate = rate_at(self.arguments.rate, self.step, self.arguments.warmup, progress)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        if self.step < self.arguments.head_start:
            for group in self.optimizer.param_groups[:-1]:
                group["lr"] = 0.0

    def gate_loss(self, batch: GateBatch) -> torch.Tensor:
        """Loss of the gate on scenes of its own, through the trunk."""
        features, target = (part.to(self.arguments.device).float() for part in batch)
        with torch.autocast(self.arguments.device, torch.bfloat16, enabled=self.arguments.bfloat16):
            taps = N.side_by_side(self.net.trunk(features))
        logits, state = self.net.gate(taps, self.remembered)
        kept = torch.rand(1, len(target), 1, device=state.device) < STATE_KEPT
        self.remembered = (state.detach() * kept)[:, torch.randperm(len(target), device=state.device)]
        return gate_loss_of(logits, target)

    def learn(self, batch: Batch, gate_batch: Optional[GateBatch] = None) -> Dict[str, torch.Tensor]:
        """One step; gives the losses by name."""
        arguments, (features, labels, same) = self.arguments, batch
        self.net.train(not arguments.only)
        for name in arguments.only:
            self.net.heads[name].train()
        for name in arguments.without:
            labels[name][:] = -1
        with torch.autocast(arguments.device, torch.bfloat16, enabled=arguments.bfloat16):
            out = self.net.answers(self.net.trunk(features.to(arguments.device).float()), gated=False)
        out = {name: value.float() for name, value in out.items() if not name.startswith("tap")}
        total, parts = self.losses(out, {name: value.to(arguments.device) for name, value in labels.items()}, same.to(arguments.device))
        self.optimizer.zero_grad(set_to_none=True)
        if gate_batch is not None:
            parts["gate"] = self.gate_loss(gate_batch)
            total = total + heads.GATE.loss_weight * parts["gate"]
            parts["gate"] = parts["gate"].detach()
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

    def add(self, parts: Dict[str, torch.Tensor]) -> None:
        for name, value in parts.items():
            self.sums.setdefault(name, []).append(value)

    def write(self, step: int, minutes: float, progress: float) -> None:
        line = {"step": step, "minutes": round(minutes, 2), "progress": round(progress, 3), **{name: round(float(torch.stack(v).mean()), 4) for name, v in self.sums.items()}}
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


def batches(arguments: argparse.Namespace, make: Callable[[int], Sources], step: int) -> Iterator[Tuple[Batch, Optional[GateBatch]]]:
    """Endless batches, other ones after every step from which a run goes on."""
    stream = Stream(make, arguments.batch, arguments.gate_batch, arguments.seed + step + 500_000 * arguments.rank,
                    torch.float32 if arguments.device == "cpu" else torch.float16)
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
    if arguments.init and run.start["arguments"].get("restored") and not run.resumed:
        refresh_norms(run.net, (next(source)[0][0].to(arguments.device).float() for _ in range(NORM_BATCHES)))
        run.mean.load_state_dict(run.net.state_dict())
    began = time.time() - run.spent
    while True:
        progress = agreed(max(run.step / arguments.steps, (time.time() - began) / 60 / arguments.minutes), arguments.world)
        if progress >= 1:
            break
        run.set_rate(progress)
        log.add(run.learn(*next(source)))
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
    parser.add_argument("--versions", type=int, nargs="+", default=list(range(16)), help="pools to draw from, as far as they are there; a run finds those that come later")
    parser.add_argument("--more", nargs="*", default=[], help="folders with a manifest and pools of their own, such as what comes from Debian packages")
    parser.add_argument("--spoken", action="store_true", help="synthetic speech too, from the folder `spoken` of the cache")
    parser.add_argument("--only", nargs="*", default=[], help="heads that alone learn, on a trunk that stays as it is")
    parser.add_argument("--init", help="checkpoint to start from")
    parser.add_argument("--new-voices", action="store_true", help="the start numbered other voices: their centres are learnt anew")
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
