/** dist/monitor/plugin-host.js: the program that a monitor starts where plugins take part in its container. */
import { servePlugins } from './plugin-host.js';

servePlugins();
