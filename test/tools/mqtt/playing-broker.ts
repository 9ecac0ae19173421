/** A broker on loopback that delivers what it is told to, also again: what mosquitto cannot be made to do. MQTT 3.1.1. */
import { createServer, type AddressInfo, type Socket } from 'node:net';

export interface PlayedMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly packetId: number;
  readonly dup?: boolean;
}

export interface PlayingBroker {
  readonly port: number;
  close(): Promise<void>;
}

const CONNACK = Buffer.from([0x20, 2, 0, 0]);
const PINGRESP = Buffer.from([0xd0, 0]);

/**
 * Plays to the one client that comes, with quality of service 1.
 *
 * @param suback what it answers to a wish to subscribe: 1 grants quality of service 1, 128 refuses
 * @param connections messages of each connection, sent once something was subscribed to; then the connection breaks, but
 *   the last
 */
export async function startPlayingBroker(
  connections: readonly (readonly PlayedMessage[])[],
  suback = 1,
): Promise<PlayingBroker> {
  const sockets = new Set<Socket>();
  let connection = 0;
  const server = createServer((socket) => {
    const messages = [...(connections[connection++] ?? [])];
    const isLast = connection >= connections.length;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    onPackets(socket, (type, body) => {
      if (type === 1) socket.write(CONNACK);
      if (type === 12) socket.write(PINGRESP);
      if (type !== 8) return;
      socket.write(Buffer.from([0x90, 3, body[0] ?? 0, body[1] ?? 0, suback]));
      for (const message of messages.splice(0)) socket.write(publish(message));
      if (!isLast) socket.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** Calls back for each packet that comes, with its type and what stands behind its length. */
function onPackets(socket: Socket, heard: (type: number, body: Buffer) => void): void {
  let bytes = Buffer.alloc(0);
  socket.on('data', (piece: Buffer) => {
    bytes = Buffer.concat([bytes, piece]);
    for (let packet = first(bytes); packet; packet = first(bytes)) {
      heard((bytes[0] ?? 0) >> 4, packet.body);
      bytes = bytes.subarray(packet.end);
    }
  });
}

function first(bytes: Buffer): { readonly body: Buffer; readonly end: number } | undefined {
  let length = 0;
  for (let at = 1; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    length += (byte & 0x7f) << (7 * (at - 1));
    if (byte >= 0x80) continue;
    const end = at + 1 + length;
    return end <= bytes.length ? { body: bytes.subarray(at + 1, end), end } : undefined;
  }
  return undefined;
}

function publish({ topic, payload, packetId, dup = false }: PlayedMessage): Buffer {
  const name = Buffer.from(topic);
  const head = Buffer.alloc(2);
  head.writeUInt16BE(name.length);
  const id = Buffer.alloc(2);
  id.writeUInt16BE(packetId);
  const length: number[] = [];
  for (let rest = 4 + name.length + payload.length; rest > 0 || length.length === 0; rest >>= 7) {
    length.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
  }
  return Buffer.concat([Buffer.from([dup ? 0x3a : 0x32, ...length]), head, name, id, payload]);
}
