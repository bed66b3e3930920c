/** The user of an image's configuration: `USER[:GROUP]`, names of the image's own or numbers. */
import { join } from 'node:path';
import { readAccountRows } from '#base/account-rows.js';
import { ID_MAX } from '#base/archive-rules.js';
import { documentInvalid } from './errors.js';

/** Undefined where the configuration names nobody. `accounts` is a directory with the image's passwd and group, where it has them. */
export async function findImageUser(text: string, accounts: string): Promise<{ uid: number; gid: number } | undefined> {
  if (text === '') return undefined;
  const [user = '', group] = text.split(':');
  const known = (await readAccountRows(join(accounts, 'passwd'))).find(([name, , uid]) => name === user || uid === user);
  const uid = toId(user) ?? toId(known?.[2]);
  if (uid === undefined) throw documentInvalid('configuration of the image', `its user "${shown(user)}" is not in its /etc/passwd`);
  if (group === undefined || group === '') return { uid, gid: toId(known?.[3]) ?? 0 };
  const gid = toId(group) ?? toId((await readAccountRows(join(accounts, 'group'))).find(([name]) => name === group)?.[2]);
  if (gid === undefined) throw documentInvalid('configuration of the image', `its group "${shown(group)}" is not in its /etc/group`);
  return { uid, gid };
}

function toId(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,10}$/.test(text) && Number(text) <= ID_MAX ? Number(text) : undefined;
}

function shown(name: string): string {
  return name.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 100);
}
