/// <reference types="node" preserve="true" />
/** The own-models room: recordings of new sounds in, a head that knows them out, as a file in a folder of models. */
export { forgetHead } from './model-folder';
export { FEWEST_RECORDINGS } from './recordings';
export { TAP_OF_HEADS, trainHead, type TrainHeadOptions } from './train-head';
export type { ClassRecordings } from './recordings';
export type { HeadReport, Mistake } from './report';
export type { ModelSet } from '../inference';
