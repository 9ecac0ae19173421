"""From a published graph back to PyTorch: trained weights to go on from, where no checkpoint is left.

The graph has BatchNorm folded into the weights, so the network comes back with norms that do nothing: it answers exactly as the graph does. To train on, the norms
must know what they normalise: `refresh_norms` lets the network hear scenes and gives every norm the mean and the variance of its input, without a change of the answers.
"""
import argparse
import json
import os
import tempfile
from typing import Dict, Iterable, List

import numpy as np
import onnx
import torch
from onnx import numpy_helper

import export
import heads
import network as N


def constants_of(graph: str) -> Dict[str, np.ndarray]:
    """The named constants of an ONNX file, those in half precision as single."""
    found = {tensor.name: numpy_helper.to_array(tensor) for tensor in onnx.load(graph).graph.initializer}
    return {name.removesuffix("_half"): value.astype(np.float32) if value.dtype == np.float16 else value for name, value in found.items()}


def set_norm(norm: torch.nn.Module, bias: np.ndarray) -> None:
    """Makes a BatchNorm add `bias` [channels] and do nothing else."""
    norm.running_mean.zero_()
    norm.running_var.fill_(1.0 - norm.eps)
    norm.weight.data.fill_(1.0)
    norm.bias.data.copy_(torch.from_numpy(bias.copy()))


def set_layer(layer: N.Layer, weight: np.ndarray, bias: np.ndarray) -> None:
    """A layer's weights from the stacked product of the graph, [3 x in (+ 2 x in), out]."""
    outputs, inputs, taps = layer.conv.weight.shape
    kernel = weight[:taps * inputs].reshape(taps, inputs, outputs).transpose(2, 1, 0)
    layer.conv.weight.data.copy_(torch.from_numpy(kernel.copy()))
    if layer.pooled is not None:
        layer.pooled.weight.data.copy_(torch.from_numpy(weight[taps * inputs:].T.copy())[:, :, None])
    set_norm(layer.norm, bias)


def set_heads(net: N.Network, constants: Dict[str, np.ndarray], outputs: Dict[str, int]) -> None:
    """The heads' weights from the shared products of each tap; an output that the graph did not have yet starts as a rare one."""
    for tap in N.TAPS:
        names = [name for name in outputs if heads.SCORED[name].tap == tap]
        modules = [(net.heads[name], outputs[name]) for name in names] + ([(net.voice, net.config["embedding"])] if tap == heads.VOICE.tap else [])
        row = column = 0
        for head, count in modules:
            hidden = head.hidden.weight.shape[0]
            head.hidden.weight.data.copy_(torch.from_numpy(constants[f"{tap}_hidden_w"][:, row:row + hidden].T.copy())[:, :, None])
            head.hidden.bias.data.copy_(torch.from_numpy(constants[f"{tap}_hidden_b"][row:row + hidden].copy()))
            head.out.weight.data.zero_()
            head.out.bias.data.fill_(-2.0)
            head.out.weight.data[:count] = torch.from_numpy(constants[f"{tap}_out_w"][row:row + hidden, column:column + count].T.copy())[:, :, None]
            head.out.bias.data[:count] = torch.from_numpy(constants[f"{tap}_out_b"][column:column + count].copy())
            row, column = row + hidden, column + count


def set_gate(net: N.Network, constants: Dict[str, np.ndarray]) -> None:
    """The gate, if the graph has one."""
    if "gate_mix_w" not in constants:
        return
    channels, hidden = constants["gate_mix_w"].shape
    net.gate = gate = N.Gate(channels, hidden, constants["gate_gru_r"].shape[-1])
    gate.mix.weight.data.copy_(torch.from_numpy(constants["gate_mix_w"].T.copy())[:, :, None])
    gate.mix.bias.data.copy_(torch.from_numpy(constants["gate_mix_b"].copy()))
    # ONNX has update, reset, new; PyTorch has reset, update, new
    swapped = lambda value: torch.from_numpy(np.concatenate([np.split(value, 3)[part] for part in (1, 0, 2)]))
    bias = np.split(constants["gate_gru_b"][0], 2)
    for name, value in (("weight_ih_l0", constants["gate_gru_w"][0]), ("weight_hh_l0", constants["gate_gru_r"][0]), ("bias_ih_l0", bias[0]), ("bias_hh_l0", bias[1])):
        getattr(gate.recurrent, name).data.copy_(swapped(value))
    gate.out.weight.data.copy_(torch.from_numpy(constants["gate_out_w"].T.copy()))
    gate.out.bias.data.copy_(torch.from_numpy(constants["gate_out_b"].copy()))


def outputs_of(folder: str) -> Dict[str, int]:
    """How many scores each head of a published set has, in the order of the graph; heads that the set does not offer are in the graph all the same."""
    with open(os.path.join(folder, "catalogue.json")) as file:
        made = json.load(file)
    models, scores = made["models"], made["trunk"]["scoresSize"] - ("gate" in made)
    told = {model["name"]: len(model["classes"]) + ("reject" in model) for model in models if model["source"].get("output") == "scores"}
    found = {name: told.get(name, len(head.classes)) for name, head in heads.SCORED.items()}
    if sum(found.values()) == scores:
        return found
    return {name: told.get(name, head.outputs) for name, head in heads.SCORED.items()}      # a head that is not offered rejects too


def restore(folder: str) -> N.Network:
    """The network of a published set (folder with deeptone.onnx and catalogue.json), in eval mode."""
    constants, net = constants_of(os.path.join(folder, "deeptone.onnx")), N.Network()
    with torch.no_grad():
        for name in ("stem1", "stem2"):
            stem = getattr(net, name)
            stem.conv.weight.data.copy_(torch.from_numpy(constants[f"{name}_w"].copy()))
            set_norm(stem.norm, constants[f"{name}_b"])
        for number in range(3, 10):
            set_layer(getattr(net, f"layer{number}"), constants[f"layer{number}_w"], constants[f"layer{number}_b"])
        set_heads(net, constants, outputs_of(folder))
        set_gate(net, constants)
    return net.eval()


def as_published(folder: str) -> N.Network:
    """The same with as many scores as the graph has, where heads.json has come to know more."""
    net = restore(folder)
    for name, count in outputs_of(folder).items():
        for parameter in net.heads[name].out.parameters():
            parameter.data = parameter.data[:count]
    return net


def norms_of(net: N.Network) -> List[torch.nn.Module]:
    """Every BatchNorm of a network."""
    return [module for module in net.modules() if isinstance(module, torch.nn.modules.batchnorm._BatchNorm)]


def refresh_norms(net: N.Network, batches: Iterable[torch.Tensor]) -> None:
    """Gives every norm the statistics of its input over batches of features [batch, frames, 64]; what the network answers stays as it is."""
    sums = {norm: [torch.zeros_like(norm.running_mean), torch.zeros_like(norm.running_mean), 0] for norm in norms_of(net)}

    def note(norm: torch.nn.Module, inputs: tuple) -> None:
        x = inputs[0].transpose(0, 1).flatten(1).double()
        held = sums[norm]
        held[0], held[1], held[2] = held[0] + x.sum(1), held[1] + (x * x).sum(1), held[2] + x.shape[1]

    hooks = [norm.register_forward_pre_hook(note) for norm in sums]
    with torch.no_grad():
        for features in batches:
            net(features)
        for norm, (total, squares, count) in sums.items():
            mean = (total / count).float()
            variance = (squares / count - (total / count) ** 2).float().clamp_min(1e-4)
            # y = gain (x - old mean) + bias, said with the new mean and variance
            gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
            norm.bias.data += gain * (mean - norm.running_mean)
            norm.weight.data.copy_(gain * torch.sqrt(variance + norm.eps))
            norm.running_mean.copy_(mean)
            norm.running_var.copy_(variance)
    for hook in hooks:
        hook.remove()


def main(arguments: argparse.Namespace) -> None:
    torch.set_num_threads(1)
    net = restore(arguments.models)
    with tempfile.TemporaryDirectory() as scratch:
        graph = os.path.join(arguments.models, "deeptone.onnx")
        offsets, at = {}, 0
        for tap in N.TAPS:
            for name, count in outputs_of(arguments.models).items():
                if heads.SCORED[name].tap == tap:
                    offsets[name], at = at, at + count
        if net.gate is not None:
            offsets[heads.GATE.name] = at
        with open(os.path.join(arguments.models, "catalogue.json")) as file:
            trunk = json.load(file)["trunk"]
        export.write_reference(as_published(arguments.models), offsets, trunk, graph, scratch)
        if not export.check(scratch):
            raise SystemExit("the restored network does not agree with its graph")
    torch.save({"net": net.state_dict(), "ema": net.state_dict(), "config": net.config, "step": 0, "spent": 0.0, "arguments": {"restored": True, "seed": 0}}, arguments.out)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", required=True, help="folder of a published set")
    parser.add_argument("--out", required=True, help="checkpoint to write")
    main(parser.parse_args())
