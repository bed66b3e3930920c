/** Containers in words and columns. Pure. */
import { shorten } from '#base/text.js';
import type { ContainerDescription, ContainerStats } from '#wiring/wiring.js';
import { describeTable } from './table.js';

const COMMAND_LENGTH_MAX = 40;
const IMAGE_LENGTH_MAX = 50;

/** One line each, below a line of titles. */
export function describeContainers(containers: readonly ContainerDescription[], nowMs: number): string[] {
  const rows = containers.map((container) => [
    container.id,
    container.name ?? '',
    shorten(container.image, IMAGE_LENGTH_MAX),
    shorten(container.command.join(' '), COMMAND_LENGTH_MAX),
    describeStatus(container, nowMs),
    `${describeAge(container.createdAt, nowMs)} ago`,
  ]);
  return describeTable([['ID', 'NAME', 'IMAGE', 'COMMAND', 'STATUS', 'CREATED'], ...rows]);
}

export function describeStats(stats: readonly ContainerStats[]): string[] {
  const rows = stats.map(({ id, name, cpuPercent, memoryBytes, memoryPercent, pids, disk }) => [
    id,
    name ?? '',
    `${cpuPercent.toFixed(1)} %`,
    describeBytes(memoryBytes),
    `${memoryPercent.toFixed(1)} %`,
    String(pids),
    disk === undefined ? '?' : describeBytes(disk.readBytes),
    disk === undefined ? '?' : describeBytes(disk.writtenBytes),
  ]);
  return describeTable([['ID', 'NAME', 'CPU', 'MEMORY', 'OF ALL', 'PIDS', 'READ', 'WRITTEN'], ...rows]);
}

function describeStatus({ status, exitCode, startedAt, finishedAt, createdAt }: ContainerDescription, nowMs: number): string {
  if (status === 'running') return `Up ${describeAge(startedAt ?? createdAt, nowMs)}`;
  if (status === 'stopped') return `Exited (${exitCode ?? '?'})${finishedAt === undefined ? '' : ` ${describeAge(finishedAt, nowMs)} ago`}`;
  return status === 'created' ? 'Created' : 'Starting';
}

const UNITS: readonly (readonly [string, number])[] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
];

/** `3 hours`. A clock that was set back makes nothing younger than now. */
function describeAge(time: string, nowMs: number): string {
  const seconds = Math.max(0, Math.floor((nowMs - Date.parse(time)) / 1000));
  const [unit, length] = UNITS.find(([, one]) => seconds >= one) ?? ['second', 1];
  const count = Math.floor(seconds / length);
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

function describeBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  return `${(bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}
