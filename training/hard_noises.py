"""Noises that are taken for people: animals, alarms, bells and beeps, as YAMNet hears them among the clips of noise.

Writes hard.json into the cache: a list of "file@start" of clips. Scenes of human sounds draw them more often than other noises, as counter-examples.
"""
import argparse
import csv
import json
import os
from typing import Dict, List

import numpy as np

import corpus as C
from targets import Teacher

SURE = 0.3          # probability of a kind in some second of the clip
GROUPS: Dict[str, List[str]] = {
    "animal": ["Animal", "Domestic animals, pets", "Dog", "Cat", "Meow", "Purr", "Livestock, farm animals, working animals", "Fowl", "Chicken, rooster", "Duck", "Goose", "Wild animals", "Bird",
               "Bird vocalization, bird call, chirp tweet", "Crow", "Owl", "Gull, seagull", "Pigeon, dove", "Frog", "Insect", "Cattle, bovinae", "Sheep", "Goat", "Pig", "Horse", "Roaring cats (lions, tigers)", "Whale vocalization"],
    "alarm": ["Bell", "Church bell", "Bicycle bell", "Jingle bell", "Chime", "Wind chime", "Alarm", "Telephone", "Telephone bell ringing", "Ringtone", "Alarm clock", "Siren", "Civil defense siren", "Smoke detector, smoke alarm",
              "Fire alarm", "Foghorn", "Whistle", "Steam whistle", "Beep, bleep", "Ping", "Ding", "Doorbell", "Ding-dong", "Buzzer", "Squeak", "Creak", "Vehicle horn, car horn, honking", "Car alarm"],
}


def columns(path: str) -> Dict[str, List[int]]:
    """Columns of YAMNet's scores by group, from its list of classes."""
    with open(path, newline="") as file:
        names = {row["display_name"]: int(row["index"]) for row in csv.DictReader(file)}
    return {group: [names[name] for name in wanted if name in names] for group, wanted in GROUPS.items()}


def main(arguments: argparse.Namespace) -> None:
    rows, teacher, found, groups = C.read_manifest(arguments.corpus), Teacher(arguments.labels, "yamnet"), [], columns(arguments.classes)
    count = dict.fromkeys(groups, 0)
    for row in rows:
        if row["event"] != "noise" or row["file"] not in teacher.files:
            continue
        said = teacher.at(row["file"], np.arange(row["start"] * 1000, max(row["end"] * 1000, row["start"] * 1000 + 1), 250.0))
        heard = {group: float(said[:, of].max()) for group, of in groups.items()}
        best = max(heard, key=lambda group: heard[group])
        if heard[best] >= SURE:
            found.append(f"{row['file']}@{row['start']}")
            count[best] += 1
    with open(os.path.join(arguments.cache, "hard.json"), "w") as file:
        json.dump(found, file)
    print(count)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--cache", required=True)
    parser.add_argument("--labels", required=True, help="folder that teachers.mjs wrote with --yamnet")
    parser.add_argument("--classes", required=True, help="YAMNet's classes.csv")
    main(parser.parse_args())
