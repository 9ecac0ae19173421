"""Training examples: scenes mixed from the feature pools, with a label for every 64 ms and head.

A scene is 5.12 s of log-mel features. Its foreground is a timeline of speech clips of one voice, human sounds, noises or music; under it may lie
noise or music, with fades. Powers add, so mixing, gain and colour are done on mel powers, anew for every scene.
"""
import os

import numpy as np

import corpus as C
import network as N

STEPS = 80                      # 64 ms frames of a scene
FRAMES = 4 * STEPS              # 16 ms frames of a scene
SPEECH, MUSIC, NOISE, NATURAL, NEGATIVE, POSITIVE = range(6)
# Class numbers of the heads "speech" and "speech-rt".
IS_MUSIC, IS_OTHER, IS_SPEECH = range(3)
LONGEST_PAUSE = 18              # 16 ms frames


MEL_OF_CENTRE = np.linspace(0, 1, N.MELS + 2)[1:-1] * (np.log1p(N.HIGH_HZ / 700) - np.log1p(N.LOW_HZ / 700)) + np.log1p(N.LOW_HZ / 700)


def warp(power, factor):
    """Moves formants and pitch by a factor: [frames, 64] mel powers read at warped frequencies, as another vocal tract would give them."""
    at = (np.log1p(np.expm1(MEL_OF_CENTRE) / factor) - MEL_OF_CENTRE[0]) / (MEL_OF_CENTRE[1] - MEL_OF_CENTRE[0])
    at = np.clip(at, 0, N.MELS - 1)
    low = np.minimum(at.astype(int), N.MELS - 2)
    share = (at - low).astype(np.float32)
    return power[:, low] * (1 - share) + power[:, low + 1] * share


def fill_pauses(active):
    """Pauses of up to 0.3 s belong to the speech around them; in place."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], active.astype(np.int8), [0]])))
    for stop, start in zip(edges[1:-1:2], edges[2::2]):
        if start - stop <= LONGEST_PAUSE:
            active[stop:start] = True


class Pool:
    """Clips in several augmented versions, of one folder of pools or of several, one after the other as in `table`."""

    def __init__(self, folders, table):
        """folders: (path, versions) of each."""
        self.table, self.clips = table, []
        for folder, versions in folders:
            made = []
            for version in versions:
                base = os.path.join(folder, f"pool{version}")
                meta = np.load(base + ".npz")
                frames = np.memmap(base + ".f16", np.float16, "r").reshape(-1, N.MELS)
                made.append((frames, np.memmap(base + ".act", np.uint8, "r"), meta["spans"], meta["speed"]))
            self.clips += [(made, i) for i in range(len(made[0][2]))]

    def clip(self, i, rng):
        """Features [frames, 64], activity [frames] and speed of clip i in a random version."""
        versions, i = self.clips[i]
        frames, active, spans, speed = versions[rng.integers(len(versions))]
        at, length = spans[i]
        return frames[at:at + length], active[at:at + length], speed[i]


class Chooser:
    """Draws clips by corpus, then voice, then clip, so that no big corpus or talkative voice rules; or every voice equally often."""

    def __init__(self, table, mask, by_voice=False):
        self.tree = []
        weights = []
        for corpus in np.unique(table["corpus"][mask]):
            within = mask & (table["corpus"] == corpus)
            voices = [np.flatnonzero(within & (table["voice"] == v)) for v in np.unique(table["voice"][within])]
            self.tree.append(voices)
            weights.append(len(voices) if by_voice else sum(len(v) for v in voices) ** 0.25 * len(voices) ** 0.5)
        self.weights = np.cumsum(weights) / max(1e-9, np.sum(weights))

    def __bool__(self):
        return bool(self.tree)

    def draw(self, rng):
        return self.draw_from(self.tree[np.searchsorted(self.weights, rng.random())], rng)

    def draw_several(self, count, rng):
        """Clips of one corpus: of as many voices, or of fewer by chance."""
        voices = self.tree[np.searchsorted(self.weights, rng.random())]
        return [self.draw_from(voices, rng) for _ in range(count)]

    @staticmethod
    def draw_from(voices, rng):
        clips = voices[rng.integers(len(voices))]
        return int(clips[rng.integers(len(clips))])


TASKS = {"scene": 0.30, "event": 0.12, "gender": 0.10, "age": 0.12, "emotion": 0.12, "language": 0.16, "speaker": 0.08}


class Scenes:
    """Makes scenes of `pool` (and `spoken`, the synthetic speech) from the clips that `allowed` admits."""

    def __init__(self, pool, allowed, seed=1, spoken=None, tasks=TASKS):
        t = pool.table
        self.pool, self.spoken, self.rng = pool, spoken, np.random.default_rng(seed)
        speech, by = allowed & (t["kind"] == SPEECH), {}
        by["speech"] = [Chooser(t, speech)]
        by["gender"] = [Chooser(t, speech & (t["gender"] == g)) for g in (0, 1)]
        # Children come from one corpus; as many adults must come from the same one, or its microphone would mean child.
        beside = np.isin(t["corpus"], np.unique(t["corpus"][t["age"] == 0]))
        # Women are the nearest to children, and there the border must be learnt.
        child, adult, woman, young = t["age"] == 0, t["age"] == 1, t["gender"] == 0, (t["years"] >= 18) & (t["years"] < 30)
        by["age"] = [Chooser(t, speech & of) for of in (child, child, adult & beside & woman, adult & beside & woman, adult & beside & ~woman, adult & ~beside, adult & young & woman)]
        # Acted moods, moods that tell arousal alone, and ordinary reading.
        by["emotion"] = [Chooser(t, speech & t["acted"] & (t["emotion"] == e)) for e in range(4)]
        by["emotion"] += [Chooser(t, speech & of) for of in (t["acted"] & (t["arousal"] >= 0) & (t["emotion"] < 0), ~t["acted"] & (t["emotion"] >= 0))]
        by["language"] = [Chooser(t, speech & (t["language"] == v)) for v in range(6)]
        by["speaker"] = [Chooser(t, speech & (t["speaker"] >= 0), by_voice=True)]
        by["event"] = [Chooser(t, allowed & (t["kind"] == k)) for k in (NATURAL, NEGATIVE, POSITIVE)]
        by["music"] = [Chooser(t, allowed & (t["kind"] == MUSIC))]
        by["noise"] = [Chooser(t, allowed & (t["kind"] == NOISE) & ~t["babble"])]
        by["under"] = [Chooser(t, allowed & (t["kind"] == NOISE))]
        self.by = {task: [c for c in choosers if c] for task, choosers in by.items()}
        if spoken is not None:
            self.spoken_by = [Chooser(spoken.table, spoken.table["language"] == v) for v in range(5)]
        self.same_voice = {}
        for i in np.flatnonzero(speech):
            self.same_voice.setdefault((t["voice"][i], t["emotion"][i], t["language"][i]), []).append(i)
        names = [task for task in tasks if task in ("scene",) or self.by.get(task)]
        self.tasks, self.cumulative = names, np.cumsum([tasks[n] for n in names]) / sum(tasks[n] for n in names)

    def choose(self, group):
        choosers = self.by[group]
        return choosers[self.rng.integers(len(choosers))].draw(self.rng)

    def lay(self, canvas, active, at, clip, sounding, room):
        """Adds a part of a clip to canvas[at:], at most `room` frames. Returns where it ends."""
        rng = self.rng
        length = min(len(clip), room, FRAMES - at)
        if length <= 0:
            return at
        first = int(rng.integers(0, len(clip) - length + 1)) if len(clip) > length and rng.random() < 0.7 else 0
        canvas[at:at + length] += np.exp(clip[first:first + length].astype(np.float32))
        active[at:at + length] |= sounding[first:first + length].astype(bool)
        return at + length

    def scene(self):
        """One scene: features [320, 64] float32 and labels {head: [80] or [80, 6]}, -1 where nothing is known."""
        rng, t = self.rng, self.pool.table
        task = self.tasks[int(np.searchsorted(self.cumulative, rng.random()))]
        voice = np.zeros((FRAMES, N.MELS), np.float32)
        layers = {kind: (np.zeros((FRAMES, N.MELS), np.float32), np.zeros(FRAMES, bool)) for kind in range(6)}
        layers[SPEECH] = voice, np.zeros(FRAMES, bool)
        who = np.full(FRAMES, -1, np.int64)         # index of the clip that speaks, plus one million for synthetic speech
        speeds = {}

        def speak(index, at, room, spoken=False):
            pool = self.spoken if spoken else self.pool
            clip, sounding, speed = pool.clip(index, rng)
            canvas, active = layers[SPEECH]
            stop = self.lay(canvas, active, at, clip, sounding, room)
            key = index + (1_000_000 if spoken else 0)
            who[at:stop] = key
            speeds[key] = float(speed)
            return stop

        def gap():
            return int(rng.integers(2, 30)) if rng.random() < 0.8 else int(rng.integers(30, 90))

        if task in ("scene", "event"):
            at = int(rng.integers(0, 60)) if rng.random() < 0.4 else 0
            while at < FRAMES - 8:
                kind = rng.choice(["speech", "music", "noise", "event"], p=[0.36, 0.28, 0.26, 0.10] if task == "scene" else [0.2, 0.06, 0.14, 0.6])
                room = int(rng.integers(20, 320))
                if kind == "speech":
                    index = self.choose("speech")
                    stop = speak(index, at, room)
                else:
                    index = self.choose(kind)
                    clip, sounding, _ = self.pool.clip(index, rng)
                    canvas, active = layers[int(t["kind"][index])]
                    stop = self.lay(canvas, active, at, clip, sounding, room)
                # Overlap, cut, or pause before the next one.
                at = stop + int(rng.integers(-30, 1)) if rng.random() < 0.35 else stop + (0 if rng.random() < 0.4 else gap())
                at = max(at, 4)
        else:
            at = 0
            if rng.random() < 0.25:         # something else came before
                if rng.random() < 0.5:
                    at = speak(self.choose("speech"), 0, int(rng.integers(20, 160)))
                at += gap()
            spoken = task == "language" and self.spoken is not None and rng.random() < 0.3
            if spoken:
                index = self.spoken_by[rng.integers(5)].draw(rng)
            elif task == "language":
                choosers = self.by["language"]
                index = choosers[rng.integers(len(choosers)) if rng.random() < 0.5 else rng.integers(min(5, len(choosers)))].draw(rng)
            else:
                index = self.choose(task)
            talk = task == "speaker" and rng.random() < 0.8     # voices take turns, mostly in one room
            people = []
            if talk:
                people = self.by["speaker"][0].draw_several(3, rng) if rng.random() < 0.7 else [self.choose(task) for _ in range(3)]
                index = people[0]
            while at < FRAMES - 8:
                at = speak(index, at, int(rng.integers(60, 250)) if talk else FRAMES, spoken) + (gap() if rng.random() < 0.8 else 0)
                if talk and rng.random() < 0.7:
                    index = people[rng.integers(len(people))]
                if not spoken:
                    mates = self.same_voice[t["voice"][index], t["emotion"][index], t["language"][index]]
                    index = int(mates[rng.integers(len(mates))])

        # Something underneath: noise or music at -5 to 30 dB below the voice.
        under_ratio = None
        if rng.random() < (0.45 if task in ("scene", "event") else 0.6):
            kind = MUSIC if rng.random() < 0.3 else NOISE
            index = self.choose("music" if kind == MUSIC else "under")
            clip, sounding, _ = self.pool.clip(index, rng)
            under_ratio = rng.uniform(-5, 30) if task in ("scene", "event") else rng.uniform(0, 32)
            canvas, active = np.zeros((FRAMES, N.MELS), np.float32), np.zeros(FRAMES, bool)
            at = 0 if rng.random() < 0.7 else int(rng.integers(0, 200))
            while at < FRAMES - 4:
                at = self.lay(canvas, active, at, clip, sounding, FRAMES)
            fade = np.ones(FRAMES, np.float32)
            if rng.random() < 0.5:
                fade = 10 ** (np.interp(np.arange(FRAMES), np.sort(rng.integers(0, FRAMES, 4)), rng.uniform(-12, 3, 4)) / 10).astype(np.float32)
            gain = np.float32(10 ** (-under_ratio / 10))
            layers[kind][0][:] += canvas * (fade * gain)[:, None]
            audible = active & (under_ratio - 10 * np.log10(fade) < 22)
            under = kind, audible, active
        # Levels of the foreground layers against each other.
        loud = 10 ** (rng.uniform(-8, 8, 6) / 10).astype(np.float32) if task in ("scene", "event") else np.ones(6, np.float32)
        total = sum(layers[k][0] * loud[k] for k in range(6))
        warped = task in ("language", "emotion") and rng.random() < 0.6
        if warped:
            total = warp(total, rng.uniform(0.84, 1.19))
        total *= np.exp(self.colour(rng))[None] * 10 ** (rng.uniform(-16, 14) / 10)
        total += 10 ** (rng.uniform(-10.5, -6.5)) * np.exp(rng.normal(0, 0.3, N.MELS) + rng.uniform(-1, 1) * np.linspace(-1, 1, N.MELS))[None].astype(np.float32) if rng.random() < 0.5 else 0
        features = (np.log(total + N.FLOOR) + N.LOG_OFFSET) * N.LOG_SCALE
        self.mask(features, rng)

        fill_pauses(layers[SPEECH][1])
        steps = lambda flags: flags.reshape(STEPS, 4).mean(1)
        sounding = [steps(layers[k][1]) for k in range(6)]
        below = np.zeros(STEPS), np.zeros(STEPS)
        if under_ratio is not None:
            below = steps(under[1]), steps(under[2])
        labels = {}
        # speech, music, other. Whatever is not clearly one of them stays unlabelled.
        level = 10 * np.log10(total.sum(1) + 1e-12).reshape(STEPS, 4).max(1)
        is_speech = sounding[SPEECH] >= 0.5
        no_speech = sounding[SPEECH] == 0
        music = np.maximum(sounding[MUSIC], below[0] if under_ratio is not None and under[0] == MUSIC else 0)
        noise = np.maximum(sounding[NOISE], below[0] if under_ratio is not None and under[0] == NOISE else 0)
        human = np.maximum.reduce([sounding[k] for k in (NATURAL, NEGATIVE, POSITIVE)])
        heard = level > -62
        silent = no_speech & (human + sounding[MUSIC] + sounding[NOISE] + below[1] == 0)
        three = np.full(STEPS, -1)
        three[silent] = IS_OTHER            # neither speech nor music
        three[no_speech & (np.maximum(noise, human) >= 0.5) & (music == 0) & heard] = IS_OTHER
        three[no_speech & (music >= 0.5) & heard & (loud[MUSIC] * 3 >= np.where(human >= 0.5, loud[POSITIVE], 0))] = IS_MUSIC
        three[is_speech & heard] = IS_SPEECH
        # Speech that noise drowns: the long field may infer it from what is around, the short one cannot.
        others = sum(layers[k][0] * loud[k] for k in range(6) if k != SPEECH)
        ratio = 10 * np.log10((voice[:, 10:].sum(1) * loud[SPEECH] + 1e-12) / (others[:, 10:].sum(1) + 1e-12)).reshape(STEPS, 4).max(1)
        labels["speech"] = np.where(is_speech & (ratio < -14), -1, three)
        labels["speech-rt"] = np.where(is_speech & (ratio < -8), -1, three)
        event = np.full((STEPS, 6), -1)
        for column, value in enumerate((sounding[NATURAL], sounding[NEGATIVE], sounding[POSITIVE], sounding[SPEECH])):
            event[value == 0, column], event[value >= 0.5, column] = 0, 1
        event[:, 4] = np.where(music >= 0.5, 1, np.where((music == 0) & ~((below[1] > 0) & (under_ratio is not None and under[0] == MUSIC)), 0, -1))
        event[:, 5] = np.where(noise >= 0.5, 1, np.where((noise == 0) & ~((below[1] > 0) & (under_ratio is not None and under[0] == NOISE)), 0, -1))
        sung = music >= 0.5
        event[sung & ~is_speech, 3] = np.where(rng.random() < 0.5, 0, -1)
        event[~heard & ~silent] = -1
        labels["audio-event"] = event

        # Who speaks: labels of the voice heads, where the voice sounds and is not buried.
        speaker = who.reshape(STEPS, 4)[:, 3]
        clear = is_speech & heard
        for name, column in (("gender", "gender"), ("underage-speaker", "age"), ("arousal", "arousal"), ("emotions", "emotion"), ("language", "language"), ("voice", "speaker")):
            value = np.full(STEPS, -1)
            for key in np.unique(speaker[clear]):
                if key < 0:
                    continue
                speed = speeds[key]
                if key >= 1_000_000:
                    found = int(self.spoken.table["language"][key - 1_000_000]) if name == "language" else -1
                else:
                    found = int(t[column][key])
                    if speed > 1.2:             # neither a child nor an adult
                        found = found if name == "language" else -1
                    elif name == "underage-speaker" and (found == 0 and speed < 0.97 or found == 1 and speed > 1.03 and t["gender"][key] != 1):
                        found = -1          # a slowed child, a hastened woman: nobody knows
                    elif name == "voice" and found >= 0:
                        found = found * 3 + (0 if speed < 0.97 else 2 if speed > 1.03 else 1)
                value[clear & (speaker == key)] = found
            labels[name] = value
        # A voice must have been there for a while before its label counts.
        same = self.time_in_voice(speaker)
        if task != "language":              # elsewhere English rules
            labels["language"][:] = -1
        if warped:                          # no longer anybody's voice
            for name in ("gender", "underage-speaker", "voice"):
                labels[name][:] = -1
        for name, wait in (("gender", 3), ("underage-speaker", 2), ("arousal", 6), ("emotions", 6), ("language", 10), ("voice", 4)):
            labels[name][same < wait] = -1
        weight = 1.0
        return features.astype(np.float32), labels, same, weight

    def time_in_voice(self, speaker):
        """For how many steps the present voice has been speaking, [80]; pauses do not reset it, other voices do."""
        voices = self.pool.table["voice"]
        identity = np.array([-1 if key < 0 else key if key >= 1_000_000 else voices[key] for key in speaker])
        count, current, out = 0, None, np.zeros(STEPS, np.int64)
        for k, voice in enumerate(identity):
            if voice >= 0 and voice != current:
                count, current = 0, voice
            count += voice >= 0
            out[k] = count
        return out

    @staticmethod
    def colour(rng):
        """Random smooth gain over the 64 mels, natural logarithm of power."""
        if rng.random() < 0.3:
            return np.zeros(N.MELS, np.float32)
        knots = np.cumsum(rng.normal(0, 0.45, 7))
        return np.interp(np.linspace(0, 6, N.MELS), np.arange(7), knots - knots.mean()).astype(np.float32)

    @staticmethod
    def mask(features, rng):
        """Masks bands, drops the top of the band, loses packets; in place."""
        if rng.random() < 0.15:
            features[:, int(rng.integers(38, 64)):] = N.SILENCE
        if rng.random() < 0.4:
            for _ in range(int(rng.integers(1, 3))):
                low = int(rng.integers(0, N.MELS - 8))
                width = int(rng.integers(1, 8))
                features[:, low:low + width] = features[:, low:low + width].mean() if rng.random() < 0.5 else N.SILENCE
        if rng.random() < 0.2:
            for at in rng.integers(0, FRAMES, int(rng.integers(1, 8))):
                features[at:at + int(rng.integers(1, 5))] = N.SILENCE

    def batch(self, size):
        """Features [size, 320, 64] and labels {head: [size, 80, ...]}, all numpy."""
        made = [self.scene() for _ in range(size)]
        labels = {name: np.stack([m[1][name] for m in made]) for name in made[0][1]}
        return np.stack([m[0] for m in made]), labels, np.stack([m[2] for m in made])
