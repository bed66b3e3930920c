// Written by `npm run api`; do not edit.
export type commandInput = {
  name: string;
  args: string[];
  flags: { [x: string]: string | number | boolean | { [x: string]: string } | (string | number)[] };
};

export type commandAnswer = number | undefined;

export type beforeCommandInput = {
  command: string;
  args: string[];
  flags: { [x: string]: string | number | boolean | { [x: string]: string } | (string | number)[] };
  commandFlags: { [x: string]: string | number | boolean | { [x: string]: string } | (string | number)[] };
};

export type beforeCommandAnswer =
  | {
      flags?: { [x: string]: string | number | boolean | { [x: string]: string } | (string | number)[] } | undefined;
      commandFlags?: { [x: string]: string | number | boolean | { [x: string]: string } | (string | number)[] } | undefined;
      abort?: { message: string; exitCode?: number | undefined } | undefined;
    }
  | undefined;

export type afterCommandInput = {
  command: string;
  args: string[];
  flags: { [x: string]: string | number | boolean | { [x: string]: string } | (string | number)[] };
  exitCode: number;
  outcome: 'ended' | 'aborted' | 'failed';
  reason?: string | undefined;
  runMs?: number | undefined;
};

export type afterCommandAnswer = undefined;

export type engineConfigInput = {
  config: {
    image: string;
    command: string[];
    env: { [x: string]: string };
    mounts: (
      | { type: 'bind'; source: string; destination: string; readOnly?: boolean | undefined; optional?: boolean | undefined }
      | { type: 'tmpfs'; destination: string; sizeBytes?: number | undefined }
    )[];
    hostname?: string | undefined;
    workingDirectory: string;
    readOnly: boolean;
  };
  flags?: { [x: string]: string | number | boolean | { [x: string]: string } | (string | number)[] } | undefined;
};

export type engineConfigAnswer =
  | {
      mounts?:
        | (
            | { type: 'bind'; source: string; destination: string; readOnly?: boolean | undefined; optional?: boolean | undefined }
            | { type: 'tmpfs'; destination: string; sizeBytes?: number | undefined }
          )[]
        | undefined;
      env?: { [x: string]: string } | undefined;
      command?: string[] | undefined;
      hostname?: string | undefined;
      workingDirectory?: string | undefined;
      readOnly?: boolean | undefined;
    }
  | undefined;

export type postStartProcessInput = {
  container: { id: string; image: string; command: string[]; pid: number; startedAt: number; uid: number };
};

export type postStartProcessAnswer = undefined;

export type monitorContainerInput = {
  container: { id: string; image: string; command: string[]; pid: number; startedAt: number; uid: number };
  event:
    | { type: 'start' }
    | { type: 'sample'; memoryBytes: number; peakMemoryBytes: number; cpuMs: number; runMs: number }
    | { type: 'signal'; signal: string }
    | { type: 'exit'; exitCode: number; runMs: number };
};

export type monitorContainerAnswer = undefined;

export type registerImageDriverInput = { scheme: string; reference: string };

export type registerImageDriverAnswer = {
  mounts: (
    | { type: 'bind'; source: string; destination: string; readOnly?: boolean | undefined; optional?: boolean | undefined }
    | { type: 'tmpfs'; destination: string; sizeBytes?: number | undefined }
  )[];
  links?: { [x: string]: string } | undefined;
  env?: { [x: string]: string } | undefined;
  command?: string[] | undefined;
};

export type logInput = { level: 'debug' | 'info' | 'warning' | 'error'; message: string };

export type logOutput = undefined;

export type printInput = { text: string };

export type printOutput = undefined;

export type storeGetInput = { key: string };

export type storeGetOutput = string | undefined;

export type storeSetInput = { key: string; value: string };

export type storeSetOutput = undefined;

export type storeDeleteInput = { key: string };

export type storeDeleteOutput = undefined;

export type storeKeysInput = {};

export type storeKeysOutput = string[];

export type envInput = { name: string };

export type envOutput = string | undefined;

export type readFileInput = { path: string };

export type readFileOutput = string;

export type writeFileInput = { path: string; text: string };

export type writeFileOutput = undefined;

export type fetchInput = {
  url: string;
  method: 'GET' | 'HEAD' | 'POST';
  headers: { [x: string]: string };
  body?: { type: 'text'; text: string } | { type: 'bytes'; characters: string } | undefined;
  responseType: 'text' | 'bytes';
};

export type fetchOutput = {
  status: number;
  url: string;
  headers: { [x: string]: string };
  body: { type: 'text'; text: string } | { type: 'bytes'; characters: string };
};

export type execInput = { program: string; args: string[]; stdin?: string | undefined };

export type execOutput = { exitCode?: number | undefined; signal?: string | undefined; stdout: string; stderr: string };
