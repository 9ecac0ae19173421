"""Puts a gate on a published set: the same weights, calibration and figures, with the gate's score behind the others and its entry in the catalogue."""
import argparse
import json
import os

import torch

import network as N
from publish import export_checked, gate_of
from restore import as_published

FIRST = ("version", "set", "title")         # keys of the catalogue before `trunk`


def main(arguments: argparse.Namespace) -> None:
    torch.set_num_threads(1)
    with open(os.path.join(arguments.models, "catalogue.json")) as file:
        made = json.load(file)
    net = as_published(arguments.models)
    net.gate = N.load_gate(arguments.gate)
    os.makedirs(arguments.out, exist_ok=True)
    trunk, offsets = export_checked(net, os.path.join(arguments.out, made["trunk"]["file"]))
    for model in made["models"]:
        if model["name"] in offsets:
            model["source"]["offset"] = offsets[model["name"]]
    gate = {"source": {"kind": "trunk", "output": "scores", "offset": offsets["gate"]}, **gate_of(made["set"])}
    with open(os.path.join(arguments.out, "catalogue.json"), "w") as file:
        json.dump({**{name: made[name] for name in FIRST}, "trunk": trunk, "gate": gate, **{name: value for name, value in made.items() if name not in (*FIRST, "trunk", "gate")}}, file, indent=2)
        file.write("\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", required=True, help="folder of the published set")
    parser.add_argument("--gate", required=True, help="checkpoint of train_gate.py on the trunk of this very set")
    parser.add_argument("--out", required=True, help="folder to write deeptone.onnx and catalogue.json into")
    main(parser.parse_args())
