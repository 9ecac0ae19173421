"""The catalogue of a model set: what each head is called, reads, means, costs in time, and may be used for."""
import json
from typing import Any, Collection, Dict, Optional

import heads
import network as N

Fitted = Dict[str, Dict[str, Any]]      # by head, what calibration gave: calibration, unknownBelow, clustering, shift


def entry(head: heads.Head, offsets: Dict[str, int], fitted: Dict[str, Any], training_data: str) -> Dict[str, Any]:
    """One model's entry. `offsets`: where the scores of each head begin; `fitted`: what calibration gave for this one."""
    embeds = head.activation == "embedding"
    source = {"kind": "trunk", "output": "embedding"} if embeds else {"kind": "trunk", "output": "scores", "offset": offsets[head.name]}
    made = {"name": head.name, "title": head.title, "description": head.description, "source": source, "classes": list(head.classes), "activation": head.activation}
    if not embeds:
        plain = {"temperature": 1.0, **({"bias": [0.0] * len(head.classes)} if head.activation == "sigmoid" else {})}
        made["calibration"] = fitted.get("calibration", plain)
    if head.reject:             # its score stands behind those of the classes
        made["reject"] = head.reject
    made["receptiveFieldMs"] = N.FIELD_MS[head.tap]
    made["gate"] = head.gate
    made["unknownBelow"] = fitted.get("unknownBelow", 0.0) if head.with_unknown else None
    if head.pooling:
        made["pooling"] = fitted.get("pooling", head.pooling)
    if "baseline" in fitted:
        made["baseline"] = fitted["baseline"]
    if embeds:
        made["clustering"] = fitted.get("clustering", {})
    made["license"] = "Apache-2.0" if training_data == "open" else "CC-BY-NC-SA-4.0"
    made["trainingData"] = training_data
    made["card"] = f"{head.name}.md"
    return made


def write(path: str, name: str, title: str, trunk: Dict[str, Any], offsets: Dict[str, int], provenance: Dict[str, Any], fitted: Fitted, training_data: str,
          left_out: Collection[str] = (), gate: Optional[Dict[str, float]] = None) -> None:
    """Writes catalogue.json. `left_out` names models that this set does not offer; `gate` is how the gate's score is read, if there is a gate."""
    models = [entry(head, offsets, fitted.get(head.name, {}), training_data) for head in heads.ALL.values() if head.name not in left_out]
    gated = {"gate": {"source": {"kind": "trunk", "output": "scores", "offset": offsets["gate"]}, **gate}} if gate else {}
    with open(path, "w") as file:
        json.dump({"version": 1, "set": name, "title": title, "trunk": trunk, **gated, "provenance": provenance, "models": models}, file, indent=2)
        file.write("\n")
