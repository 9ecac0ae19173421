"""From a checkpoint to a model set: measure, calibrate, measure again, export, check, write the catalogue and the figures."""
import argparse
import datetime
import json
import os
import subprocess
import tempfile
from typing import Any, Dict, Optional, Tuple

import torch

import calibrate
import catalogue
import evaluate
import export
import heads
import network as N
from debian import PACKAGES

HERE = os.path.dirname(os.path.abspath(__file__))
# The thresholds of the gate are looked for by measure_gate.py: lower ones find more speech under noise and let more songs and snores through, of which the open set has learnt least.
SETS = {
    "standard": {"folder": "", "title": "Standard: all data, among it non-commercial corpora", "trainingData": "non-commercial", "leftOut": (), "gate": {"openAbove": 0.3, "closeBelow": 0.2}},
    "open": {"folder": "open", "title": "Open: openly licensed data only", "trainingData": "open", "leftOut": ("arousal", "emotions", "language"), "gate": {"openAbove": 0.4, "closeBelow": 0.3}},
}
DEBIAN = f"sound files of {len(PACKAGES)} Debian packages (Tux Paint stamps, QABCs, Asterisk prompts, Fillets, Kajongg, game music and noises, animals and cries of games)"
DATA = {
    "standard": "16 kHz speech in 59 languages, music, noise and human sounds of some 2,300 voices and batches of 71 corpora, among them non-commercial ones (RAVDESS, EMOVO, NEMO, SAVEE, TESS, NoiseX, "
                f"parts of UltraStar songs), ones without a stated license (EMO-DB, samplevoice, Mexican Spanish voices, snoring, laughter, screams) and synthetic voices; {DEBIAN}",
    "open": "openly licensed corpora only: VoxLingua107 dev, speechocean762, LibriSpeech, Samromur, VoxForge, French volunteers, Kerstin, Thorsten, GCompris, KLettres, Asterisk, Precise, wake words, "
            f"MLS excerpts, synthetic voices, ESC-10 CC BY part, Moodist, DCASE 2016, donate-a-cry, coughs by telephone, game music; {DEBIAN}",
}


def gate_of(name: str) -> Dict[str, float]:
    """How the score of the gate of a set is read: temperature and thresholds."""
    return {"temperature": heads.GATE.temperature, **SETS[name]["gate"]}


def commit_of(folder: str) -> str:
    """Short name of the commit that last changed a folder."""
    found = subprocess.run(["git", "log", "-1", "--format=%h", "--", "."], cwd=folder, stdout=subprocess.PIPE, text=True)
    return found.stdout.strip() or "unknown"


def export_checked(net: N.Network, graph: str) -> Tuple[Dict[str, Any], Dict[str, int]]:
    """Writes the graph in half precision, and ends where it does not agree with PyTorch; gives the catalogue's `trunk` and the offsets of the heads."""
    net = export.rounded(net)
    trunk, offsets = export.save(net, graph)
    with tempfile.TemporaryDirectory() as scratch:
        export.write_reference(net, offsets, trunk, graph, scratch)
        if not export.check(scratch):
            raise SystemExit("the graph does not agree with PyTorch")
    return trunk, offsets


def write_results(name: str, provenance: Dict[str, Any], arguments: Dict[str, Any], report: Dict[str, Any], results: Dict[str, Any]) -> None:
    """Leaves the figures of a set under training/results, without the paths of this machine."""
    os.makedirs(os.path.join(HERE, "results"), exist_ok=True)
    training = {**arguments, "corpus": "", "cache": "", "out": "", "init": bool(arguments.get("init")), "gate": bool(arguments.get("gate")), "more": len(arguments.get("more", []))}
    with open(os.path.join(HERE, "results", f"{name}.json"), "w") as file:
        json.dump({"set": name, "provenance": provenance, "measured": "dev voices; no training saw them, but calibration and the choice of settings did", "training": training,
                   "calibration": report, "figures": results}, file, indent=1)
        file.write("\n")


def publish(name: str, checkpoint: str, corpus: str, cache: str, out: str, clustering: Optional[Dict[str, Any]] = None, quick: bool = False,
            gate: Optional[str] = None, wider: Optional[Dict[str, float]] = None) -> None:
    """Writes the set `name` under `out` and, unless `quick`, its figures under training/results. `gate`: checkpoint of the gate on this very trunk, if the network has none. `wider`: factors of temperatures by head."""
    made = SETS[name]
    net, state = evaluate.load(checkpoint), torch.load(checkpoint, map_location="cpu")
    sets = evaluate.build_items(corpus, cache)
    if name == "standard":      # what is unseen by the open set is no test for this one
        sets = {key: items for key, items in sets.items() if "unseen" not in key[0]}
    offered = [head for head in heads.SCORED if head not in made["leftOut"]]
    answers = evaluate.Answers(net, sets)
    fitted, report = calibrate.calibrate(answers, offered, wider)
    fitted[heads.VOICE.name] = {"clustering": clustering or {}, "unknownBelow": 0.0}
    results = None if quick else evaluate.evaluate(answers, fitted)
    for head in offered:            # the shifts become part of the heads
        if "shift" in fitted[head]:
            net.heads[head].out.bias.data += torch.from_numpy(fitted[head]["shift"]).float()
    if gate:
        net.gate = N.load_gate(gate)
    folder = os.path.join(out, made["folder"])
    os.makedirs(folder, exist_ok=True)
    trunk, offsets = export_checked(net, os.path.join(folder, "deeptone.onnx"))
    provenance = {"commit": commit_of(HERE), "seed": state["arguments"]["seed"], "trainedAt": datetime.date.today().isoformat(), "steps": state["step"], "data": DATA[name]}
    catalogue.write(os.path.join(folder, "catalogue.json"), name, made["title"], trunk, offsets, provenance, fitted, made["trainingData"], made["leftOut"],
                    gate_of(name) if net.gate is not None else None)
    if results is not None:
        for head in made["leftOut"]:
            results.pop(head, None)
        print(evaluate.brief(results))
        write_results(name, provenance, state["arguments"], report, results)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", choices=tuple(SETS), required=True)
    parser.add_argument("--checkpoint", required=True)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--cache", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--clustering", help="JSON")
    parser.add_argument("--gate", help="checkpoint of the gate that was trained on this trunk")
    parser.add_argument("--wider", default="{}", help="JSON: factors of temperatures by head, of a set that has met every corpus: see calibrate.py")
    parser.add_argument("--quick", action="store_true", help="no figures")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    publish(arguments.set, arguments.checkpoint, arguments.corpus, arguments.cache, arguments.out, arguments.clustering and json.loads(arguments.clustering), arguments.quick,
            arguments.gate, json.loads(arguments.wider))
