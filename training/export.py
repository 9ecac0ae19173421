"""From trained weights to `deeptone.onnx`: pcm and state in, scores, embedding, taps and state out.

The graph is written operator by operator, with BatchNorm folded into the weights and every cache packed into one state tensor. A state
of zeros stands for digital silence since ever: each cache is stored minus the value that it has after endless silence.
"""
import hashlib
import json
import os
import subprocess

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

import network as N


def fold(conv, norm):
    """Weights and bias of a convolution with the BatchNorm behind it folded in."""
    gain = (norm.weight / torch.sqrt(norm.running_var + norm.eps)).detach()
    weight = conv.weight.detach() * gain.reshape(-1, *[1] * (conv.weight.dim() - 1))
    return weight.numpy(), (norm.bias.detach() - norm.running_mean * gain).numpy(), gain.numpy()


def silent_inputs(net):
    """What each layer receives after endless silence, as flat vectors."""
    seen = {}
    hooks = [module.register_forward_pre_hook(lambda _m, args, name=name: seen.__setitem__(name, args[1].detach().numpy().copy()))
             for name, module in net.named_children() if name.startswith(("stem", "layer"))]
    with torch.no_grad():
        net(torch.full((1, 8, N.MELS), N.SILENCE))
    for hook in hooks:
        hook.remove()
    return seen


class Graph:
    """Collects nodes and constants; every method returns the name of its output."""

    def __init__(self):
        self.nodes, self.constants, self.count = [], {}, 0

    def const(self, name, value, dtype=np.float32):
        self.constants[name] = numpy_helper.from_array(np.ascontiguousarray(np.asarray(value, dtype)), name)
        return name

    def op(self, kind, inputs, outputs=1, name=None, **attributes):
        self.count += 1
        names = [name] if name else [f"{kind.lower()}{self.count}" + (f"_{i}" if outputs > 1 else "") for i in range(outputs)]
        self.nodes.append(helper.make_node(kind, inputs, names, **attributes))
        return names[0] if outputs == 1 else names


def state_layout(net):
    """(name, frames, values a frame) of every cache, in the order in which the state holds them."""
    c = net.config
    layout = [("pcm", 1, N.HOP), ("stem1", 2, N.MELS), ("stem2", 2, c["stem"][0] * N.MELS // 2),
              ("layer3", 1, c["stem"][1] * N.MELS // 4), ("layer4", 1, c["early"])]
    return layout + [(f"layer{i}", getattr(net, f"layer{i}").past, c["width"]) for i in range(5, 10)]


def build(net):
    """ONNX model of `net` (in eval mode) and the description of its scores: {head: offset}."""
    net.eval()
    g, c = Graph(), net.config
    layout, silent = state_layout(net), silent_inputs(net)
    sizes = [frames * values for _, frames, values in layout]
    offset = [np.zeros(N.HOP)]
    for name, frames, _ in layout[1:]:
        endless = np.repeat(silent[name][..., None, :], frames, -2) if name.startswith("stem") else np.tile(silent[name], frames)
        offset.append(endless.reshape(-1))
    g.const("silence", np.concatenate(offset)[None])
    caches = g.op("Split", [g.op("Add", ["state", "silence"]), g.const("state_sizes", sizes, np.int64)], len(sizes), axis=1)
    caches = dict(zip([name for name, _, _ in layout], caches))
    kept = []

    def shaped(x, name, *shape):
        return g.op("Reshape", [x, g.const(f"shape_{name}", shape, np.int64)])

    def keep(x, name, frames, axis, flat):
        """Remembers the last `frames` frames of x for the next run."""
        last = g.op("Slice", [x, g.const(f"last{frames}", [-frames], np.int64), g.const("end", [2 ** 31 - 1], np.int64),
                              g.const(f"axis{axis}", [axis], np.int64)])
        kept.append(last if flat else g.op("Flatten", [last], axis=1))

    # Front end: [batch, 256 + samples] to frames of two hops, windowed DFT, power, mel, logarithm.
    pcm = g.op("Concat", [caches["pcm"], "pcm"], axis=1)
    keep(pcm, "pcm", N.HOP, 1, True)
    hops = shaped(pcm, "hops", 0, -1, N.HOP)
    zero, one = g.const("zero", [0], np.int64), g.const("one", [1], np.int64)
    g.const("end", [2 ** 31 - 1], np.int64), g.const("minus1", [-1], np.int64), g.const("axis1", [1], np.int64)
    frames = g.op("Concat", [g.op("Slice", [hops, zero, "minus1", "axis1"]), g.op("Slice", [hops, one, "end", "axis1"])], axis=2)
    filters, _ = N.mel_matrix()
    spectrum = g.op("MatMul", [frames, g.const("dft", N.dft_matrix())])
    power = g.op("Mul", [spectrum, spectrum])
    mel = g.op("MatMul", [power, g.const("mel", np.concatenate([filters, filters]))])
    log = g.op("Log", [g.op("Add", [mel, g.const("floor", N.FLOOR)])])
    x = g.op("Add", [g.op("Mul", [log, g.const("log_scale", N.LOG_SCALE)]), g.const("log_shift", N.LOG_OFFSET * N.LOG_SCALE)])

    # Stem: [batch, channels, time, bins].
    x = g.op("Concat", [shaped(caches["stem1"], "stem1", -1, 1, 2, N.MELS), shaped(x, "x1", 0, 1, -1, N.MELS)], axis=2)
    keep(x, "stem1", 2, 2, False)
    for name, following in (("stem1", "stem2"), ("stem2", "layer3")):
        stem = getattr(net, name)
        weight, bias, _ = fold(stem.conv, stem.norm)
        y = g.op("Conv", [x, g.const(f"{name}_w", weight), g.const(f"{name}_b", bias)], kernel_shape=[3, 3], strides=[1, 2], pads=[0, 1, 0, 1])
        y = g.op("Relu", [y])
        if following == "stem2":
            x = g.op("Concat", [shaped(caches["stem2"], "stem2", -1, c["stem"][0], 2, N.MELS // 2), y], axis=2)
            keep(x, "stem2", 2, 2, False)
    # Layers 3 and 4 halve the rate: pairs of frames lie side by side, so that each is one product over (past, first, second).
    values = c["stem"][1] * N.MELS // 4
    x = shaped(g.op("Transpose", [y], perm=[0, 2, 1, 3]), "x3", 0, -1, 2 * values)
    for name, width in (("layer3", values), ("layer4", c["early"])):
        layer = getattr(net, name)
        weight, bias, _ = fold(layer.conv, layer.norm)
        if name == "layer4":
            x = shaped(x, "x4", 0, -1, 2 * width)
        # second half of each pair, behind the cached one
        second = g.op("Slice", [x, g.const(f"half_{name}", [width], np.int64), "end", g.const("axis2", [2], np.int64)])
        past = g.op("Concat", [shaped(caches[name], name, -1, 1, width), second], axis=1)
        keep(past, name, 1, 1, False)
        taps = g.op("Concat", [g.op("Slice", [past, zero, "minus1", "axis1"]), x], axis=2)
        y = g.op("MatMul", [taps, g.const(f"{name}_w", weight.transpose(2, 1, 0).reshape(3 * width, -1))])
        y = g.op("Relu", [g.op("Add", [y, g.const(f"{name}_b", bias)])])
        if name == "layer3":
            pairs = shaped(y, "rt", 0, -1, 2 * c["early"])
            tap_rt = g.op("Slice", [pairs, g.const("early", [c["early"]], np.int64), "end", "axis2"], name="tap_rt")
            x = pairs
        else:
            x = y

    taps_out = {"tap_rt": tap_rt}
    for i in range(5, 10):
        name = f"layer{i}"
        layer = getattr(net, name)
        weight, bias, gain = fold(layer.conv, layer.norm)
        dilation = layer.past // 2
        past = g.op("Concat", [shaped(caches[name], name, -1, layer.past, weight.shape[1]), x], axis=1)
        keep(past, name, layer.past, 1, False)
        first = g.op("Slice", [past, zero, g.const(f"cut{layer.past}", [-layer.past], np.int64), "axis1"])
        middle = g.op("Slice", [past, g.const(f"skip{dilation}", [dilation], np.int64), g.const(f"cut{dilation}", [-dilation], np.int64), "axis1"])
        parts, stack = [first, middle, x], [weight.transpose(2, 1, 0).reshape(-1, weight.shape[0])]
        if layer.pooled is not None:
            span, channels = layer.past + 1, weight.shape[1]
            wide = g.op("Transpose", [past], perm=[0, 2, 1])
            mean = g.op("AveragePool", [wide], kernel_shape=[span])
            square = g.op("AveragePool", [g.op("Mul", [wide, wide])], kernel_shape=[span])
            variance = g.op("Relu", [g.op("Sub", [square, g.op("Mul", [mean, mean])])])
            deviation = g.op("Sqrt", [g.op("Add", [variance, g.const("small", 1e-4)])])
            both = g.op("Transpose", [g.op("Concat", [mean, deviation], axis=1)], perm=[0, 2, 1])
            parts.append(both)
            stack.append((layer.pooled.weight.detach().numpy()[:, :, 0] * gain[:, None]).T)
        y = g.op("MatMul", [g.op("Concat", parts, axis=2), g.const(f"{name}_w", np.concatenate(stack))])
        y = g.op("Relu", [g.op("Add", [y, g.const(f"{name}_b", bias)])])
        tap = {6: "tap_short", 7: "tap_medium", 8: "tap_long", 9: "tap_longest"}.get(i)
        x = g.op("Add", [y, x], name=tap) if layer.residual else y
        if tap:
            taps_out[tap] = x

    # Heads: those of one tap share one hidden product and one block-diagonal output product.
    offsets, scores, at = {}, [], 0
    for tap in N.TAPS:
        names = [name for name, (t, _) in N.HEADS.items() if t == tap]
        modules = [net.heads[name] for name in names] + ([net.voice] if tap == "tap_long" else [])
        if not modules:
            continue
        hidden = np.concatenate([m.hidden.weight.detach().numpy()[:, :, 0] for m in modules])
        out = [m.out.weight.detach().numpy()[:, :, 0] for m in modules]
        block, row = np.zeros((len(hidden), sum(len(o) for o in out)), np.float32), 0
        column = 0
        for o in out:
            block[row:row + o.shape[1], column:column + o.shape[0]] = o.T
            row, column = row + o.shape[1], column + o.shape[0]
        y = g.op("MatMul", [taps_out[tap], g.const(f"{tap}_hidden_w", hidden.T)])
        y = g.op("Relu", [g.op("Add", [y, g.const(f"{tap}_hidden_b", np.concatenate([m.hidden.bias.detach().numpy() for m in modules]))])])
        y = g.op("Add", [g.op("MatMul", [y, g.const(f"{tap}_out_w", block)]), g.const(f"{tap}_out_b", np.concatenate([m.out.bias.detach().numpy() for m in modules]))])
        if tap == "tap_long":
            count = block.shape[1] - c["embedding"]
            y, voice = g.op("Split", [y, g.const("voice_split", [count, c["embedding"]], np.int64)], 2, axis=2)
            norm = g.op("ReduceL2", [voice], axes=[2], keepdims=1)
            g.op("Div", [voice, g.op("Max", [norm, g.const("tiny", 1e-12)])], name="embedding")
        for name in names:
            offsets[name], at = at, at + len(N.HEADS[name][1])
        scores.append(y)
    g.op("Concat", scores, axis=2, name="scores")
    g.op("Sub", [g.op("Concat", kept, axis=1), "silence"], name="state_out")

    total = int(sum(sizes))
    def value(name, *shape):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape))
    inputs = [value("pcm", "batch", "samples"), value("state", "batch", total)]
    outputs = [value("scores", "batch", "frames", at), value("embedding", "batch", "frames", c["embedding"])]
    outputs += [value(tap, "batch", "frames", net.channels(tap)) for tap in N.TAPS] + [value("state_out", "batch", total)]
    graph = helper.make_graph(g.nodes, "deeptone", inputs, outputs, list(g.constants.values()))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], producer_name="deeptone")
    model.ir_version = 8
    onnx.checker.check_model(model)
    return model, offsets, {"stateSize": total, "embeddingSize": c["embedding"], "scoresSize": at}


def save(net, path):
    """Writes the graph and returns the `trunk` entry of the catalogue and the offsets of the heads."""
    model, offsets, sizes = build(net)
    data = model.SerializeToString()
    with open(path, "wb") as file:
        file.write(data)
    trunk = {"file": path.rsplit("/", 1)[-1], "sha256": hashlib.sha256(data).hexdigest(), **sizes,
             "taps": {tap: {"channels": net.channels(tap), "receptiveFieldMs": N.FIELD_MS[tap]} for tap in N.TAPS}}
    return trunk, offsets


def write_reference(net, offsets, trunk, graph, folder, frames=80, tolerance=2e-4):
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


def check(folder):
    """True where onnxruntime agrees with the reference, in one piece, in frames and in odd pieces."""
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "check.mjs")
    return subprocess.run(["node", script, folder]).returncode == 0
