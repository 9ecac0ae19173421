"""Test items from the dev part, as samples: what the figures are measured on.

Every item is one window of sound with one label per head, its voice and its corpus. Conditions are put on the samples: noise at 10 and 0 dB,
telephone, room. Nothing here is ever trained on; the measured rooms, though, are the ones that training uses too.
"""
from typing import Callable, Dict, List, NamedTuple, Sequence, Tuple

import numpy as np

import corpus as C
import features as Fe
import network as N

CONDITIONS = ("clean", "noise 10 dB", "noise 0 dB", "telephone", "reverberant")
LEVEL_DB = -26.0
SILENT_RMS = 0.005              # the engine's volume threshold
SHORTEST = 0.55                 # share of a window that a voice must fill
ROOM_SIZE = 2 ** 19             # samples of the transform for a room
FEWEST_VOICES = 2               # of a corpus that conversations are built from
NO_TALKERS = ("emodb2s", "gcompris")       # clips too short, or words

Random = np.random.Generator
Background = Callable[[int], np.ndarray]    # draws n samples of noise or music at unit loudness
Talk = Tuple[np.ndarray, np.ndarray, List[str]]         # samples, truth per 64 ms, voices
Conversation = Tuple[np.ndarray, np.ndarray, List[str], str]        # samples, who speaks per 64 ms or -1, voices, corpus


class Item:
    """One window of sound: samples, voice, corpus, and numbers by label."""

    def __init__(self, pcm: np.ndarray, voice: str, corpus: str, **labels: int) -> None:
        self.pcm, self.voice, self.corpus, self.labels = pcm, voice, corpus, labels


def cut(sound: C.Sound, row: C.Row) -> np.ndarray:
    """The samples of a clip at the level of all clips."""
    pcm = sound(row["file"])[int(row["start"] * C.RATE):int(row["end"] * C.RATE)].astype(np.float32) / 32768
    pcm = pcm - pcm.mean()
    return pcm * 10 ** (LEVEL_DB / 20) / Fe.loudness(pcm)


def windows(rows: List[C.Row], table: C.Table, sound: C.Sound, chosen: Sequence[int], seconds: float, label: str, most: int = 4, joined: bool = False) -> List[Item]:
    """Items of `seconds` from the chosen clips; `joined`: clips of one voice and label are joined until they fill the window."""
    groups: Dict[object, List[int]] = {}
    for i in chosen:
        groups.setdefault((rows[i]["voice"], int(table[label][i])) if joined else i, []).append(i)
    size, items = int(seconds * C.RATE), []
    for clips in groups.values():
        pcm = np.concatenate([np.concatenate([cut(sound, rows[i]), np.zeros(1600, np.float32)]) for i in clips]) if joined else cut(sound, rows[clips[0]])
        first = clips[0]
        pieces = [pcm[at:at + size] for at in range(0, max(1, len(pcm) - size + 1), size)][:most]
        if len(pieces[0]) >= SHORTEST * size:
            items += [Item(piece, rows[first]["voice"], rows[first]["corpus"], **{label: int(table[label][first])}) for piece in pieces]
    return items


def backgrounds(rows: List[C.Row], table: C.Table, sound: C.Sound, rng: Random) -> Background:
    """A function that draws `n` samples of dev noise or music at unit loudness."""
    noise = [i for i in np.flatnonzero(table["dev"]) if rows[i]["event"] in ("noise", "music")]
    long = [cut(sound, rows[i]) for i in noise if rows[i]["end"] - rows[i]["start"] > 3.5]

    def draw(n: int) -> np.ndarray:
        pcm = long[rng.integers(len(long))]
        pcm = np.tile(pcm, n // len(pcm) + 2)
        at = rng.integers(0, len(pcm) - n)
        return pcm[at:at + n] / (np.sqrt((pcm[at:at + n] ** 2).mean()) + 1e-6)
    return draw


def telephone(pcm: np.ndarray) -> np.ndarray:
    """The samples through a telephone's band and mu-law."""
    spectrum = np.fft.rfft(pcm)
    hz = np.fft.rfftfreq(len(pcm), 1 / C.RATE)
    spectrum *= 1 / np.sqrt(1 + (hz / 3400) ** 24) / np.sqrt(1 + (300 / (hz + 1e-3)) ** 12)
    y = np.clip(np.fft.irfft(spectrum, len(pcm)) * 3, -1, 1)
    coded = np.round(np.sign(y) * np.log1p(255 * np.abs(y)) / np.log(256) * 127) / 127
    return (np.sign(coded) * (256 ** np.abs(coded) - 1) / 255 / 3).astype(np.float32)


def noise_ratio(condition: str) -> float:
    """Decibels of the voice over the noise in a condition named so."""
    return float(condition.split()[1])


def under_condition(pcm: np.ndarray, condition: str, draw: Background, rooms: List[np.ndarray], rng: Random) -> np.ndarray:
    """The samples under one of CONDITIONS."""
    if condition == "clean":
        return pcm
    if condition.startswith("noise"):
        return (pcm + draw(len(pcm)) * Fe.loudness(pcm) * 10 ** (-noise_ratio(condition) / 20)).astype(np.float32)
    if condition == "telephone":
        return telephone(pcm)
    room = rooms[rng.integers(len(rooms))]
    wet = np.fft.irfft(np.fft.rfft(pcm, ROOM_SIZE) * np.fft.rfft(room, ROOM_SIZE), ROOM_SIZE)[:len(pcm)]
    return (wet * Fe.loudness(pcm) / Fe.loudness(wet.astype(np.float32))).astype(np.float32)


class Sources(NamedTuple):
    """Dev clips that streams are made of: speech by corpus, other sounds by kind."""

    speech: List[List[int]]
    others: List[List[int]]


def sources(rows: List[C.Row], table: C.Table) -> Sources:
    """The dev clips that streams may be made of; no babble, no clicks."""
    speech: Dict[str, List[int]] = {}
    for i in np.flatnonzero(table["dev"] & (table["kind"] == 0)):
        speech.setdefault(rows[i]["corpus"], []).append(i)
    others: Dict[str, List[int]] = {}
    for i in np.flatnonzero(table["dev"] & (table["kind"] > 0)):
        if "babble" not in rows[i]["note"] and rows[i]["end"] - rows[i]["start"] > 0.4:
            others.setdefault(rows[i]["event"], []).append(i)
    return Sources([speech[name] for name in sorted(speech)], [others[name] for name in sorted(others)])


def timeline(rows: List[C.Row], sound: C.Sound, of: Sources, seconds: int, rng: Random) -> Tuple[np.ndarray, np.ndarray, List[str]]:
    """Voices with pauses, and other sounds between them: samples of both, and the names of the voices."""
    voice, other = np.zeros(seconds * C.RATE, np.float32), np.zeros(seconds * C.RATE, np.float32)
    at, speaking, voices = 0, rng.random() < 0.5, set()
    while at < len(voice) - C.RATE // 4:
        groups = of.speech if speaking else of.others
        group = groups[rng.integers(len(groups))]
        i = group[rng.integers(len(group))]
        if speaking:
            voices.add(rows[i]["voice"])
        pcm = cut(sound, rows[i])[:int(rng.uniform(1, 5) * C.RATE)]
        target = voice if speaking else other
        n = min(len(pcm), len(target) - at)
        target[at:at + n] += pcm[:n] * 10 ** (rng.uniform(-3, 3) / 20)
        at += n + int(rng.uniform(0.1, 1.0) * C.RATE)
        speaking = not speaking
    return voice, other, sorted(voices)


def talk_scenes(rows: List[C.Row], table: C.Table, sound: C.Sound, count: int, condition: str, draw: Background, rooms: List[np.ndarray], rng: Random, seconds: int = 20) -> List[Talk]:
    """Streams of dev voices with pauses, over noise or music where the condition has it; truth per 64 ms: 1 speech, 0 none, -1 unclear.

    Clean streams have other sounds and music between the voices, so that there is something to tell apart.
    """
    of, found = sources(rows, table), []
    for _ in range(count):
        dry, other, voices = timeline(rows, sound, of, seconds, rng)
        if condition.startswith("noise"):
            mixed = dry + draw(len(dry)) * 10 ** (LEVEL_DB / 20) * 10 ** (-noise_ratio(condition) / 20)
        else:
            mixed = under_condition(dry, condition, draw, rooms, rng) + (telephone(other) if condition == "telephone" else other)
        size = len(dry) // N.FRAME * N.FRAME
        share = Fe.activity(Fe.log_power(dry[:size]), 0).reshape(-1, 4).mean(1)
        truth = np.where(share >= 0.5, 1, np.where(share == 0, 0, -1))
        truth[np.sqrt((mixed[:size].reshape(-1, N.FRAME) ** 2).mean(1)) < SILENT_RMS] = -1
        found.append((mixed[:size].astype(np.float32), truth, voices))
    return found


def talkers(rows: List[C.Row], table: C.Table) -> Dict[str, Dict[str, List[int]]]:
    """Dev clips by corpus and voice, of corpora that conversations can be built from."""
    groups: Dict[str, Dict[str, List[int]]] = {}
    for i in np.flatnonzero(table["dev"] & (table["speaker"] >= 0)):
        groups.setdefault(rows[i]["corpus"], {}).setdefault(rows[i]["voice"], []).append(i)
    return {name: voices for name, voices in groups.items() if len(voices) >= FEWEST_VOICES and name not in NO_TALKERS}


def turn(rows: List[C.Row], sound: C.Sound, clips: Sequence[int], joined: int, rng: Random) -> Tuple[np.ndarray, np.ndarray]:
    """Samples of 2 to 8 s of one voice with a pause behind them, and whether it sounds in each of them."""
    pcm = np.concatenate([cut(sound, rows[clips[rng.integers(len(clips))]]) for _ in range(joined)])
    pcm = pcm[:int(rng.uniform(2, 8) * C.RATE)]
    pcm = np.concatenate([pcm, np.zeros(int(rng.uniform(0.1, 0.8) * C.RATE), np.float32)])
    active = np.repeat(Fe.activity(Fe.log_power(pcm[:len(pcm) // N.HOP * N.HOP]), 0), N.HOP)
    return pcm, np.concatenate([active, np.zeros(len(pcm) - len(active), bool)])


def conversations(rows: List[C.Row], table: C.Table, sound: C.Sound, count: int, rng: Random, turns: int = 12) -> List[Conversation]:
    """Built conversations of 2 to 4 dev voices of one corpus: (samples, who speaks per 64 ms or -1, voices, corpus)."""
    groups = talkers(rows, table)
    names, found = sorted(groups), []
    for k in range(count):
        name = names[k % len(names)]
        voices = groups[name]
        people = list(rng.permutation(sorted(voices)))[:min(len(voices), int(rng.integers(2, 5)))]
        parts, who, last = [], [], None
        for _ in range(turns):
            person = people[rng.integers(len(people))]
            if person == last and len(people) > 1:
                person = people[(people.index(person) + 1) % len(people)]
            last = person
            pcm, active = turn(rows, sound, voices[person], 1 if name == "librispeech" else 2, rng)
            parts.append(pcm)
            who.append(np.where(active, people.index(person), -1))
        pcm, speaker = np.concatenate(parts), np.concatenate(who)
        size = len(pcm) // N.FRAME * N.FRAME
        noise = rng.standard_normal(size) * 10 ** (-62 / 20)
        found.append(((pcm[:size] + noise).astype(np.float32), speaker[:size].reshape(-1, N.FRAME)[:, N.FRAME // 2], [str(p) for p in people], name))
    return found
