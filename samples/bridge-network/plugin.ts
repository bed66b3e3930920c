import type { CniAddresses, NetworkQuestion } from '@bulkhead/plugin-sdk/contract';
import { definePlugin } from '@bulkhead/plugin-sdk';

const MBIT = 1_000_000;
const pool = /^([\d.]+)-([\d.]+)$/;
type Options = NetworkQuestion['network']['options'];

/**
 * Networks on a bridge in which the containers that matter have addresses of their own, by name, and nobody takes all of the line. It
 * touches no network itself: it says with which CNI plugins a container is attached.
 */
export default definePlugin({
  name: 'example.com/bridge-network',
  version: '0.1.0',
  author: 'The Bulkhead Authors',
  description: 'Networks with addresses by name, and limits of bandwidth',
  permissions: { network: ['bridge', 'host-local', 'static', 'portmap', 'bandwidth'] },
  networks: ['bridge-network'],
  callbacks: {
    network(question, host) {
      const { network } = question;
      switch (question.operation) {
        case 'create': {
          const why = Object.entries(network.options)
            .map(judgeOption)
            .find((one) => one !== undefined);
          return why === undefined ? undefined : { refuse: why };
        }
        case 'attach': {
          const { container, ports } = question;
          host.log.debug(`${container.name ?? container.id} joins ${network.name}`);
          const bridge = { type: 'bridge' as const, ipam: addressOf(question.network, container.name) };
          const rate = Number(network.options['rate'] ?? 0) * MBIT;
          return {
            cni: [
              bridge,
              ...(ports.length > 0 ? [{ type: 'portmap' as const }] : []),
              ...(rate > 0
                ? [{ type: 'bandwidth' as const, ingressRate: rate, ingressBurst: rate, egressRate: rate, egressBurst: rate }]
                : []),
            ],
          };
        }
        case 'detach':
          host.log.debug(`${question.container.name ?? question.container.id} has left ${network.name}`);
          return undefined;
        case 'delete':
          return undefined;
      }
    },
  },
});

/** Undefined where it can be used. Whether an address is one of the network's judges Bulkhead, when somebody wants it. */
function judgeOption([key, value]: [string, string]): string | undefined {
  if (key === 'rate') return /^[1-9]\d{0,4}$/.test(value) ? undefined : `rate=${value} must be 1 to 99999 (Mbit/s)`;
  if (key === 'pool') return pool.test(value) ? undefined : `pool=${value} must be FIRST-LAST, two addresses`;
  if (key.startsWith('address.')) return /^[\d.]+$/.test(value) ? undefined : `${key}=${value} must be an address`;
  return `there is no option ${key}; known are rate=MBIT, pool=FIRST-LAST and address.NAME=ADDRESS`;
}

function addressOf({ subnet = '', options }: { subnet?: string | undefined; options: Options }, name: string | undefined): CniAddresses {
  const own = name === undefined ? undefined : options[`address.${name}`];
  if (own !== undefined) return { type: 'static', addresses: [{ address: `${own}/${subnet.split('/')[1] ?? ''}` }] };
  const [, rangeStart, rangeEnd] = pool.exec(options['pool'] ?? '') ?? [];
  if (rangeStart === undefined || rangeEnd === undefined) return { type: 'host-local' };
  return { type: 'host-local', ranges: [[{ subnet, rangeStart, rangeEnd }]] };
}
