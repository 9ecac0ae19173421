"""Losses of the heads. Labels of -1 do not count."""
from typing import Dict, Tuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

import heads

EVENTS_SURE = (0.02, 0.98)      # targets of absent and present kinds of sound


def gate_loss_of(logits: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy with soft targets [batch, steps]; -1 does not count."""
    known = (target >= 0).float()
    return F.binary_cross_entropy_with_logits(logits, target.clamp_min(0), known, reduction="sum") / known.sum().clamp_min(1)


class Balance:
    """Running class frequencies of a head, and the weights that even them out."""

    def __init__(self, classes: int, power: float = 0.7) -> None:
        self.count, self.power = torch.ones(classes), power

    def weights(self, labels: Tensor) -> Tensor:
        """Weights [classes], after the labels [any shape] of a batch were counted (-1 does not count); the mean weight of an example is 1."""
        classes = torch.arange(len(self.count), device=labels.device)       # bincount would wait for a GPU
        self.count = 0.98 * self.count.to(labels.device) + (labels.flatten()[:, None] == classes).sum(0).float()
        share = self.count / self.count.sum()
        weights = share.clamp_min(1e-3) ** -self.power
        return weights / (weights * share).sum()


class VoiceLoss(nn.Module):
    """Additive angular margin softmax over the voices of the corpus (ArcFace, Deng et al. 2019)."""

    def __init__(self, voices: int, size: int, scale: float = 24.0, margin: float = 0.1) -> None:
        super().__init__()
        self.centres = nn.Parameter(torch.randn(voices, size) * 0.1)
        self.scale, self.margin = scale, margin

    def forward(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        """Mean loss of embeddings [frames, size] whose voices are `labels` [frames]; -1 does not count."""
        known, voices = labels >= 0, labels.clamp_min(0)
        cosine = embeddings @ F.normalize(self.centres, dim=1).t()
        own = cosine.gather(1, voices[:, None]).clamp(-0.999, 0.999)
        shifted = torch.cos(torch.acos(own) + self.margin)
        loss = F.cross_entropy(self.scale * cosine.scatter(1, voices[:, None], shifted), voices, reduction="none")
        return (loss * known).sum() / known.sum().clamp_min(1)


class Losses(nn.Module):
    """The loss of every head, with what it remembers of the batches so far."""

    def __init__(self, voices: int, size: int, smoothing: float = 0.05, frames_of_voice: int = 768) -> None:
        super().__init__()
        self.voice = VoiceLoss(voices, size)
        self.balance = {name: Balance(head.outputs) for name, head in heads.SCORED.items() if head.activation == "softmax"}
        self.event_rate = torch.full((6,), 0.1)
        self.smoothing, self.frames_of_voice = smoothing, frames_of_voice

    def forward(self, out: Dict[str, Tensor], labels: Dict[str, Tensor], same: Tensor) -> Tuple[Tensor, Dict[str, Tensor]]:
        """Sum of the losses and each by name. out: of the network; labels: [batch, frames(, 6)]; same: steps in the present voice. Nothing here waits for a GPU."""
        parts: Dict[str, Tensor] = {}
        for name, head in heads.SCORED.items():
            logits = out[name].transpose(1, 2)
            parts.update(self.events(name, logits, labels[name]) if head.activation == "sigmoid" else self.classes(name, logits, labels[name]))
        parts.update(self.voices(out["embedding"].transpose(1, 2), labels[heads.VOICE.name], same))
        total = sum(heads.ALL[name].loss_weight * value for name, value in parts.items())
        return total, {name: value.detach() for name, value in parts.items()}

    def classes(self, name: str, logits: Tensor, target: Tensor) -> Dict[str, Tensor]:
        """Weighted cross-entropy with smoothed labels of a head whose classes exclude each other: logits [batch, frames, classes], target [batch, frames]."""
        weights = self.balance[name].weights(target)
        known, surely = (target >= 0).float(), F.log_softmax(logits, -1)
        right = target.clamp_min(0)
        of_right = weights[right] * known
        own = -surely.gather(-1, right[..., None])[..., 0] * of_right
        spread = -(surely * weights).sum(-1) * known / logits.shape[-1]
        return {name: ((1 - self.smoothing) * own + self.smoothing * spread).sum() / of_right.sum().clamp_min(1e-6)}

    def voices(self, embeddings: Tensor, target: Tensor, same: Tensor) -> Dict[str, Tensor]:
        """Loss of some frames whose voice is known and was heard for long enough: embeddings [batch, frames, size], target and same [batch, frames]."""
        known = ((target >= 0) & (same >= heads.VOICE.wait_steps)).flatten()
        drawn = (torch.rand(len(known), device=known.device) * known).topk(min(self.frames_of_voice, len(known))).indices
        labels = torch.where(known[drawn], target.flatten()[drawn], torch.full_like(drawn, -1))
        return {heads.VOICE.name: self.voice(embeddings.flatten(0, 1)[drawn], labels)}

    def events(self, name: str, logits: Tensor, target: Tensor) -> Dict[str, Tensor]:
        """Cross-entropy of kinds of sound that may sound together: logits and target [batch, frames, kinds]."""
        known = (target >= 0).float()
        truth = (target == 1).float()
        self.event_rate = 0.98 * self.event_rate.to(logits.device) + 0.02 * truth.sum((0, 1)) / known.sum((0, 1)).clamp_min(1)
        positive = (0.5 / self.event_rate.clamp(0.01, 0.5)).sqrt().to(logits)
        absent, present = EVENTS_SURE
        loss = F.binary_cross_entropy_with_logits(logits, truth * (present - absent) + absent, known, pos_weight=positive, reduction="sum")
        return {name: loss / known.sum().clamp_min(1)}
