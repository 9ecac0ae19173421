"""Training examples for the gate: 10 s scenes with the probability, every 64 ms, that somebody speaks.

A scene is a timeline of speech, human sounds, noises and music, at levels of their own; under it may lie music with and without vocals, noise or babble. Labels come from
the teachers, who heard the clean clips (targets.py). A step has none where the speech is buried, or where what lies under it may hold a voice.
"""
import os
from typing import Dict, List, NamedTuple, Sequence, Tuple

import numpy as np

import network as N
from scenes import MUSIC, NATURAL, NEGATIVE, NOISE, POSITIVE, SPEECH, Chooser, Scenes
from targets import CERTAIN, UNKNOWN

STEPS = 160                     # 64 ms frames of a scene
FRAMES = 4 * STEPS              # 16 ms frames of a scene
LOWEST_BAND = 10                # mel bands below it are left out where speech is compared with the rest: rumble hides no voice
BURIED_DB = -10.0               # speech that is weaker than the rest by more than this has no label
INAUDIBLE_DB = -62.0
AUDIBLE_POWER = 1e-5            # summed mel power of a background that may be heard; a sine at full scale has 1
SINGERS = ("songs-ultrastar", "music-mir", "music-librosa")      # corpora of music most of which is sung

Clip = Tuple[np.ndarray, np.ndarray]        # log powers [frames, 64], gate target [frames] as bytes


class TaughtPool:
    """Clips in several augmented versions, each with the teachers' labels."""

    def __init__(self, folders: Sequence[Tuple[str, Sequence[int]]], table: Dict[str, np.ndarray]) -> None:
        """folders: (path, versions) of each, one after the other as in `table`."""
        self.table, self.clips = table, []
        for folder, versions in folders:
            made = []
            for version in versions:
                base = os.path.join(folder, f"pool{version}")
                if os.path.exists(base + ".gate"):
                    frames = np.memmap(base + ".f16", np.float16, "r").reshape(-1, N.MELS)
                    made.append((frames, np.memmap(base + ".gate", np.uint8, "r"), np.load(base + ".npz")["spans"]))
            self.clips += [(made, i) for i in range(len(made[0][2]))]

    def clip(self, index: int, rng: np.random.Generator) -> Clip:
        """Clip `index` in a random version."""
        versions, i = self.clips[index]
        frames, target, spans = versions[rng.integers(len(versions))]
        first, length = spans[i]
        return frames[first:first + length], target[first:first + length]


class Canvas(NamedTuple):
    """What sounds in a scene: mel powers of speech and of the rest [frames, 64], the speech target [frames] and where nobody knows [frames]."""

    speech: np.ndarray
    rest: np.ndarray
    target: np.ndarray
    unknown: np.ndarray

    @staticmethod
    def empty() -> "Canvas":
        return Canvas(np.zeros((FRAMES, N.MELS), np.float32), np.zeros((FRAMES, N.MELS), np.float32), np.zeros(FRAMES, np.float32), np.zeros(FRAMES, bool))

    def lay(self, clip: Clip, at: int, room: int, decibels: float, spoken: bool, rng: np.random.Generator) -> int:
        """Adds a part of a clip at frame `at`, at most `room` frames of it. Returns where it ends."""
        log_power, target = clip
        length = min(len(log_power), room, FRAMES - at)
        if length <= 0:
            return at
        first = int(rng.integers(0, len(log_power) - length + 1)) if rng.random() < 0.7 else 0
        where, part = slice(at, at + length), slice(first, first + length)
        power = np.exp(log_power[part].astype(np.float32)) * np.float32(10 ** (decibels / 10))
        (self.speech if spoken else self.rest)[where] += power
        self.unknown[where] |= target[part] == UNKNOWN
        if spoken:
            self.target[where] = np.maximum(self.target[where], np.where(target[part] == UNKNOWN, 0, target[part] / CERTAIN))
        return at + length


class GateScenes:
    """Makes scenes from the clips that `allowed` [clips] admits."""

    def __init__(self, pool: TaughtPool, corpora: Sequence[str], allowed: np.ndarray, seed: int) -> None:
        table = pool.table
        self.pool, self.rng = pool, np.random.default_rng(seed)
        kind = table["kind"]
        sung = np.isin(table["corpus"], [corpora.index(name) for name in SINGERS if name in corpora])
        masks: Dict[str, List[np.ndarray]] = {
            "speech": [kind == SPEECH],
            "human": [kind == NATURAL, kind == NATURAL, kind == NEGATIVE, kind == POSITIVE],
            "noise": [(kind == NOISE) & ~table["babble"]],
            "music": [kind == MUSIC, (kind == MUSIC) & sung],
            "babble": [(kind == NOISE) & table["babble"], kind == SPEECH],
        }
        self.choosers = {name: [chooser for chooser in (Chooser(table, allowed & mask) for mask in of) if chooser] for name, of in masks.items()}

    def draw(self, name: str) -> Clip:
        """A random clip of a group."""
        choosers = self.choosers[name]
        return self.pool.clip(choosers[self.rng.integers(len(choosers))].draw(self.rng), self.rng)

    def foreground(self, canvas: Canvas, talk: bool) -> None:
        """A timeline of pieces with pauses, cuts and overlaps."""
        rng = self.rng
        names, shares = ["speech", "human", "noise", "music"], [0.5, 0.2, 0.15, 0.15] if talk else [0.0, 0.35, 0.35, 0.3]
        at = int(rng.integers(0, 120)) if rng.random() < 0.5 else 0
        while at < FRAMES - 8:
            name = str(rng.choice(names, p=shares))
            stop = canvas.lay(self.draw(name), at, int(rng.integers(15, 400)), rng.uniform(-10, 6), name == "speech", rng)
            if rng.random() < 0.3:
                at = max(stop - int(rng.integers(0, 40)), at + 4)
            else:
                at = stop + (0 if rng.random() < 0.3 else int(rng.integers(2, 40) if rng.random() < 0.7 else rng.integers(40, 160)))

    def background(self, canvas: Canvas) -> None:
        """Music, noise or babble under the whole scene, from +25 dB to -5 dB of speech over it, with fades."""
        rng = self.rng
        name = str(rng.choice(["music", "noise", "babble"], p=[0.45, 0.4, 0.15]))
        ratio, under, at = rng.uniform(-5, 25), Canvas.empty(), 0
        for _ in range(int(rng.integers(3, 7)) if name == "babble" else 1):
            clip = self.draw(name)
            at = 0 if rng.random() < 0.7 else int(rng.integers(0, 300))
            while at < FRAMES - 4:
                at = max(under.lay(clip, at, FRAMES, 0.0, False, rng), at + 4)
        fade = np.ones(FRAMES)
        if rng.random() < 0.5:
            fade = 10 ** (np.interp(np.arange(FRAMES), np.sort(rng.integers(0, FRAMES, 5)), rng.uniform(-15, 3, 5)) / 10)
        canvas.rest[:] += under.rest * (fade * 10 ** (-ratio / 10)).astype(np.float32)[:, None]
        audible = under.rest.sum(1) * fade * 10 ** (-ratio / 10) > AUDIBLE_POWER
        canvas.unknown[:] |= audible & ((name == "babble") | under.unknown)

    def scene(self) -> Tuple[np.ndarray, np.ndarray]:
        """Features [640, 64] and targets [160], -1 where nobody knows."""
        rng, canvas = self.rng, Canvas.empty()
        self.foreground(canvas, rng.random() > 0.2)
        if rng.random() < 0.7:
            self.background(canvas)
        total = (canvas.speech + canvas.rest) * np.exp(Scenes.colour(rng))[None] * np.float32(10 ** (rng.uniform(-16, 14) / 10))
        if rng.random() < 0.5:
            tilt = rng.normal(0, 0.3, N.MELS) + rng.uniform(-1, 1) * np.linspace(-1, 1, N.MELS)
            total = total + (10 ** rng.uniform(-10.5, -6.5) * np.exp(tilt))[None].astype(np.float32)
        features = ((np.log(total + N.FLOOR) + N.LOG_OFFSET) * N.LOG_SCALE).astype(np.float32)
        for half in (features[:FRAMES // 2], features[FRAMES // 2:]):
            Scenes.mask(half, rng)
        return features, self.targets(canvas, total)

    @staticmethod
    def targets(canvas: Canvas, total: np.ndarray) -> np.ndarray:
        """Targets [160] of a scene, from the labels of its clips and from what of the speech can be heard."""
        step = lambda values: values.reshape(STEPS, 4)
        target = step(canvas.target).mean(1)
        ratio = 10 * np.log10((canvas.speech[:, LOWEST_BAND:].sum(1) + 1e-12) / (canvas.rest[:, LOWEST_BAND:].sum(1) + 1e-12))
        level = 10 * np.log10(total.sum(1) + 1e-12)
        speaks = target >= 0.5
        target[speaks & ((step(ratio).max(1) < BURIED_DB) | (step(level).max(1) < INAUDIBLE_DB))] = -1
        target[~speaks & step(canvas.unknown).any(1)] = -1
        return target.astype(np.float32)

    def batch(self, size: int) -> Tuple[np.ndarray, np.ndarray]:
        """Features [size, 640, 64] and targets [size, 160]."""
        made = [self.scene() for _ in range(size)]
        return np.stack([features for features, _ in made]), np.stack([targets for _, targets in made])
