/** From a message with sound to messages with answers: what the file, bytes and chunk nodes share. */
export { stepPoints } from './chart';
export { ChunkMemory } from './chunk-memory';
export { insight, speed, withWarnings, type Facts } from './facts';
export { analyseWholes, type Source, type WholeConfig } from './whole-analysis';
export { WorkQueue } from './work-queue';
