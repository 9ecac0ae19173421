"""Test items from the dev part, as samples: what the figures are measured on.

Every item is one window of sound with one label per head, its voice and its corpus. Conditions are put on the samples: noise at 10 and 0 dB,
telephone, room. Nothing here is ever trained on; the measured rooms, though, are the ones that training uses too.
"""
import numpy as np

import corpus as C
import features as Fe
import network as N

CONDITIONS = ("clean", "noise 10 dB", "noise 0 dB", "telephone", "reverberant")
LEVEL_DB = -26.0


class Item:
    def __init__(self, pcm, voice, corpus, **labels):
        self.pcm, self.voice, self.corpus, self.labels = pcm, voice, corpus, labels


def cut(sound, row):
    pcm = sound(row["file"])[int(row["start"] * C.RATE):int(row["end"] * C.RATE)].astype(np.float32) / 32768
    pcm = pcm - pcm.mean()
    return pcm * 10 ** (LEVEL_DB / 20) / Fe.loudness(pcm)


def windows(rows, table, sound, chosen, seconds, label, most=4, joined=False):
    """Items of `seconds` from the chosen clips; `joined`: clips of one voice and label are joined until they fill the window."""
    groups = {}
    for i in chosen:
        key = (rows[i]["voice"], int(table[label][i])) if joined else i
        groups.setdefault(key, []).append(i)
    size, items = int(seconds * C.RATE), []
    for clips in groups.values():
        pcm = np.concatenate([np.concatenate([cut(sound, rows[i]), np.zeros(1600, np.float32)]) for i in clips]) if joined else cut(sound, rows[clips[0]])
        first = clips[0]
        pieces = [pcm[at:at + size] for at in range(0, max(1, len(pcm) - size + 1), size)][:most]
        if len(pieces[0]) < 0.55 * size:
            continue
        for piece in pieces:
            items.append(Item(piece, rows[first]["voice"], rows[first]["corpus"], **{label: int(table[label][first])}))
    return items


def backgrounds(rows, table, sound, rng):
    """A function that draws `n` samples of dev noise or music at unit loudness."""
    noise = [i for i in np.flatnonzero(table["dev"]) if rows[i]["event"] in ("noise", "music")]
    long = [cut(sound, rows[i]) for i in noise if rows[i]["end"] - rows[i]["start"] > 3.5]

    def draw(n):
        pcm = long[rng.integers(len(long))]
        pcm = np.tile(pcm, n // len(pcm) + 2)
        at = rng.integers(0, len(pcm) - n)
        return pcm[at:at + n] / (np.sqrt((pcm[at:at + n] ** 2).mean()) + 1e-6)
    return draw


def telephone(pcm):
    spectrum = np.fft.rfft(pcm)
    hz = np.fft.rfftfreq(len(pcm), 1 / C.RATE)
    spectrum *= 1 / np.sqrt(1 + (hz / 3400) ** 24) / np.sqrt(1 + (300 / (hz + 1e-3)) ** 12)
    y = np.clip(np.fft.irfft(spectrum, len(pcm)) * 3, -1, 1)
    coded = np.round(np.sign(y) * np.log1p(255 * np.abs(y)) / np.log(256) * 127) / 127
    return (np.sign(coded) * (256 ** np.abs(coded) - 1) / 255 / 3).astype(np.float32)


def under_condition(pcm, condition, draw, rooms, rng):
    if condition == "clean":
        return pcm
    if condition.startswith("noise"):
        ratio = float(condition.split()[1])
        return (pcm + draw(len(pcm)) * Fe.loudness(pcm) * 10 ** (-ratio / 20)).astype(np.float32)
    if condition == "telephone":
        return telephone(pcm)
    room = rooms[rng.integers(len(rooms))]
    wet = np.fft.irfft(np.fft.rfft(pcm, 2 ** 19) * np.fft.rfft(room, 2 ** 19), 2 ** 19)[:len(pcm)]
    return (wet * Fe.loudness(pcm) / Fe.loudness(wet.astype(np.float32))).astype(np.float32)


def talk_scenes(rows, table, sound, count, condition, draw, rooms, rng, seconds=20):
    """Streams of dev voices with pauses, over noise or music where the condition has it; truth per 64 ms: 1 speech, 0 none, -1 unclear.

    Clean streams have other sounds and music between the voices, so that there is something to tell apart.
    """
    speech = [i for i in np.flatnonzero(table["dev"] & (table["kind"] == 0))]
    by_corpus = {}
    for i in speech:
        by_corpus.setdefault(rows[i]["corpus"], []).append(i)
    names, found = sorted(by_corpus), []
    others = [i for i in np.flatnonzero(table["dev"] & (table["kind"] > 0)) if "babble" not in rows[i]["note"] and rows[i]["end"] - rows[i]["start"] > 0.4]
    kinds = sorted({rows[i]["event"] for i in others})
    for _ in range(count):
        voice, other = np.zeros(seconds * C.RATE, np.float32), np.zeros(seconds * C.RATE, np.float32)
        at, speaking = 0, rng.random() < 0.5
        voices = set()
        while at < len(voice) - C.RATE // 4:
            if speaking:
                group = by_corpus[names[rng.integers(len(names))]]
                i = group[rng.integers(len(group))]
                voices.add(rows[i]["voice"])
            else:
                kind = kinds[rng.integers(len(kinds))]
                i = [o for o in others if rows[o]["event"] == kind]
                i = i[rng.integers(len(i))]
            pcm = cut(sound, rows[i])[:int(rng.uniform(1, 5) * C.RATE)]
            target = voice if speaking else other
            n = min(len(pcm), len(target) - at)
            target[at:at + n] += pcm[:n] * 10 ** (rng.uniform(-3, 3) / 20)
            at += n + int(rng.uniform(0.1, 1.0) * C.RATE)
            speaking = not speaking
        with_noise = condition.startswith("noise")
        dry = voice
        voice = under_condition(voice, condition, draw, rooms, rng) if not with_noise else voice
        if with_noise:
            mixed = voice + draw(len(voice)) * 10 ** (LEVEL_DB / 20) * 10 ** (-float(condition.split()[1]) / 20)
        else:
            mixed = voice + (telephone(other) if condition == "telephone" else other)
        frames = lambda pcm: np.sqrt((pcm.reshape(-1, N.FRAME) ** 2).mean(1))
        size = len(voice) // N.FRAME * N.FRAME
        power = np.log(np.maximum(mel_power(dry[:size]), 1e-12))
        active = Fe.activity(power, 0)
        share = active.reshape(-1, 4).mean(1)
        truth = np.where(share >= 0.5, 1, np.where(share == 0, 0, -1))
        truth[frames(mixed[:size]) < 0.005] = -1
        found.append((mixed[:size].astype(np.float32), truth, sorted(voices)))
    return found


def mel_power(pcm):
    import torch
    return np.exp(N.log_mel(torch.from_numpy(C.without_offset(pcm))[None])[0].numpy() / N.LOG_SCALE - N.LOG_OFFSET) - N.FLOOR


def conversations(rows, table, sound, count, rng, turns=12):
    """Built conversations of 2 to 4 dev voices of one corpus: (samples, who speaks per 64 ms or -1, voices)."""
    groups = {}
    for i in np.flatnonzero(table["dev"] & (table["speaker"] >= 0)):
        groups.setdefault(rows[i]["corpus"], {}).setdefault(rows[i]["voice"], []).append(i)
    groups = {name: voices for name, voices in groups.items() if len(voices) >= 2 and name not in ("emodb2s", "gcompris")}
    names, found = sorted(groups), []
    for k in range(count):
        voices = groups[names[k % len(names)]]
        people = list(rng.permutation(sorted(voices)))[:min(len(voices), int(rng.integers(2, 5)))]
        parts, who, last = [], [], None
        for _ in range(turns):
            person = people[rng.integers(len(people))]
            if person == last and len(people) > 1:
                person = people[(people.index(person) + 1) % len(people)]
            last = person
            clips = voices[person]
            pcm = np.concatenate([cut(sound, rows[clips[rng.integers(len(clips))]]) for _ in range(1 if names[k % len(names)] == "librispeech" else 2)])
            pcm = pcm[:int(rng.uniform(2, 8) * C.RATE)]
            pcm = np.concatenate([pcm, np.zeros(int(rng.uniform(0.1, 0.8) * C.RATE), np.float32)])
            parts.append(pcm)
            active = Fe.activity(np.log(np.maximum(mel_power(pcm[:len(pcm) // N.HOP * N.HOP]), 1e-12)), 0)
            who.append(np.where(np.repeat(active, N.HOP)[:len(pcm)] if active.size else False, people.index(person), -1))
            who[-1] = np.concatenate([who[-1], np.full(len(pcm) - len(who[-1]), -1)])
        pcm, who = np.concatenate(parts), np.concatenate(who)
        size = len(pcm) // N.FRAME * N.FRAME
        noise = rng.standard_normal(size) * 10 ** (-62 / 20)
        found.append(((pcm[:size] + noise).astype(np.float32), who[:size].reshape(-1, N.FRAME)[:, N.FRAME // 2], [str(p) for p in people], names[k % len(names)]))
    return found
