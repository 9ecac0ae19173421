/** Sounds that somebody teaches without code: recordings in, a model of one's own out. */
export { serveTeaching } from './endpoints';
