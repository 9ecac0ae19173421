import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { ROOT } from './consumer';

const FOLDER = join(ROOT, 'docker');
const read = (name: string): string => readFileSync(join(FOLDER, name), 'utf8');

interface Service {
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly command?: readonly string[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly depends_on?: Readonly<Record<string, unknown>>;
}

const { services, volumes } = load(read('compose.yaml')) as {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
};

describe('The Docker files', () => {
  it('build from files that are there, whichever is chosen', () => {
    const dockerfiles = readdirSync(FOLDER).filter((name) => name.startsWith('Dockerfile.'));
    assert.deepEqual(dockerfiles.toSorted(), ['Dockerfile.alpine', 'Dockerfile.debian']);
    for (const { build } of [services['node-red'], services['first-flows']].map((each) => each ?? {})) {
      assert.equal(build?.context, '.');
      const usual = /^\$\{DOCKERFILE:-(.*)\}$/.exec(build.dockerfile)?.[1] ?? '';
      assert.ok(dockerfiles.includes(usual), build.dockerfile);
    }
  });

  it('mount folders and volumes that are there', () => {
    for (const [name, service] of Object.entries(services)) {
      for (const volume of service.volumes ?? []) {
        const [source = ''] = volume.split(':');
        const isThere = source.startsWith('.') ? existsSync(join(FOLDER, source)) : source in volumes;
        assert.ok(isThere, `${name}: ${source}`);
      }
      for (const other of Object.keys(service.depends_on ?? {})) assert.ok(other in services, other);
    }
  });

  it('begin with the demo, and with settings that Node-RED can load', () => {
    const script = services['first-flows']?.command?.join('\n') ?? '';
    const copied = [...script.matchAll(/node_modules\/@deeptone\/node-red\/(\S+)/g)].map(
      ([, path = '']) => path,
    );
    assert.equal(copied.length, 1);
    assert.match(readFileSync(join(ROOT, copied[0] ?? ''), 'utf8'), /"ui-deeptone-timeline"/);
    const settings = createRequire(__filename)(join(FOLDER, 'settings.js')) as { readonly flowFile: string };
    assert.equal(settings.flowFile, 'flows.json');
  });

  it('open Node-RED to this machine alone, and the broker to who has a password', () => {
    assert.deepEqual(services['node-red']?.ports, ['127.0.0.1:1880:1880']);
    assert.match(read('mosquitto/mosquitto.conf'), /^allow_anonymous false$/m);
    assert.match(read('mosquitto/mosquitto.conf'), /^password_file /m);
  });

  it('ask the doctor whether all is well', () => {
    assert.match(services['node-red']?.healthcheck?.test.join(' ') ?? '', /deeptone doctor/);
  });
});
