/** The part of the test helper that our tests use; the package ships no types. */
declare module 'node-red-node-test-helper' {
  import type { Node, NodeInitializer } from 'node-red';

  interface FlowNode {
    readonly id: string;
    readonly type: string;
    readonly [property: string]: unknown;
  }

  interface Request extends PromiseLike<{
    readonly status: number;
    readonly body: unknown;
    readonly text: string;
    readonly headers: Readonly<Record<string, string>>;
  }> {
    set(header: string, value: string): Request;
    send(body: string): Request;
  }

  interface TestHelper {
    init(runtimePath: string, settings?: object): void;
    settings(settings: object): object;
    startServer(): Promise<void>;
    stopServer(): Promise<void>;
    load(
      nodes: readonly NodeInitializer[],
      flow: readonly FlowNode[],
      credentials?: Readonly<Record<string, Readonly<Record<string, string>>>>,
    ): Promise<void>;
    unload(): Promise<void>;
    clearFlows(): Promise<void>;
    getNode(id: string): Node;
    log(): { readonly args: readonly (readonly { level: number; msg: unknown; id?: string }[])[] };
    request(): { get(path: string): Request; post(path: string): Request };
  }

  const helper: TestHelper;
  export = helper;
}
