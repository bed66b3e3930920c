import { definePlugin, type Host } from '@bulkhead/plugin-sdk';

/** Lends the seats of a licence: made ready when it is installed, carried over by an upgrade, and not removed while one is lent. */
export default definePlugin({
  name: 'example.com/install-plugin',
  version: '0.2.0',
  author: 'The Bulkhead Authors',
  description: 'Has a say when it is installed, upgraded and uninstalled',
  commands: {
    'seat list': {
      summary: 'List the seats',
      async run(_input, host) {
        for (const { seat, user } of await readSeats(host)) host.print(`${seat}  ${user ?? 'free'}`);
      },
    },
    'seat take': {
      summary: 'Take a seat',
      args: [{ name: 'user', required: true }],
      async run({ args: [user] }, host) {
        const seats = await readSeats(host);
        const free = seats.find((one) => one.user === undefined);
        if (free === undefined) return 1;
        await writeSeats(
          host,
          seats.map((one) => (one === free ? { ...one, user } : one)),
        );
        host.print(free.seat);
        return 0;
      },
    },
    'seat give': {
      summary: 'Give all seats of a user back',
      args: [{ name: 'user', required: true }],
      async run({ args: [user] }, host) {
        const seats = await readSeats(host);
        await writeSeats(
          host,
          seats.map((one) => (one.user === user ? { seat: one.seat } : one)),
        );
      },
    },
  },
  callbacks: {
    async install({ scope }, host) {
      await writeSeats(host, [{ seat: 'first' }, { seat: 'second' }]);
      host.log.info(`made two seats for ${scope === 'system' ? 'everybody' : 'you'}`);
    },
    /** 0.1.0 kept a text such as `first=ann second=`. */
    async upgrade({ from, to }, host) {
      const old = await host.store.get('seats-0.1');
      if (old === undefined) return;
      const seats = old.split(' ').map((entry) => {
        const [seat = '', user = ''] = entry.split('=');
        return { seat, ...(user !== '' && { user }) };
      });
      await writeSeats(host, seats);
      await host.store.delete('seats-0.1');
      host.log.info(`carried ${seats.length} seats over from ${from} to ${to}`);
    },
    async uninstall(_input, host) {
      const lent = (await readSeats(host)).flatMap(({ seat, user }) => (user === undefined ? [] : [`${seat} to ${user}`]));
      if (lent.length > 0) throw new Error(`these seats are lent: ${lent.join(', ')}`);
    },
  },
});

interface Seat {
  readonly seat: string;
  readonly user?: string;
}

async function readSeats(host: Host): Promise<Seat[]> {
  return JSON.parse((await host.store.get('seats')) ?? '[]') as Seat[];
}

function writeSeats(host: Host, seats: readonly Seat[]): Promise<void> {
  return host.store.set('seats', JSON.stringify(seats));
}
