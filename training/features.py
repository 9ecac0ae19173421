"""Pools of augmented features.

Whatever must be done to samples (speed, rooms, microphones, band limits, codecs, clipping, lost packets) is done here once per pool and clip; what
can be done to power spectra (mixing, gain, colour, masks) is done anew for every batch, in scenes.py. A pool holds for every clip the natural
logarithm of its 64 mel powers, float16, one frame per 16 ms, and one byte per frame: does the clip sound there, or pause?
"""
import argparse
import multiprocessing
import os
import subprocess
import zlib
from typing import Dict, Iterator, List, Optional, Sequence, Tuple

import numpy as np
import scipy.fft
import torch

import corpus as C
import network as N

LOUDNESS_DB = -26.0     # every clip is brought to this level (RMS of its loud half) before its augmentation
SPEEDS = ((0.88, 0.94), (0.99, 1.01), (1.06, 1.12))
FAR_SPEED = (1.22, 1.40)         # of some women's clips: such a voice is nobody's, and teaches speech and language alone
ROOM_TAIL = 1600        # samples that a room goes on behind the clip
FAR_SHARE = 0.2         # of the women's clips of a pool that are hastened so far
CODED_SHARE = 0.4       # of the files of an odd pool that go through a codec
SILENT_POWER = 1e-12
CODECS = (("mp3", ["-c:a", "libmp3lame"], (16, 24, 32, 48)), ("ogg", ["-c:a", "libopus"], (8, 12, 16, 24)),
          ("ogg", ["-c:a", "libspeex"], (8, 16)), ("gsm", ["-c:a", "libgsm", "-ar", "8000"], (13,)))


def through_codec(pcm: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The 16-bit samples after a random lossy codec, aligned and of equal length."""
    container, options, rates = CODECS[rng.integers(len(CODECS))]
    rate = int(rng.choice(rates))
    extra = [] if container == "gsm" else ["-b:a", f"{rate}k"]
    encode = ["ffmpeg", "-v", "error", "-f", "s16le", "-ar", "16000", "-ac", "1", "-i", "-", *options, *extra, "-f", container, "-"]
    coded = subprocess.run(encode, input=pcm.tobytes(), stdout=subprocess.PIPE, check=True).stdout
    decode = ["ffmpeg", "-v", "error", "-f", container, *(["-ar", "8000"] if container == "gsm" else []), "-i", "-", "-f", "s16le", "-ar", "16000", "-ac", "1", "-"]
    back = np.frombuffer(subprocess.run(decode, input=coded, stdout=subprocess.PIPE, check=True).stdout, np.int16)
    return np.concatenate([back[:len(pcm)], np.zeros(max(0, len(pcm) - len(back)), np.int16)])


def colour(hz: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Random smooth gain over frequency, [bins]: a microphone, or a tilt."""
    knots = np.array([60, 200, 600, 1500, 3500, 8000.0])
    decibels = np.cumsum(rng.normal(0, 3.0, len(knots))) * 0.7
    return 10 ** (np.interp(np.log(hz + 1), np.log(knots), decibels - decibels.mean()) / 20)


def band(hz: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Random band limit, [bins]: telephone, or a low-pass."""
    if rng.random() < 0.5:
        low, high = rng.uniform(150, 350), rng.uniform(3200, 3800)
    else:
        low, high = rng.uniform(20, 120), np.exp(rng.uniform(np.log(3000), np.log(7500)))
    order = rng.choice([4, 8, 16])
    return 1 / np.sqrt(1 + (hz / high) ** (2 * order)) * (1 / np.sqrt(1 + (low / (hz + 1e-3)) ** 8))


def synthetic_room(rng: np.random.Generator) -> np.ndarray:
    """A room response of 0.6 s: a direct sound and decaying noise."""
    length, t60 = 9600, rng.uniform(0.15, 0.9)
    response = rng.standard_normal(length) * 10 ** (-3 * np.arange(length) / (t60 * C.RATE))
    response *= np.minimum(1, np.arange(length) / rng.uniform(20, 400))
    response *= 10 ** (-rng.uniform(0, 14) / 20) / np.sqrt((response ** 2).sum())
    response[0] = 1.0
    return response.astype(np.float32)


def next_fast(n: int) -> int:
    """Smallest 2^a, 3 x 2^a or 5 x 2^a not below n."""
    return min(factor << max(0, int(np.ceil(np.log2(n / factor)))) for factor in (1, 3, 5))


def room_of(measured: Sequence[np.ndarray], rng: np.random.Generator) -> Optional[np.ndarray]:
    """A measured or made-up room response, or none."""
    if rng.random() >= 0.4:
        return None
    room = measured[rng.integers(len(measured))] if rng.random() < 0.6 else synthetic_room(rng)
    if rng.random() < 0.5:      # nearer to the microphone
        room = room * np.concatenate([[1.0], np.full(len(room) - 1, rng.uniform(0.2, 0.8))]).astype(np.float32)
    return room


def filtered(pcm: np.ndarray, speed: float, room: Optional[np.ndarray], rng: np.random.Generator) -> Tuple[np.ndarray, float]:
    """The samples in a room, through a microphone and a band limit, and faster by about `speed`, all of it on the spectrum; and how much faster they are."""
    size = next_fast(len(pcm) + (len(room) if room is not None else 400))
    spectrum = torch.fft.rfft(torch.from_numpy(pcm), size)
    hz = np.arange(len(spectrum)) * C.RATE / size
    if room is not None:
        spectrum = spectrum * torch.fft.rfft(torch.from_numpy(room), size)
    filters = []
    if rng.random() < 0.7:
        filters.append(colour(hz, rng))
    if rng.random() < 0.3:
        filters.append(band(hz, rng))
    if filters:
        spectrum = spectrum * torch.from_numpy(np.prod(filters, 0).astype(np.float32))
    out = size
    if speed != 1.0:        # resampling in the frequency domain: fewer samples, higher and faster
        out = 2 * scipy.fft.next_fast_len(max(1, int(size / speed / 2)), real=True)      # a size of small factors is ten times as quick
        speed = size / out
        bins = out // 2 + 1
        spectrum = spectrum[:bins] if bins <= len(spectrum) else torch.nn.functional.pad(spectrum, (0, bins - len(spectrum)))
        spectrum = spectrum * (out / size)
    return torch.fft.irfft(spectrum, out)[:int(len(pcm) / speed) + (ROOM_TAIL if room is not None else 0)].numpy(), speed


def companded(y: np.ndarray) -> np.ndarray:
    """The samples after mu-law coding."""
    scaled = np.clip(y * 4, -1, 1)
    coded = np.round(np.sign(scaled) * np.log1p(255 * np.abs(scaled)) / np.log(256) * 127) / 127
    return np.sign(coded) * (256 ** np.abs(coded) - 1) / 255 / 4


def augment(pcm: np.ndarray, speed: float, measured: Sequence[np.ndarray], rng: np.random.Generator) -> Tuple[np.ndarray, float]:
    """The samples through one random chain (speed, room, microphone, band limit, clipping, mu-law, lost packets), and how much faster they are."""
    y, speed = filtered(pcm, speed, room_of(measured, rng), rng)
    y = y * 10 ** (LOUDNESS_DB / 20) / loudness(y)
    if rng.random() < 0.12:
        limit = np.quantile(np.abs(y), rng.uniform(0.95, 0.995)) + 1e-6
        y = np.clip(y, -limit, limit)
    if rng.random() < 0.08:
        y = companded(y)
    if rng.random() < 0.06:
        for at in rng.integers(0, max(1, len(y)), max(1, int(len(y) / C.RATE * rng.uniform(0.5, 3)))):
            y[at:at + int(rng.uniform(0.02, 0.06) * C.RATE)] = 0
    return y.astype(np.float32), speed


def loudness(pcm: np.ndarray) -> float:
    """RMS of the louder half of the clip's 16 ms frames."""
    frames = pcm[:len(pcm) // N.HOP * N.HOP].reshape(-1, N.HOP)
    if not len(frames):
        return float(np.sqrt((pcm ** 2).mean()) + 1e-6)
    power = np.sort((frames ** 2).mean(1))
    return float(np.sqrt(power[len(power) // 2:].mean()) + 1e-6)


def activity(log_power: np.ndarray, kind: int) -> np.ndarray:
    """From log powers [frames, 64] of a clip of `kind` (corpus.KINDS), which frames [frames] sound: within 35 dB of the loudest ones and clear of the clip's own floor. Gaps under 0.3 s are filled."""
    level = 10 / np.log(10) * np.log(np.exp(log_power.astype(np.float32)).sum(1) + 1e-12)
    top, floor = np.percentile(level, 95), np.percentile(level, 5)
    if C.KINDS[kind] in ("music", "noise"):
        return level > max(top - 45, -95)
    active = level > (max(top - 35, floor + 6) if top - floor > 15 else -95)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], active.astype(np.int8), [0]])))
    for stop, start in zip(edges[1:-1:2], edges[2::2]):
        if start - stop <= 18:
            active[stop:start] = True
    return active


def log_power(pcm: np.ndarray) -> np.ndarray:
    """Natural logarithm of the mel powers [frames, 64] of samples [256 x frames], without the constant offset, as the engine hears them."""
    with torch.no_grad():
        features = N.log_mel(torch.from_numpy(C.without_offset(pcm))[None])[0].numpy()
    return np.log(np.maximum(np.exp(features / N.LOG_SCALE - N.LOG_OFFSET) - N.FLOOR, SILENT_POWER))


class Maker:
    """Makes the clips of one pool, each from a seed of its own."""

    def __init__(self, folder: str, cache: str, version: int, rooms: Optional[str]) -> None:
        self.version = version
        self.rows, self.sound = C.load(folder, cache)
        self.table, _, _ = C.labels(self.rows)
        self.measured = C.rooms(rooms or folder)
        self.opened: Tuple[str, np.ndarray] = "", np.zeros(0, np.int16)

    def file(self, name: str) -> np.ndarray:
        """16-bit samples of a file; in odd pools some went through a codec."""
        if self.opened[0] != name:
            pcm = self.sound(name)
            rng = np.random.default_rng([self.version, zlib.crc32(name.encode())])
            if self.version % 2 == 1 and rng.random() < CODED_SHARE:
                pcm = through_codec(np.asarray(pcm), rng)
            self.opened = name, pcm
        return self.opened[1]

    def clip(self, i: int) -> Tuple[np.ndarray, float]:
        """Log powers [frames, 64] of clip i, and by how much it was hastened."""
        row, speed = self.rows[i], 1.0
        rng = np.random.default_rng([self.version, zlib.crc32(f"{row['file']}@{row['start']}".encode())])
        clip = self.file(row["file"])[int(row["start"] * C.RATE):int(row["end"] * C.RATE)].astype(np.float32) / 32768
        clip = clip - clip.mean()
        clip = clip * 10 ** (LOUDNESS_DB / 20) / loudness(clip)
        if self.version > 0:
            low, high = SPEEDS[rng.choice(3, p=[0.3, 0.4, 0.3])]
            if self.table["age"][i] == 1 and self.table["gender"][i] == 0 and rng.random() < FAR_SHARE:
                low, high = FAR_SPEED
            speed = float(rng.uniform(low, high))
            clip, speed = augment(clip, speed, self.measured, rng)
        return log_power(np.concatenate([clip, np.zeros(-len(clip) % N.HOP, np.float32)])), speed


Made = Tuple[int, np.ndarray, np.ndarray, float]        # of a clip: its row, log powers [frames, 64] float16, active [frames], speed
_maker: Optional[Maker] = None      # of a process that helps


def start(folder: str, cache: str, version: int, rooms: Optional[str]) -> None:
    """Makes this process ready to help with a pool."""
    global _maker
    torch.set_num_threads(1)
    _maker = Maker(folder, cache, version, rooms)


def clips_of(rows: Sequence[int]) -> List[Made]:
    """The clips of one file."""
    assert _maker is not None
    made = []
    for i in rows:
        power, speed = _maker.clip(i)
        made.append((i, power.astype(np.float16), activity(power, _maker.table["kind"][i]).astype(np.uint8), speed))
    return made


def by_file(rows: Sequence[C.Row]) -> List[List[int]]:
    """Numbers of the rows of each file, the longest files first."""
    files: Dict[str, List[int]] = {}
    for i, row in enumerate(rows):
        files.setdefault(row["file"], []).append(i)
    return sorted(files.values(), key=lambda of: -rows[of[-1]]["end"])


def all_clips(folder: str, cache: str, version: int, rooms: Optional[str], processes: int) -> Iterator[List[Made]]:
    """The clips of all files, in any order."""
    files = by_file(C.read_manifest(folder))
    if processes <= 1:
        start(folder, cache, version, rooms)
        yield from map(clips_of, files)
        return
    with multiprocessing.Pool(processes, start, (folder, cache, version, rooms)) as pool:
        yield from pool.imap_unordered(clips_of, files)


def build(folder: str, cache: str, version: int, rooms: Optional[str] = None, processes: int = 1) -> None:
    """Writes pool `version` (0: clean) into `cache`: features [frames, 64] float16, active [frames], and the spans and speeds of the clips."""
    C.load(folder, cache)           # decodes before the processes part
    count, at = len(C.read_manifest(folder)), 0
    spans, speeds = np.zeros((count, 2), np.int64), np.ones(count, np.float32)
    base = os.path.join(cache, f"pool{version}")
    with open(base + ".f16", "wb") as out, open(base + ".act", "wb") as out_active:
        for made in all_clips(folder, cache, version, rooms, processes):
            for i, power, active, speeds[i] in made:
                out.write(power.tobytes())
                out_active.write(active.tobytes())
                spans[i] = at, len(power)
                at += len(power)
    np.savez(base + ".new.npz", spans=spans, speed=speeds)
    os.replace(base + ".new.npz", base + ".npz")        # whoever sees it finds the rest


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--cache", required=True)
    parser.add_argument("--rooms", help="corpus folder whose rooms/ to use, if it is another one")
    parser.add_argument("--versions", type=int, nargs="+", required=True)
    parser.add_argument("--processes", type=int, default=1)
    arguments = parser.parse_args()
    for number in arguments.versions:
        build(arguments.corpus, arguments.cache, number, arguments.rooms, arguments.processes)
        print("pool", number, flush=True)
