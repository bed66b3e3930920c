/**
 * The border between the host and a compartment: what may cross, and in which form.
 *
 *      host                                                          compartment (thread or process)
 *      openClient ── comlink ── gate ══ call port ══ gate ── comlink ── serve      callbacks
 *      serve      ── comlink ── gate ══ power port ═ gate ── comlink ── openClient powers
 *
 * One port per direction. Each gate lets through calls of one listed method with one plain argument, and plain replies.
 */
export { FaultError, openClient, serve, type Ask, type Method, type Methods } from './channel.js';
export { describeThrown, type Fault, type Reply } from './fault.js';
export type { Port } from './gate.js';
export { openMeter, type Meter } from './meter.js';
export { overrun, overrunMethod, type Overrun } from './overrun.js';
export { findNotPlain } from './plain-data.js';
export { FRAME_BYTES_MAX, type CallArgument, type GuestLimits, type SessionStart, type SessionTask } from './session.js';
export { openStreamPorts, type ByteStream, type Codec, type StreamPorts } from './stream-ports.js';
