"""Embeddings of built conversations of dev voices, and what the gates let through, for tune-clustering.mjs: half of them to tune on, half to judge by."""
import argparse
import json
import os
from typing import Dict, List

import numpy as np
import torch

import corpus as C
import evaluate as E
import testset as T
from measure_gate import speaks
from publish import SETS, gate_of

SILENCE, NO_SPEECH, SPEECH = range(3)       # what the gates say of a frame
COUNT = 40                                  # conversations of each half
SEEDS = {"tune": 21, "test": 11}


def gates(out: E.Outputs, gate: Dict[str, float]) -> List[int]:
    """What the gates say of every frame; `gate`: how its score is read (publish.gate_of)."""
    if "gate" in out:
        somebody = speaks(1 / (1 + np.exp(-out["gate"][:, 0] / gate["temperature"])), gate["openAbove"], gate["closeBelow"])
    else:
        somebody = out["speech-rt"].argmax(1) == E.IS_SPEECH
    return np.where(out["rms"] < E.SILENT_RMS, SILENCE, np.where(somebody, SPEECH, NO_SPEECH)).tolist()


def main(arguments: argparse.Namespace) -> None:
    torch.set_num_threads(1)
    os.makedirs(arguments.out, exist_ok=True)
    rows, sound = C.load(arguments.corpus, arguments.cache)
    table, _, _ = C.labels(rows)
    net, found = E.load(arguments.checkpoint), []
    for part, seed in SEEDS.items():
        talks = T.conversations(rows, table, sound, COUNT, np.random.default_rng(seed))
        outs = E.run(net, [talk[0] for talk in talks], ("embedding", "speech-rt", *(("gate",) if net.gate is not None else ())), 4)
        for k, ((_, who, people, corpus), out) in enumerate(zip(talks, outs)):
            name = f"{part}{k}.f32"
            out["embedding"].astype(np.float32).tofile(os.path.join(arguments.out, name))
            found.append({"name": name, "who": who.tolist(), "gate": gates(out, gate_of(arguments.set)), "people": len(people), "corpus": corpus, "part": part})
    with open(os.path.join(arguments.out, "conversations.json"), "w") as file:
        json.dump({"size": int(net.config["embedding"]), "conversations": found}, file)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--cache", required=True)
    parser.add_argument("--checkpoint", required=True)
    parser.add_argument("--set", choices=tuple(SETS), default="standard", help="whose thresholds of the gate to go by")
    parser.add_argument("--out", required=True)
    main(parser.parse_args())
