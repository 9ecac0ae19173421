"""Training examples: scenes mixed from the feature pools, with a label for every 64 ms and head.

A scene is 5.12 s of log-mel features. Its foreground is a timeline of speech clips of one voice, human sounds, noises or music; under it may lie
noise or music, with fades. Powers add, so mixing, gain and colour are done on mel powers, anew for every scene.
"""
import os
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

import corpus as C
import heads
import network as N

Table = Dict[str, np.ndarray]   # labels of all clips, of corpus.labels
Random = np.random.Generator

STEPS = 80                      # 64 ms frames of a scene
FRAMES = 4 * STEPS              # 16 ms frames of a scene
SPEECH, MUSIC, NOISE, NATURAL, NEGATIVE, POSITIVE = range(6)        # corpus.KINDS
KINDS = range(6)
HUMAN = (NATURAL, NEGATIVE, POSITIVE)
IS_MUSIC, IS_OTHER, IS_SPEECH = heads.named(heads.SCORED["speech"].classes, ("music", "other", "speech"))
LONGEST_PAUSE = 18              # 16 ms frames
SYNTHETIC = 1_000_000           # added to the index of a clip of synthetic speech
LOWEST_BAND = 10                # mel bands below it are left out where speech is compared with the rest
BURIED_DB = {"speech": -14, "speech-rt": -8}    # speech weaker than the rest by more has no label: the long field may infer it from what is around, the short one cannot
INAUDIBLE_DB = -62
AUDIBLE_UNDER_DB = 22           # what lies further than this below the voice may be there or not
FAR_SPEED = 1.2                 # hastened by more, a voice is nobody's
SLOWER, FASTER = 0.97, 1.03     # beyond these a voice is another one


MEL_OF_CENTRE = np.linspace(0, 1, N.MELS + 2)[1:-1] * (np.log1p(N.HIGH_HZ / 700) - np.log1p(N.LOW_HZ / 700)) + np.log1p(N.LOW_HZ / 700)


def warp(power: np.ndarray, factor: float) -> np.ndarray:
    """Moves formants and pitch by a factor: [frames, 64] mel powers read at warped frequencies, as another vocal tract would give them."""
    at = (np.log1p(np.expm1(MEL_OF_CENTRE) / factor) - MEL_OF_CENTRE[0]) / (MEL_OF_CENTRE[1] - MEL_OF_CENTRE[0])
    at = np.clip(at, 0, N.MELS - 1)
    low = np.minimum(at.astype(int), N.MELS - 2)
    share = (at - low).astype(np.float32)
    return power[:, low] * (1 - share) + power[:, low + 1] * share


def fill_pauses(active: np.ndarray) -> None:
    """Pauses of up to 0.3 s in [frames] belong to the speech around them; in place."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], active.astype(np.int8), [0]])))
    for stop, start in zip(edges[1:-1:2], edges[2::2]):
        if start - stop <= LONGEST_PAUSE:
            active[stop:start] = True


def steps(flags: np.ndarray) -> np.ndarray:
    """Share of the four frames of each step: [320] to [80]."""
    return flags.reshape(STEPS, 4).mean(1)


class Pool:
    """Clips in several augmented versions, of one folder of pools or of several, one after the other as in `table`."""

    def __init__(self, folders: Sequence[Tuple[str, Sequence[int]]], table: Table) -> None:
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

    def clip(self, index: int, rng: Random) -> Tuple[np.ndarray, np.ndarray, float]:
        """Log powers [frames, 64], activity [frames] and speed of a clip in a random version."""
        versions, i = self.clips[index]
        frames, active, spans, speed = versions[rng.integers(len(versions))]
        at, length = spans[i]
        return frames[at:at + length], active[at:at + length], speed[i]


class Chooser:
    """Draws clips by corpus, then voice, then clip, so that no big corpus or talkative voice rules; or every voice equally often."""

    def __init__(self, table: Table, mask: np.ndarray, by_voice: bool = False) -> None:
        self.tree: List[List[np.ndarray]] = []
        weights = []
        for corpus in np.unique(table["corpus"][mask]):
            within = mask & (table["corpus"] == corpus)
            voices = [np.flatnonzero(within & (table["voice"] == v)) for v in np.unique(table["voice"][within])]
            self.tree.append(voices)
            weights.append(len(voices) if by_voice else sum(len(v) for v in voices) ** 0.25 * len(voices) ** 0.5)
        self.weights = np.cumsum(weights) / max(1e-9, np.sum(weights))

    def __bool__(self) -> bool:
        return bool(self.tree)

    def draw(self, rng: Random) -> int:
        """Index of a clip."""
        return self.draw_from(self.tree[np.searchsorted(self.weights, rng.random())], rng)

    def draw_several(self, count: int, rng: Random) -> List[int]:
        """Clips of one corpus: of as many voices, or of fewer by chance."""
        voices = self.tree[np.searchsorted(self.weights, rng.random())]
        return [self.draw_from(voices, rng) for _ in range(count)]

    @staticmethod
    def draw_from(voices: List[np.ndarray], rng: Random) -> int:
        """A clip of one of the voices, each as likely as the others."""
        clips = voices[rng.integers(len(voices))]
        return int(clips[rng.integers(len(clips))])


TASKS = {"scene": 0.30, "event": 0.12, "gender": 0.10, "age": 0.12, "emotion": 0.12, "language": 0.16, "speaker": 0.08}
MIXED = ("scene", "event")      # tasks whose scenes hold all kinds of sound; in the others a voice speaks
FOREGROUND = ["speech", "music", "noise", "event"]
FOREGROUND_SHARES = {"scene": [0.36, 0.28, 0.26, 0.10], "event": [0.2, 0.06, 0.19, 0.55]}
SPOKEN_SHARE = 0.45             # of the language scenes that a synthetic voice speaks
SPOKEN_OTHERS = 6               # for one draw of each of the five languages: nineteen others are to be told from them
HARD_SHARE = 0.4                # of the noises between the human sounds of event scenes: animals, alarms, bells


def choosers_of(table: Table, allowed: np.ndarray) -> Dict[str, List[Chooser]]:
    """For every task and kind of sound the groups that are drawn from equally often; groups without a clip are left out."""
    speech = allowed & (table["kind"] == SPEECH)
    child, adult, woman = table["age"] == 0, table["age"] == 1, table["gender"] == 0
    young = (table["years"] >= 18) & (table["years"] < 30)
    acted, emotion = table["acted"], table["emotion"]
    # Children come from one corpus; as many adults must come from the same one, or its microphone would mean child.
    beside = np.isin(table["corpus"], np.unique(table["corpus"][child]))
    masks = {
        "speech": [speech],
        "gender": [speech & (table["gender"] == gender) for gender in (0, 1)],
        # Women are the nearest to children, and there the border must be learnt.
        "age": [speech & of for of in (child, child, adult & beside & woman, adult & beside & woman, adult & beside & ~woman, adult & ~beside, adult & young & woman)],
        # Acted moods, moods that tell arousal alone, and ordinary reading.
        "emotion": [speech & acted & (emotion == number) for number in range(4)] + [speech & acted & (table["arousal"] >= 0) & (emotion < 0), speech & ~acted & (emotion >= 0)],
        # All other languages are one class to reject, which two of seven scenes of recordings teach.
        "language": [speech & (table["language"] == number) for number in (*range(5), C.OTHER_LANGUAGE, C.OTHER_LANGUAGE)],
        "event": [allowed & (table["kind"] == kind) for kind in HUMAN],
        "music": [allowed & (table["kind"] == MUSIC)],
        "noise": [allowed & (table["kind"] == NOISE) & ~table["babble"]],
        "hard": [allowed & (table["kind"] == NOISE) & ~table["babble"] & table.get("hard", np.zeros(len(allowed), bool))],
        "under": [allowed & (table["kind"] == NOISE)],
    }
    made = {name: [Chooser(table, mask) for mask in of] for name, of in masks.items()}
    made["speaker"] = [Chooser(table, speech & (table["speaker"] >= 0), by_voice=True)]
    return {name: [chooser for chooser in of if chooser] for name, of in made.items()}


class Under(NamedTuple):
    """What lies under a scene: its kind, and the frames [320] in which it may be heard and in which it is there."""

    kind: int
    audible: np.ndarray
    active: np.ndarray


class Canvas:
    """A scene in the making: mel powers [320, 64] and activity [320] by kind of sound, and who speaks."""

    def __init__(self) -> None:
        self.powers = [np.zeros((FRAMES, N.MELS), np.float32) for _ in KINDS]
        self.active = [np.zeros(FRAMES, bool) for _ in KINDS]
        self.who = np.full(FRAMES, -1, np.int64)        # index of the clip that speaks, plus SYNTHETIC for synthetic speech
        self.speeds: Dict[int, float] = {}
        self.loud = np.ones(6, np.float32)              # gain of each kind
        self.under: Optional[Under] = None


def lay(power: np.ndarray, active: np.ndarray, at: int, clip: np.ndarray, sounding: np.ndarray, room: int, rng: Random) -> int:
    """Adds a part of a clip to power[at:] and active[at:], at most `room` frames. Returns where it ends."""
    length = min(len(clip), room, FRAMES - at)
    if length <= 0:
        return at
    first = int(rng.integers(0, len(clip) - length + 1)) if len(clip) > length and rng.random() < 0.7 else 0
    power[at:at + length] += np.exp(clip[first:first + length].astype(np.float32))
    active[at:at + length] |= sounding[first:first + length].astype(bool)
    return at + length


def gap(rng: Random) -> int:
    """Frames of a pause: mostly short."""
    return int(rng.integers(2, 30)) if rng.random() < 0.8 else int(rng.integers(30, 90))


class Heard(NamedTuple):
    """What can be heard in the 80 steps of a scene: shares of frames by kind, and what follows from them."""

    sounding: List[np.ndarray]
    under_audible: np.ndarray
    under_active: np.ndarray
    under_kind: Optional[int]
    is_speech: np.ndarray
    no_speech: np.ndarray
    music: np.ndarray
    noise: np.ndarray
    human: np.ndarray
    loud_enough: np.ndarray
    silent: np.ndarray


def listen(canvas: Canvas, total: np.ndarray) -> Heard:
    """`total`: mel powers [320, 64] of the whole scene."""
    fill_pauses(canvas.active[SPEECH])
    sounding = [steps(canvas.active[kind]) for kind in KINDS]
    under = canvas.under
    audible, active = (steps(under.audible), steps(under.active)) if under is not None else (np.zeros(STEPS), np.zeros(STEPS))
    below = lambda kind: audible if under is not None and under.kind == kind else 0
    level = 10 * np.log10(total.sum(1) + 1e-12).reshape(STEPS, 4).max(1)
    human = np.maximum.reduce([sounding[kind] for kind in HUMAN])
    no_speech = sounding[SPEECH] == 0
    silent = no_speech & (human + sounding[MUSIC] + sounding[NOISE] + active == 0)
    return Heard(sounding, audible, active, under.kind if under is not None else None, sounding[SPEECH] >= 0.5, no_speech,
                 np.maximum(sounding[MUSIC], below(MUSIC)), np.maximum(sounding[NOISE], below(NOISE)), human, level > INAUDIBLE_DB, silent)


def speech_labels(canvas: Canvas, heard: Heard) -> Dict[str, np.ndarray]:
    """Speech, music or other [80] for the two heads of speech. Whatever is not clearly one of them stays unlabelled."""
    three = np.full(STEPS, -1)
    three[heard.silent] = IS_OTHER          # neither speech nor music
    three[heard.no_speech & (np.maximum(heard.noise, heard.human) >= 0.5) & (heard.music == 0) & heard.loud_enough] = IS_OTHER
    drowned = canvas.loud[MUSIC] * 3 < np.where(heard.human >= 0.5, canvas.loud[POSITIVE], 0)
    three[heard.no_speech & (heard.music >= 0.5) & heard.loud_enough & ~drowned] = IS_MUSIC
    three[heard.is_speech & heard.loud_enough] = IS_SPEECH
    others = sum(canvas.powers[kind] * canvas.loud[kind] for kind in KINDS if kind != SPEECH)
    voice = canvas.powers[SPEECH][:, LOWEST_BAND:].sum(1) * canvas.loud[SPEECH]
    ratio = 10 * np.log10((voice + 1e-12) / (others[:, LOWEST_BAND:].sum(1) + 1e-12)).reshape(STEPS, 4).max(1)
    return {name: np.where(heard.is_speech & (ratio < buried), -1, three) for name, buried in BURIED_DB.items()}


def event_labels(heard: Heard, rng: Random) -> np.ndarray:
    """For each of the six kinds of `audio-event` whether it sounds, [80, 6]."""
    event = np.full((STEPS, 6), -1)
    for column, value in enumerate((*(heard.sounding[kind] for kind in HUMAN), heard.sounding[SPEECH])):
        event[value == 0, column], event[value >= 0.5, column] = 0, 1
    for column, kind, value in ((4, MUSIC, heard.music), (5, NOISE, heard.noise)):
        faint = (heard.under_active > 0) & (heard.under_kind == kind)
        event[:, column] = np.where(value >= 0.5, 1, np.where((value == 0) & ~faint, 0, -1))
    event[(heard.music >= 0.5) & ~heard.is_speech, 3] = np.where(rng.random() < 0.5, 0, -1)     # it may be sung
    event[~heard.loud_enough & ~heard.silent] = -1
    return event


class Scenes:
    """Makes scenes of `pool` (and `spoken`, the synthetic speech) from the clips that `allowed` admits."""

    def __init__(self, pool: Pool, allowed: np.ndarray, seed: int = 1, spoken: Optional[Pool] = None, tasks: Dict[str, float] = TASKS) -> None:
        table = pool.table
        self.pool, self.spoken, self.rng = pool, spoken, np.random.default_rng(seed)
        self.by = choosers_of(table, allowed)
        if spoken is not None:
            made = (Chooser(spoken.table, spoken.table["language"] == number) for number in (*range(len(C.LANGUAGES)), *[C.OTHER_LANGUAGE] * SPOKEN_OTHERS))
            self.spoken_by = [chooser for chooser in made if chooser]
        self.same_voice: Dict[Tuple[int, int, int], List[int]] = {}
        for i in np.flatnonzero(allowed & (table["kind"] == SPEECH)):
            self.same_voice.setdefault((table["voice"][i], table["emotion"][i], table["language"][i]), []).append(i)
        names = [task for task in tasks if task in ("scene",) or self.by.get(task)]
        self.tasks, self.cumulative = names, np.cumsum([tasks[n] for n in names]) / sum(tasks[n] for n in names)

    def choose(self, group: str) -> int:
        """A clip of a task or of a kind of sound."""
        choosers = self.by[group]
        return choosers[self.rng.integers(len(choosers))].draw(self.rng)

    def speak(self, canvas: Canvas, index: int, at: int, room: int, spoken: bool = False) -> int:
        """Lets a clip of speech sound at frame `at` for at most `room` frames. Returns where it ends."""
        clip, sounding, speed = (self.spoken if spoken else self.pool).clip(index, self.rng)
        stop = lay(canvas.powers[SPEECH], canvas.active[SPEECH], at, clip, sounding, room, self.rng)
        key = index + (SYNTHETIC if spoken else 0)
        canvas.who[at:stop] = key
        canvas.speeds[key] = float(speed)
        return stop

    def mix(self, canvas: Canvas, task: str) -> None:
        """A timeline of all kinds of sound, with overlaps, cuts and pauses."""
        rng = self.rng
        at = int(rng.integers(0, 60)) if rng.random() < 0.4 else 0
        while at < FRAMES - 8:
            kind = rng.choice(FOREGROUND, p=FOREGROUND_SHARES[task])
            room = int(rng.integers(20, 320))
            hard = task == "event" and kind == "noise" and self.by["hard"] and rng.random() < HARD_SHARE
            index = self.choose("hard" if hard else kind)
            if kind == "speech":
                stop = self.speak(canvas, index, at, room)
            else:
                clip, sounding, _ = self.pool.clip(index, rng)
                number = int(self.pool.table["kind"][index])
                stop = lay(canvas.powers[number], canvas.active[number], at, clip, sounding, room, rng)
            at = stop + int(rng.integers(-30, 1)) if rng.random() < 0.35 else stop + (0 if rng.random() < 0.4 else gap(rng))
            at = max(at, 4)

    def talk(self, canvas: Canvas, task: str) -> None:
        """One voice that goes on, or for the speaker map voices that take turns, mostly in one room."""
        rng, table, at = self.rng, self.pool.table, 0
        if rng.random() < 0.25:         # something else came before
            if rng.random() < 0.5:
                at = self.speak(canvas, self.choose("speech"), 0, int(rng.integers(20, 160)))
            at += gap(rng)
        spoken = task == "language" and self.spoken is not None and rng.random() < SPOKEN_SHARE
        index = self.first_voice(task, spoken)
        turns = task == "speaker" and rng.random() < 0.8
        people: List[int] = []
        if turns:
            people = self.by["speaker"][0].draw_several(3, rng) if rng.random() < 0.7 else [self.choose(task) for _ in range(3)]
            index = people[0]
        while at < FRAMES - 8:
            at = self.speak(canvas, index, at, int(rng.integers(60, 250)) if turns else FRAMES, spoken) + (gap(rng) if rng.random() < 0.8 else 0)
            if turns and rng.random() < 0.7:
                index = people[rng.integers(len(people))]
            if not spoken:
                mates = self.same_voice[table["voice"][index], table["emotion"][index], table["language"][index]]
                index = int(mates[rng.integers(len(mates))])

    def first_voice(self, task: str, spoken: bool) -> int:
        """The clip that a scene of one voice begins with."""
        return self.spoken_by[self.rng.integers(len(self.spoken_by))].draw(self.rng) if spoken else self.choose(task)

    def put_under(self, canvas: Canvas, task: str) -> None:
        """Something underneath: noise or music at -5 to 30 dB below the voice."""
        rng = self.rng
        kind = MUSIC if rng.random() < 0.3 else NOISE
        clip, sounding, _ = self.pool.clip(self.choose("music" if kind == MUSIC else "under"), rng)
        ratio = rng.uniform(-5, 30) if task in MIXED else rng.uniform(0, 32)
        power, active = np.zeros((FRAMES, N.MELS), np.float32), np.zeros(FRAMES, bool)
        at = 0 if rng.random() < 0.7 else int(rng.integers(0, 200))
        while at < FRAMES - 4:
            at = lay(power, active, at, clip, sounding, FRAMES, rng)
        fade = np.ones(FRAMES, np.float32)
        if rng.random() < 0.5:
            fade = 10 ** (np.interp(np.arange(FRAMES), np.sort(rng.integers(0, FRAMES, 4)), rng.uniform(-12, 3, 4)) / 10).astype(np.float32)
        gain = np.float32(10 ** (-ratio / 10))
        canvas.powers[kind][:] += power * (fade * gain)[:, None]
        canvas.under = Under(kind, active & (ratio - 10 * np.log10(fade) < AUDIBLE_UNDER_DB), active)

    def scene(self) -> Tuple[np.ndarray, Dict[str, np.ndarray], np.ndarray]:
        """Features [320, 64] float32, labels {head: [80] or [80, 6]}, -1 where nothing is known, and for how many steps the present voice has spoken, [80]."""
        rng, canvas = self.rng, Canvas()
        task = self.tasks[int(np.searchsorted(self.cumulative, rng.random()))]
        (self.mix if task in MIXED else self.talk)(canvas, task)
        if rng.random() < (0.45 if task in MIXED else 0.6):
            self.put_under(canvas, task)
        if task in MIXED:               # levels of the kinds against each other
            canvas.loud = 10 ** (rng.uniform(-8, 8, 6) / 10).astype(np.float32)
        total = sum(canvas.powers[kind] * canvas.loud[kind] for kind in KINDS)
        warped = task in ("language", "emotion") and rng.random() < 0.6
        if warped:
            total = warp(total, rng.uniform(0.84, 1.19))
        total *= np.exp(self.colour(rng))[None] * 10 ** (rng.uniform(-16, 14) / 10)
        total += self.floor(rng) if rng.random() < 0.5 else 0
        features = (np.log(total + N.FLOOR) + N.LOG_OFFSET) * N.LOG_SCALE
        self.mask(features, rng)
        heard = listen(canvas, total)
        labels = speech_labels(canvas, heard)
        labels["audio-event"] = event_labels(heard, rng)
        speaker = canvas.who.reshape(STEPS, 4)[:, 3]
        same = self.time_in_voice(speaker)
        labels.update(self.voice_labels(speaker, heard.is_speech & heard.loud_enough, canvas.speeds, same, task, warped))
        return features.astype(np.float32), labels, same

    def voice_labels(self, speaker: np.ndarray, clear: np.ndarray, speeds: Dict[int, float], same: np.ndarray, task: str, warped: bool) -> Dict[str, np.ndarray]:
        """Labels [80] of the heads of the voice, where it sounds and is not buried, once it has spoken for long enough."""
        labels = {}
        for head in heads.ALL.values():
            if not head.of_voice:
                continue
            value = np.full(STEPS, -1)
            for key in np.unique(speaker[clear]):
                if key >= 0:
                    value[clear & (speaker == key)] = self.voice_label(head, int(key), speeds[key])
            if head.name == "language" and task != "language":      # elsewhere English rules
                value[:] = -1
            if warped and not head.survives_warp:                   # no longer anybody's voice
                value[:] = -1
            value[same < head.wait_steps] = -1
            labels[head.name] = value
        return labels

    def voice_label(self, head: heads.Head, key: int, speed: float) -> int:
        """The label that a head learns from a clip that was slowed or hastened; -1 where nobody knows."""
        table = self.pool.table
        if key >= SYNTHETIC:
            return int(self.spoken.table["language"][key - SYNTHETIC]) if head.name == "language" else -1
        found = int(table[head.label][key])
        if speed > FAR_SPEED:           # neither a child nor an adult
            return found if head.name == "language" else -1
        if head.name == "underage-speaker" and (found == 0 and speed < SLOWER or found == 1 and speed > FASTER and table["gender"][key] != 1):
            return -1                   # a slowed child, a hastened woman: nobody knows
        if head is heads.VOICE and found >= 0:
            return found * 3 + (0 if speed < SLOWER else 2 if speed > FASTER else 1)
        return found

    def time_in_voice(self, speaker: np.ndarray) -> np.ndarray:
        """For how many steps the present voice has been speaking, [80]; pauses do not reset it, other voices do."""
        voices = self.pool.table["voice"]
        identity = np.array([-1 if key < 0 else key if key >= SYNTHETIC else voices[key] for key in speaker])
        count, current, out = 0, None, np.zeros(STEPS, np.int64)
        for k, voice in enumerate(identity):
            if voice >= 0 and voice != current:
                count, current = 0, voice
            count += voice >= 0
            out[k] = count
        return out

    @staticmethod
    def colour(rng: Random) -> np.ndarray:
        """Random smooth gain over the 64 mels, natural logarithm of power."""
        if rng.random() < 0.3:
            return np.zeros(N.MELS, np.float32)
        knots = np.cumsum(rng.normal(0, 0.45, 7))
        return np.interp(np.linspace(0, 6, N.MELS), np.arange(7), knots - knots.mean()).astype(np.float32)

    @staticmethod
    def floor(rng: Random) -> np.ndarray:
        """Mel powers [1, 64] of a faint steady noise."""
        return 10 ** (rng.uniform(-10.5, -6.5)) * np.exp(rng.normal(0, 0.3, N.MELS) + rng.uniform(-1, 1) * np.linspace(-1, 1, N.MELS))[None].astype(np.float32)

    @staticmethod
    def mask(features: np.ndarray, rng: Random) -> None:
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

    def batch(self, size: int) -> Tuple[np.ndarray, Dict[str, np.ndarray], np.ndarray]:
        """Features [size, 320, 64], labels {head: [size, 80, ...]} and steps in the present voice [size, 80]."""
        made = [self.scene() for _ in range(size)]
        labels = {name: np.stack([scene[1][name] for scene in made]) for name in made[0][1]}
        return np.stack([scene[0] for scene in made]), labels, np.stack([scene[2] for scene in made])
