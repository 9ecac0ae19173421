// Lists what an installation of this package brings with it, and under which license: one line a package, or JSON with --json. With --check
// it ends with 1 where THIRD-PARTY-NOTICES.md leaves one out.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const read = (path) => JSON.parse(readFileSync(path, 'utf8'));
const { packages } = read(join(root, 'package-lock.json'));

/** What is installed for users: neither for developers alone, nor a link. */
const shipped = Object.entries(packages).filter(([path, { dev, link }]) => path !== '' && !dev && !link);
const found = shipped.map(([path, { version, license, optional }]) => {
  const manifest = join(root, path, 'package.json');
  const said = existsSync(manifest) ? read(manifest).license : license;
  return {
    name: path.replace(/^.*node_modules\//, ''),
    version,
    license: typeof said === 'string' ? said : (license ?? 'unknown'),
    optional: optional === true,
  };
});
// Its files are copied into the package, see scripts/copy-assets.mjs.
const { version, license } = read(join(root, 'node_modules/onnxruntime-web/package.json'));
found.push({ name: 'onnxruntime-web', version, license, optional: false });
found.sort((one, other) => one.name.localeCompare(other.name));

if (process.argv.includes('--json')) console.log(JSON.stringify(found, undefined, 2));
else
  for (const one of found)
    console.log(`${one.name} ${one.version}: ${one.license}${one.optional ? ' (optional)' : ''}`);

if (process.argv.includes('--check')) {
  const notices = readFileSync(join(root, 'THIRD-PARTY-NOTICES.md'), 'utf8');
  const missing = found.filter(({ name, license }) => !notices.includes(`| ${name} | ${license} |`));
  for (const { name, license } of missing)
    console.error(`THIRD-PARTY-NOTICES.md lacks: | ${name} | ${license} |`);
  process.exitCode = missing.length > 0 ? 1 : 0;
}
