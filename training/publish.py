"""From a checkpoint to a model set: measure, calibrate, measure again, export, check, write the catalogue and the figures."""
import argparse
import datetime
import json
import os
import subprocess
import tempfile

import torch

import calibrate
import catalogue
import evaluate
import export
import network as N

SETS = {
    "standard": {"folder": "", "title": "Standard: all data, among it non-commercial corpora", "trainingData": "non-commercial", "leftOut": ()},
    "open": {"folder": "open", "title": "Open: openly licensed data only", "trainingData": "open", "leftOut": ("arousal", "emotions", "language")},
}
DEBIAN = "sound files of 35 Debian packages (Tux Paint stamps, QABCs, Asterisk prompts, Fillets, Kajongg, game music and noises)"
DATA = {
    "standard": "16 kHz speech, music, noise and human sounds of some 570 voices and 50 corpora, among them non-commercial ones (RAVDESS, EMOVO, NoiseX, parts of UltraStar songs) "
                f"and ones without a stated license (EMO-DB, samplevoice, snoring, laughter); {DEBIAN}",
    "open": "openly licensed corpora only: speechocean762, LibriSpeech, Kerstin, Thorsten, GCompris, KLettres, Asterisk, Precise, wake words, MLS excerpts, ESC-10 CC BY part, Moodist, DCASE 2016, "
            f"donate-a-cry, game music; {DEBIAN}",
}


def commit_of(folder):
    found = subprocess.run(["git", "log", "-1", "--format=%h", "--", "."], cwd=folder, stdout=subprocess.PIPE, text=True)
    return found.stdout.strip() or "unknown"


def publish(name, checkpoint, corpus, cache, out, clustering=None, quick=False):
    """Writes the set `name` under `out` and its figures under training/results."""
    made = SETS[name]
    net = evaluate.load(checkpoint)
    state = torch.load(checkpoint, map_location="cpu")
    sets = evaluate.build_items(corpus, cache)
    if name == "standard":      # what is unseen by the open set is no test for this one
        sets = {key: items for key, items in sets.items() if "unseen" not in key[0]}
    heads = [head for head in N.HEADS if head not in made["leftOut"]]
    answers = evaluate.Answers(net, sets)
    fitted, report = calibrate.calibrate(answers, heads)
    fitted["speaker-map"] = {"clustering": clustering or {}, "unknownBelow": 0.0}
    folder = os.path.join(out, made["folder"])
    os.makedirs(folder, exist_ok=True)
    graph = os.path.join(folder, "deeptone.onnx")
    results = None if quick else evaluate.evaluate(answers, fitted)
    for head in heads:              # the shifts become part of the heads
        if "shift" in fitted[head]:
            net.heads[head].out.bias.data += torch.from_numpy(fitted[head]["shift"]).float()
    trunk, offsets = export.save(net, graph)
    with tempfile.TemporaryDirectory() as scratch:
        export.write_reference(net, offsets, trunk, graph, scratch)
        if not export.check(scratch):
            raise SystemExit("the graph does not agree with PyTorch")
    here = os.path.dirname(os.path.abspath(__file__))
    provenance = {"commit": commit_of(here), "seed": state["arguments"]["seed"], "trainedAt": datetime.date.today().isoformat(),
                  "steps": state["step"], "data": DATA[name]}
    catalogue.write(os.path.join(folder, "catalogue.json"), name, made["title"], trunk, offsets, provenance, fitted, made["trainingData"], made["leftOut"])
    if not quick:
        for head in made["leftOut"]:
            results.pop(head, None)
        print(evaluate.brief(results))
        os.makedirs(os.path.join(here, "results"), exist_ok=True)
        with open(os.path.join(here, "results", f"{name}.json"), "w") as file:
            json.dump({"set": name, "provenance": provenance, "measured": "dev voices; no training saw them, but calibration and the choice of settings did", "training": state["arguments"] | {"corpus": "", "cache": "", "out": "", "init": bool(state["arguments"]["init"])},
                       "calibration": report, "figures": results}, file, indent=1)
            file.write("\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", choices=tuple(SETS), required=True)
    parser.add_argument("--checkpoint", required=True)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--cache", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--clustering", help="JSON")
    parser.add_argument("--quick", action="store_true", help="no figures")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    publish(arguments.set, arguments.checkpoint, arguments.corpus, arguments.cache, arguments.out, arguments.clustering and json.loads(arguments.clustering), arguments.quick)
