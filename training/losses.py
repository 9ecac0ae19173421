"""Losses of the heads. Labels of -1 do not count."""
import torch
from torch import nn
from torch.nn import functional as F

import corpus as C
import network as N

WEIGHTS = {"speech": 1.0, "speech-rt": 0.8, "audio-event": 3.0, "gender": 0.7, "underage-speaker": 0.8, "arousal": 0.7, "emotions": 0.9, "language": 0.9}

VOICE_WEIGHT = 0.5
VOICE_AFTER = 4         # steps of 64 ms that a voice must have been heard


class Balance:
    """Running class frequencies of a head, and the weights that even them out."""

    def __init__(self, classes, power=0.7):
        self.count, self.power = torch.ones(classes), power

    def weights(self, labels):
        self.count = 0.98 * self.count + torch.bincount(labels.flatten(), minlength=len(self.count)).float().cpu()
        share = self.count / self.count.sum()
        weights = share.clamp_min(1e-3) ** -self.power
        return (weights / (weights * share).sum()).to(labels.device)


class VoiceLoss(nn.Module):
    """Additive angular margin softmax over the voices of the corpus (ArcFace, Deng et al. 2019)."""

    def __init__(self, voices, size, scale=24.0, margin=0.1):
        super().__init__()
        self.centres = nn.Parameter(torch.randn(voices, size) * 0.1)
        self.scale, self.margin = scale, margin

    def forward(self, embeddings, labels):
        cosine = embeddings @ F.normalize(self.centres, dim=1).t()
        own = cosine.gather(1, labels[:, None]).clamp(-0.999, 0.999)
        shifted = torch.cos(torch.acos(own) + self.margin)
        return F.cross_entropy(self.scale * cosine.scatter(1, labels[:, None], shifted), labels)


class Losses(nn.Module):
    def __init__(self, voices, size, smoothing=0.05, frames_of_voice=768):
        super().__init__()
        self.voice = VoiceLoss(voices, size)
        self.balance = {name: Balance(len(classes)) for name, (_, classes) in N.HEADS.items() if name not in N.SIGMOID}
        self.event_rate = torch.full((6,), 0.1)
        self.smoothing, self.frames_of_voice = smoothing, frames_of_voice

    def forward(self, out, labels, same):
        """Sum of the losses and each by name. out: of the network; labels: [batch, frames(, 6)]; same: steps in the present voice."""
        parts = {}
        for name in N.HEADS:
            target = labels[name]
            if name in N.SIGMOID:
                parts[name] = self.events(out[name].transpose(1, 2), target)
                continue
            logits = out[name].transpose(1, 2)
            known = (target >= 0) & (target < logits.shape[-1])
            if known.any():
                weights = self.balance[name].weights(target[known])
                parts[name] = F.cross_entropy(logits[known], target[known], weights, label_smoothing=self.smoothing)
            if name == "language" and (target == C.OTHER_LANGUAGE).any():       # none of the five: sure of nothing
                parts["other language"] = 0.15 * -F.log_softmax(logits[target == C.OTHER_LANGUAGE], -1).mean()
        known = (labels["voice"] >= 0) & (same >= VOICE_AFTER)
        if known.any():
            where = known.nonzero()
            where = where[torch.randperm(len(where))[:self.frames_of_voice]]
            parts["voice"] = self.voice(out["embedding"].transpose(1, 2)[where[:, 0], where[:, 1]], labels["voice"][where[:, 0], where[:, 1]])
        total = sum(WEIGHTS.get(name, VOICE_WEIGHT if name == "voice" else 1.0) * value for name, value in parts.items())
        return total, {name: float(value) for name, value in parts.items()}

    def events(self, logits, target):
        known = (target >= 0).float()
        truth = (target == 1).float()
        self.event_rate = 0.98 * self.event_rate + 0.02 * (truth.sum((0, 1)) / known.sum((0, 1)).clamp_min(1)).cpu()
        positive = (0.5 / self.event_rate.clamp(0.01, 0.5)).sqrt().to(logits)
        loss = F.binary_cross_entropy_with_logits(logits, truth * 0.96 + 0.02, known, pos_weight=positive, reduction="sum")
        return loss / known.sum().clamp_min(1)
