/** What other programs of this repository take of the command line. */
export { UsageError } from './report';
