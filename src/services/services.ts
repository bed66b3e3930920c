/**
 * Services: programs of bundle plugins that are kept running. Three may do it, behind one interface (launchers/): bulkhead's own
 * daemon, systemd, launchd. The daemon:
 *
 *      bulkhead system start ──▶ daemon (one for each root)            holds the endpoints of what does not run
 *                                  │  first connection: hands the sockets on, and carries that one over
 *                                  └──▶ keeper (one for each service that runs, a session of its own)
 *                                         │  state.json, output.jsonl; holds the sockets while it starts the program again
 *                                         └──▶ the program (a session of its own)      LISTEN_FDS, LISTEN_PID, LISTEN_FDNAMES
 *
 *      who dies                what becomes of it
 *      a command               nothing
 *      the daemon              what runs goes on, is started again when it fails, and its output is kept; the next daemon takes it over
 *      a keeper                its program is ended, its failure counted, and the daemon listens again
 *      the program             started again after a while, twice as long each time; who connects meanwhile waits in the kernel
 *
 * No code of a plugin runs in these processes: a program is a process of its own, and what it says is bytes.
 */
export { connectService, type ConnectRequest } from './connect.js';
export { findDaemon, openDaemon, type DaemonConnection } from './client.js';
export { type Hello, type ServiceStatus } from './control.js';
export { startDaemon, stopDaemon, type StartedDaemon, type Stopped } from './daemon-process.js';
export { defineService, labelOfName, type ServiceDefinition } from './definition.js';
export { serviceErrors } from './errors.js';
export { describeFor, findManager, handOver, openLauncher, takeBack, type ManagerKind } from './launchers/choose.js';
export { openEmbedded } from './launchers/embedded.js';
export { type Launcher, type LauncherKind } from './launchers/launcher.js';
export { type ManagedFile } from './launchers/managed.js';
export { readLastWords } from './last-words.js';
export { type ServicePlaces } from './places.js';
export { openConversation } from './protocol/conversation.js';
export { protocolErrors } from './protocol/errors.js';
export { helloAnswer, helloQuestion } from './protocol/messages.js';
export { reportServices } from './report.js';
export { removePlugin, removeService } from './remove.js';
