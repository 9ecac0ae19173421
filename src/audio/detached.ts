import { types } from 'node:util';
import { BadAudioError } from '../errors';
import { say } from '../sentence';

/** Whether the memory of an array, or the memory itself, was given away or made shorter than the array, so that nothing can be read of it. */
function isDetached(value: unknown): boolean {
  if (!ArrayBuffer.isView(value) && !types.isAnyArrayBuffer(value)) return false;
  if (value.byteLength > 0) return false;
  try {
    if (ArrayBuffer.isView(value)) new Uint8Array(value.buffer, value.byteOffset, 0);
    else new Uint8Array(value);
    return false;
  } catch {
    return true;
  }
}

/** @throws BadAudioError where the memory of audio was given away */
export function checkAttached(audio: unknown): void {
  if (!isDetached(audio)) return;
  throw new BadAudioError(
    say`The memory of the audio was given away before it could be read, as postMessage and structuredClone do with what they transfer. Hand over a copy.`,
  );
}
