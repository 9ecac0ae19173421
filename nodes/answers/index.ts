/** From a message with sound to messages with answers: what the file, bytes and chunk nodes share. */
export { answerMessages, type QueueConfig } from './answering';
export { stepPoints } from './chart';
export { asBuffer, insight, speed, Warnings, withWarnings, type Facts } from './facts';
export { analyseWholes, type Source, type WholeConfig } from './whole-analysis';
export { WorkQueue } from './work-queue';
