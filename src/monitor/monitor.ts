/**
 * Containers in the background. Each has a small process of its own, its monitor, which the command that started it leaves behind:
 *
 *      bulkhead run --detach ──▶ monitor (a session of its own) ──▶ setpriv ▶ unshare ▶ sh (PID 1) ▶ … ▶ the command
 *         prints the id,            │   output.jsonl  ◀── pipes ───────────────────────────────────────────┘
 *         and ends                  │   state.json    starting, running, stopped
 *                                   └──▶ plugin host    only where plugins take part; its end is not the container's
 *
 *      who dies                what becomes of it
 *      the command that typed  nothing: the monitor goes on
 *      the plugin host         before the command runs the run is refused; after, the container goes on, unless a plugin is needed
 *      the runtime             the container is over, and the monitor writes down its end
 *      the monitor             the container dies with it (death signal), and is found stopped by whoever looks next
 *
 * A monitor imports the engine and no plugin code. It asks and is asked over the channels that Node gives to children (protocol.ts);
 * the moments of the engine cross one of them (remote-moments.ts, serve-moments.ts). main.ts is its program.
 */
export { openChannel, portToParent, type Channel, type Handlers } from './channel.js';
export { monitorErrors } from './errors.js';
export { openJournal, type Journal } from './journal.js';
export { hostCalls, monitorCallsOfHost, type Outcome, type PlainRunOptions, type PluginHostBegin } from './protocol.js';
export { namesOf, serveMoments } from './serve-moments.js';
export { startMonitor, type StartedMonitor } from './start.js';
