/** A Node-RED in a process of its own, as a user runs it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../tools/ports';

export type FlowNode = Readonly<Record<string, unknown>> & { readonly id: string; readonly type: string };

/** Another Node-RED, and the Node.js that it needs, may be given from outside. */
const NODE = process.env['DEEPTONE_E2E_NODE'] ?? process.execPath;
const NODE_RED = process.env['DEEPTONE_E2E_NODE_RED'] ?? createRequire(__filename).resolve('node-red/red.js');

export class NodeRedProcess {
  readonly url: string;
  readonly #process: ChildProcess;
  #output = '';

  private constructor(child: ChildProcess, url: string) {
    this.#process = child;
    this.url = url;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
      });
    }
  }

  /** What it has printed so far. */
  get output(): string {
    return this.#output;
  }

  get #hasEnded(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  static async start(
    userDir: string,
    settings: Readonly<Record<string, unknown>> = {},
    env: NodeJS.ProcessEnv = process.env,
  ): Promise<NodeRedProcess> {
    const { uiPort } = settings;
    const port = typeof uiPort === 'number' ? uiPort : await freePort();
    const all = {
      uiHost: '127.0.0.1',
      uiPort: port,
      flowFile: 'flows.json',
      credentialSecret: false,
      telemetry: { enabled: false, updateNotification: false },
      editorTheme: { tours: false, palette: { catalogues: [] }, projects: { enabled: false } },
      ...settings,
    };
    const file = join(userDir, 'settings.js');
    writeFileSync(file, `module.exports = ${JSON.stringify(all)};\n`);
    const child = spawn(NODE, [NODE_RED, '--userDir', userDir, '--settings', file], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env,
    });
    const nodeRed = new NodeRedProcess(child, `http://127.0.0.1:${port}`);
    // Open to everybody, also where one has to log in.
    while (!(await nodeRed.answers('/auth/login'))) {
      if (nodeRed.#hasEnded) throw new Error(`Node-RED ended:\n${nodeRed.output}`);
      await sleep(100);
    }
    return nodeRed;
  }

  /** Whether there is something at a path. */
  async answers(path: string): Promise<boolean> {
    try {
      return (await fetch(this.url + path)).ok;
    } catch {
      return false;
    }
  }

  async get(path: string): Promise<unknown> {
    const response = await fetch(this.url + path, { headers: { accept: 'application/json' } });
    if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
    return response.json();
  }

  /** Replaces all flows. */
  async deploy(flows: readonly FlowNode[]): Promise<void> {
    const response = await fetch(`${this.url}/flows`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'Node-RED-API-Version': 'v2' },
      body: JSON.stringify({ flows }),
    });
    if (!response.ok) throw new Error(`POST /flows: ${response.status} ${await response.text()}`);
  }

  /** Presses the button of an Inject node. */
  async inject(id: string): Promise<void> {
    const response = await fetch(`${this.url}/inject/${id}`, { method: 'POST' });
    if (!response.ok) throw new Error(`POST /inject/${id}: ${response.status}`);
  }

  async stop(): Promise<void> {
    if (this.#hasEnded) return;
    this.#process.kill('SIGTERM');
    await once(this.#process, 'exit');
  }
}
