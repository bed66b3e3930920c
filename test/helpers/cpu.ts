/** What this process has computed so far, in milliseconds: what a machine does that serves others meanwhile does not count. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
