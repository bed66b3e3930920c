/**
 * What the packet filter does with a network, as a whole: rules that stand as long as somebody is in it, and go with the last one.
 * (The bridge plugin's own masquerading has a rule for each container, which it cannot find any more where the container was killed.)
 *
 *      nat     POSTROUTING   from the subnet to anywhere else            MASQUERADE     not where it is internal
 *      filter  FORWARD       between its members                         ACCEPT
 *                            answers, and what is published, to it       ACCEPT
 *                            all else to it                              DROP           other networks reach it by what is published alone
 *                            from it, but to no other network of ours    ACCEPT         DROP where it is internal
 *
 * Each carries a comment, by which it is found again.
 */
import { execFile, spawn } from 'node:child_process';
import { findTool, TOOL_DIRECTORIES } from '#base/programs.js';
import { cleanSaid, networkErrors } from '../errors.js';
import type { NetworkRecord } from '../shapes.js';

/** All bridges of Bulkhead's begin so; `+` is iptables' wildcard. */
const ALL_BRIDGES = 'bh-+';
const DEADLINE_MS = 20_000;
/** As long as another program has the lock of the packet filter. */
const WAIT = ['--wait', '10'];

/** Makes them what they must be. Answers with what is missing where there is no iptables. Idempotent; of one who holds the lock. */
export async function ensureRules(network: NetworkRecord, bridge: string): Promise<string | undefined> {
  const iptables = await findTool('iptables');
  const restore = await findTool('iptables-restore');
  if (iptables === undefined || restore === undefined)
    return `network ${network.name} has no way out, and does not keep other networks out: there is no iptables`;
  const wanted = composeRules(network, bridge);
  const found = await readRules(iptables, network.name, bridge);
  if (found.length === wanted.nat.length + wanted.filter.length) return undefined;
  if (found.length > 0) await removeRules(network.name, bridge);
  const text = [
    ...['*nat', ...wanted.nat.map((rule) => `-I ${rule}`), 'COMMIT'],
    ...['*filter', ...wanted.filter.toReversed().map((rule) => `-I ${rule}`), 'COMMIT', ''],
  ].join('\n');
  await feed(restore, ['--noflush', ...WAIT], text).catch((why: unknown) => {
    throw networkErrors.rulesFailed(network.name, String(why));
  });
  return undefined;
}

/** Idempotent; of one who holds the lock. */
export async function removeRules(network: string, bridge: string): Promise<void> {
  const iptables = await findTool('iptables');
  if (iptables === undefined) return;
  for (const { table, words } of await readRules(iptables, network, bridge)) {
    await run(iptables, [...WAIT, '--table', table, '--delete', ...words]).catch((why: unknown) => {
      throw networkErrors.rulesFailed(network, String(why));
    });
  }
}

/**
 * What portmap leaves when the last port is gone: three chains that do nothing, and the ways into them. All or nothing, and nothing
 * where somebody has a port there, of Bulkhead or not: the kernel removes no chain that holds or is named by a rule. Idempotent.
 */
export async function removePortChains(): Promise<void> {
  const iptables = await findTool('iptables');
  const restore = await findTool('iptables-restore');
  if (iptables === undefined || restore === undefined) return;
  const text = await run(iptables, [...WAIT, '--table', 'nat', '--list-rules']).catch(() => '');
  const lines = text.split('\n');
  if (!lines.includes('-N CNI-HOSTPORT-DNAT') || lines.some((line) => line.startsWith('-A CNI-HOSTPORT-DNAT '))) return;
  const ways = lines.filter((line) => /^-A (?:PREROUTING|OUTPUT|POSTROUTING) .*-j CNI-HOSTPORT-(?:DNAT|MASQ)$/.test(line));
  const chains = ['CNI-HOSTPORT-MASQ', 'CNI-HOSTPORT-SETMARK'].filter((chain) => lines.includes(`-N ${chain}`));
  const commands = [
    ...ways.map((line) => line.replace(/^-A/, '-D')),
    '-X CNI-HOSTPORT-DNAT',
    ...chains.flatMap((chain) => [`-F ${chain}`, `-X ${chain}`]),
  ];
  await feed(restore, ['--noflush', ...WAIT], ['*nat', ...commands, 'COMMIT', ''].join('\n')).catch(() => undefined);
}

function composeRules({ subnet = '0.0.0.0/0', internal, options }: NetworkRecord, bridge: string): { nat: string[]; filter: string[] } {
  const comment = `-m comment --comment ${commentOf(bridge)}`;
  const masquerades = !internal && options['masquerade'] !== 'false';
  return {
    nat: masquerades ? [`POSTROUTING -s ${subnet} ! -d ${subnet} ${comment} -j MASQUERADE`] : [],
    filter: [
      `FORWARD -i ${bridge} -o ${bridge} ${comment} -j ACCEPT`,
      `FORWARD -o ${bridge} -m conntrack --ctstate RELATED,ESTABLISHED,DNAT ${comment} -j ACCEPT`,
      `FORWARD -o ${bridge} ${comment} -j DROP`,
      internal ? `FORWARD -i ${bridge} ${comment} -j DROP` : `FORWARD -i ${bridge} ! -o ${ALL_BRIDGES} ${comment} -j ACCEPT`,
    ],
  };
}

function commentOf(bridge: string): string {
  return `bulkhead:${bridge}`;
}

interface Rule {
  readonly table: 'nat' | 'filter';
  /** Without the `-A`. */
  readonly words: readonly string[];
}

async function readRules(iptables: string, network: string, bridge: string): Promise<Rule[]> {
  const rules: Rule[] = [];
  for (const [table, chain] of [
    ['nat', 'POSTROUTING'],
    ['filter', 'FORWARD'],
  ] as const) {
    const text = await run(iptables, [...WAIT, '--table', table, '--list-rules', chain]).catch((why: unknown) => {
      throw networkErrors.rulesFailed(network, String(why));
    });
    // No value of ours holds a blank or a quote.
    const own = text.split('\n').map((line) => line.split(' ').map((word) => word.replaceAll('"', '')));
    rules.push(...own.filter((words) => words.includes(commentOf(bridge))).map(([, ...words]) => ({ table, words })));
  }
  return rules;
}

const surroundings = { cwd: '/', env: { PATH: TOOL_DIRECTORIES.join(':'), LC_ALL: 'C' } };

/** Rejects with what it said. */
function run(program: string, words: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(
      program,
      words,
      { ...surroundings, timeout: DEADLINE_MS, killSignal: 'SIGKILL', maxBuffer: 16_777_216 },
      (failed, stdout, stderr) => {
        if (failed === null) resolve(stdout);
        else reject(new Error(cleanSaid(stderr) || failed.message));
      },
    );
  });
}

function feed(program: string, words: readonly string[], text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, {
      ...surroundings,
      stdio: ['pipe', 'ignore', 'pipe'],
      timeout: DEADLINE_MS,
      killSignal: 'SIGKILL',
    });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said = `${said}${chunk.toString('utf8')}`.slice(-4096)));
    child.stdin.on('error', () => undefined);
    child.once('error', (cause) => reject(cause));
    child.once('close', (code) => (code === 0 ? resolve() : reject(new Error(cleanSaid(said) || `it exited with ${code ?? 'a signal'}`))));
    child.stdin.end(text);
  });
}
