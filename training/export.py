"""From trained weights to `deeptone.onnx`: pcm and state in, scores, embedding, taps and state out.

The graph is written operator by operator, with BatchNorm folded into the weights and every cache packed into one state tensor. A state
of zeros stands for digital silence since ever: each cache is stored minus the value that it has after endless silence.

Large weights are stored in half precision and become single precision when a runtime loads the graph, as does the matrix of the Fourier transform, which is stored as one turn of a
cosine and a sine: half the file, and the same speed.
"""
import copy
import hashlib
import json
import os
import subprocess
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

import heads
import network as N

HALVED_FROM = 1024              # numbers of a constant from which it is stored in half precision
GATE = heads.GATE.name         # in the state, in the scores and in the answers of the network
# layers at 64 ms rate, and the tap that each of them ends
DEEP: Dict[int, Optional[str]] = {5: None, 6: "tap_short", 7: "tap_medium", 8: "tap_long", 9: "tap_longest"}


def fold(conv: torch.nn.Module, norm: torch.nn.Module) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights and bias of a convolution with the BatchNorm behind it folded in, and the norm's gain [channels]."""
    gain = (norm.weight / torch.sqrt(norm.running_var + norm.eps)).detach()
    weight = conv.weight.detach() * gain.reshape(-1, *[1] * (conv.weight.dim() - 1))
    return weight.numpy(), (norm.bias.detach() - norm.running_mean * gain).numpy(), gain.numpy()


def rounded(net: N.Network) -> N.Network:
    """The network as its graph has it: BatchNorm folded into the weights, and large weights in half precision."""
    net = copy.deepcopy(net).eval()
    with torch.no_grad():
        for layer in (module for name, module in net.named_children() if name.startswith(("stem", "layer"))):
            weight, bias, gain = fold(layer.conv, layer.norm)
            layer.conv.weight.copy_(torch.from_numpy(weight))
            if getattr(layer, "pooled", None) is not None:
                layer.pooled.weight.mul_(torch.from_numpy(gain)[:, None, None])
            norm = layer.norm
            norm.weight.fill_(1.0), norm.running_mean.fill_(0.0), norm.running_var.fill_(1.0 - norm.eps)
            norm.bias.copy_(torch.from_numpy(bias))
        for parameter in net.parameters():
            parameter.copy_(parameter.half().float())
    return net


def silent_inputs(net: N.Network) -> Dict[str, np.ndarray]:
    """What each layer receives after endless silence, as flat vectors."""
    seen: Dict[str, np.ndarray] = {}
    hooks = [module.register_forward_pre_hook(lambda _m, args, name=name: seen.__setitem__(name, args[1].detach().numpy().copy()))
             for name, module in net.named_children() if name.startswith(("stem", "layer"))]
    with torch.no_grad():
        net(torch.full((1, 8, N.MELS), N.SILENCE))
    for hook in hooks:
        hook.remove()
    return seen


class Cache(NamedTuple):
    """One part of the state: what a layer remembers."""

    name: str
    frames: int
    values: int         # of a frame


def state_layout(net: N.Network) -> List[Cache]:
    """Every cache in the order in which the state holds them."""
    c = net.config
    layout = [Cache("pcm", 1, N.HOP), Cache("stem1", 2, N.MELS), Cache("stem2", 2, c["stem"][0] * N.MELS // 2),
              Cache("layer3", 1, c["stem"][1] * N.MELS // 4), Cache("layer4", 1, c["early"])]
    layout += [Cache(f"layer{i}", getattr(net, f"layer{i}").past, c["width"]) for i in DEEP]
    return layout + ([Cache(GATE, 1, net.gate.config["memory"])] if net.gate is not None else [])


def endless_silence(net: N.Network) -> np.ndarray:
    """The caches after endless silence, as the state holds them: [1, state]."""
    silent, parts = silent_inputs(net), [np.zeros(N.HOP)]
    for name, frames, _ in state_layout(net)[1:]:
        if name == GATE:            # begins without a memory, as in training
            parts.append(np.zeros(frames * net.gate.config["memory"]))
            continue
        endless = np.repeat(silent[name][..., None, :], frames, -2) if name.startswith("stem") else np.tile(silent[name], frames)
        parts.append(endless.reshape(-1))
    return np.concatenate(parts)[None]


class Graph:
    """A graph in the making. Every method that adds nodes returns the name of its output."""

    def __init__(self, net: N.Network) -> None:
        self.net, self.config = net, net.config
        self.nodes: List[onnx.NodeProto] = []
        self.constants: Dict[str, onnx.TensorProto] = {}
        self.count, self.kept = 0, []
        self.halved: Dict[str, str] = {}
        self.zero, self.one = self.const("zero", [0], np.int64), self.const("one", [1], np.int64)
        self.const("end", [2 ** 31 - 1], np.int64), self.const("minus1", [-1], np.int64), self.const("axis1", [1], np.int64), self.const("axis2", [2], np.int64)
        self.caches = self.open_state()

    def const(self, name: str, value: Any, dtype: type = np.float32) -> str:
        """Adds a named constant, a large one in half precision."""
        made = np.ascontiguousarray(np.asarray(value, dtype))
        if made.dtype != np.float32 or made.size < HALVED_FROM or not np.array_equal(made.astype(np.float16).astype(np.float32), made):
            self.constants[name] = numpy_helper.from_array(made, name)
            return name
        if name not in self.halved:
            self.constants[f"{name}_half"] = numpy_helper.from_array(made.astype(np.float16), f"{name}_half")
            self.halved[name] = self.op("Cast", [f"{name}_half"], name=name, to=TensorProto.FLOAT)
        return name

    def dft(self) -> str:
        """The windowed Fourier transform [512, 2 x bins] of network.dft_matrix, from one turn of a cosine and a sine."""
        _, (first, stop) = N.mel_matrix()
        window = np.hanning(N.WINDOW + 1)[:-1]
        turn = 2 * np.pi * np.arange(N.WINDOW) / N.WINDOW
        bins, samples = self.const("dft_bins", [np.arange(first, stop)], np.int64), self.const("dft_samples", np.arange(N.WINDOW)[:, None], np.int64)
        angles = self.op("Mod", [self.op("Mul", [samples, bins]), self.const("dft_turn", [N.WINDOW], np.int64)])
        scale = self.const("dft_scale", (2.0 / window.sum()) * window[:, None])
        parts = [self.op("Mul", [self.op("Gather", [self.const(f"dft_{name}", table), angles]), scale]) for name, table in (("cos", np.cos(turn)), ("sin", np.sin(turn)))]
        return self.op("Concat", parts, axis=1)

    def op(self, kind: str, inputs: Sequence[str], outputs: int = 1, name: Optional[str] = None, **attributes: Any) -> Any:
        """Adds an operator; with several outputs, gives the list of their names."""
        self.count += 1
        names = [name] if name else [f"{kind.lower()}{self.count}" + (f"_{i}" if outputs > 1 else "") for i in range(outputs)]
        self.nodes.append(helper.make_node(kind, inputs, names, **attributes))
        return names[0] if outputs == 1 else names

    def shaped(self, x: str, name: str, *shape: int) -> str:
        """Reshapes x; `name` is that of the shape."""
        return self.op("Reshape", [x, self.const(f"shape_{name}", shape, np.int64)])

    def keep(self, x: str, frames: int, axis: int, flat: bool) -> None:
        """Remembers the last `frames` frames of x for the next run."""
        last = self.op("Slice", [x, self.const(f"last{frames}", [-frames], np.int64), "end", f"axis{axis}"])
        self.kept.append(last if flat else self.op("Flatten", [last], axis=1))

    def open_state(self) -> Dict[str, str]:
        """The caches by name, from the state."""
        layout = state_layout(self.net)
        self.const("silence", endless_silence(self.net))
        sizes = self.const("state_sizes", [cache.frames * cache.values for cache in layout], np.int64)
        parts = self.op("Split", [self.op("Add", ["state", "silence"]), sizes], len(layout), axis=1)
        return {cache.name: part for cache, part in zip(layout, parts)}

    def front_end(self) -> str:
        """[batch, samples] to log-mel features [batch, frames, 64]: frames of two hops, windowed DFT, power, mel, logarithm."""
        pcm = self.op("Concat", [self.caches["pcm"], "pcm"], axis=1)
        self.keep(pcm, N.HOP, 1, True)
        hops = self.shaped(pcm, "hops", 0, -1, N.HOP)
        frames = self.op("Concat", [self.op("Slice", [hops, self.zero, "minus1", "axis1"]), self.op("Slice", [hops, self.one, "end", "axis1"])], axis=2)
        filters, _ = N.mel_matrix()
        spectrum = self.op("MatMul", [frames, self.dft()])
        power = self.op("Mul", [spectrum, spectrum])
        mel = self.op("MatMul", [power, self.const("mel", np.concatenate([filters, filters]))])
        log = self.op("Log", [self.op("Add", [mel, self.const("floor", N.FLOOR)])])
        return self.op("Add", [self.op("Mul", [log, self.const("log_scale", N.LOG_SCALE)]), self.const("log_shift", N.LOG_OFFSET * N.LOG_SCALE)])

    def stem(self, x: str) -> str:
        """Features to [batch, frames, pairs of channels x bins]."""
        first = self.config["stem"][0]
        x = self.op("Concat", [self.shaped(self.caches["stem1"], "stem1", -1, 1, 2, N.MELS), self.shaped(x, "x1", 0, 1, -1, N.MELS)], axis=2)
        self.keep(x, 2, 2, False)
        x = self.convolved("stem1", x)
        x = self.op("Concat", [self.shaped(self.caches["stem2"], "stem2", -1, first, 2, N.MELS // 2), x], axis=2)
        self.keep(x, 2, 2, False)
        # Layers 3 and 4 halve the rate: pairs of frames lie side by side, so that each is one product over (past, first, second).
        return self.shaped(self.op("Transpose", [self.convolved("stem2", x)], perm=[0, 2, 1, 3]), "x3", 0, -1, 2 * self.config["stem"][1] * N.MELS // 4)

    def convolved(self, name: str, x: str) -> str:
        """One 2-D layer of the stem."""
        stem = getattr(self.net, name)
        weight, bias, _ = fold(stem.conv, stem.norm)
        y = self.op("Conv", [x, self.const(f"{name}_w", weight), self.const(f"{name}_b", bias)], kernel_shape=[3, 3], strides=[1, 2], pads=[0, 1, 0, 1])
        return self.op("Relu", [y])

    def halving(self, name: str, x: str, width: int) -> str:
        """A layer that halves the rate, of pairs of frames [batch, frames, 2 x width]."""
        layer = getattr(self.net, name)
        weight, bias, _ = fold(layer.conv, layer.norm)
        # the second half of each pair, behind the cached one
        second = self.op("Slice", [x, self.const(f"half_{name}", [width], np.int64), "end", "axis2"])
        past = self.op("Concat", [self.shaped(self.caches[name], name, -1, 1, width), second], axis=1)
        self.keep(past, 1, 1, False)
        taps = self.op("Concat", [self.op("Slice", [past, self.zero, "minus1", "axis1"]), x], axis=2)
        y = self.op("MatMul", [taps, self.const(f"{name}_w", weight.transpose(2, 1, 0).reshape(3 * width, -1))])
        return self.op("Relu", [self.op("Add", [y, self.const(f"{name}_b", bias)])])

    def statistics(self, past: str, span: int) -> str:
        """Mean and deviation over `span` frames of [batch, frames, channels]."""
        wide = self.op("Transpose", [past], perm=[0, 2, 1])
        mean = self.op("AveragePool", [wide], kernel_shape=[span])
        square = self.op("AveragePool", [self.op("Mul", [wide, wide])], kernel_shape=[span])
        variance = self.op("Relu", [self.op("Sub", [square, self.op("Mul", [mean, mean])])])
        deviation = self.op("Sqrt", [self.op("Add", [variance, self.const("small", 1e-4)])])
        return self.op("Transpose", [self.op("Concat", [mean, deviation], axis=1)], perm=[0, 2, 1])

    def deep(self, number: int, x: str) -> str:
        """A layer at 64 ms rate: one product over the taps of its kernel, side by side."""
        name, layer = f"layer{number}", getattr(self.net, f"layer{number}")
        weight, bias, gain = fold(layer.conv, layer.norm)
        dilation = layer.past // 2
        past = self.op("Concat", [self.shaped(self.caches[name], name, -1, layer.past, weight.shape[1]), x], axis=1)
        self.keep(past, layer.past, 1, False)
        first = self.op("Slice", [past, self.zero, self.const(f"cut{layer.past}", [-layer.past], np.int64), "axis1"])
        middle = self.op("Slice", [past, self.const(f"skip{dilation}", [dilation], np.int64), self.const(f"cut{dilation}", [-dilation], np.int64), "axis1"])
        parts, stack = [first, middle, x], [weight.transpose(2, 1, 0).reshape(-1, weight.shape[0])]
        if layer.pooled is not None:
            parts.append(self.statistics(past, layer.past + 1))
            stack.append((layer.pooled.weight.detach().numpy()[:, :, 0] * gain[:, None]).T)
        y = self.op("MatMul", [self.op("Concat", parts, axis=2), self.const(f"{name}_w", np.concatenate(stack))])
        y = self.op("Relu", [self.op("Add", [y, self.const(f"{name}_b", bias)])])
        return self.op("Add", [y, x], name=DEEP[number]) if layer.residual else y

    def taps(self) -> Dict[str, str]:
        """The trunk, from samples to its taps."""
        early = self.config["early"]
        y = self.halving("layer3", self.stem(self.front_end()), self.config["stem"][1] * N.MELS // 4)
        x = self.shaped(y, "rt", 0, -1, 2 * early)
        found = {"tap_rt": self.op("Slice", [x, self.const("early", [early], np.int64), "end", "axis2"], name="tap_rt")}
        x = self.halving("layer4", x, early)
        for number, tap in DEEP.items():
            x = self.deep(number, x)
            if tap:
                found[tap] = x
        return found

    def answers(self, tap: str, x: str, modules: Sequence[N.Head]) -> str:
        """Heads of one tap side by side: one hidden product and one block-diagonal output product."""
        hidden = np.concatenate([m.hidden.weight.detach().numpy()[:, :, 0] for m in modules])
        out = [m.out.weight.detach().numpy()[:, :, 0] for m in modules]
        block, row, column = np.zeros((len(hidden), sum(len(o) for o in out)), np.float32), 0, 0
        for o in out:
            block[row:row + o.shape[1], column:column + o.shape[0]] = o.T
            row, column = row + o.shape[1], column + o.shape[0]
        hidden_bias, out_bias = (np.concatenate([getattr(m, part).bias.detach().numpy() for m in modules]) for part in ("hidden", "out"))
        y = self.op("MatMul", [x, self.const(f"{tap}_hidden_w", hidden.T)])
        y = self.op("Relu", [self.op("Add", [y, self.const(f"{tap}_hidden_b", hidden_bias)])])
        return self.op("Add", [self.op("MatMul", [y, self.const(f"{tap}_out_w", block)]), self.const(f"{tap}_out_b", out_bias)])

    def embedding(self, y: str, scores: int) -> str:
        """Splits the voice off the answers of its tap, at length 1, and gives the scores before it."""
        y, voice = self.op("Split", [y, self.const("voice_split", [scores, self.config["embedding"]], np.int64)], 2, axis=2)
        norm = self.op("ReduceL2", [voice], axes=[2], keepdims=1)
        self.op("Div", [voice, self.op("Max", [norm, self.const("tiny", 1e-12)])], name="embedding")
        return y

    def heads(self, taps: Dict[str, str]) -> Dict[str, int]:
        """All heads; gives where the scores of each begin."""
        offsets: Dict[str, int] = {}
        scores, at = [], 0
        for tap in N.TAPS:
            names = [name for name, head in heads.SCORED.items() if head.tap == tap]
            modules = [self.net.heads[name] for name in names] + ([self.net.voice] if tap == heads.VOICE.tap else [])
            if not modules:
                continue
            y = self.answers(tap, taps[tap], modules)
            if tap == heads.VOICE.tap:
                y = self.embedding(y, sum(self.net.outputs(name) for name in names))
            for name in names:
                offsets[name], at = at, at + self.net.outputs(name)
            scores.append(y)
        if self.net.gate is not None:
            offsets[GATE] = at
            scores.append(self.gate([taps[tap] for tap in N.TAPS]))
        self.op("Concat", scores, axis=2, name="scores")
        return offsets

    def gate(self, taps: Sequence[str]) -> str:
        """The gate's logit [batch, frames, 1]."""
        gate = self.net.gate
        memory, turned = gate.config["memory"], [1, 0, 2]
        value = lambda parameter: parameter.detach().numpy()
        mix = self.const("gate_mix_w", value(gate.mix.weight)[:, :, 0].T), self.const("gate_mix_b", value(gate.mix.bias))
        mixed = self.op("Relu", [self.op("Add", [self.op("MatMul", [self.op("Concat", taps, axis=2), mix[0]]), mix[1]])])
        # PyTorch has reset, update, new; ONNX has update, reset, new
        swapped = lambda parameter: np.concatenate([np.split(value(parameter), 3)[part] for part in (1, 0, 2)])
        weights = [self.const("gate_gru_w", swapped(gate.recurrent.weight_ih_l0)[None]), self.const("gate_gru_r", swapped(gate.recurrent.weight_hh_l0)[None]),
                   self.const("gate_gru_b", np.concatenate([swapped(gate.recurrent.bias_ih_l0), swapped(gate.recurrent.bias_hh_l0)])[None])]
        before = self.shaped(self.caches[GATE], "gate_state", 1, -1, memory)
        said, after = self.op("GRU", [self.op("Transpose", [mixed], perm=turned), *weights, "", before], 2, hidden_size=memory, linear_before_reset=1)
        self.kept.append(self.shaped(after, "gate_kept", -1, memory))
        remembered = self.op("Transpose", [self.op("Squeeze", [said, self.const("axis1", [1], np.int64)])], perm=turned)
        out = self.const("gate_out_w", value(gate.out.weight).T), self.const("gate_out_b", value(gate.out.bias))
        return self.op("Add", [self.op("MatMul", [self.op("Concat", [mixed, remembered], axis=2), out[0]]), out[1]])


def build(net: N.Network) -> Tuple[onnx.ModelProto, Dict[str, int], Dict[str, int]]:
    """ONNX model of `net` (in eval mode), where the scores of each head begin, and the sizes that the catalogue tells."""
    net.eval()
    g = Graph(net)
    offsets = g.heads(g.taps())
    g.op("Sub", [g.op("Concat", g.kept, axis=1), "silence"], name="state_out")
    state = sum(cache.frames * cache.values for cache in state_layout(net))
    scores, embedding = sum(net.outputs(name) for name in heads.SCORED) + (net.gate is not None), net.config["embedding"]

    def value(name: str, *shape: Any) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape))
    inputs = [value("pcm", "batch", "samples"), value("state", "batch", state)]
    outputs = [value("scores", "batch", "frames", scores), value("embedding", "batch", "frames", embedding)]
    outputs += [value(tap, "batch", "frames", net.channels(tap)) for tap in N.TAPS] + [value("state_out", "batch", state)]
    graph = helper.make_graph(g.nodes, "deeptone", inputs, outputs, list(g.constants.values()))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], producer_name="deeptone")
    model.ir_version = 8
    onnx.checker.check_model(model)
    return model, offsets, {"stateSize": state, "embeddingSize": embedding, "scoresSize": scores}


def save(net: N.Network, path: str) -> Tuple[Dict[str, Any], Dict[str, int]]:
    """Writes the graph and returns the `trunk` entry of the catalogue and the offsets of the heads."""
    model, offsets, sizes = build(net)
    data = model.SerializeToString()
    with open(path, "wb") as file:
        file.write(data)
    trunk = {"file": path.rsplit("/", 1)[-1], "sha256": hashlib.sha256(data).hexdigest(), **sizes,
             "taps": {tap: {"channels": net.channels(tap), "receptiveFieldMs": N.FIELD_MS[tap]} for tap in N.TAPS}}
    return trunk, offsets


def write_reference(net: N.Network, offsets: Dict[str, int], trunk: Dict[str, Any], graph: str, folder: str, frames: int = 80, tolerance: float = 2e-4) -> None:
    """Leaves random sound and PyTorch's answer to it in `folder`, for check.mjs."""
    os.makedirs(folder, exist_ok=True)
    rng = np.random.default_rng(0)
    level = np.exp(rng.uniform(-6, -1, (2, frames, 1)))
    pcm = (rng.standard_normal((2, frames, N.FRAME)) * level).reshape(2, -1).astype(np.float32)
    pcm[:, 20000:30000] = 0
    with torch.no_grad():
        out = {name: value.transpose(1, 2).numpy() for name, value in net(N.log_mel(torch.from_numpy(pcm))).items()}
    out["scores"] = np.concatenate([out[name] for name in sorted(offsets, key=offsets.get)], 2)
    outputs = {name: out[name].shape[2] for name in ("scores", "embedding", *N.TAPS)}
    pcm.tofile(os.path.join(folder, "pcm.f32"))
    for name in outputs:
        out[name].astype(np.float32).tofile(os.path.join(folder, f"{name}.f32"))
    with open(os.path.join(folder, "reference.json"), "w") as file:
        json.dump({"graph": os.path.abspath(graph), "batch": 2, "frames": frames, "outputs": outputs, "stateSize": trunk["stateSize"], "tolerance": tolerance}, file)


def check(folder: str) -> bool:
    """True where onnxruntime agrees with the reference, in one piece, in frames and in odd pieces."""
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "check.mjs")
    return subprocess.run(["node", script, folder]).returncode == 0
