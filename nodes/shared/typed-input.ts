import type { NodeAPI, Node, NodeMessage } from './node-red';

/**
 * The value of a typed input of a dialog for a message. Asynchronous context stores and JSONata are waited for.
 *
 * @param value what was typed
 * @param type one of the types of the core TypedInput: `str`, `msg`, `flow`, `global`, `env`, `jsonata`, ...
 */
export function typedInput(
  RED: NodeAPI,
  node: Node,
  message: NodeMessage,
  value: string,
  type: string,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    RED.util.evaluateNodeProperty(value, type, node, message, (error, result: unknown) => {
      if (error) reject(error);
      else resolve(result);
    });
  });
}
