"""The corpus: its manifests as arrays of labels, and its sound as one file of 16-bit samples.

A clip is one row of a manifest: a span of one voice or one class of sound. Labels that a clip does not have are -1.
"""
import csv
import glob
import json
import os
import re
import subprocess
from typing import Any, Callable, Dict, Iterable, List, Tuple

import numpy as np
import scipy.signal

import heads

Row = Dict[str, Any]                        # of a manifest; start and end are seconds
Table = Dict[str, np.ndarray]               # labels of all clips
Sound = Callable[[str], np.ndarray]         # 16-bit samples of a file of the manifest

RATE = 16000
KINDS = ("speech", "music", "noise", "nat_human_sounds", "neg_human_sounds", "pos_human_sounds")
EMOTIONS, AROUSALS, LANGUAGES = (heads.SCORED[name].classes for name in ("emotions", "arousal", "language"))
OTHER_LANGUAGE = len(LANGUAGES)
OLDEST_CHILD = 10       # years; from 11 on voices come near to those of women, and are left out of both classes until they are adults

# Licences that let anyone use the sound for any purpose; everything else stays out of the open set.
OPEN = {"see report", "CC BY-SA 3.0", "GPL/GFDL", "Apache-2.0", "per licence files", "CC BY 3.0", "GPL-2+", "ODbL", "CC0", "CC0 (project)", "CC BY 4.0",
        "CC BY 4.0 (README)", "CC BY 4.0 (MLS)", "CC BY 4.0 (VCTK)", "CC BY 4.0 (LibriTTS)", "DCASE 2016 challenge", "GPL/CC-BY-SA", "Pixabay/CC0",
        "GPL-2", "GPL-3+", "GPL-3", "GPL", "CC BY-SA 4.0", "CC BY 4.0 for the set; sound of public videos"}
GENDER_TRUSTED = {"samromur", "vcmex", "polish-km", "nemo", "savee", "tess", "kokoro", "kajongg", "speechocean762", "librispeech", "ravdess", "emovo", "emodb", "emodb2s", "samplevoice", "asterisk", "kerstin", "thorsten", "libritts", "sppas"}
DEBIAN_LICENCE = "Debian main"     # free by Debian's guidelines; the package's copyright file names the licence
# Ordinary reading, by people who act no mood: neutral.
READ_ALOUD = {"librispeech", "speechocean762", "libritts", "cmltts", "mls", "vctk", "kerstin", "thorsten", "sppas", "samromur", "vcmex", "polish-km", "cvfr-rawi", "ephec",
              "voxforge-arpan", "cv-tabet", "stolper-erl", "pocketsphinx"}
# Batches whose voices are many or unknown: nothing in them says who speaks.
MANY_VOICES = {"screams", "stolper-erl", "mikopbx", "tuxpaint", "qabcs", "fillets-ng", "unknown-horizons", "pocketsphinx", "codec2", "samplevoice", "wwb", "precise", "s2i", "watson", "emovdb", "sugarizer", "dcase16", "beronet"}


def open_licence(row: Row) -> bool:
    """Whether anyone may use the clip for any purpose."""
    # What speech-ocean's report allows is any use; a few rows name no licence of their own.
    return row["licence"] in OPEN or row["licence"] == DEBIAN_LICENCE


HERE = os.path.dirname(os.path.abspath(__file__))
OFFSET_HZ = 20.0                   # corner of the high-pass that takes the constant offset off


class KeptOut(SystemExit):
    """Somebody wants to train on what an independent measurement needs."""


def refuse_kept_out(names: Iterable[str], where: str) -> None:
    """Ends training with a message where one of `names` (packages, corpora, paths) belongs to what kept_out.json lists."""
    with open(os.path.join(HERE, "kept_out.json")) as file:
        listed = json.load(file)
    for name in names:
        words = re.sub(r"[^a-z0-9]+", "-", name.lower())
        for package in listed["packages"]:
            if f"-{package}-" in f"-{words}-":
                raise KeptOut(f"{where} names {name!r}: the package {package} is kept out of training (kept_out.json). {listed['why']}")
        for corpus in listed["corpora"]:
            if any(f"-{re.sub('[^a-z0-9]+', '-', word)}-" in f"-{words}-" for word in corpus["words"]):
                raise KeptOut(f"{where} names {name!r}: {corpus['name']} is kept out of training (kept_out.json). {listed['why']}")


def manifests(folder: str) -> List[str]:
    """Paths of all manifests of a corpus folder, the first delivery first."""
    found = sorted(glob.glob(os.path.join(folder, "manifest*.csv")), key=lambda path: (len(path), path))
    if not found:
        raise SystemExit(f"{folder} has no manifest.csv")
    return found


def read_manifest(folder: str) -> List[Row]:
    """Rows of every manifest*.csv of a folder as dictionaries, with numbers for start and end (seconds). Refuses what is kept out, and a synthetic voice that is not for training."""
    rows = []
    for path in manifests(folder):
        with open(path, newline="") as file:
            found = list(csv.DictReader(file))
        refuse_kept_out(sorted({part for row in found for part in (row["corpus"], row["voice"], row["file"], row["note"])}), path)
        rows += found
    for row in rows:
        row["start"], row["end"] = float(row["start"]), float(row["end"])
        if synthetic(row) and row["part"] != "train":
            raise SystemExit(f"{folder}: {row['file']} is a synthetic voice and must be for training alone, not {row['part']!r}")
    return rows


def synthetic(row: Row) -> bool:
    """Whether a machine speaks: such a clip only ever trains."""
    return "tts=1" in row["note"] or row["note"] == "synthetic"


def years(row: Row) -> float:
    """Age in years, the middle of the band where a band is given, or -1."""
    bounds = [float(bound) for bound in row["age"].split("-") if bound]
    return sum(bounds) / len(bounds) if bounds else -1.0


def without_offset(pcm: np.ndarray) -> np.ndarray:
    """The samples behind the high-pass that the engine puts before volume and models: [samples] float to [samples] float32, at 16 kHz.

    y[n] = x[n] - x[n-1] + r y[n-1], r = exp(-2 pi 20 / 16000), with x[-1] = x[0] and y[-1] = 0: a constant offset is gone from the first sample on.
    The state runs over the whole sound, so it must be given in one piece.
    """
    if not len(pcm):
        return np.asarray(pcm, np.float32)
    r = np.exp(-2 * np.pi * OFFSET_HZ / RATE)
    exact = np.asarray(pcm, np.float64)
    return scipy.signal.lfilter([1.0, -1.0], [1.0, -r], exact, zi=[-exact[0]])[0].astype(np.float32)


COLUMNS = ("gender", "age", "emotion", "arousal", "language", "speaker")      # what a voice is; numbers, -1 where unknown


def numbered(rows: List[Row]) -> Tuple[List[str], List[str]]:
    """Names of corpora and of voices; a row's numbers are their places."""
    corpora = sorted({row["corpus"] for row in rows})
    later = {row["voice"] for row in rows if row["licence"] == DEBIAN_LICENCE}      # the numbers of the corpus's own voices stay as they are without them
    return corpora, sorted({row["voice"] for row in rows}, key=lambda voice: (voice in later, voice))


def labels(rows: List[Row]) -> Tuple[Table, List[str], List[str]]:
    """Integer labels of all rows: {name: array [clips]}, -1 where unknown; and the names of corpora and voices."""
    corpora, voices = numbered(rows)
    corpus_number, voice_number = ({name: number for number, name in enumerate(names)} for names in (corpora, voices))
    table = {
        "kind": np.array([KINDS.index(row["event"]) for row in rows], np.int32),
        "corpus": np.array([corpus_number[row["corpus"]] for row in rows], np.int32),
        "voice": np.array([voice_number[row["voice"]] for row in rows], np.int32),
        "dev": np.array([row["part"] == "dev" for row in rows]),
        "open": np.array([open_licence(row) for row in rows]),
        "babble": np.array(["babble" in row["note"] for row in rows]),
        "weak": np.array([row["emotion"].endswith("?") for row in rows]),
        "suspect": np.array(["label-suspect" in row["note"] for row in rows]),
        "synthetic": np.array([synthetic(row) for row in rows]),
        "years": np.array([years(row) for row in rows], np.float32),
        "acted": np.array([row["event"] == "speech" and bool(row["emotion"] or row["arousal"]) for row in rows]),
    }
    told = [voice_labels(row, voice_number[row["voice"]]) if row["event"] == "speech" else {} for row in rows]
    return {**table, **{name: np.array([of.get(name, -1) for of in told], np.int32) for name in COLUMNS}}, corpora, voices


def voice_labels(row: Row, voice: int) -> Dict[str, int]:
    """What is known of the voice in a row of speech: numbers by name of COLUMNS."""
    made, suspect = {}, "label-suspect" in row["note"]
    if row["gender"] and row["corpus"] in GENDER_TRUSTED and not suspect and row["age_group"] not in ("child", "teen"):
        made["gender"] = "fm".index(row["gender"])
    if not suspect and row["age_group"] == "adult":
        made["age"] = 1
    if not suspect and row["age_group"] == "child" and 0 <= years(row) <= OLDEST_CHILD:
        made["age"] = 0
    if row["emotion"]:
        made["emotion"] = EMOTIONS.index(row["emotion"].rstrip("?"))
    if row["arousal"]:
        made["arousal"] = AROUSALS.index(row["arousal"])
    if row["corpus"] in READ_ALOUD and not (row["emotion"] or row["arousal"]) and "raw=" not in row["note"]:
        made["emotion"], made["arousal"] = EMOTIONS.index("neutral"), AROUSALS.index("neutral")
    if row["language"]:
        made["language"] = LANGUAGES.index(row["language"]) if row["language"] in LANGUAGES else OTHER_LANGUAGE
    if row["corpus"] not in MANY_VOICES and row["voice"] != "_":
        made["speaker"] = voice
    return made


def decode(path: str) -> np.ndarray:
    """16-bit samples of a sound file at 16 kHz, mono."""
    command = ["ffmpeg", "-v", "error", "-i", path, "-f", "s16le", "-ar", str(RATE), "-ac", "1", "-"]
    return np.frombuffer(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout, np.int16)


def load(folder: str, cache: str) -> Tuple[List[Row], Sound]:
    """Rows, and a function that gives the samples of a file of the manifest. Decodes everything once into `cache`."""
    rows = read_manifest(folder)
    sound, index = os.path.join(cache, "pcm.i16"), os.path.join(cache, "pcm.json")
    if not os.path.exists(index):
        os.makedirs(cache, exist_ok=True)
        spans, at = {}, 0
        with open(sound, "wb") as file:
            for name in sorted({row["file"] for row in rows}):
                pcm = decode(os.path.join(folder, name))
                file.write(pcm.tobytes())
                spans[name], at = [at, len(pcm)], at + len(pcm)
        with open(index, "w") as file:
            json.dump(spans, file)
    with open(index) as file:
        spans = json.load(file)
    samples = np.memmap(sound, np.int16, "r")
    return rows, lambda name: samples[spans[name][0]:spans[name][0] + spans[name][1]]


def rooms(folder: str) -> List[np.ndarray]:
    """Measured room responses at 16 kHz, each with its first strong sample at 0 and unit energy: list of float32 arrays."""
    found = []
    for name in sorted(os.listdir(os.path.join(folder, "rooms"))):
        response = decode(os.path.join(folder, "rooms", name)).astype(np.float32)
        response = response[np.argmax(np.abs(response)):][:RATE]
        found.append(response / np.sqrt((response ** 2).sum() + 1e-9))
    return found
