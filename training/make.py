"""From a corpus to `models/`: one command, resumable, seeded. See README.md."""
import argparse
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
LANGUAGES = ("de", "en", "es", "fr", "it")
POOLS, SPOKEN_POOLS, DEBIAN_POOLS = (0, 1, 2, 3, 4), (1, 2, 3, 4), (1, 2, 3, 4)
STANDARD_TASKS = {"scene": 0.24, "event": 0.09, "gender": 0.07, "age": 0.12, "emotion": 0.09, "language": 0.19, "speaker": 0.20}
OPEN_TASKS = {"scene": 0.28, "event": 0.12, "gender": 0.14, "age": 0.19, "emotion": 0.0, "language": 0.0, "speaker": 0.27}


def step(done, *command):
    """Runs a script of this folder unless the file `done` says that it has run."""
    if done and os.path.exists(done):
        return
    print(">", " ".join(command), flush=True)
    subprocess.run([sys.executable, os.path.join(HERE, command[0]), *command[1:]], check=True)
    if done and not os.path.exists(done):
        open(done, "w").close()


def tune_clustering(a, name, checkpoint):
    """Settings of the speaker map for a network, found by the engine's own clustering; kept under results/."""
    folder, found = os.path.join(a.cache, f"conversations-{name}"), os.path.join(HERE, "results", f"speaker-map-{name}.json")
    step(os.path.join(folder, "conversations.json"), "clustering.py", "--corpus", a.corpus, "--cache", a.cache, "--checkpoint", checkpoint, "--out", folder)
    tuned = subprocess.run(["node", os.path.join(HERE, "tune-clustering.mjs"), folder], stdout=subprocess.PIPE, check=True).stdout
    with open(found, "wb") as file:
        file.write(tuned)
    return json.loads(tuned)["settings"]


def train(a, name, steps, *options):
    """Trains a run in `a.processes` processes that share their gradients."""
    out, done = os.path.join(a.cache, f"run-{name}"), os.path.join(a.cache, f"run-{name}", "done")
    if os.path.exists(done):
        return
    meeting = out + ".meet"
    if os.path.exists(meeting):
        os.remove(meeting)
    command = [sys.executable, os.path.join(HERE, "train.py"), "--corpus", a.corpus, "--cache", a.cache, "--out", out, "--device", a.device, "--world", str(a.processes),
               "--versions", *map(str, POOLS), "--steps", str(steps), *(["--bfloat16"] if a.bfloat16 else []), *options]
    if os.path.exists(os.path.join(a.cache, "spoken", "manifest.csv")):
        command += ["--spoken", *map(str, SPOKEN_POOLS)]
    if os.path.exists(os.path.join(a.cache, "debian", "manifest.csv")):
        command += ["--debian", *map(str, DEBIAN_POOLS)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"} if a.device == "cpu" else None
    running = [subprocess.Popen([*command, "--rank", str(rank)], env=environment) for rank in range(a.processes)]
    if any(process.wait() for process in running):
        raise SystemExit(f"training {name} failed")
    open(done, "w").close()


def main(a):
    os.makedirs(a.cache, exist_ok=True)
    for version in POOLS:
        step(os.path.join(a.cache, f"pool{version}.npz"), "features.py", "--corpus", a.corpus, "--cache", a.cache, "--versions", str(version))
    if a.text:
        spoken = os.path.join(a.cache, "spoken")
        step(os.path.join(spoken, "manifest.csv"), "tts.py", "--text", a.text, "--out", spoken)
        for version in SPOKEN_POOLS:
            step(os.path.join(spoken, f"pool{version}.npz"), "features.py", "--corpus", spoken, "--rooms", a.corpus, "--cache", spoken, "--versions", str(version))
    if a.packages:
        debian = os.path.join(a.cache, "debian")
        step(os.path.join(debian, "manifest.csv"), "debian.py", "--packages", a.packages, "--out", debian)
        for version in DEBIAN_POOLS:
            step(os.path.join(debian, f"pool{version}.npz"), "features.py", "--corpus", debian, "--rooms", a.corpus, "--cache", debian, "--versions", str(version))
    train(a, "open", a.open_steps, "--data", "open", "--seed", str(a.seed), "--tasks", json.dumps(OPEN_TASKS))
    opened = os.path.join(a.cache, "run-open", "checkpoint.pt")
    train(a, "first", a.steps * 2 // 5, "--data", "all", "--seed", str(a.seed + 1), "--init", opened, "--warmup", "150", "--tasks", json.dumps(STANDARD_TASKS))
    train(a, "standard", a.steps * 3 // 5, "--data", "all", "--seed", str(a.seed + 2), "--init", os.path.join(a.cache, "run-first", "checkpoint.pt"), "--rate", "1.5e-3",
          "--warmup", "100", "--keep-start", "0.2", "--tasks", json.dumps(STANDARD_TASKS))
    for name in ("standard", "open"):
        checkpoint = os.path.join(a.cache, f"run-{name}", "checkpoint.pt")
        settings = tune_clustering(a, name, checkpoint)
        step(None, "publish.py", "--set", name, "--checkpoint", checkpoint, "--corpus", a.corpus, "--cache", a.cache, "--out", a.out, "--clustering", json.dumps(settings))
    step(None, "loco.py", "--corpus", a.corpus, "--cache", a.cache, "--trunk", opened, "--out", os.path.join(HERE, "results", "loco.json"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--out", required=True, help="folder of the model sets")
    parser.add_argument("--cache", default=os.path.join(HERE, "..", ".cache", "training"))
    parser.add_argument("--text", help="folder with the unpacked manual pages of five languages, for synthetic speech")
    parser.add_argument("--packages", help="folder with the unpacked Debian packages that `debian.py --list` names, for more voices, music and noises")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--bfloat16", action="store_true")
    parser.add_argument("--open-steps", type=int, default=6000, help="of the open run")
    parser.add_argument("--steps", type=int, default=20000, help="of the two standard runs, which go on from the open one")
    parser.add_argument("--seed", type=int, default=1)
    main(parser.parse_args())
