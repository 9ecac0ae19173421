import type { Family } from '../supervision';

/** What a worker counts beside its engine. */
export class WorkerCounts {
  /** Messages with sound that were heard. */
  heard = 0;
  /** Messages of devices that other workers hear. */
  passedOver = 0;

  /** As metrics, with what the process takes. */
  families(isConnected: boolean): readonly Family[] {
    const { user, system } = process.cpuUsage();
    return [
      one(
        'gauge',
        'deeptone_broker_connected',
        'Whether there is a connection to the broker.',
        Number(isConnected),
      ),
      {
        name: 'deeptone_messages_total',
        help: 'Messages with sound from the broker.',
        type: 'counter',
        samples: [
          { labels: { fate: 'heard' }, value: this.heard },
          { labels: { fate: 'other-worker' }, value: this.passedOver },
        ],
      },
      one('counter', 'process_cpu_seconds_total', 'CPU time of the process.', (user + system) / 1e6),
      one('gauge', 'process_resident_memory_bytes', 'Memory of the process.', process.memoryUsage.rss()),
      one(
        'gauge',
        'process_start_time_seconds',
        'When the process began.',
        Date.now() / 1_000 - process.uptime(),
      ),
    ];
  }
}

function one(type: 'counter' | 'gauge', name: string, help: string, value: number): Family {
  return { name, help, type, samples: [{ labels: {}, value }] };
}
