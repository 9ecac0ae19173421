"""Noises that nobody records for a corpus and every microphone hears: dense ticks (applause, frying, hail), the hum of mains, the beeps of devices. A folder in the form of the corpus, for training alone."""
import argparse
import csv
import os
from typing import List

import numpy as np
import soundfile

import corpus as C

PAUSE = int(0.25 * C.RATE)
CLIPS_OF_A_SOURCE = 6           # scenes draw by source: so each kind counts as a corpus of many
Random = np.random.Generator


def ticks(rng: Random, size: int) -> np.ndarray:
    """Bursts of noise [size] at 15 to 800 a second, each dying away within 0.3 to 8 ms, through a random tilt."""
    pcm, rate, decay = np.zeros(size + 4096, np.float32), np.exp(rng.uniform(np.log(15), np.log(800))), np.exp(rng.uniform(np.log(0.3), np.log(8))) * C.RATE / 1000
    length = int(min(4096, 6 * decay + 8))
    fall = np.exp(-np.arange(length) / decay)
    for at in rng.integers(0, size, int(rate * size / C.RATE)):
        pcm[at:at + length] += rng.uniform(0.1, 1.0) * fall * rng.standard_normal(length)
    pcm = pcm[:size]
    if rng.random() < 0.7:
        share = rng.uniform(0, 0.9) * rng.choice([-1, 1])
        pcm = pcm + share * np.concatenate([[0], pcm[:-1]])
    if rng.random() < 0.4:          # gusts
        pcm = pcm * np.interp(np.arange(size), np.linspace(0, size, 8), rng.uniform(0.15, 1, 8))
    return pcm


def hum(rng: Random, size: int) -> np.ndarray:
    """The hum of mains, transformers and motors [size]: harmonics of 45 to 65 Hz of random strength, that may drift a little, over a faint hiss."""
    base, time = float(rng.choice([50, 60])) * rng.uniform(0.98, 1.02) * float(rng.choice([1, 1, 2])), np.arange(size) / C.RATE
    drift = 1 + rng.uniform(0, 0.004) * np.sin(2 * np.pi * rng.uniform(0.05, 0.6) * time)
    phase, pcm, slope = 2 * np.pi * base * np.cumsum(drift) / C.RATE, np.zeros(size), rng.uniform(0.3, 2.0)
    for number in range(1, int(rng.integers(3, 24))):
        if rng.random() < 0.75 or number == 1:
            pcm += rng.uniform(0.2, 1) * number ** -slope * np.sin(number * phase + rng.uniform(0, 6.28))
    if rng.random() < 0.3:
        pcm = pcm * (1 + rng.uniform(0, 0.4) * np.sin(2 * np.pi * rng.uniform(0.5, 8) * time))
    return pcm / np.abs(pcm).max() + 10 ** rng.uniform(-4, -1.3) * rng.standard_normal(size)


def beeps(rng: Random, size: int) -> np.ndarray:
    """What devices and alarms say [size]: the same one to three tones again and again, or one that sweeps up and down, over a faint hiss."""
    time, period = np.arange(size) / C.RATE, rng.uniform(0.12, 1.6)
    pitches = rng.uniform(350, 4000) * np.cumprod(np.concatenate([[1.0], rng.uniform(0.7, 1.4, int(rng.integers(0, 3)))]))
    if rng.random() < 0.25:         # a siren
        hz = pitches[0] * 2 ** (rng.uniform(0.1, 0.8) * np.sin(2 * np.pi * time / rng.uniform(0.3, 4)))
    else:
        hz = pitches[(time / period).astype(int) % len(pitches)]
    phase, pcm = 2 * np.pi * np.cumsum(hz) / C.RATE, np.zeros(size)
    for number in range(1, int(rng.integers(2, 7))):
        pcm += rng.uniform(0, 1) ** 2 * np.sin(number * phase) * (number * hz < C.RATE / 2) if number > 1 else np.sin(phase)
    if rng.random() < 0.8:          # on and off; a bell dies away
        within, share = time % period / period, rng.uniform(0.2, 0.95)
        pcm = pcm * (np.exp(-within * rng.uniform(2, 9)) if rng.random() < 0.3 else np.clip(np.minimum(within, share - within) * period * rng.uniform(60, 400), 0, 1))
    return pcm / np.abs(pcm).max() + 10 ** rng.uniform(-4, -1.5) * rng.standard_normal(size)


def main(arguments: argparse.Namespace) -> None:
    rng = np.random.default_rng(19)
    rows: List[C.Row] = []
    os.makedirs(os.path.join(arguments.out, "audio"), exist_ok=True)
    for name, make in (("ticks", ticks), ("hum", hum), ("beeps", beeps)):
        parts: List[np.ndarray] = []
        at = 0
        for number in range(arguments.clips):
            pcm = make(rng, int(rng.uniform(3, 8) * C.RATE)).astype(np.float32)
            parts += [0.5 * pcm / np.abs(pcm).max(), np.zeros(PAUSE, np.float32)]
            row: C.Row = {"file": f"audio/made-{name}.flac", "start": f"{at / C.RATE:.4f}", "end": f"{(at + len(pcm)) / C.RATE:.4f}", "corpus": f"made-{name}", "voice": f"made-{name}-{number // CLIPS_OF_A_SOURCE}", "part": "train",
                                   "gender": "", "age": "", "age_group": "", "emotion": "", "arousal": "", "language": "", "event": "noise", "licence": "CC0", "note": "made by made_noises.py"}
            rows.append(row)
            at += len(pcm) + PAUSE
        soundfile.write(os.path.join(arguments.out, f"audio/made-{name}.flac"), np.concatenate(parts), C.RATE, subtype="PCM_16")
    with open(os.path.join(arguments.out, "manifest.csv"), "w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", required=True)
    parser.add_argument("--clips", type=int, default=160, help="of each kind")
    main(parser.parse_args())
