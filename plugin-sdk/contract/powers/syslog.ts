import * as v from 'valibot';
import { power } from './power.js';

/** Those of ordinary programs; what the kernel, logins and mail say is not for plugins to say. */
export const syslogFacility = v.picklist([
  'user',
  'daemon',
  ...(['local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7'] as const),
]);
/** Without those that call everybody to the terminal. */
const severity = v.picklist(['err', 'warning', 'notice', 'info', 'debug']);

export const syslog = power({
  version: '1.0.0',
  summary: "Writes a line to the host's system log, under the name of the plugin",
  permission: 'syslog',
  input: v.strictObject({ facility: syslogFacility, severity, message: v.pipe(v.string(), v.minLength(1), v.maxLength(2048)) }),
  output: v.undefined(),
});
