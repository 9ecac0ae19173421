// Puts what tsc does not compile beside its output (editor pages and translations of the nodes), and takes away what it
// compiled from sources that are gone: their tests would run on, and their code would be packed.
import { cpSync, chmodSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

for (const room of ['src', 'nodes', 'test', 'bench']) {
  const compiled = join('dist', room);
  if (!existsSync(compiled)) continue;
  for (const name of readdirSync(compiled, { recursive: true })) {
    const [, path] = /^(.*)(?:\.js|\.d\.ts)(?:\.map)?$/.exec(name) ?? [];
    const isOurs = path !== undefined && existsSync(`${join(room, path)}.ts`) && !name.endsWith('.map');
    if (path !== undefined && !isOurs) rmSync(join(compiled, name));
  }
}

cpSync('nodes', 'dist/nodes', { recursive: true, filter: (path) => !path.endsWith('.ts') });
cpSync('icons', 'dist/nodes/icons', { recursive: true });
const commandLine = 'dist/src/cli/main.js';
if (existsSync(commandLine)) chmodSync(commandLine, 0o755);
