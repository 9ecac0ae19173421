"""Measures the gate on dev voices, beside the heads of speech and the teachers, which hear the same sound.

Streams of 20 s: speech with pauses, other sounds and music between (clean, telephone, reverberant) or noise and music under it (10 and 0 dB); truth as in testset.py, by
the energy of the clean voices. And single sounds: the share of their frames, those that are not silent, that would be let through as speech. No dev clip has trained
the gate; the teachers may have met any of it.
"""
import argparse
import json
import os
import pickle
import subprocess
import zlib
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np
import torch

import corpus as C
import evaluate as E
import network as N
import testset as T
from publish import SETS, gate_of
from targets import Teacher
from train_gate import load_trunk

SEED, STREAMS = 31, 24              # streams a condition
FRAME_MS = 64.0
LONGEST = 10                        # seconds of a single sound
MOST = 120                          # single sounds of a group
SINGERS = ("songs-ultrastar",)
OPEN_ABOVE, WIDTHS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7), (0.0, 0.1, 0.2, 0.3)       # thresholds that are tried
NODE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "teachers.mjs")


class Sound(NamedTuple):
    """One stream or single sound: group it is counted in, samples, truth per 64 ms (1, 0, -1 unclear), and its voice or source."""

    group: str
    pcm: np.ndarray
    truth: np.ndarray
    voice: str


def group_of(row: C.Row) -> str:
    """What a single sound is called in the table."""
    words = row["note"].removeprefix("class=").lower()
    if row["corpus"] in ("dcase16", "esc10") and row["event"] != "speech":
        return f"{row['event']}: {words}"
    if row["event"] == "music":
        return "music: songs" if row["corpus"] in SINGERS else "music: instruments, mostly"
    return f"{row['event']}: {row['corpus']}"


def sounds(folder: str, cache: str, corpora: Sequence[str]) -> List[Sound]:
    """All dev sounds that the gate is measured on, made once and kept in the cache. With `corpora`, voices and human sounds are theirs alone; music and noise are of all."""
    path = os.path.join(cache, f"testset-gate-{zlib.crc32(' '.join(sorted(corpora)).encode()):08x}.pkl" if corpora else "testset-gate.pkl")
    if os.path.exists(path):
        with open(path, "rb") as file:
            return pickle.load(file)
    rows, sound = C.load(folder, cache)
    table, _, _ = C.labels(rows)
    rng = np.random.default_rng(SEED)
    rooms, draw = C.rooms(folder), T.backgrounds(rows, table, sound, rng)
    if corpora:
        table["dev"] &= np.isin([row["corpus"] for row in rows], corpora) | np.isin([row["event"] for row in rows], ("music", "noise"))
    made = [Sound("talk, " + condition, pcm, truth, f"{condition} {k}") for condition in T.CONDITIONS
            for k, (pcm, truth, _) in enumerate(T.talk_scenes(rows, table, sound, STREAMS, condition, draw, rooms, rng))]
    groups: Dict[str, List[int]] = {}
    for i in rng.permutation(np.flatnonzero(table["dev"] & (table["kind"] > 0) & ~table["babble"])):
        groups.setdefault(group_of(rows[i]), []).append(i)
    for group, clips in sorted(groups.items()):
        for i in clips[:MOST]:
            pcm = T.cut(sound, rows[i])[:LONGEST * C.RATE]
            made.append(Sound(group, pcm, np.zeros(-(-len(pcm) // N.FRAME), int), rows[i]["voice"]))
    with open(path, "wb") as file:
        pickle.dump(made, file, protocol=4)
    return made


def peers(made: Sequence[Sound], folder: str, teachers: Sequence[str]) -> Dict[str, List[np.ndarray]]:
    """Speech probabilities per 64 ms of the teachers: {name: one array a sound}. `teachers`: options of teachers.mjs."""
    os.makedirs(folder, exist_ok=True)
    spans, at = {}, 0
    with open(os.path.join(folder, "pcm.i16"), "wb") as file:
        for number, sound in enumerate(made):
            pcm = (np.clip(sound.pcm, -1, 1) * 32767).astype(np.int16)
            file.write(pcm.tobytes())
            spans[str(number)], at = [at, len(pcm)], at + len(pcm)
    with open(os.path.join(folder, "pcm.json"), "w") as file:
        json.dump(spans, file)
    subprocess.run(["node", NODE, folder, folder, *teachers], check=True)
    found = {}
    for name in ("fireredvad", "silero"):
        teacher = Teacher(folder, name)
        said = [teacher.at(str(k), (np.arange(len(sound.truth)) + 0.5) * FRAME_MS) for k, sound in enumerate(made)]
        found[name] = [p[:, :3].mean(1) if name == "fireredvad" else p[:, 0] for p in said]
    return found


def ours(made: Sequence[Sound], trunk: str, gate_path: Optional[str]) -> Tuple[Dict[str, List[np.ndarray]], List[np.ndarray]]:
    """Speech probabilities per 64 ms of the two heads and of the gate, and the volume of every frame."""
    net = load_trunk(trunk)
    if gate_path:
        net.gate = N.load_gate(gate_path)
    found: Dict[str, List[np.ndarray]] = {"speech-rt": [], "speech": [], "gate": []}
    volumes = []
    with torch.no_grad():
        for sound in made:
            frames = len(sound.truth)
            pcm = C.without_offset(np.concatenate([sound.pcm, np.zeros(frames * N.FRAME - len(sound.pcm), np.float32)]))
            out = net(N.log_mel(torch.from_numpy(pcm)[None]))
            for head in ("speech-rt", "speech"):
                found[head].append(torch.softmax(out[head][0], 0)[E.IS_SPEECH].numpy())
            found["gate"].append(torch.sigmoid(out["gate"])[0, 0].numpy())
            volumes.append(np.sqrt((pcm.reshape(-1, N.FRAME) ** 2).mean(1)))
    return found, volumes


def streams(made: Sequence[Sound], said: Sequence[np.ndarray]) -> Dict[str, Any]:
    """AUC with its interval over streams, and F1 at one half, of sounds of one condition."""
    truths = [sound.truth for sound in made]
    truth, score = np.concatenate(truths), np.concatenate(said)
    known = truth >= 0
    return {**E.talk_figures(said, truths), "f1": E.f1(truth[known] == 1, score[known] >= 0.5)}


def speaks(probability: np.ndarray, open_above: float, close_below: float) -> np.ndarray:
    """Whether somebody speaks in each frame of a stream: from one probability on, until it falls below the other."""
    found, open_now = np.zeros(len(probability), bool), False
    for k, p in enumerate(probability):
        open_now = p >= (close_below if open_now else open_above)
        found[k] = open_now
    return found


def thresholds(made: Sequence[Sound], said: Sequence[np.ndarray]) -> Dict[str, float]:
    """The thresholds that give the best F1 on every other stream, and what they give on the rest of them."""
    talk = [k for k, sound in enumerate(made) if sound.group.startswith("talk")]

    def judged(chosen: Sequence[int], open_above: float, close_below: float) -> float:
        truth = np.concatenate([made[k].truth for k in chosen])
        answer = np.concatenate([speaks(said[k], open_above, close_below) for k in chosen])
        return E.f1(truth[truth >= 0] == 1, answer[truth >= 0])
    pairs = [(above, above - width) for above in OPEN_ABOVE for width in WIDTHS if above > width]
    best = max(pairs, key=lambda pair: judged(talk[::2], *pair))
    return {"openAbove": round(best[0], 2), "closeBelow": round(best[1], 2), "f1": judged(talk[1::2], *best), "f1AtOneHalf": judged(talk[1::2], 0.5, 0.5)}


def main(arguments: argparse.Namespace) -> None:
    torch.set_num_threads(1)
    made = sounds(arguments.corpus, arguments.cache, arguments.corpora)
    found, volumes = ours(made, arguments.trunk, arguments.gate)
    if arguments.teachers:
        found.update(peers(made, os.path.join(arguments.cache, "peers-of-some" if arguments.corpora else "peers"), arguments.teachers))
    results: Dict[str, Any] = {}
    answered = [speaks(said, gate_of(arguments.set)["openAbove"], gate_of(arguments.set)["closeBelow"]) for said in found["gate"]]
    for group in dict.fromkeys(sound.group for sound in made):
        chosen = [k for k, sound in enumerate(made) if sound.group == group]
        of = [made[k] for k in chosen]
        for name, said in found.items():
            mine = [said[k] for k in chosen]
            if group.startswith("talk"):
                results.setdefault(group, {})[name] = streams(of, mine)
            else:
                loud = np.concatenate([volumes[k] for k in chosen]) >= E.SILENT_RMS
                results.setdefault(group, {})[name] = round(float((np.concatenate(mine)[loud] >= 0.5).mean()), 4) if loud.any() else None
        answer = np.concatenate([answered[k] for k in chosen])
        if group.startswith("talk"):
            truth = np.concatenate([sound.truth for sound in of])
            results[group]["gate"]["f1AsAnswered"] = E.f1(truth[truth >= 0] == 1, answer[truth >= 0])
        else:
            results[group]["gate, as answered"] = round(float(answer[loud].mean()), 4) if loud.any() else None
        print(f"{group:45s} {len(of):4d}", {name: (value["auc"], value["f1"]) if isinstance(value, dict) else value for name, value in results[group].items()}, flush=True)
    results["thresholds"] = {name: thresholds(made, found[name]) for name in found}
    print("thresholds", results["thresholds"], flush=True)
    if arguments.out:
        with open(arguments.out, "w") as file:
            json.dump({"method": " ".join(__doc__.split()), "figures": results}, file, indent=1)
            file.write("\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--cache", required=True)
    parser.add_argument("--trunk", required=True, help="checkpoint")
    parser.add_argument("--gate", help="checkpoint of train_gate.py, unless --trunk has trained its own gate")
    parser.add_argument("--corpora", nargs="*", default=[], help="whose voices and human sounds to measure on, where the gate was trained with --leave-out of them")
    parser.add_argument("--set", choices=tuple(SETS), default="standard", help="whose thresholds of the gate to go by for what is answered")
    parser.add_argument("--out", help="JSON")
    parser.add_argument("--teachers", nargs=argparse.REMAINDER, help="options of teachers.mjs for --fireredvad and --silero; must come last")
    main(parser.parse_args())
