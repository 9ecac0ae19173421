"""Synthetic speech that is the same in all five languages, and in others to reject, but for the language.

Reads Debian's translated manual pages (packages manpages, manpages-de, -es, -fr, -it and any others, unpacked under TEXT/<language>) and lets espeak-ng speak their
sentences with the same voices, pitches and speeds in every language. It reads no kanji: Japanese comes as a text file in kana, a sentence a line. Writes a folder in the form of the corpus. It only ever widens training: no
figure is measured on it.
"""
import argparse
import csv
import glob
import gzip
import io
import os
import re
import subprocess
from typing import List, Optional, Tuple

import numpy as np
import soundfile

import corpus as C

VARIANTS = ("f1 f2 f3 f4 f5 m1 m2 m3 m4 m5 m6 m7 m8 Alex Alicia Andrea Andy anika belinda benjamin caleb david ed edward edward2 gene gene2 iven iven2 "
            "jacky john kaukovalta Lee linda max Mario michael miguel Mike norbert pablo paul pedro quincy rob robert sandro shelby steph steph2 steph3 travis victor zac").split()
PAUSE = int(0.25 * C.RATE)
SPEAKS = {"es": "es-419", "no": "nb", "zh": "cmn"}      # voices of espeak-ng that have another name than the language
SHORTEST = {"ja": 12, "zh": 10}     # characters of a sentence; 40 elsewhere


def sentences(folder: str, shortest: int = 40) -> List[str]:
    """Plain sentences of at least `shortest` and at most 110 characters from the manual pages in a folder, and the lines of its text files."""
    found = set()
    for path in sorted(glob.glob(os.path.join(folder, "*.txt"))):
        with open(path) as file:
            found.update(line.strip() for line in file if line.strip())
    for path in sorted(glob.glob(os.path.join(folder, "**", "*.gz"), recursive=True)):
        try:
            text = gzip.open(path).read().decode("utf-8", "ignore")
        except OSError:
            continue
        lines = [line for line in text.split("\n") if line and line[0] not in ".'"]
        text = re.sub(r"\\f.|\\-|\\&|\\\(..|\\[a-z]\S*", " ", " ".join(lines))
        for sentence in re.split(r"(?<=[.:;!?])\s+|(?<=[。！？：])", text):
            sentence = re.sub(r"\s+", " ", sentence).strip()
            if shortest <= len(sentence) <= 110 and re.fullmatch(r"[^\W\d_][\w ,;:.'’!?()«»、。，：-]*", sentence) and not re.search(r"\d|_|[A-Z]{3}", sentence):
                found.add(sentence)
    return sorted(found)


def speak(text: str, language: str, variant: str, pitch: int, speed: int) -> Optional[np.ndarray]:
    """16 kHz samples of one sentence, or None where it is too short."""
    voice = {"en": "en-us" if pitch % 2 else "en", "es": "es" if pitch % 2 else "es-419"}.get(language) or SPEAKS.get(language, language)
    command = ["espeak-ng", "--stdout", "-v", f"{voice}+{variant}", "-p", str(pitch), "-s", str(speed), text]
    wave = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
    pcm = np.frombuffer(wave[44:], np.int16).astype(np.float32) / 32768
    size = len(pcm) // 441 * 441
    if size < 441 * 20:
        return None
    out = size * 320 // 441
    return np.fft.irfft(np.fft.rfft(pcm[:size])[:out // 2 + 1], out).astype(np.float32) * (out / size)


def say(language: str, variant: str, texts: List[str], settings: List[Tuple[int, int]], out: str, rng: np.random.Generator) -> List[C.Row]:
    """Writes one file of one voice in one language, a sentence for each (pitch, speed); gives its rows of the manifest."""
    parts, rows, at = [], [], 0
    name = f"audio/{language}-{variant}.wav"
    for pitch, speed in settings:
        pcm = speak(texts[rng.integers(len(texts))], language, variant, pitch, speed)
        if pcm is None:
            continue
        parts += [pcm, np.zeros(PAUSE, np.float32)]
        rows.append({"file": name, "start": f"{at / C.RATE:.3f}", "end": f"{(at + len(pcm)) / C.RATE:.3f}", "corpus": "espeak", "voice": f"espeak-{variant}", "part": "train", "gender": "",
                     "age": "", "age_group": "", "emotion": "", "arousal": "", "language": language, "event": "speech", "licence": "GPL-3", "note": "synthetic"})
        at += len(pcm) + PAUSE
    if not parts:
        return rows
    pcm = np.concatenate(parts)
    soundfile.write(os.path.join(out, name), pcm / (np.abs(pcm).max() + 1e-6) * 0.7, C.RATE, subtype="PCM_16")
    return rows


def main(arguments: argparse.Namespace) -> None:
    rng = np.random.default_rng(7)
    os.makedirs(os.path.join(arguments.out, "audio"), exist_ok=True)
    rows: List[C.Row] = []
    others = sorted(set(os.listdir(arguments.text)) - set(C.LANGUAGES))
    texts = {language: sentences(os.path.join(arguments.text, language), SHORTEST.get(language, 40)) for language in (*C.LANGUAGES, *others)}
    print({language: len(found) for language, found in texts.items()}, flush=True)
    for variant in VARIANTS:
        settings = [(int(rng.integers(15, 85)), int(rng.integers(130, 210))) for _ in range(arguments.sentences)]
        for language, said in texts.items():
            if said:
                rows += say(language, variant, said, settings, arguments.out, rng)
    with open(os.path.join(arguments.out, "manifest.csv"), "w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--text", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--sentences", type=int, default=10, help="a voice and language")
    main(parser.parse_args())
