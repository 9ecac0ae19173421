import type { FramePredictions, PredictionStream } from '../inference';
import type { LicenseGuard } from '../license';

/** A stream of predictions that goes on for no longer than the license allows what is open (decision 22). */
export class LicensedStream implements PredictionStream {
  readonly #stream: PredictionStream;
  readonly #guard: LicenseGuard;

  constructor(stream: PredictionStream, guard: LicenseGuard) {
    this.#stream = stream;
    this.#guard = guard;
  }

  /** @throws LicenseManagerError (`expired`) once the grace period is over; and as the stream behind it */
  async predict(pcm: Float32Array): Promise<FramePredictions> {
    this.#guard.checkOpen();
    return this.#stream.predict(pcm);
  }

  close(): void {
    this.#stream.close();
  }
}
