// Rolls the types of each entry point into one file (dist/types) and writes down what the entry points export: reports in
// dist/api, with --write also in docs/api, where a test compares them. Needs what tsc wrote.
import { copyFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CompilerState, Extractor, ExtractorConfig } from '@microsoft/api-extractor';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PACKAGE = join(ROOT, 'package.json');

/** The entry points that have types, as tsc wrote them: [declarations, name]. */
const { exports } = JSON.parse(readFileSync(PACKAGE, 'utf8'));
const entries = Object.values(exports)
  .filter((entry) => typeof entry === 'object')
  .map((entry) => [join(ROOT, entry.default.replace(/\.js$/, '.d.ts')), basename(entry.types, '.d.ts')]);

const { compilerOptions } = JSON.parse(readFileSync(join(ROOT, 'tsconfig.json'), 'utf8'));
/** Without what tests bring along: the names of a browser, which ours would make way for. */
const overrideTsconfig = {
  compilerOptions: { ...compilerOptions, types: ['node'] },
  files: entries.map(([declarations]) => declarations),
};

/** A type that is used and not exported, or anything that the compiler does not understand, ends the build. */
const ERROR = { logLevel: 'error' };
/** Not ours: release tags, and the form of comments. */
const QUIET = { logLevel: 'none' };

function configOf(declarations, name) {
  return ExtractorConfig.prepare({
    packageJsonFullPath: PACKAGE,
    configObjectFullPath: undefined,
    configObject: {
      projectFolder: ROOT,
      mainEntryPointFilePath: declarations,
      newlineKind: 'lf',
      compiler: { overrideTsconfig },
      apiReport: {
        enabled: true,
        reportFileName: `${name}.api.md`,
        reportFolder: join(ROOT, 'dist/api'),
        reportTempFolder: join(ROOT, 'dist/api/temp'),
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: true, untrimmedFilePath: join(ROOT, `dist/types/${name}.d.ts`) },
      tsdocMetadata: { enabled: false },
      messages: {
        compilerMessageReporting: { default: ERROR },
        extractorMessageReporting: { default: QUIET, 'ae-forgotten-export': ERROR },
        tsdocMessageReporting: { default: QUIET },
      },
    },
  });
}

/** Words about the run itself; errors are told. */
function quieten(message) {
  if (message.category === 'console' && message.logLevel !== 'error') message.handled = true;
}

rmSync(join(ROOT, 'dist/types'), { recursive: true, force: true });
for (const folder of ['dist/api', 'docs/api']) mkdirSync(join(ROOT, folder), { recursive: true });
const configs = entries.map(([declarations, name]) => configOf(declarations, name));
const compilerState = CompilerState.create(configs[0]);
let errors = 0;
for (const config of configs) {
  const { errorCount } = Extractor.invoke(config, {
    compilerState,
    localBuild: true,
    messageCallback: quieten,
  });
  errors += errorCount;
}
if (errors > 0) process.exit(1);
if (process.argv.includes('--write')) {
  for (const [, name] of entries) {
    copyFileSync(join(ROOT, `dist/api/${name}.api.md`), join(ROOT, `docs/api/${name}.api.md`));
  }
}
