"""Trains one network on scenes from the feature pools. Checkpointed: started again with the same arguments, it goes on where it was."""
import argparse
import copy
import json
import math
import os
import time

import numpy as np
import torch

import corpus as C
import network as N
from losses import Losses
from scenes import TASKS, Pool, Scenes


class Stream(torch.utils.data.IterableDataset):
    """Endless batches, made in a process of their own."""

    def __init__(self, make, size, seed):
        self.make, self.size, self.seed = make, size, seed

    def __iter__(self):
        torch.set_num_threads(1)
        info = torch.utils.data.get_worker_info()
        scenes = self.make(self.seed * 1000 + (info.id if info else 0))
        while True:
            features, labels, same = scenes.batch(self.size)
            yield torch.from_numpy(features), {name: torch.from_numpy(value).long() for name, value in labels.items()}, torch.from_numpy(same)


def clips_for(table, corpora, data, leave_out):
    """Which clips a run may learn from: never dev, only open ones for the open set, no corpus that is left out."""
    allowed = ~table["dev"]
    if data == "open":
        allowed &= table["open"]
    for name in leave_out:
        allowed &= table["corpus"] != corpora.index(name)
    return allowed


def share_gradients(parameters, world):
    """Averages the gradients over the processes that train together."""
    flat = torch.cat([(p.grad if p.grad is not None else torch.zeros_like(p)).flatten() for p in parameters])
    torch.distributed.all_reduce(flat)
    at = 0
    for p in parameters:
        p.grad = flat[at:at + p.numel()].view_as(p) / world
        at += p.numel()


def train(arguments):
    torch.manual_seed(arguments.seed)
    lead = arguments.rank == 0
    if arguments.world > 1:
        torch.distributed.init_process_group("gloo", init_method=f"file://{os.path.abspath(arguments.out)}.meet", rank=arguments.rank, world_size=arguments.world)
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    os.makedirs(arguments.out, exist_ok=True)
    rows, folders = C.read_manifest(arguments.corpus), [(arguments.cache, arguments.versions)]
    if arguments.debian:
        folders.append((os.path.join(arguments.cache, "debian"), arguments.debian))
        rows += C.read_manifest(folders[-1][0])
    table, corpora, voices = C.labels(rows)
    allowed = clips_for(table, corpora, arguments.data, arguments.leave_out)
    pool = Pool(folders, table)
    spoken = None
    if arguments.spoken:
        folder = os.path.join(arguments.cache, "spoken")
        spoken = Pool([(folder, arguments.spoken)], C.labels(C.read_manifest(folder))[0])
    tasks = dict(TASKS)
    if arguments.data == "open":
        tasks["emotion"] = 0.0
    tasks.update(json.loads(arguments.tasks))

    def make(seed):
        return Scenes(pool, allowed, seed, spoken, tasks)

    net = N.Network(**json.loads(arguments.network)).to(arguments.device)
    if arguments.init:
        saved = torch.load(arguments.init, map_location=arguments.device)
        net.load_state_dict(saved["ema"])
    losses = Losses(3 * len(voices), net.config["embedding"]).to(arguments.device)
    if arguments.init and "losses" in saved:
        with torch.no_grad():       # voices that the run before did not know come last
            known = saved["losses"].pop("voice.centres")
            losses.voice.centres[:len(known)] = known
        losses.load_state_dict(saved["losses"], strict=False)
    ema = copy.deepcopy(net).eval()
    everything = [*net.parameters(), *losses.parameters()]
    decay = [p for p in net.parameters() if p.dim() > 1]
    plain = [p for p in net.parameters() if p.dim() <= 1]
    optimizer = torch.optim.AdamW([{"params": decay, "weight_decay": 0.03}, {"params": plain, "weight_decay": 0.0},
                                   {"params": losses.parameters(), "weight_decay": 0.0}], lr=arguments.rate, betas=(0.9, 0.98))
    step, spent, path = 0, 0.0, os.path.join(arguments.out, "checkpoint.pt")
    if os.path.exists(path):
        state = torch.load(path, map_location=arguments.device)
        net.load_state_dict(state["net"]), ema.load_state_dict(state["ema"]), losses.load_state_dict(state["losses"])
        optimizer.load_state_dict(state["optimizer"])
        step, spent = state["step"], state["spent"]
    log = open(os.path.join(arguments.out, "log.jsonl"), "a") if lead else None

    def save():
        torch.save({"net": net.state_dict(), "ema": ema.state_dict(), "losses": losses.state_dict(), "optimizer": optimizer.state_dict(), "step": step, "spent": spent,
                    "config": net.config, "arguments": vars(arguments)}, path + ".new")
        os.replace(path + ".new", path)

    stream = Stream(make, arguments.batch, arguments.seed + step + 500_000 * arguments.rank)
    loader = iter(torch.utils.data.DataLoader(stream, batch_size=None, num_workers=arguments.workers, **({"prefetch_factor": 6} if arguments.workers else {})))
    began, sums = time.time() - spent, {}
    while True:
        progress = max(step / arguments.steps, (time.time() - began) / 60 / arguments.minutes)
        if arguments.world > 1:         # all go by the same clock
            clock = torch.tensor(progress)
            torch.distributed.broadcast(clock, 0)
            progress = float(clock)
        if progress >= 1:
            break
        rate = arguments.rate * min(1.0, (step + 1) / arguments.warmup) * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * progress)))
        for group in optimizer.param_groups:
            group["lr"] = rate
        features, labels, same = next(loader)
        net.train()
        with torch.autocast(arguments.device, torch.bfloat16, enabled=arguments.bfloat16):
            out = net(features.to(arguments.device))
        out = {name: value.float() for name, value in out.items() if not name.startswith("tap")}
        total, parts = losses(out, {name: value.to(arguments.device) for name, value in labels.items()}, same.to(arguments.device))
        optimizer.zero_grad(set_to_none=True)
        total.backward()
        if arguments.world > 1:
            share_gradients(everything, arguments.world)
        torch.nn.utils.clip_grad_norm_(net.parameters(), 4.0)
        optimizer.step()
        with torch.no_grad():
            keep = min(arguments.ema, (1 + step) / (20 + step))
            for old, new in zip(ema.state_dict().values(), net.state_dict().values()):
                if old.dtype.is_floating_point:
                    old.lerp_(new, 1 - keep)
                else:
                    old.copy_(new)
        for name, value in parts.items():
            sums.setdefault(name, []).append(value)
        step += 1
        if step % 100 == 0 and lead:
            spent = time.time() - began
            line = {"step": step, "minutes": round(spent / 60, 2), "progress": round(progress, 3), **{name: round(float(np.mean(v)), 4) for name, v in sums.items()}}
            print(json.dumps(line), flush=True)
            log.write(json.dumps(line) + "\n"), log.flush()
            sums = {}
        if step % 200 == 0 and lead:
            save()
    spent = time.time() - began
    if lead:
        if arguments.keep_start:        # the start knew fewer voices by heart (WiSE-FT: Wortsman et al. 2022)
            for name, value in ema.state_dict().items():
                if value.dtype.is_floating_point:
                    value.lerp_(saved["ema"][name].to(value), arguments.keep_start)
        save()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--cache", required=True, help="folder of the feature pools")
    parser.add_argument("--out", required=True, help="folder of the checkpoint and the log")
    parser.add_argument("--data", choices=("all", "open"), default="all")
    parser.add_argument("--leave-out", nargs="*", default=[], help="corpora not to learn from")
    parser.add_argument("--versions", type=int, nargs="+", default=[0, 1, 2, 3, 4, 5, 6])
    parser.add_argument("--debian", type=int, nargs="*", default=[], help="pools of what comes from Debian packages")
    parser.add_argument("--spoken", type=int, nargs="*", default=[], help="pools of synthetic speech")
    parser.add_argument("--init", help="checkpoint to start from")
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
