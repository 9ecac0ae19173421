// Puts what tsc does not compile beside its output: editor pages and translations of the nodes.
import { cpSync, chmodSync, existsSync } from 'node:fs';

cpSync('nodes', 'dist/nodes', { recursive: true, filter: (path) => !path.endsWith('.ts') });
cpSync('icons', 'dist/nodes/icons', { recursive: true });
const commandLine = 'dist/src/cli/main.js';
if (existsSync(commandLine)) chmodSync(commandLine, 0o755);
