"""Puts into every card what a model is worth on corpora that training never met, beside dev voices of corpora that it knows: the worse first.

Reads training/results (loco.py, measure_gate.py, tune-language.mjs, publish.py) and writes between the marks `never-met` of models/*.md. What has no corpus left says so.
"""
import argparse
import json
import os
from typing import Any, Dict, List, NamedTuple, Optional

HERE = os.path.dirname(os.path.abspath(__file__))
MARKS = "<!-- never-met -->", "<!-- /never-met -->"
HEADER = ["| measured on | figure | corpora never met | voices or streams | known corpora, new voices | voices or streams |", "|---|---|---|---|---|---|"]
CONDITIONS = {"clean": "between other sounds and music", "noise 10 dB": "10 dB over noise and music", "noise 0 dB": "0 dB over noise and music", "telephone": "telephone", "reverberant": "reverberant"}
WINDOWS = {"gender": "3 s, clean", "arousal": "2 s, clean", "emotions": "2 s, clean"}
TRUNK = ("Corpora never met: new deep layers and a head on the trunk of the open set, trained on everything but that corpus, which this trunk never heard (`training/loco.py`). "
         "Known corpora: the weights of the standard set on dev voices, with the same windows.")
NONE_LEFT = {
    "underage-speaker": "All children of 6 to 10 years are from one corpus, whose other voices train: **there is no corpus of children that training never met**, and the figures below are those of its room and microphone. "
                        "Of adults there are some: see *adults of other corpora* below.",
    "speaker-map": "Conversations are built of voices of corpora that training knows. The nearest to new rooms are those of RAVDESS, EMOVO and EMO-DB with the open set, which never met them.",
}
HUMAN_SOUNDS = {"babylaugh": "babies laughing", "screams": "screams", "snoring": "snores, and rooms without"}
STREAMS = 24        # of each condition in measure_gate.py

Json = Dict[str, Any]


class Row(NamedTuple):
    """A line of the table: values as text, and how many voices stand behind them."""

    what: str
    figure: str
    unmet: str
    unmet_voices: str
    known: str
    known_voices: str

    def __str__(self) -> str:
        return "| " + " | ".join(self) + " |"


def results(name: str) -> Json:
    with open(os.path.join(HERE, "results", f"{name}.json")) as file:
        return json.load(file)


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def recall(figures: Json) -> str:
    """Macro recall with its interval; one voice has none."""
    low, high = figures["interval95"]
    return percent(figures["uar"]) + (f" ({100 * low:.1f} to {100 * high:.1f} %)" if figures["speakers"] > 1 else "")


def of_voice(name: str) -> List[str]:
    """Lines of a head that loco.py left corpora out for."""
    made = results("loco")
    left, known, calibrated = made["leftOut"][name], made["dev"][name]["standard"], made["calibration"][name]
    mean = sum(of["uar"] for of in left.values()) / len(left)
    rows = [Row(f"{WINDOWS[name]}, mean of {len(left)} corpora", "macro recall", percent(mean), str(sum(of["speakers"] for of in left.values())), recall(known), str(known["speakers"]))]
    rows += [Row(f"{WINDOWS[name]}, {corpus}", "macro recall", recall(of), str(of["speakers"]), "", "") for corpus, of in sorted(left.items(), key=lambda item: item[1]["uar"])]
    shipped = results("standard")["figures"][name]["clean"]
    rows.append(Row("frames, clean", "calibration error", percent(calibrated["leftOut"]["ece"]), "", percent(shipped["ece"]), ""))
    wider = (f"The temperature of what is answered is {calibrated['wider']:.2f} times that of known rooms, because corpora never met need that: with the temperature of known rooms the calibration error there is {percent(calibrated['leftOut']['eceWithKnownTemperature'])}. "
             "(A corpus left out is judged by the temperature of the others.)")
    return [*HEADER, *map(str, rows), "", TRUNK, wider]


def of_speech(name: str) -> List[str]:
    """Lines of a head that says what sounds, or of the gate, on streams of measure_gate.py."""
    unmet, known = results("gate-unseen-corpora")["figures"], results("gate-standard")["figures"]
    rows = []
    for condition, words in CONDITIONS.items():
        value = lambda of: f"{of[name]['auc']:.3f} ({of[name]['interval95'][0]:.3f} to {of[name]['interval95'][1]:.3f}) / {of[name]['f1']:.2f}"
        rows.append(Row(f"speech, frames, {words}", "ROC-AUC / F1 at one half", value(unmet[f"talk, {condition}"]), str(STREAMS), value(known[f"talk, {condition}"]), str(STREAMS)))
    return [*HEADER, *map(str, rows), "", "Corpora never met: the open set on voices of fourteen corpora that are not openly licensed; noise and music are of known ones. Known corpora: the standard set (`training/measure_gate.py`)."]


def of_language() -> List[str]:
    """Lines of `language`, whose own section has the rest."""
    made = results("language-pooling")
    unmet, known = made["leftOut"]["pooled"]["windows"], made["dev"]["pooled"]["windows"]
    value = lambda of: f"{percent(of['value'])} ({100 * of['interval95'][0]:.1f} to {100 * of['interval95'][1]:.1f} %)" if of.get("interval95") else percent(of["value"])
    parts = (("macro recall of five", "macroRecall"), ("right, of what is answered", "rightOfAnswered"), ("other languages that are `unknown`", "unknownOfOthers"))
    rows = [Row("10 s of speech, as answered", words, value(unmet[key]), str(unmet["voices"]), value(known[key]), str(known["voices"])) for words, key in parts]
    return [*HEADER, *map(str, rows), "", "Corpora never met: the network of the open set, which learnt from less and does not offer this model. More below."]


def of_events() -> List[str]:
    """Lines of `audio-event`: corpora of human sounds that the open set never met, with the sets side by side."""
    unmet, known = (results(name)["figures"]["audio-event"]["1 s windows, clean"]["winner"]["byCorpus"] for name in ("open", "standard"))
    rows = [Row(f"1 s, clean, {corpus} ({words})", "share that is right", percent(unmet[corpus]["accuracy"]), str(unmet[corpus]["items"]), percent(known[corpus]["accuracy"]), str(known[corpus]["items"]))
            for corpus, words in HUMAN_SOUNDS.items()]
    header = [HEADER[0].replace("voices or streams", "windows"), HEADER[1]]
    return [*header, *map(str, rows), "", "Corpora never met: the open set, which has few other sounds of the kind to learn from. Known corpora: the standard set, on recordings that training never heard. Of the standard set there is no corpus of "
            "human sounds left that it never met: expect something between the two columns."]


def section(name: str) -> List[str]:
    if name in WINDOWS:
        return of_voice(name)
    if name in ("speech", "speech-rt"):
        return of_speech(name)
    if name == "audio-event":
        return of_events()
    return of_language() if name == "language" else [NONE_LEFT[name]]


def put(path: str, lines: Optional[List[str]]) -> None:
    """Replaces what stands between the marks of a card."""
    with open(path) as file:
        text = file.read()
    before, _, rest = text.partition(MARKS[0])
    _, found, after = rest.partition(MARKS[1])
    if not found:
        raise SystemExit(f"{path} has no {MARKS[0]}")
    with open(path, "w") as file:
        file.write("\n".join([f"{before}{MARKS[0]}", "", *(lines or []), "", f"{MARKS[1]}{after}"]))


def main(arguments: argparse.Namespace) -> None:
    for name in ("speech-rt", "speech", *WINDOWS, "language", "audio-event", *NONE_LEFT):
        put(os.path.join(arguments.models, f"{name}.md"), section(name))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", required=True, help="folder of the cards")
    main(parser.parse_args())
