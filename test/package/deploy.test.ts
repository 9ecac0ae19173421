import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load, loadAll, YAML11_SCHEMA } from 'js-yaml';
import { deeptone } from '../cli/run-deeptone';
import { ROOT } from './consumer';

const FOLDER = join(ROOT, 'deploy');
const read = (name: string): string => readFileSync(join(FOLDER, name), 'utf8');

interface Container {
  readonly args: readonly string[];
  readonly env: readonly {
    readonly name: string;
    readonly valueFrom: { readonly secretKeyRef: { readonly name: string; readonly key: string } };
  }[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
  readonly startupProbe: Probe;
  readonly readinessProbe: Probe;
  readonly livenessProbe: Probe;
}
interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}
interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly stringData?: Readonly<Record<string, string>>;
  readonly spec: {
    readonly replicas: number;
    readonly serviceName: string;
    readonly selector: { readonly matchLabels: object };
    readonly template: {
      readonly metadata: { readonly labels: object };
      readonly spec: {
        readonly terminationGracePeriodSeconds: number;
        readonly containers: readonly [Container];
        readonly volumes: readonly {
          readonly name: string;
          readonly secret?: { readonly secretName: string };
        }[];
      };
    };
  };
}

/** What of a command line is a flag. */
function flagsIn(args: readonly string[]): readonly string[] {
  return args.filter((arg) => arg.startsWith('--')).map((arg) => arg.split('=')[0] ?? '');
}

describe('The files that start workers', function () {
  this.timeout(60_000);
  let help = '';
  let variables: ReadonlySet<string>;

  before(async () => {
    help = (await deeptone(['serve', '--help'])).stdout;
    const sources = ['serve-settings.ts', 'engine-flags.ts'].map((name) =>
      readFileSync(join(ROOT, 'src/cli', name), 'utf8'),
    );
    const known = sources.join('\n').match(/DEEPTONE_[A-Z_]+/g) ?? [];
    variables = new Set([...known, 'DEEPTONE_LICENSE_KEY']);
  });

  function checkFlags(args: readonly string[]): void {
    for (const flag of flagsIn(args)) assert.match(help, new RegExp(`^ +${flag}\\b`, 'm'), flag);
  }

  it('are a StatefulSet whose shards are as many as its pods, and whose probes and secrets are there', () => {
    const manifests = loadAll(read('kubernetes/workers.yaml')) as readonly Manifest[];
    const of = (kind: string): Manifest => {
      const found = manifests.find((one) => one.kind === kind);
      assert.ok(found, kind);
      return found;
    };
    const { spec } = of('StatefulSet');
    const pod = spec.template;
    const [container] = pod.spec.containers;
    const argument = (name: string): string => container.args[container.args.indexOf(name) + 1] ?? '';
    checkFlags(container.args);
    assert.equal(argument('--shard'), `auto/${spec.replicas}`);
    assert.deepEqual(spec.selector.matchLabels, pod.metadata.labels);
    assert.equal(spec.serviceName, of('Service').metadata.name);
    assert.ok(pod.spec.terminationGracePeriodSeconds > 10);

    const [port] = container.ports;
    assert.equal(argument('--http'), `0.0.0.0:${port?.containerPort}`);
    const { startupProbe, readinessProbe, livenessProbe } = container;
    assert.deepEqual(
      [startupProbe, readinessProbe, livenessProbe].map(({ httpGet }) => httpGet.path),
      ['/readyz', '/readyz', '/livez'],
    );
    for (const { httpGet } of [startupProbe, readinessProbe, livenessProbe])
      assert.equal(httpGet.port, port?.name);

    const secret = of('Secret');
    for (const { name, valueFrom } of container.env) {
      assert.ok(variables.has(name), name);
      assert.equal(valueFrom.secretKeyRef.name, secret.metadata.name);
      assert.ok(valueFrom.secretKeyRef.key in (secret.stringData ?? {}));
    }
    const mounted = container.volumeMounts.find(
      ({ name }) =>
        pod.spec.volumes.find((volume) => volume.name === name)?.secret?.secretName === secret.metadata.name,
    );
    for (const flag of ['--username-file', '--password-file']) {
      const [folder, name] = [
        argument(flag).slice(0, argument(flag).lastIndexOf('/')),
        argument(flag).split('/').at(-1) ?? '',
      ];
      assert.equal(folder, mounted?.mountPath);
      assert.ok(name in (secret.stringData ?? {}), name);
    }
  });

  it('are services of a compose file, each with a shard of its own', () => {
    const { services } = load(read('compose.yaml'), { schema: YAML11_SCHEMA }) as {
      readonly services: Readonly<
        Record<
          string,
          {
            readonly command?: readonly string[];
            readonly environment?: Readonly<Record<string, string>>;
            readonly healthcheck?: { readonly test: readonly string[] };
            readonly volumes?: readonly string[];
          }
        >
      >;
    };
    const workers = Object.entries(services).filter(([name]) => name.startsWith('worker-'));
    assert.deepEqual(
      workers.map(([, { environment }]) => environment?.['DEEPTONE_SHARD']),
      ['0/2', '1/2'],
    );
    for (const [, { command = [], environment = {}, healthcheck }] of workers) {
      checkFlags(command);
      for (const name of Object.keys(environment)) assert.ok(variables.has(name), name);
      assert.match(
        healthcheck?.test.join(' ') ?? '',
        new RegExp(`:${environment['DEEPTONE_HTTP']?.split(':')[1] ?? '-'}/readyz`),
      );
    }
    const [folder = ''] = (services['mosquitto']?.volumes ?? [''])[0]?.split(':') ?? [];
    assert.ok(existsSync(join(FOLDER, folder, 'mosquitto.conf')));
  });

  it('are a unit of systemd, with flags and variables that there are', () => {
    const unit = read('systemd/deeptone-serve@.service');
    const command = /^ExecStart=\S+ serve (.*)$/m.exec(unit)?.[1] ?? '';
    assert.match(command, /--shard %i\/\$\{DEEPTONE_SHARDS\}/);
    checkFlags(command.split(' '));
    for (const name of command.match(/\$\{CREDENTIALS_DIRECTORY\}\/\w+/g) ?? []) {
      assert.match(unit, new RegExp(`^LoadCredential=${name.split('/')[1] ?? '-'}:`, 'm'));
    }
    const environment = [...read('systemd/serve.env').matchAll(/^#?(DEEPTONE_\w+)=/gm)].map(
      ([, name = '']) => name,
    );
    assert.ok(environment.includes('DEEPTONE_SHARDS'));
    for (const name of environment) assert.ok(name === 'DEEPTONE_SHARDS' || variables.has(name), name);
  });

  it('are an image with the command and its MQTT client', () => {
    const dockerfile = read('Dockerfile');
    assert.match(dockerfile, /npm install .*"\$DEEPTONE" mqtt \\$/m);
    const [, script = ''] = /node_modules\/@deeptone\/node-red\/(\S+?)"/.exec(dockerfile) ?? [];
    const { bin } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      readonly bin: { readonly deeptone: string };
    };
    assert.equal(script, bin.deeptone);
  });
});
