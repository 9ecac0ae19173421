"""From a corpus to `models/`: one command, resumable, seeded. See README.md."""
import argparse
import json
import os
import subprocess
import sys
from typing import Any, Dict, Optional, Sequence

HERE = os.path.dirname(os.path.abspath(__file__))
GATE_STEPS = 6000
POOLS, SPOKEN_POOLS, DEBIAN_POOLS, MADE_POOLS = (0, 1, 2, 3, 4), (1, 2, 3, 4), (1, 2, 3, 4), (1, 2)
KEEP_START = 0.25       # share of the weights that a run started from in what it ends with: gains for voices, and costs languages little
STANDARD_TASKS = {"scene": 0.23, "event": 0.09, "gender": 0.07, "age": 0.10, "emotion": 0.11, "language": 0.22, "speaker": 0.18}
OPEN_TASKS = {"scene": 0.24, "event": 0.10, "gender": 0.10, "age": 0.13, "emotion": 0.0, "language": 0.24, "speaker": 0.19}
LANGUAGE_TASKS = {**{task: 0.0 for task in STANDARD_TASKS}, "language": 1.0}


def step(done: Optional[str], *command: str) -> None:
    """Runs a script of this folder unless the file `done` says that it has run."""
    if done and os.path.exists(done):
        return
    print(">", " ".join(command), flush=True)
    subprocess.run([sys.executable, os.path.join(HERE, command[0]), *command[1:]], check=True)
    if done and not os.path.exists(done):
        open(done, "w").close()


def pools(arguments: argparse.Namespace, folder: str, cache: str, versions: Sequence[int]) -> None:
    """Feature pools of a folder in the form of the corpus."""
    for version in versions:
        step(os.path.join(cache, f"pool{version}.npz"), "features.py", "--corpus", folder, "--rooms", arguments.corpus, "--cache", cache, "--versions", str(version))


def prepare(arguments: argparse.Namespace) -> None:
    """Everything that training reads: pools of the corpus, of synthetic speech and of what comes from Debian packages."""
    os.makedirs(arguments.cache, exist_ok=True)
    pools(arguments, arguments.corpus, arguments.cache, POOLS)
    if arguments.text:
        spoken = os.path.join(arguments.cache, "spoken")
        step(os.path.join(spoken, "manifest.csv"), "tts.py", "--text", arguments.text, "--out", spoken)
        pools(arguments, spoken, spoken, SPOKEN_POOLS)
    if arguments.packages:
        debian = os.path.join(arguments.cache, "debian")
        step(os.path.join(debian, "manifest.csv"), "debian.py", "--packages", arguments.packages, "--out", debian)
        pools(arguments, debian, debian, DEBIAN_POOLS)
    made = os.path.join(arguments.cache, "made")
    step(os.path.join(made, "manifest.csv"), "made_noises.py", "--out", made)
    pools(arguments, made, made, MADE_POOLS)


def teach(arguments: argparse.Namespace) -> None:
    """What the teachers hear in the corpus, as targets of the gate."""
    labels = os.path.join(arguments.cache, "labels")
    if not os.path.exists(os.path.join(labels, "done")):
        subprocess.run(["node", os.path.join(HERE, "teachers.mjs"), arguments.cache, labels, "--fireredvad", arguments.fireredvad, "--silero", arguments.silero], check=True)
        open(os.path.join(labels, "done"), "w").close()
    if arguments.yamnet:
        if not os.path.exists(os.path.join(labels, "yamnet.json")):
            subprocess.run(["node", os.path.join(HERE, "teachers.mjs"), arguments.cache, labels, "--yamnet", os.path.join(arguments.yamnet, "yamnet.onnx")], check=True)
        step(os.path.join(arguments.cache, "hard.json"), "hard_noises.py", "--corpus", arguments.corpus, "--cache", arguments.cache, "--labels", labels, "--classes", os.path.join(arguments.yamnet, "classes.csv"))
    for version in POOLS:
        step(os.path.join(arguments.cache, f"pool{version}.gate"), "targets.py", "--corpus", arguments.corpus, "--cache", arguments.cache, "--labels", labels, "--versions", str(version))


def train_gate(arguments: argparse.Namespace, name: str, trunk: str) -> Sequence[str]:
    """Trains the gate on a trunk; gives the options of publish.py for it."""
    if not (arguments.fireredvad and arguments.silero):
        return ()
    out, data = os.path.join(arguments.cache, f"gate-{name}"), "open" if name == "open" else "all"
    step(os.path.join(out, "done"), "train_gate.py", "--corpus", arguments.corpus, "--cache", arguments.cache, "--trunk", trunk, "--out", out, "--data", data,
         "--versions", *map(str, POOLS), "--steps", str(GATE_STEPS), "--seed", str(arguments.seed), *(["--bfloat16"] if arguments.bfloat16 else []))
    return "--gate", os.path.join(out, "checkpoint.pt")


def beside(arguments: argparse.Namespace) -> Sequence[str]:
    """Options for what trains beside the corpus."""
    debian, spoken = (os.path.join(arguments.cache, name) for name in ("debian", "spoken"))
    return ["--more", os.path.join(arguments.cache, "made"), *([debian] if os.path.exists(os.path.join(debian, "manifest.csv")) else []),
            *(["--spoken"] if os.path.exists(os.path.join(spoken, "manifest.csv")) else [])]


def train_language(arguments: argparse.Namespace, name: str, checkpoint: str) -> str:
    """Trains the head of languages on, on a trunk that stays as it is; gives the new checkpoint."""
    out, data = os.path.join(arguments.cache, f"heads-{name}"), "open" if name == "open" else "all"
    step(os.path.join(out, "checkpoint.pt"), "train_heads.py", "--corpus", arguments.corpus, "--cache", arguments.cache, "--init", checkpoint, "--out", out, "--data", data, "--only", "language",
         "--tasks", json.dumps(LANGUAGE_TASKS), "--versions", *map(str, POOLS), "--seed", str(arguments.seed), *beside(arguments), *(["--bfloat16"] if arguments.bfloat16 else []))
    return os.path.join(out, "checkpoint.pt")


def train(arguments: argparse.Namespace, name: str, steps: int, *options: str) -> str:
    """Trains a run in `arguments.processes` processes that share their gradients; gives its checkpoint."""
    out = os.path.join(arguments.cache, f"run-{name}")
    done, checkpoint = os.path.join(out, "done"), os.path.join(out, "checkpoint.pt")
    if os.path.exists(done):
        return checkpoint
    meeting = out + ".meet"
    if os.path.exists(meeting):
        os.remove(meeting)
    command = [sys.executable, os.path.join(HERE, "train.py"), "--corpus", arguments.corpus, "--cache", arguments.cache, "--out", out, "--device", arguments.device,
               "--world", str(arguments.processes), "--versions", *map(str, POOLS), "--steps", str(steps), *(["--bfloat16"] if arguments.bfloat16 else []), *options]
    command += beside(arguments)
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"} if arguments.device == "cpu" else None
    running = [subprocess.Popen([*command, "--rank", str(rank)], env=environment) for rank in range(arguments.processes)]
    if any(process.wait() for process in running):
        raise SystemExit(f"training {name} failed")
    open(done, "w").close()
    return checkpoint


def tune_clustering(arguments: argparse.Namespace, name: str, checkpoint: str) -> Dict[str, Any]:
    """Settings of the speaker map for a network, found by the engine's own clustering; kept under results/."""
    folder, found = os.path.join(arguments.cache, f"conversations-{name}"), os.path.join(HERE, "results", f"speaker-map-{name}.json")
    step(os.path.join(folder, "conversations.json"), "clustering.py", "--corpus", arguments.corpus, "--cache", arguments.cache, "--checkpoint", checkpoint, "--set", name, "--out", folder)
    tuned = subprocess.run(["node", os.path.join(HERE, "tune-clustering.mjs"), folder], stdout=subprocess.PIPE, check=True).stdout
    with open(found, "wb") as file:
        file.write(tuned)
    return json.loads(tuned)["settings"]


def main(arguments: argparse.Namespace) -> None:
    prepare(arguments)
    if arguments.fireredvad and arguments.silero:
        teach(arguments)
    data = ("--corpus", arguments.corpus, "--cache", arguments.cache)
    opened = train(arguments, "open", arguments.open_steps, "--data", "open", "--seed", str(arguments.seed), "--tasks", json.dumps(OPEN_TASKS))
    standard = ("--data", "all", "--tasks", json.dumps(STANDARD_TASKS))
    first = train(arguments, "first", arguments.steps * 2 // 5, *standard, "--seed", str(arguments.seed + 1), "--init", opened, "--warmup", "150")
    last = train(arguments, "standard", arguments.steps * 3 // 5, *standard, "--seed", str(arguments.seed + 2), "--init", first, "--rate", "1.5e-3", "--warmup", "100", "--keep-start", str(KEEP_START))
    for name, checkpoint in (("standard", train_language(arguments, "standard", last)), ("open", train_language(arguments, "open", opened))):
        gate, settings = train_gate(arguments, name, checkpoint), tune_clustering(arguments, name, checkpoint)
        step(None, "publish.py", "--set", name, "--checkpoint", checkpoint, *data, "--out", arguments.out, "--clustering", json.dumps(settings), *gate)
    step(None, "loco.py", *data, "--trunk", opened, "--out", os.path.join(HERE, "results", "loco.json"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--out", required=True, help="folder of the model sets")
    parser.add_argument("--cache", default=os.path.join(HERE, "..", ".cache", "training"))
    parser.add_argument("--text", help="folder with the unpacked manual pages of the five languages and of any others, for synthetic speech")
    parser.add_argument("--packages", help="folder with the unpacked Debian packages that `debian.py --list` names, for more voices, music and noises")
    parser.add_argument("--fireredvad", help="folder of FireRedVAD's graphs and cmvn.ark, a teacher of the gate")
    parser.add_argument("--silero", help="Silero VAD's graph, the other teacher; without both no gate is trained")
    parser.add_argument("--yamnet", help="folder of YAMNet's graph and classes.csv, which finds the noises that are taken for people")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--bfloat16", action="store_true")
    parser.add_argument("--open-steps", type=int, default=6000, help="of the open run")
    parser.add_argument("--steps", type=int, default=20000, help="of the two standard runs, which go on from the open one")
    parser.add_argument("--seed", type=int, default=1)
    main(parser.parse_args())
