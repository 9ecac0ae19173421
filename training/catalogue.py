"""The catalogue of a model set: what each head is called, reads, means, costs in time, and may be used for."""
import json

import network as N

ORDER = ("speech-rt", "speech", "gender", "arousal", "emotions", "language", "underage-speaker", "audio-event", "speaker-map")
TITLES = {
    "speech-rt": ("Speech, fast", "Speech, music or other sound, from the last eighth of a second: the gate of the voice models."),
    "speech": ("Speech", "Speech, music or other sound, from the last second: slower and steadier than speech-rt."),
    "gender": ("Gender", "Whether the voice sounds female or male; unknown where it cannot tell."),
    "arousal": ("Arousal", "Energy in the voice: high (excited, angry), neutral or low (calm, sad, tired)."),
    "emotions": ("Emotions", "Emotional colour of the voice: happy, irritated, neutral or tired."),
    "language": ("Language", "German, English, Spanish, French or Italian; unknown where it cannot tell."),
    "underage-speaker": ("Underage speaker", "Whether the voice sounds like a child before adolescence or like an adult; unknown where it cannot tell."),
    "audio-event": ("Audio event", "Six independent kinds of sound: natural, negative and positive human sounds, speech, music and noise."),
    "speaker-map": ("Speaker map", "Who speaks when: voices are told apart and numbered in order of their first appearance."),
}
GATED_BY_VOLUME = ("speech-rt", "speech", "audio-event")
WITH_UNKNOWN = ("gender", "language", "underage-speaker", "speaker-map")


def entry(name, offsets, fitted, training_data):
    """One model's entry. `fitted` is what calibration gave for it: temperature, bias, unknownBelow, clustering."""
    title, description = TITLES[name]
    tap, classes = N.HEADS.get(name, ("tap_long", ()))
    if name == "speaker-map":
        source, activation = {"kind": "trunk", "output": "embedding"}, "embedding"
    else:
        source = {"kind": "trunk", "output": "scores", "offset": offsets[name]}
        activation = "sigmoid" if name in N.SIGMOID else "softmax"
    made = {"name": name, "title": title, "description": description, "source": source, "classes": list(classes), "activation": activation}
    if activation != "embedding":
        made["calibration"] = fitted.get("calibration", {"temperature": 1.0, **({"bias": [0.0] * len(classes)} if activation == "sigmoid" else {})})
    made["receptiveFieldMs"] = N.FIELD_MS[tap]
    made["gate"] = "volume" if name in GATED_BY_VOLUME else "voice"
    made["unknownBelow"] = fitted.get("unknownBelow", 0.0) if name in WITH_UNKNOWN else None
    if name == "speaker-map":
        made["clustering"] = fitted.get("clustering", {})
    made["license"] = "Apache-2.0" if training_data == "open" else "CC-BY-NC-SA-4.0"
    made["trainingData"] = training_data
    made["card"] = f"{name}.md"
    return made


def write(path, name, title, trunk, offsets, provenance, fitted, training_data, left_out=()):
    """Writes catalogue.json. `fitted` maps a model to its calibration; `left_out` names models that this set does not offer."""
    models = [entry(model, offsets, fitted.get(model, {}), training_data) for model in ORDER if model not in left_out]
    with open(path, "w") as file:
        json.dump({"version": 1, "set": name, "title": title, "trunk": trunk, "provenance": provenance, "models": models}, file, indent=2)
        file.write("\n")
