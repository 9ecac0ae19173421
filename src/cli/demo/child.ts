/** Starts Node-RED as if it had been started itself, and ends it with the demo, however that has ended: nobody else knows of it. */
import { createRequire } from 'node:module';

process.on('disconnect', () => {
  process.kill(process.pid, 'SIGTERM');
});
process.argv.splice(1, 1);
const [, program = ''] = process.argv;
createRequire(__filename)(program);
