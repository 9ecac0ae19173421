"""The shared trunk and its heads.

One causal stack of kernel-3 convolutions, tapped at five depths. Strides of 1, 1, 2 and 2 bring the 16 ms frames of the front end to one
frame per 64 ms, and dilations of 1, 2, 4, 8 and 8 at that rate give fields of 128, 576, 1088, 2112 and 3136 ms. The two deepest layers also see
the mean and the deviation of their input over the same span, which costs no field and no state.
"""
import functools
import math
from typing import Any, Dict, Optional, Sequence, Tuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import heads

SAMPLE_RATE = 16000
WINDOW = 512            # samples, 32 ms
HOP = 256               # samples, 16 ms
FRAME = 1024            # samples of one prediction, 64 ms
MELS = 64
LOW_HZ, HIGH_HZ = 60.0, 7600.0
FLOOR = 1e-9            # power added before the logarithm; a sine at full scale has power 1
LOG_OFFSET, LOG_SCALE = 12.0, 0.25   # feature = (ln(power + FLOOR) + 12) / 4

TAPS = ("tap_rt", "tap_short", "tap_medium", "tap_long", "tap_longest")
FIELD_MS = {"tap_rt": 128, "tap_short": 576, "tap_medium": 1088, "tap_long": 2112, "tap_longest": 3136}


def mel_matrix() -> Tuple[np.ndarray, Tuple[int, int]]:
    """Triangular mel filters, [first..last used DFT bin, 64], and the (first, last + 1) bins themselves."""
    def mel(hz: float) -> float:
        return 2595.0 * np.log10(1.0 + hz / 700.0)
    edges = 700.0 * (10 ** (np.linspace(mel(LOW_HZ), mel(HIGH_HZ), MELS + 2) / 2595.0) - 1.0)
    hz = np.arange(WINDOW // 2 + 1) * SAMPLE_RATE / WINDOW
    up = (hz[:, None] - edges[None, :-2]) / (edges[1:-1] - edges[:-2])
    down = (edges[None, 2:] - hz[:, None]) / (edges[2:] - edges[1:-1])
    filters = np.maximum(0.0, np.minimum(up, down))
    # Narrow low filters may fall between two bins: give them their nearest bin.
    centre = np.rint(edges[1:-1] * WINDOW / SAMPLE_RATE).astype(int)
    for narrow in np.flatnonzero(filters.sum(0) < 0.5):
        filters[centre[narrow], narrow] = max(filters[centre[narrow], narrow], 0.5)
    used = np.flatnonzero(filters.sum(1) > 0)
    first, stop = used[0], used[-1] + 1
    return filters[first:stop].astype(np.float32), (int(first), int(stop))


def dft_matrix() -> np.ndarray:
    """Hann-windowed DFT as a matrix [512, 2 x bins]: cosines of the bins that the mel filters use, then sines."""
    _, (first, stop) = mel_matrix()
    window = np.hanning(WINDOW + 1)[:-1]
    angle = 2 * np.pi * np.outer(np.arange(WINDOW), np.arange(first, stop)) / WINDOW
    scale = (2.0 / window.sum()) * window[:, None]
    return np.concatenate([np.cos(angle) * scale, np.sin(angle) * scale], 1).astype(np.float32)


@functools.lru_cache(maxsize=None)
def front_end() -> Tuple[Tensor, Tuple[int, int], Tensor]:
    """Mel filters [bins, 64], the DFT bins that they use, and the window [512] whose sine at full scale has power 1."""
    filters, span = mel_matrix()
    window = np.hanning(WINDOW + 1)[:-1]
    return torch.from_numpy(filters), span, torch.from_numpy((window * 2.0 / window.sum()).astype(np.float32))


def log_mel(pcm: Tensor) -> Tensor:
    """Features [batch, frames, 64] of 16 kHz samples [batch, 256 x frames], with 256 zeros before the first sample."""
    filters, (first, stop), window = front_end()
    frames = F.pad(pcm, (HOP, 0)).unfold(1, WINDOW, HOP) * window.to(pcm)
    spectrum = torch.fft.rfft(frames)[..., first:stop]
    power = (spectrum.real ** 2 + spectrum.imag ** 2) @ filters.to(pcm)
    return (torch.log(power + FLOOR) + LOG_OFFSET) * LOG_SCALE


SILENCE = float((math.log(FLOOR) + LOG_OFFSET) * LOG_SCALE)


class Stem(nn.Module):
    """One 2-D layer over time and frequency: [batch, in, time, bins] to [batch, out, time, bins / 2]."""

    def __init__(self, into: int, out: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(into, out, 3, stride=(1, 2), padding=(0, 1), bias=False)
        self.norm = nn.BatchNorm2d(out)

    def forward(self, x: Tensor, silence: Tensor) -> Tuple[Tensor, Tensor]:
        """Answer, and what it answers to endless silence [out, bins / 2], from that of the layer before [in, bins]."""
        pad = silence[None, :, None, :].expand(x.shape[0], -1, 3, -1)
        y = F.relu(self.norm(self.conv(torch.cat([pad, x], 2))))
        return y[:, :, 1:], y[0, :, 0]


class Layer(nn.Module):
    """One 1-D layer: [batch, in, time] to [batch, out, time / stride]; residual where the shapes allow.

    With `statistics` the layer also sees mean and deviation of its input over the frames that its kernel spans.
    """

    def __init__(self, into: int, out: int, dilation: int = 1, stride: int = 1, statistics: bool = False) -> None:
        super().__init__()
        self.conv = nn.Conv1d(into, out, 3, stride=stride, dilation=dilation, bias=False)
        self.norm = nn.BatchNorm1d(out)
        self.pooled = nn.Conv1d(2 * into, out, 1, bias=False) if statistics else None
        self.past = 2 * dilation if stride == 1 else 1
        self.stride, self.residual = stride, stride == 1 and into == out

    def forward(self, x: Tensor, silence: Tensor) -> Tuple[Tensor, Tensor]:
        """Answer, and what it answers to endless silence [out], from that of the layer before [in]."""
        lead = self.past + self.stride
        padded = torch.cat([silence[None, :, None].expand(x.shape[0], -1, lead), x], 2)
        y = self.conv(padded)
        if self.pooled is not None:
            y = y + self.pooled(statistics_of(padded, self.past + 1))
        y = F.relu(self.norm(y))
        if self.residual:
            y = y + padded[:, :, self.past:]
        return y[:, :, 1:], y[0, :, 0]


def statistics_of(x: Tensor, span: int) -> Tensor:
    """Running mean and deviation over `span` frames: [batch, channels, time] to [batch, 2 x channels, time - span + 1]."""
    mean, square = running_mean(x, span), running_mean(x * x, span)
    return torch.cat([mean, torch.sqrt(F.relu(square - mean * mean) + 1e-4)], 1)


def running_mean(x: Tensor, span: int) -> Tensor:
    """Mean over `span` frames: [batch, channels, time] to [batch, channels, time - span + 1]."""
    x = x.float()                                   # sums need more than bfloat16
    total = F.pad(torch.cumsum(x, 2), (1, 0))       # three times as fast as avg_pool1d where gradients are needed
    return (total[:, :, span:] - total[:, :, :-span]) / span


class ChannelDropout(nn.Module):
    """Drops whole channels of an example: [batch, channels, frames]."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.rate == 0:
            return x
        keep = (torch.rand(x.shape[0], x.shape[1], 1, device=x.device) >= self.rate).to(x) / (1 - self.rate)
        return x * keep


class Head(nn.Module):
    """Dropout, one hidden layer, logits: [batch, channels, frames] to [batch, outputs, frames]."""

    def __init__(self, channels: int, hidden: int, outputs: int, dropout: float) -> None:
        super().__init__()
        self.drop, self.drop2 = ChannelDropout(dropout), ChannelDropout(dropout)
        self.hidden = nn.Conv1d(channels, hidden, 1)
        self.out = nn.Conv1d(hidden, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.drop2(F.relu(self.hidden(self.drop(x)))))


class Gate(nn.Module):
    """Whether somebody speaks: one logit per 64 ms from all taps of the trunk, with a recurrent state that remembers further back than any of them."""

    def __init__(self, channels: int, hidden: int = heads.GATE.hidden, memory: int = heads.GATE.memory, dropout: float = 0.1) -> None:
        super().__init__()
        self.config = dict(channels=channels, hidden=hidden, memory=memory, dropout=dropout)
        self.drop = ChannelDropout(dropout)
        self.mix = nn.Conv1d(channels, hidden, 1)
        self.recurrent = nn.GRU(hidden, memory, batch_first=True)
        self.out = nn.Linear(hidden + memory, 1)

    def forward(self, taps: Tensor, state: Optional[Tensor] = None) -> Tuple[Tensor, Tensor]:
        """Logits [batch, frames] and the state after them [1, batch, memory], from taps [batch, channels, frames] and the state before them (None: zeros)."""
        mixed = F.relu(self.mix(self.drop(taps))).transpose(1, 2)
        remembered, state = self.recurrent(mixed, state)
        return self.out(torch.cat([mixed, remembered], 2))[:, :, 0], state


def side_by_side(taps: Dict[str, Tensor]) -> Tensor:
    """All taps as the gate reads them: [batch, channels of all, frames]."""
    return torch.cat([taps[tap].float() for tap in TAPS], 1)


class Network(nn.Module):
    """Trunk and heads. forward([batch, 4 x frames, 64] features) gives {head: [batch, classes, frames] logits,
    "embedding": [batch, E, frames] (length 1), tap: [batch, channels, frames]}; with a gate also "gate": [batch, 1, frames]."""

    def __init__(self, stem: Sequence[int] = (16, 24), early: int = 128, width: int = 192, hidden: int = 96, embedding: int = 96, dropout: float = 0.2) -> None:
        super().__init__()
        self.config = dict(stem=tuple(stem), early=early, width=width, hidden=hidden, embedding=embedding, dropout=dropout)
        self.stem1, self.stem2 = Stem(1, stem[0]), Stem(stem[0], stem[1])
        self.layer3 = Layer(stem[1] * MELS // 4, early, stride=2)
        self.layer4 = Layer(early, width, stride=2)
        self.layer5 = Layer(width, width, 1)
        self.layer6 = Layer(width, width, 2)
        self.layer7 = Layer(width, width, 4)
        self.layer8 = Layer(width, width, 8, statistics=True)
        self.layer9 = Layer(width, width, 8, statistics=True)
        self.heads = nn.ModuleDict({name: Head(self.channels(head.tap), hidden, head.outputs, dropout) for name, head in heads.SCORED.items()})
        self.voice = Head(width, hidden, embedding, 0.0)
        self.gate: Optional[Gate] = None        # trained afterwards, on the trunk as it is

    def outputs(self, name: str) -> int:
        """Scores of a head; a network restored from an older graph may have fewer than heads.json says."""
        return self.heads[name].out.weight.shape[0]

    def channels(self, tap: str) -> int:
        """Values of a tap in one frame."""
        return self.config["early"] if tap == "tap_rt" else self.config["width"]

    def forward(self, features: Tensor) -> Dict[str, Tensor]:
        return self.answers(self.trunk(features))

    def trunk(self, features: Tensor) -> Dict[str, Tensor]:
        """The taps alone: {tap: [batch, channels, frames]}."""
        x = features[:, None]
        silence = torch.full((1, MELS), SILENCE, device=x.device, dtype=x.dtype)
        x, silence = self.stem1(x, silence)
        x, silence = self.stem2(x, silence)
        x, silence = x.transpose(2, 3).flatten(1, 2), silence.flatten()
        x, silence = self.layer3(x, silence)
        out = {"tap_rt": x[:, :, 1::2]}
        x, silence = self.layer4(x, silence)
        x, silence = self.layer5(x, silence)
        out["tap_short"], silence = self.layer6(x, silence)
        out["tap_medium"], silence = self.layer7(out["tap_short"], silence)
        out["tap_long"], silence = self.layer8(out["tap_medium"], silence)
        out["tap_longest"], silence = self.layer9(out["tap_long"], silence)
        return out

    def answers(self, out: Dict[str, Tensor], gated: bool = True) -> Dict[str, Tensor]:
        """Adds what the heads say to the taps, and what the gate says if it is wanted."""
        for name, head in self.heads.items():
            out[name] = head(out[heads.SCORED[name].tap])
        if gated and self.gate is not None:
            out["gate"] = self.gate(side_by_side(out))[0][:, None]
        out["embedding"] = F.normalize(self.voice(out[heads.VOICE.tap]).float(), dim=1)
        return out


def from_state(config: Dict[str, Any], state: Dict[str, Tensor]) -> Network:
    """A network from what a checkpoint holds, with its gate if it has one."""
    net = Network(**config)
    if any(name.startswith("gate.") for name in state):
        hidden, channels, _ = state["gate.mix.weight"].shape
        net.gate = Gate(channels, hidden, state["gate.recurrent.weight_hh_l0"].shape[1])
    net.load_state_dict(state)
    return net


def load_gate(path: str) -> Gate:
    """The averaged gate of a checkpoint of train_gate.py, or of a network with a gate, in eval mode."""
    saved = torch.load(path, map_location="cpu")
    if "mean" not in saved:
        return from_state(saved["config"], saved["ema"]).eval().gate
    gate = Gate(**saved["config"])
    gate.load_state_dict(saved["mean"])
    return gate.eval()
