'use strict';
// The program of a compartment in a process of its own: the session comes through descriptor 3, and ends with it.
// What it takes from Node is taken before the guest locks the realm down.
const { Socket } = require('node:net');
const { Deserializer, Serializer } = require('node:v8');

const socket = new Socket({ fd: 3, readable: true, writable: true });
const codec = {
  encode(value) {
    const serializer = new Serializer();
    serializer.writeHeader();
    serializer.writeValue(value);
    return serializer.releaseBuffer();
  },
  decode(bytes) {
    const deserializer = new Deserializer(bytes);
    deserializer.readHeader();
    return deserializer.readValue();
  },
};
const exit = process.exit.bind(process);
socket.on('close', () => exit(0));
socket.on('error', () => exit(1));

require(`${__dirname}/guest.cjs`).runProcess(socket, codec);
