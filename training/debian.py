"""More voices, music and noises, from the sound files of Debian packages: a folder in the form of the corpus.

The packages are games, teaching programs and telephone prompts in section `main`, so that all of it is free for any use. Nothing of it is
ever a figure: every clip is for training. Nobody labelled these files one by one. What a file is follows from its path, and what its path does not tell
(who speaks, how old) is left unknown. Packages that the corpus itself draws from are left out, so that no dev clip comes in by this door, and those that
kept_out.json lists are refused.

Fetch and unpack first: `apt-get download PACKAGE`, `dpkg -x PACKAGE_*.deb PACKAGES/PACKAGE`, for every package that --list prints.
"""
import argparse
import csv
import os
import re
import zlib
from typing import Dict, List, Optional, Tuple

import numpy as np
import scipy.signal
import soundfile

import corpus as C

PAUSE = int(0.25 * C.RATE)
MOST = 450              # clips of a voice
MOST_OTHER = 90      # clips at most of a package in a language that is none of the five
LONGEST = 30.0          # seconds of one excerpt
EXCERPTS = 2            # of a long piece of music

# (package, pattern of the path, what its named groups do not say)
SPEECH: List[Tuple[str, str, Dict[str, str]]] = [
    ("tuxpaint-stamps-default", r"_desc(_(?P<language>[a-z]{2})(_\w+)?)?\.(ogg|wav)$", {"language": "en"}),
    ("qabcs-data", r"/abcs/(?P<language>[a-z]{2})(_gb)?/sounds/.+$", {}),
    ("asterisk-core-sounds-ru-wav", r"\.wav$", {"language": "ru", "age_group": "adult", "voice": "ru"}),
    ("fillets-ng-data-cs", r"/cs/[^/]+\.ogg$", {"language": "cs"}),
    ("fillets-ng-data-nl", r"/nl/[^/]+\.ogg$", {"language": "nl"}),
    ("kajongg", r"/voices/(?P<language>de)/(?P<voice>(?P<gender>fe)?male\d)/.+\.ogg$", {}),
    ("kajongg", r"/voices/(?P<voice>(?P<gender>fe)?male\d)/.+\.ogg$", {}),
    ("unknown-horizons", r"/voice/(?P<language>[a-z]{2})/.+\.ogg$", {}),
    ("pocketsphinx-testdata", r"/librivox/.+\.wav$", {"language": "en"}),
    ("codec2-examples", r"\.wav$", {}),
]
MUSIC = ("asterisk-moh-opsound-wav ardentryst caveexpress-data drascula-music extremetuxracer-data fillets-ng-data flare-game freedroidrpg-data "
         "hyperrogue-music lugaru-data marsshooter-data megaglest-data neverball-common openclonk-data pathological planetblupi-music-ogg "
         "plee-the-bear-data singularity-music trackballs-data unknown-horizons warmux-data widelands-data").split()
ALL_MUSIC = ("asterisk-moh-opsound-wav", "drascula-music", "hyperrogue-music", "planetblupi-music-ogg", "singularity-music")
NOISES = "bucklespring-data caveexpress-data endless-sky-data enigma-data extremetuxracer-data minetest-data overgod-data".split()      # no voices in these
# (package, pattern of the path): what is easily taken for a person, and is not: animals, alarms and bells
MISTAKEN: List[Tuple[str, str]] = [
    ("tuxpaint-stamps-default", r"/(animals|halloween/(bat|blackcat|spider)|emergency)(?!.*_desc).*\.ogg$"),
    ("scratch", r"/Animal/|/Electronic/(Screech|Whoop|ComputerBeeps\d)\.|/Effects/(BellToll|DoorCreak|WaterDrop|Rattle|BalloonScratch|Bubbles|Ripples)\."),
    ("scorched3d-data", r"/misc/(bats|birds|birdchirp|gull|wolf|frogs|dog|rooster|sheep|cows|moo|beep|policecar|firetruck|carhorn|lockon)\d*\."),
    ("wesnoth-1.16-data", r"/sounds/(wolf|gryphon|bat|horse|tusker|hiss)[-.\w]*\."),
    ("pekka-kana-2-data", r"/(moo|crow|hen|chick|pig|bird|bee|bunny|frog|wolf|egg)[^/]*\.wav$"),
    ("widelands-data", r"/(animals|duck)/|/farm/(ox|sheep|horse|donkey|farm_animal)"),
    ("megaglest-data", r"/(rooster|owl|hawk|wolf|chicken|cow|pig|mudchute_cow|horse(?!man))[^/]*\.(wav|ogg)$"),
    ("flare-game", r"/(bird_twitter|cave_droplets|forest_owl|raven)_loop\."),
    ("simutrans-pak64", r"/(seagulls|forest|tropic|horse|boat-horn|crossing)\."),
    ("micropolis-data", r"/(quack\w*|cuckoo|siren|beep|honkhonk[-\w]*)\."),
    ("gnome-shell-pomodoro-data", r"/(bell|loud-bell|birds|timer|clock)\."),
    ("orage-data", r"/(Phone|Knock|Boiling|KDE_Beep_Digital_\d)\."),
    ("minetest-mod-homedecor", r"/(toaster|homedecor_\w+)\.ogg$"),
]
# (package, pattern, event): people who do not speak; game sounds of pain and fear stand in for cries and moans
HUMAN: List[Tuple[str, str, str]] = [
    ("scratch", r"/Human/Laugh", "pos_human_sounds"),
    ("scratch", r"/Human/(Scream|BabyCry)", "neg_human_sounds"),
    ("scratch", r"/Human/(Cough|Sneeze)", "nat_human_sounds"),
    ("scorched3d-data", r"/misc/scream", "neg_human_sounds"),
    ("wesnoth-1.16-data", r"/sounds/(human-(female-|old-)?(die|hit)|groan)[-\w]*\.", "neg_human_sounds"),
    ("wesnoth-1.16-data", r"/sounds/[-\w]*laugh[-\w]*\.", "pos_human_sounds"),
    ("megaglest-data", r"/(archer|guard|swordman|worker|horseman|axe_thrower|technician)_die\d*\.", "neg_human_sounds"),
    ("flare-game", r"/(fe)?male_(die|hit)\.", "neg_human_sounds"),
]
PACKAGES = sorted({*(package for package, *_ in (*SPEECH, *MISTAKEN, *HUMAN)), *MUSIC, *NOISES})


def find(folder: str, package: str, pattern: str) -> List[Tuple[str, "re.Match[str]"]]:
    """Paths below a package's folder that fit, with the match; in an order that is the same everywhere."""
    root, found = os.path.join(folder, package), []
    for where, _, names in os.walk(root):
        for name in names:
            path = os.path.join(where, name)
            match = re.search(pattern, path[len(root):], re.IGNORECASE)
            if match and not os.path.islink(path) and re.search(r"\.(ogg|oga|wav|mp3|flac|gsm)$", name):
                found.append((path, match))
    return sorted(found, key=lambda path_and_match: zlib.crc32(os.path.relpath(path_and_match[0], folder).encode()))


def read(path: str) -> Optional[np.ndarray]:
    """16 kHz samples of a file, or None where it cannot be read or is as good as silent."""
    try:
        if path.endswith((".gsm", ".mp3")):
            pcm = C.decode(path).astype(np.float32) / 32768
        else:
            pcm, rate = soundfile.read(path, dtype="float32", always_2d=True)
            pcm = pcm.mean(1)
            if rate != C.RATE:
                common = np.gcd(rate, C.RATE)
                pcm = scipy.signal.resample_poly(pcm, C.RATE // common, rate // common).astype(np.float32)
    except Exception as error:
        print("left out:", path, error)
        return None
    return pcm if len(pcm) >= 0.25 * C.RATE and np.sqrt((pcm ** 2).mean()) > 1e-3 else None


class Folder:
    """Collects clips by file to write."""

    def __init__(self, out: str) -> None:
        self.out: str = out
        self.rows: List[C.Row] = []
        self.parts: Dict[str, List[np.ndarray]] = {}
        os.makedirs(os.path.join(out, "audio"), exist_ok=True)

    def add(self, pcm: np.ndarray, corpus: str, voice: str, event: str, package: str, **labels: str) -> None:
        """Puts a clip behind those of its voice."""
        name = f"audio/{corpus}-{voice}.flac"
        parts = self.parts.setdefault(name, [])
        at = sum(len(p) for p in parts)
        parts += [pcm / max(1.0, np.abs(pcm).max()), np.zeros(PAUSE, np.float32)]
        row = {"file": name, "start": f"{at / C.RATE:.4f}", "end": f"{(at + len(pcm)) / C.RATE:.4f}", "corpus": corpus, "voice": f"{corpus}-{voice}", "part": "train",
               "gender": "", "age": "", "age_group": "", "emotion": "", "arousal": "", "language": "", "event": event, "licence": C.DEBIAN_LICENCE, "note": f"Debian package {package}"}
        self.rows.append({**row, **labels})

    def close(self) -> None:
        """Writes the sound and the manifest."""
        for name, parts in self.parts.items():
            soundfile.write(os.path.join(self.out, name), np.concatenate(parts), C.RATE, subtype="PCM_16")
        with open(os.path.join(self.out, "manifest.csv"), "w", newline="") as file:
            writer = csv.DictWriter(file, self.rows[0].keys())
            writer.writeheader()
            writer.writerows(sorted(self.rows, key=lambda row: row["file"]))


def speech_labels(known: Dict[str, str], match: "re.Match[str]") -> Dict[str, str]:
    """What a path tells of who speaks, in the words of the manifest, and `voice` for a name of the voice."""
    said = {**known, **{name: value for name, value in match.groupdict().items() if value}}
    if "gender" in match.groupdict():
        said["gender"] = "f" if match["gender"] else "m"
    return said


def speech(folder: str, made: Folder) -> None:
    """Spoken words and prompts."""
    for package, pattern, known in SPEECH:
        corpus = re.sub(r"-(data|stamps-default|testdata|core-sounds.*|examples)(-..)?$", "", package)
        count: Dict[str, int] = {}
        for path, match in find(folder, package, pattern):
            said = speech_labels(known, match)
            language = said.get("language", "")
            most = MOST if language in C.LANGUAGES or not language else MOST_OTHER
            voice = "-".join(part for part in (language, said.get("voice", "")) if part) or "many"
            if count.get(voice, 0) >= most:
                continue
            pcm = read(path)
            if pcm is None:
                continue
            count[voice] = count.get(voice, 0) + 1
            labels = {name: said[name] for name in ("language", "gender", "age_group") if name in said}
            made.add(pcm[:int(LONGEST * C.RATE)], corpus, voice, "speech", package, **labels)
        print(package, count, flush=True)


def music(folder: str, made: Folder) -> None:
    """Excerpts of long pieces."""
    for package in MUSIC:
        pieces = 0
        for path, _ in find(folder, package, r"." if package in ALL_MUSIC else r"/[^/]*(music|musik|bgm|soundtrack|theme|songs)"):
            pcm = read(path)
            if pcm is None or len(pcm) < 15 * C.RATE:
                continue
            size = min(len(pcm), int(LONGEST * C.RATE))
            for excerpt in range(min(EXCERPTS, len(pcm) // size)):
                at = (len(pcm) - size) * excerpt // max(1, EXCERPTS - 1)
                made.add(pcm[at:at + size], "music-" + package, f"{pieces}", "music", package)
            pieces += 1
        print(package, pieces, "pieces of music", flush=True)


def noises(folder: str, made: Folder) -> None:
    """Sounds of games without voices."""
    for package in NOISES:
        count = 0
        for path, _ in find(folder, package, r"^(?!.*(music|musik|bgm|voice|speech|theme|jingle|song)).*$"):
            pcm = read(path)
            if pcm is None or len(pcm) > 20 * C.RATE:
                continue
            made.add(pcm, "effects-" + package, "all", "noise", package)
            count += 1
        print(package, count, "noises", flush=True)


def mistaken(folder: str, made: Folder) -> None:
    """Animals, alarms and bells, in corpora of their own whose clips scenes.py draws often."""
    for package, pattern in MISTAKEN:
        count = 0
        for path, _ in find(folder, package, pattern):
            pcm = read(path)
            if pcm is not None:
                made.add(pcm[:int(LONGEST * C.RATE)], "animals-" + package, "all", "noise", package)
                count += 1
        print(package, count, "animals and alarms", flush=True)


def human(folder: str, made: Folder) -> None:
    """People who do not speak."""
    for package, pattern, event in HUMAN:
        count = 0
        for path, _ in find(folder, package, pattern):
            pcm = read(path)
            if pcm is not None:
                made.add(pcm[:int(LONGEST * C.RATE)], "human-" + package, event.split("_")[0], event, package)
                count += 1
        print(package, count, event, flush=True)


def main(arguments: argparse.Namespace) -> None:
    C.refuse_kept_out(PACKAGES, "debian.py")
    if arguments.list:
        print("\n".join(PACKAGES))
        return
    C.refuse_kept_out(sorted(os.listdir(arguments.packages)), arguments.packages)
    made = Folder(arguments.out)
    speech(arguments.packages, made)
    music(arguments.packages, made)
    noises(arguments.packages, made)
    mistaken(arguments.packages, made)
    human(arguments.packages, made)
    made.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packages", help="folder with one unpacked package per subfolder")
    parser.add_argument("--out", help="the folder to make")
    parser.add_argument("--list", action="store_true", help="print the names of the packages")
    main(parser.parse_args())
