"""Embeddings of built conversations of dev voices, and what the gates let through, for tune-clustering.mjs: half of them to tune on, half to judge by."""
import argparse
import json
import os

import numpy as np
import torch

import corpus as C
import evaluate as E
import testset as T

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--cache", required=True)
    parser.add_argument("--checkpoint", required=True)
    parser.add_argument("--out", required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    os.makedirs(arguments.out, exist_ok=True)
    rows, sound = C.load(arguments.corpus, arguments.cache)
    table, _, _ = C.labels(rows)
    net, found = E.load(arguments.checkpoint), []
    for part, seed in (("tune", 21), ("test", 11)):
        talks = T.conversations(rows, table, sound, 40, np.random.default_rng(seed))
        for k, ((pcm, who, people, corpus), out) in enumerate(zip(talks, E.run(net, [t[0] for t in talks], ("embedding", "speech-rt"), 4))):
            name = f"{part}{k}.f32"
            out["embedding"].astype(np.float32).tofile(os.path.join(arguments.out, name))
            gate = np.where(out["rms"] < E.SILENT_RMS, 0, np.where(out["speech-rt"].argmax(1) == 2, 2, 1))     # silence, no speech, speech
            found.append({"name": name, "who": who.tolist(), "gate": gate.tolist(), "people": len(people), "corpus": corpus, "part": part})
    with open(os.path.join(arguments.out, "conversations.json"), "w") as file:
        json.dump({"size": int(net.config["embedding"]), "conversations": found}, file)
