import assert from 'node:assert/strict';
import type { NodeStatus } from 'node-red';
import { StatusLine } from '../../../nodes/shared/status-line';
import { StreamStatus } from '../../../nodes/stream/status';
import type { HubStatistics } from '../../../src';

const IDLE: HubStatistics = {
  streams: 0,
  waitingMs: 0,
  lagMs: 0,
  speed: null,
  droppedMs: 0,
  gaps: 0,
  gapMs: 0,
  failures: 0,
  refused: 0,
};

describe('The line under the stream node', () => {
  const realNow = performance.now.bind(performance);
  afterEach(() => {
    performance.now = realNow;
  });

  it('says what is in the way of every stream once the trouble of a message is over, and what went wrong until something is heard', () => {
    const shown: NodeStatus[] = [];
    const line = new StatusLine({
      status: (status) => shown.push(status as NodeStatus),
      error: () => undefined,
    });
    const expired: NodeStatus = { fill: 'red', shape: 'ring', text: 'expired' };
    const ended: NodeStatus = { fill: 'grey', shape: 'ring', text: 'ended' };
    let obstacle: NodeStatus | undefined = expired;
    let source: NodeStatus | undefined;
    let streams = 0;
    const status = new StreamStatus({
      RED: { _: (key: string) => key },
      node: { error: () => undefined },
      line,
      statistics: () => ({ ...IDLE, streams }),
      heard: () => '',
      source: () => source,
      obstacle: () => obstacle,
    });
    status.failed(new Error('No message is heard.'));
    performance.now = () => realNow() + 11_000;
    status.update();
    assert.deepEqual(shown.at(-1), expired);
    obstacle = undefined;
    let later = 22_000;
    // The line takes no more than a few changes a second.
    const look = (): void => {
      later += 5_000;
      performance.now = () => realNow() + later;
      status.update();
    };
    look();
    // Nothing was heard since: what went wrong stands, also where a file has come to its end.
    assert.match(shown.at(-1)?.text ?? '', /error\.OTHER$/);
    source = ended;
    look();
    assert.match(shown.at(-1)?.text ?? '', /error\.OTHER$/);
    source = undefined;
    streams = 1;
    look();
    streams = 0;
    look();
    assert.match(shown.at(-1)?.text ?? '', /idle$/);
    source = ended;
    look();
    assert.deepEqual(shown.at(-1), ended);
    status.close();
    line.close();
  });
});
