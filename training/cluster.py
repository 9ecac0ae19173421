"""Online clustering of voice embeddings, as the engine does it, and the diarization error rate."""
import numpy as np

DEFAULT = {"newSpeakerBelow": 0.45, "windowFrames": 16}


def diarize(embeddings, speech, options=None):
    """Speaker number per 64 ms frame, -1 where there is no speech. embeddings [frames, E], speech [frames] bool."""
    o = {**DEFAULT, **(options or {})}
    centres, counts, answer = [], [], np.full(len(embeddings), -1)
    recent = []
    for k in np.flatnonzero(speech):
        recent.append(embeddings[k])
        del recent[:-o["windowFrames"]]
        mean = np.mean(recent, 0)
        mean = mean / (np.linalg.norm(mean) + 1e-9)
        if centres:
            similarity = [float(mean @ c) / (np.linalg.norm(c) + 1e-9) for c in centres]
            best = int(np.argmax(similarity))
        if not centres or (similarity[best] < o["newSpeakerBelow"] and len(recent) >= o["windowFrames"]):
            centres.append(mean.copy()), counts.append(1)
            best = len(centres) - 1
        else:
            counts[best] += 1
            centres[best] = centres[best] + (mean - centres[best]) / min(counts[best], 200)
        answer[k] = best
    return answer


def error_rate(truth, answer):
    """Share of speech frames with the wrong speaker under the best one-to-one mapping; no collar."""
    spoken = truth >= 0
    people, found = np.unique(truth[spoken]), np.unique(answer[spoken])
    from scipy.optimize import linear_sum_assignment
    overlap = np.array([[((truth == p) & (answer == f)).sum() for f in found] for p in people])
    rows, columns = linear_sum_assignment(-overlap)
    return 1 - overlap[rows, columns].sum() / spoken.sum()
