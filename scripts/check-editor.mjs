// Type-checks the code of the edit dialogs: takes the scripts out of nodes/*.html and hands them to tsc, each line at its
// own number so that a message points into the page.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const target = '.cache/editor';
rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });
for (const name of readdirSync('nodes').filter((file) => file.endsWith('.html'))) {
  const page = readFileSync(`nodes/${name}`, 'utf8');
  const script = /<script type="text\/javascript">([\s\S]*?)<\/script>/.exec(page);
  if (!script) throw new Error(`nodes/${name} has no script that registers a node.`);
  const linesBefore = page.slice(0, script.index).split('\n').length - 1;
  writeFileSync(`${target}/${name}.js`, '\n'.repeat(linesBefore) + script[1]);
}
const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');
const { status } = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.editor.json'], {
  stdio: 'inherit',
});
process.exit(status ?? 1);
