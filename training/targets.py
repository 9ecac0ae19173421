"""Soft labels for the gate: what the teachers heard, laid on the frames of a feature pool.

Writes poolN.gate beside a pool: one byte per frame of 16 ms, 0 to 254 for the probability that somebody speaks there (in 254ths), 255 where nobody knows. The teachers
heard the clean recordings, so the label of a frame stays true however noisy the scene is that it is mixed into. What a clip is decides how far they are asked:

- speech: the mean of the teachers; unknown where they disagree;
- music, singing included: nobody speaks, unless the teachers agree on speech that is not sung;
- human sounds (coughs, laughter, cries): nobody speaks, whatever the teachers say, who take most of them for speech; in corpora that nobody listened through, frames of
  which they are sure are unknown, since somebody may talk beside them;
- noise: nobody speaks; unknown where the teachers hear a voice in it;
- what the teachers never heard: nobody speaks in music and noise, speech is unknown.
"""
import argparse
import json
import os
from typing import Dict, List, Tuple

import numpy as np

import corpus as C

UNKNOWN = 255
CERTAIN = 254
POOL_HOP_MS = 16.0
FIRERED_SHARE = 2 / 3       # of the mean; Silero has the rest
DISAGREE = 0.5              # difference of the teachers from which a frame of speech is left out
VOICE_IN_NOISE = 0.3        # mean from which a frame of noise is left out
VOICE_IN_HUMAN = 0.8        # the same for human sounds of corpora in which somebody may talk as well
UNCHECKED = ("babylaugh", "screams", "donateacry")
SPOKEN, SUNG = 0.6, 0.3     # music is left out where speech is above the first and singing below the second


class Teacher:
    """The probabilities that teachers.mjs kept of one teacher, a byte each."""

    def __init__(self, folder: str, name: str) -> None:
        with open(os.path.join(folder, f"{name}.json")) as file:
            made = json.load(file)
        self.columns = len(made["columns"]) if isinstance(made["columns"], list) else int(made["columns"])
        self.hop_ms, self.centre_ms = float(made["hopMs"]), float(made["centreMs"])
        self.files: Dict[str, Tuple[int, int]] = made["files"]
        self.said = np.memmap(os.path.join(folder, f"{name}.u8"), np.uint8, "r").reshape(-1, self.columns)

    def at(self, name: str, times_ms: np.ndarray) -> np.ndarray:
        """Probabilities [times, columns], 0 to 1, of a file at times in milliseconds."""
        first, count = self.files[name]
        where = np.clip((times_ms - self.centre_ms) / self.hop_ms, 0, max(0, count - 1))
        low = np.minimum(where.astype(int), max(0, count - 2))
        share = (where - low)[:, None]
        said = self.said[first:first + count].astype(np.float32) / 255
        return said[low] * (1 - share) + said[np.minimum(low + 1, count - 1)] * share


def target_of(row: C.Row, firered: np.ndarray, silero: np.ndarray) -> np.ndarray:
    """Bytes for frames of a clip from FireRedVAD's columns [frames, 5] and Silero's probability [frames]."""
    kind = row["event"]
    own = firered[:, :3].mean(1)
    mean = FIRERED_SHARE * own + (1 - FIRERED_SHARE) * silero
    if kind == "speech":
        return np.where(np.abs(own - silero) > DISAGREE, UNKNOWN, np.rint(mean * CERTAIN)).astype(np.uint8)
    if kind == "music":
        doubtful = (mean > SPOKEN) & (firered[:, 2] > SPOKEN) & (firered[:, 3] < SUNG)
    elif kind == "noise":
        doubtful = mean > VOICE_IN_NOISE
    else:
        doubtful = (mean > VOICE_IN_HUMAN) & (row["corpus"] in UNCHECKED)
    return np.where(doubtful, UNKNOWN, 0).astype(np.uint8)


def build(corpus: str, cache: str, labels: str, version: int) -> Dict[str, List[float]]:
    """Writes poolN.gate for pool `version`; returns by kind of clip the shares of frames that are speech, not speech and unknown."""
    rows = C.read_manifest(corpus)
    meta = np.load(os.path.join(cache, f"pool{version}.npz"))
    firered, silero = Teacher(labels, "fireredvad"), Teacher(labels, "silero")
    counts: Dict[str, np.ndarray] = {}
    path = os.path.join(cache, f"pool{version}.gate")
    targets = np.full(int(meta["spans"].sum(1).max()), UNKNOWN, np.uint8)      # the clips of a pool lie in any order
    for row, (first, frames), speed in zip(rows, meta["spans"], meta["speed"]):
        times = row["start"] * 1000 + np.arange(frames) * POOL_HOP_MS * float(speed)
        times = np.minimum(times, row["end"] * 1000)        # behind the clip its room goes on: its last label holds
        if row["file"] in firered.files and row["file"] in silero.files:
            made = target_of(row, firered.at(row["file"], times), silero.at(row["file"], times)[:, 0])
        else:
            made = np.full(frames, UNKNOWN if row["event"] == "speech" else 0, np.uint8)
        targets[first:first + frames] = made
        counts[row["event"]] = counts.get(row["event"], 0) + np.array([((made >= 127) & (made < UNKNOWN)).sum(), (made < 127).sum(), (made == UNKNOWN).sum()])
    targets.tofile(path + ".new")
    os.replace(path + ".new", path)
    return {kind: [round(float(share), 3) for share in count / count.sum()] for kind, count in counts.items()}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--cache", required=True)
    parser.add_argument("--labels", required=True, help="folder that teachers.mjs wrote")
    parser.add_argument("--versions", type=int, nargs="+", required=True)
    arguments = parser.parse_args()
    for number in arguments.versions:
        print("pool", number, "speech, other, unknown:", build(arguments.corpus, arguments.cache, arguments.labels, number), flush=True)
