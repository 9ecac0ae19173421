/** A real Node-RED in a process of its own, with this package installed in it; flows are deployed as the editor does. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../ports';

/** Root of this package: the folder above `dist`. */
const PACKAGE_FOLDER = resolve(__dirname, '../../../..');
const READY_WITHIN_MS = 60_000;
const READY_POLL_MS = 100;
/** More than any test makes it say: tests count what was said, and look behind what they have seen. */
const OUTPUT_CHARACTERS = 1_000_000;

export type FlowNode = Readonly<Record<string, unknown>> & { readonly id: string; readonly type: string };
/** `full` restarts everything, `nodes` only what changed. */
export type DeploymentType = 'full' | 'nodes' | 'flows';

export interface NodeRedOptions {
  /** Further nodes: file name to JavaScript text; the editor's page is made up. */
  readonly extraNodes?: Readonly<Record<string, string>>;
  /** Further packages with nodes, by name; they must be installed here. */
  readonly packages?: readonly string[];
  /** Further lines of `settings.js`, as object text: `{ mqttReconnectTime: 100 }`. */
  readonly settings?: string;
  readonly environment?: NodeJS.ProcessEnv;
  readonly nodeArguments?: readonly string[];
}

export interface NodeRedProcess {
  readonly url: string;
  readonly process: ChildProcess;
  /** What it printed last. */
  output(): string;
  deploy(flow: readonly FlowNode[], type?: DeploymentType): Promise<void>;
  /** Ends it as `systemctl stop` does, and removes its folder. */
  stop(): Promise<void>;
  /** Ends it as a power cut does; call `stop` after it all the same. */
  kill(): Promise<void>;
}

/** Starts Node-RED without flows and waits until it answers. */
export async function startNodeRed(options: NodeRedOptions = {}): Promise<NodeRedProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'deeptone-node-red-'));
  const port = await freePort();
  await mkdir(join(folder, 'node_modules', '@deeptone'), { recursive: true });
  await symlink(PACKAGE_FOLDER, join(folder, 'node_modules', '@deeptone', 'node-red'));
  for (const name of options.packages ?? []) {
    const link = join(folder, 'node_modules', name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(dirname(require.resolve(`${name}/package.json`)), link);
  }
  await mkdir(join(folder, 'nodes'));
  for (const [name, text] of Object.entries(options.extraNodes ?? {})) {
    await writeFile(join(folder, 'nodes', `${name}.js`), text);
    await writeFile(join(folder, 'nodes', `${name}.html`), '<script type="text/javascript"></script>');
  }
  await writeFile(join(folder, 'settings.js'), settingsText(port, options.settings));

  let printed = '';
  const nodeRed = spawn(
    process.execPath,
    [
      ...(options.nodeArguments ?? []),
      require.resolve('node-red/red.js'),
      '--userDir',
      folder,
      '--settings',
      join(folder, 'settings.js'),
    ],
    { env: { ...process.env, ...options.environment }, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] },
  );
  const keep = (text: Buffer): void => {
    printed = (printed + text.toString()).slice(-OUTPUT_CHARACTERS);
  };
  nodeRed.stdout?.on('data', keep);
  nodeRed.stderr?.on('data', keep);

  const url = `http://127.0.0.1:${port}`;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (nodeRed.exitCode !== null || nodeRed.signalCode !== null) return;
    const ended = once(nodeRed, 'exit');
    nodeRed.kill(signal);
    await ended;
  };
  const stop = async (): Promise<void> => {
    await end('SIGTERM');
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    await ready(url, nodeRed, () => printed);
  } catch (error) {
    await end('SIGKILL');
    await stop();
    throw error;
  }
  return {
    url,
    process: nodeRed,
    output: () => printed,
    deploy: (flow, type = 'full') => deploy(url, flow, type),
    stop,
    kill: () => end('SIGKILL'),
  };
}

function settingsText(port: number, more = '{}'): string {
  const settings = {
    uiHost: '127.0.0.1',
    uiPort: port,
    flowFile: 'flows.json',
    disableEditor: true,
    credentialSecret: 'for tests',
    mqttReconnectTime: 200,
    logging: { console: { level: 'info', metrics: false, audit: false } },
  };
  return `module.exports = { ...${JSON.stringify(settings)}, ...${more} };\n`;
}

async function ready(url: string, nodeRed: ChildProcess, output: () => string): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  // Flows that are deployed before the first start is over get lost in it.
  while (!output().includes('Started flows') || !(await answers(url))) {
    if (nodeRed.exitCode !== null || Date.now() > deadline) {
      throw new Error(`Node-RED did not start:\n${output()}`);
    }
    await sleep(READY_POLL_MS);
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/flows`)).ok;
  } catch {
    return false;
  }
}

async function deploy(url: string, flow: readonly FlowNode[], type: DeploymentType): Promise<void> {
  const response = await fetch(`${url}/flows`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'Node-RED-Deployment-Type': type },
    body: JSON.stringify(flow),
  });
  if (!response.ok) throw new Error(`The flow was refused: ${response.status} ${await response.text()}`);
}

/** The core node for a broker. */
export function brokerNode(
  id: string,
  port: number,
  protocolVersion: 4 | 5 = 4,
  more: object = {},
): FlowNode {
  return {
    id,
    type: 'mqtt-broker',
    name: '',
    broker: '127.0.0.1',
    port: String(port),
    clientid: '',
    autoConnect: true,
    usetls: false,
    protocolVersion: String(protocolVersion),
    keepalive: '60',
    cleansession: true,
    autoUnsubscribe: true,
    ...more,
  };
}
