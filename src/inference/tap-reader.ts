/** What one tap of the trunk hears in a whole sound: the features that users' own heads learn from. */
import { setImmediate } from 'node:timers/promises';
import type { InferenceSession, Tensor } from 'onnxruntime-common';
import { FRAME_SAMPLES } from '../clock';
import { InvalidArgumentError, ModelInvalidError } from '../errors';
import { say } from '../sentence';
import type { Catalogue } from './catalogue';
import type { Tap } from './catalogue-schema';
import { loadTrunk } from './onnx/graphs';
import { defaultRuntime, withRuntime, type OnnxRuntime } from './onnx/onnx-runtime';

/** Frames per run: longer strides are no faster, and signals such as Ctrl-C are heard between two runs. */
const STRIDE_FRAMES = 64;

/**
 * Runs the trunk in the caller's thread and gives one of its taps. For training, where nothing else has to happen in
 * between; live sound goes through the prediction engine.
 */
export class TapReader implements Tap {
  private constructor(
    private readonly runtime: OnnxRuntime,
    private readonly session: InferenceSession,
    private readonly stateSize: number,
    private readonly name: string,
    /** Numbers per frame. */
    readonly channels: number,
    readonly receptiveFieldMs: number,
  ) {}

  /**
   * Loads runtime and trunk.
   *
   * @param tap one of the catalogue's taps, such as `tap_medium`
   * @throws InvalidArgumentError for an unknown tap, RuntimeUnavailableError, ModelInvalidError
   */
  static async open({ trunk }: Catalogue, tap: string, threads = 1): Promise<TapReader> {
    const found = trunk.taps[tap];
    if (!found) {
      const known = Object.entries(trunk.taps).map(([name, t]) => `${name} (${t.receptiveFieldMs} ms)`);
      throw new InvalidArgumentError(say`There is no tap "${tap}": ${known.join(', ')} are accepted.`);
    }
    return withRuntime(defaultRuntime(), async (runtime) => {
      const session = await loadTrunk(runtime, trunk, threads);
      return new TapReader(runtime, session, trunk.stateSize, tap, found.channels, found.receptiveFieldMs);
    });
  }

  /**
   * Hears a whole sound, from digital silence on.
   *
   * @param samples 16 kHz mono, full scale 1.0; a last partial frame counts as zero-padded (decision 4)
   * @returns row-major [frames x channels], ceil(samples / 1024) frames
   */
  async read(samples: Float32Array): Promise<Float32Array> {
    const frameCount = Math.ceil(samples.length / FRAME_SAMPLES);
    const pcm = new Float32Array(frameCount * FRAME_SAMPLES);
    pcm.set(samples);
    const features = new Float32Array(frameCount * this.channels);
    let state: Tensor = this.tensor(new Float32Array(this.stateSize), [1, this.stateSize]);
    for (let frame = 0; frame < frameCount; frame += STRIDE_FRAMES) {
      const piece = pcm.subarray(frame * FRAME_SAMPLES, (frame + STRIDE_FRAMES) * FRAME_SAMPLES);
      const feeds = { pcm: this.tensor(piece, [1, piece.length]), state };
      const outputs = await this.session.run(feeds, [this.name, 'state_out']);
      const [tap, after] = [outputs[this.name], outputs['state_out']];
      if (!tap || !after) throw new ModelInvalidError(say`The trunk gave no ${this.name}.`);
      features.set(tap.data as Float32Array, frame * this.channels);
      state = after;
      if (!this.runtime.letsLoopTurn) await setImmediate();
    }
    return features;
  }

  /** Frees the trunk. */
  async release(): Promise<void> {
    await this.session.release();
  }

  private tensor(data: Float32Array, dims: readonly number[]): Tensor {
    return new this.runtime.api.Tensor('float32', data, dims);
  }
}
