// Puts what tsc does not compile beside its output (editor pages and translations of the nodes), and takes away what it
// compiled from sources that are gone: their tests would run on, and their code would be packed.
import {
  cpSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
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

// The WebAssembly build of ONNX Runtime, for machines without the native one: what Node.js needs of the package, which has more.
const runtime = 'node_modules/onnxruntime-web';
mkdirSync('dist/wasm', { recursive: true });
for (const name of ['ort-wasm-simd-threaded.mjs', 'ort-wasm-simd-threaded.wasm']) {
  cpSync(join(runtime, 'dist', name), join('dist/wasm', name));
}
const script = readFileSync(join(runtime, 'dist', 'ort.node.min.js'), 'utf8');
writeFileSync('dist/wasm/ort.node.min.js', script.replace(/^\/\/# sourceMappingURL=.*\n?/m, ''));
cpSync('scripts/licenses/onnxruntime-web.txt', 'dist/wasm/LICENSE');

const commandLine = 'dist/src/cli/main.js';
if (existsSync(commandLine)) chmodSync(commandLine, 0o755);
